// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"rehome"
	"rehome/internal/ledger"
	"rehome/internal/notify"
	"rehome/internal/people"
)

// Of what workers have left, somebody is told what trying again does not mend, and at the second time what it might have.
func TestLeftNeeds(t *testing.T) {
	t.Parallel()
	var before map[string]bool
	for i, c := range []struct {
		left []UnfinishedEntry
		want string
	}{
		{nil, ""},
		{[]UnfinishedEntry{{Account: "bert"}, {Account: "anna", lasting: true}}, "anna"},
		{[]UnfinishedEntry{{Account: "bert"}, {Account: "carl"}}, "bert"},
		{[]UnfinishedEntry{{Account: "carl"}, {Account: "bert"}}, "bert carl"},
		{nil, ""},
		{[]UnfinishedEntry{{Account: "bert"}}, ""},
	} {
		needs, now := leftNeeds(c.left, before)
		before = now
		var got []string
		for _, n := range needs {
			got = append(got, n.Accounts...)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%d: %q, want %q", i, got, c.want)
		}
	}
}

// What a brake has stopped, and a worker that can do nothing, are told while the pass runs, once; the end of the pass repeats nothing.
func TestAlerter_whilePassesRun(t *testing.T) {
	t.Parallel()
	a := openTestAlerts(t)
	ctx := t.Context()
	a.look(ctx)
	if len(a.posted) != 0 {
		t.Errorf("%+v", a.posted)
	}
	always := time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	if _, err := a.store.Waves.Create(ctx, ledger.Wave{Name: "staff", Settings: []byte("{}"), Closes: always}); err != nil {
		t.Fatal(err)
	}
	rows, err := a.store.Waves.All(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, state := range []ledger.WaveState{ledger.WaveRunning, ledger.WaveBraked} {
		if changed, err := a.store.Waves.Turn(ctx, rows[0], state, "3 of 9 accounts failed", "look at them"); err != nil || !changed {
			t.Fatal(changed, err)
		}
		if rows, err = a.store.Waves.All(ctx); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"one", "two"} {
		if _, err := a.store.Workers.Report(ctx, ledger.Worker{Name: name, Began: time.Now()}, time.Hour); err != nil {
			t.Fatal(err)
		}
		if err := a.store.Workers.Hinder(ctx, name, "cannot begin: log in for anna@example.test"); err != nil {
			t.Fatal(err)
		}
	}
	a.look(ctx)
	a.look(ctx)
	a.workersPassed(ctx, WorkersSynced{}, nil)
	a.passed(ctx, Synced{}, nil)
	want := []string{"wave staff was stopped by its brake: 3 of 9 accounts failed", "a worker can do nothing"}
	if len(a.posted) != 1 || !slices.EqualFunc(a.posted[0].Needs, want, func(n notify.Need, s string) bool { return n.Sentence == s }) {
		t.Errorf("%+v", a.posted)
	}
	a.workersPassed(ctx, WorkersSynced{Left: []UnfinishedEntry{{Account: "anna@example.test", lasting: true}}}, nil)
	if len(a.posted) != 2 || a.posted[1].Needs[0].Sentence != "trying again does not complete 1 account" {
		t.Errorf("%+v", a.posted)
	}
}

// A pass of which all accounts wait for their waves is none that could not begin: another one comes.
func TestFollow_allWait(t *testing.T) {
	t.Parallel()
	m, _ := moveOf(t, "anna@x.test")
	makeWave(t, m, "staff", WaveChange{}, "anna@x.test")
	if _, err := m.PauseWave(t.Context(), "staff", "lunch"); err != nil {
		t.Fatal(err)
	}
	who, err := m.chosen(t.Context(), people.Choice{})
	if err != nil {
		t.Fatal(err)
	}
	synced, err := m.syncInWaves(t.Context(), who, SyncOptions{patient: true}, Watcher{})
	if err != nil || len(synced.Held) != 1 || synced.Outcome() != rehome.OutcomeRemaining {
		t.Errorf("%+v, %v", synced, err)
	}
	if _, err := m.syncInWaves(t.Context(), who, SyncOptions{}, Watcher{}); err == nil {
		t.Error("a pass that nobody follows says nothing")
	}
	who.patient = true
	run, jobs, held, err := m.lineUpFree(t.Context(), &who, SyncOptions{})
	if err != nil || run.ID != 0 || len(jobs) != 0 || len(held) != 1 {
		t.Errorf("%+v, %v, %+v, %v", run, jobs, held, err)
	}
}

// Who had news since the pass before comes first, also where a command that starts again did not see that pass itself, and so does who was
// left; who had news before that does not.
func TestNews_busy(t *testing.T) {
	t.Parallel()
	a := openTestAlerts(t)
	ctx, m := t.Context(), a.move
	wrote := func(addresses ...string) {
		t.Helper()
		for _, address := range addresses {
			if err := m.note(ctx, ledger.AuditLine{Action: actionSynced, Object: address, After: "1 message copied"}); err != nil {
				t.Fatal(err)
			}
		}
	}
	wrote("old")
	if err := m.note(ctx, syncLine(3, SyncOptions{})); err != nil {
		t.Fatal(err)
	}
	wrote("bert", "bert", "anna")
	n, err := newsSince(ctx, a.store)
	if err != nil {
		t.Fatal(err)
	}
	want := func(last WorkersSynced, addresses ...string) {
		t.Helper()
		got, err := n.busy(ctx, last)
		if names := slices.Sorted(maps.Keys(got)); err != nil || !slices.Equal(names, addresses) {
			t.Errorf("%v, %v, want %v", names, err, addresses)
		}
	}
	want(WorkersSynced{}, "anna", "bert")
	want(WorkersSynced{Left: []UnfinishedEntry{{Account: "dora"}}}, "dora")
	wrote("carl")
	want(WorkersSynced{}, "carl")
	who := &selection{}
	for _, address := range []string{"anna", "bert", "carl", "dora"} {
		who.accounts = append(who.accounts, rehome.Account{Address: address})
	}
	SyncOptions{First: map[string]bool{"dora": true, "bert": true}}.before(who)
	order := ""
	for _, account := range who.accounts {
		order += account.Address + " "
	}
	if order != "bert dora anna carl " {
		t.Errorf("order %s", order)
	}
}
