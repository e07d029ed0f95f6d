// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"rehome"
	"rehome/internal/conductor"
	"rehome/internal/ledger"
	"rehome/internal/pass"
	"rehome/internal/people"
	"rehome/internal/wave"
)

// moveOf is a move of accounts that a roster names.
func moveOf(t *testing.T, addresses ...string) (*Move, *ledger.Ledger) {
	t.Helper()
	m, store := storeIn(t)
	m.settings.Roster = filepath.Join(filepath.Dir(m.settings.Store), "roster.csv")
	text := "address,source_password,destination_password\n"
	for _, address := range addresses {
		text += address + ",a,b\n"
	}
	if err := os.WriteFile(m.settings.Roster, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return m, store
}

// makeWave makes a wave of these accounts and lets it run.
func makeWave(t *testing.T, m *Move, name string, change WaveChange, addresses ...string) {
	t.Helper()
	filled, err := m.CreateWave(t.Context(), name, change, &WaveChoice{Accounts: people.Choice{Only: addresses}})
	if err != nil || filled.Added != len(addresses) {
		t.Fatalf("%+v, %v", filled, err)
	}
	if started, err := m.StartWave(t.Context(), name, false); err != nil || !started.Begun {
		t.Fatalf("%+v, %v", started, err)
	}
}

// The accounts of a wave that runs are copied in its order, those of others are left out, and of those in none nothing changes.
func TestInWaves(t *testing.T) {
	t.Parallel()
	m, store := moveOf(t, "a@x.test", "b@x.test", "c@x.test", "d@x.test", "e@x.test")
	first := 7
	makeWave(t, m, "big", WaveChange{Priority: &first}, "d@x.test", "e@x.test")
	if _, err := m.CreateWave(t.Context(), "later", WaveChange{}, &WaveChoice{Accounts: people.Choice{Only: []string{"b@*"}}}); err != nil {
		t.Fatal(err)
	}
	for address, octets := range map[string]int64{"d@x.test": 10, "e@x.test": 900} {
		if err := store.Passes.Save(t.Context(),
			ledger.Account{Address: address, State: ledger.AccountPreStaged, Mailboxes: 1, Messages: 1, Octets: octets}, nil,
			ledger.Turn{Address: address, State: ledger.TurnOver}); err != nil {
			t.Fatal(err)
		}
	}
	order := func(choice people.Choice) (string, []HeldWave, error) {
		t.Helper()
		who, err := m.chosen(t.Context(), choice)
		if err != nil {
			t.Fatal(err)
		}
		left, err := m.inWaves(t.Context(), &who)
		var all []string
		for _, account := range who.accounts {
			all = append(all, account.Address[:1])
		}
		return strings.Join(all, ""), left, err
	}
	got, left, err := order(people.Choice{})
	if err != nil || got != "edac" || len(left) != 1 || left[0].Wave != "later" || left[0].Accounts != 1 {
		t.Errorf("%s, %+v, %v", got, left, err)
	}
	if _, _, err := order(people.Choice{Only: []string{"b@x.test"}}); err == nil || !strings.Contains(err.Error(), "wave later is not started") ||
		rehome.HintOf(err) != `run "rehome wave start later"` {
		t.Errorf("%v, %s", err, rehome.HintOf(err))
	}
	waves, err := m.Waves(t.Context())
	if err != nil || len(waves.Waves) != 2 || waves.Waves[0].Name != "big" || waves.Rest != 2 {
		t.Errorf("%+v, %v", waves, err)
	}
	if _, err := m.Waves(t.Context(), "lter"); rehome.HintOf(err) != "did you mean later?" {
		t.Errorf("%v, %s", err, rehome.HintOf(err))
	}
}

// fallible is a step that fails for some accounts, and is told whom it was asked to do.
type fallible struct {
	fails map[string]rehome.Class
	asked []string
}

func (*fallible) Kind() rehome.Kind { return rehome.KindMail }

func (f *fallible) RunSlice(_ context.Context, account rehome.Account, _ time.Time, _ pass.Budget) (pass.Result, error) {
	f.asked = append(f.asked, account.Address)
	if class := f.fails[account.Address]; class != "" {
		return pass.Result{}, &rehome.Fault{Class: class, Op: "log in", Object: account.Address, Side: rehome.Destination, Cause: errors.New("NO")}
	}
	return pass.Result{Looked: true}, nil
}

// The third log-in that is refused stops the wave: nobody after it is asked. Somebody lets it go on, and what was before counts no more.
func TestWaveKeeper_brake(t *testing.T) {
	t.Parallel()
	addresses := make([]string, 20)
	for i := range addresses {
		addresses[i] = fmt.Sprintf("p%02d@x.test", i)
	}
	m, store := moveOf(t, addresses...)
	makeWave(t, m, "staff", WaveChange{}, addresses...)
	step := &fallible{fails: map[string]rehome.Class{"p04@x.test": rehome.ClassAuth, "p06@x.test": rehome.ClassAuth, "p09@x.test": rehome.ClassAuth}}
	run := func() []conductor.Ended {
		t.Helper()
		who, err := m.chosen(t.Context(), people.Choice{})
		if err != nil {
			t.Fatal(err)
		}
		options := conductor.Options{Steps: []pass.Step{step}, Ledger: store.Passes, Workers: 1, Over: func(conductor.Ended) error { return nil }}
		over := m.newWaveKeeper(store).join(&options, hosts{})
		outcomes, err := conductor.New(options).Run(t.Context(), who.accounts)
		over()
		if err != nil {
			t.Fatal(err)
		}
		return outcomes
	}
	outcomes := run()
	if !slices.Equal(step.asked, addresses[:10]) {
		t.Errorf("asked: %v", step.asked)
	}
	held := heldWaves(outcomes)
	if len(held) != 1 || held[0].Accounts != 10 || !strings.Contains(held[0].Reason, "3 of 10 accounts was refused at the destination") ||
		!strings.Contains(held[0].NextStep, `run "rehome accounts check --account p09@x.test";`) ||
		!strings.Contains(held[0].NextStep, "rehome wave resume staff") {
		t.Errorf("%+v", held)
	}
	synced := Synced{Held: held, Accounts: []SyncedAccount{syncedAccount(outcomes[19])}}
	if synced.Outcome() != rehome.OutcomeWaiting || synced.complete() {
		t.Errorf("it ends as %v, complete %v", synced.Outcome(), synced.complete())
	}
	waves, err := m.Waves(t.Context(), "staff")
	if err != nil || waves.Waves[0].State != ledger.WaveBraked || waves.Waves[0].Lately.Refused != 3 || waves.Waves[0].Lately.Accounts != 10 {
		t.Errorf("%+v, %v", waves, err)
	}
	next, err := m.Next(t.Context(), "rehome.yaml") // nobody has checked the accounts, which is an earlier step
	if err != nil || next.Next.Command != "rehome wave resume staff" || !strings.Contains(next.Next.Sentence, "3 of 10 accounts was refused") {
		t.Errorf("next: %+v, %v", next.Next, err)
	}
	if _, err := m.StartWave(t.Context(), "staff", true); err == nil || !strings.Contains(err.Error(), "was stopped by its brake") {
		t.Error(err)
	}
	if waves, err = m.ResumeWave(t.Context(), "staff"); err != nil || !waves.Waves[0].Open || waves.Waves[0].Lately != (wave.Happens{}) {
		t.Errorf("%+v, %v", waves, err)
	}
	step.fails, step.asked = nil, nil
	run()
	if len(step.asked) != 20 {
		t.Errorf("after it was resumed %v were asked", step.asked)
	}
	if waves, err = m.Waves(t.Context(), "staff"); err != nil || waves.Waves[0].Copied != 20 || waves.Waves[0].Lately.Accounts != 20 {
		t.Errorf("%+v, %v", waves, err)
	}
}

// A brake that was pulled by the last accounts of a wave has left nobody alone, and is named all the same: by the pass, which then waits for
// a decision, here and on workers. A wave that runs, or that a pass has left out, is not named again.
func TestAddPulled(t *testing.T) {
	t.Parallel()
	m, store := moveOf(t, "a@x.test", "b@x.test")
	makeWave(t, m, "staff", WaveChange{}, "a@x.test")
	makeWave(t, m, "runs", WaveChange{}, "b@x.test")
	who, err := m.chosen(t.Context(), people.Choice{})
	if err == nil {
		_, err = m.inWaves(t.Context(), &who)
	}
	if err != nil {
		t.Fatal(err)
	}
	if held, err := addPulled(t.Context(), who, nil); err != nil || len(held) != 0 {
		t.Errorf("while it runs: %+v, %v", held, err)
	}
	over := m.newWaveKeeper(store)
	over.of["a@x.test"] = "staff"
	fault := &rehome.Fault{Class: rehome.ClassPermanent, Op: "append"}
	if err := over.ended(t.Context(), conductor.Ended{Account: "a@x.test", Err: fault}); err != nil {
		t.Fatal(err)
	}
	held, err := addPulled(t.Context(), who, nil)
	if err != nil || len(held) != 1 || held[0].Wave != "staff" || held[0].Accounts != 0 ||
		!strings.Contains(held[0].Reason, "was stopped by its brake: 1 of 1 accounts failed") ||
		!strings.Contains(held[0].NextStep, `run "rehome wave resume staff"`) {
		t.Fatalf("%+v, %v", held, err)
	}
	failed := SyncedAccount{Account: "a@x.test", Error: "no", class: rehome.ClassPermanent}
	if got := (Synced{Held: held, Accounts: []SyncedAccount{failed}}).Outcome(); got != rehome.OutcomeWaiting {
		t.Errorf("here it ends as %v", got)
	}
	if got := (WorkersSynced{Held: held, Failed: 1}).Outcome(); got != rehome.OutcomeWaiting {
		t.Errorf("on workers it ends as %v", got)
	}
	left := []HeldWave{{Wave: "staff", Accounts: 1, Reason: "was stopped by its brake"}}
	if held, err := addPulled(t.Context(), who, left); err != nil || len(held) != 1 {
		t.Errorf("one that was told already: %+v, %v", held, err)
	}
}

// Hours that are over let nobody begin, and say when the next ones are; those of the next window do.
func TestWaveKeeper_hours(t *testing.T) {
	t.Parallel()
	m, store := moveOf(t, "a@x.test")
	now := time.Now()
	closed := []string{now.Add(2*time.Hour).Format("15:04") + "-" + now.Add(3*time.Hour).Format("15:04")}
	makeWave(t, m, "night", WaveChange{Hours: &closed}, "a@x.test")
	keeper := m.newWaveKeeper(store)
	var held *conductor.HeldError
	if err := keeper.admit(t.Context(), "a@x.test"); !errors.As(err, &held) || !strings.Contains(held.Reason, "waits for its hours, which begin on") ||
		held.NextStep != "" {
		t.Errorf("%v", err)
	}
	synced, err := m.SyncWave(t.Context(), "night", Watcher{})
	if err != nil || synced.Outcome() != rehome.OutcomeRemaining || synced.Held[0].Accounts != 1 {
		t.Errorf("started before its hours: %+v, %v", synced, err)
	}
	open := []string{now.Add(-2*time.Hour).Format("15:04") + "-" + now.Add(2*time.Hour).Format("15:04")}
	if _, err := m.SetWave(t.Context(), "night", WaveChange{Hours: &open}); err != nil {
		t.Fatal(err)
	}
	rows, err := store.Waves.All(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// As it was left by whoever looked yesterday.
	if err := store.Waves.Reopen(t.Context(), rows[0], rows[0].Opens.Add(-24*time.Hour), rows[0].Closes.Add(-24*time.Hour)); err != nil {
		t.Fatal(err)
	}
	if err := keeper.admit(t.Context(), "a@x.test"); err != nil {
		t.Errorf("within its hours: %v", err)
	}
}
