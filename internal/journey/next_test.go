// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rehome"
	"rehome/internal/cutover"
	"rehome/internal/itinerary"
	"rehome/internal/ledger"
	"rehome/internal/vault"
)

// stateOf reads the state of a move in dir.
func stateOf(t *testing.T, m *Move, dir string) itinerary.State {
	t.Helper()
	state, err := m.state(t.Context(), filepath.Join(dir, "rehome.yaml"), nil)
	if err != nil {
		t.Fatal(err)
	}
	return state
}

func TestNext_readsWhatIsKept(t *testing.T) {
	t.Parallel()
	m, dir := moveIn(t)
	defer m.Close()
	m.settings.Domains = []string{"a.test", "b.test"}
	m.settings.Source.IMAP.Address, m.settings.Destination.IMAP.Address = "s:993", "d:993"
	if state := stateOf(t, m, dir); exists(m.settings.Store) || len(state.Domains) != 2 || !state.Secrets.Needed {
		t.Errorf("before anything: got %+v", state)
	}
	store, err := m.store(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, do := range []func() error{
		func() error {
			return store.Looks.Note(t.Context(), ledger.Look{Name: lookPlan, Object: "a.test", Outcome: rehome.OutcomeWaiting},
				ledger.Look{Name: lookPlan, Object: "b.test", Outcome: rehome.OutcomeWaiting, Sentence: "a key has to be asked for"},
				ledger.Look{Name: lookAsk, Object: "b.test", Open: 1, Sentence: "DKIM: ask for it"}, ledger.Look{Name: lookStage, Object: "b.test", Open: 2},
				ledger.Look{Name: lookPlan, Object: "other.test", Outcome: rehome.OutcomeDone}, movingLook(7),
				ledger.Look{Name: lookCheck, Outcome: rehome.OutcomeUnreachable, Open: 2, Sentence: "source: it is down"})
		},
		func() error { return m.note(t.Context(), ledger.AuditLine{Action: actionExported}) },
		func() error {
			return m.register().WriteSecrets(vault.SecretSheet, map[string][]byte{m.sheetFile(): []byte("sealed")})
		},
		func() error {
			now := time.Now()
			memory, err := json.Marshal(cutover.Memory{"a.test ttl": {Since: now, Hold: time.Hour, Seen: now}})
			return errors.Join(err, os.WriteFile(m.seenFile(), memory, 0o600))
		},
	} {
		if err := do(); err != nil {
			t.Fatal(err)
		}
	}
	state := stateOf(t, m, dir)
	if state.Moving != 7 || state.Exported.IsZero() || !state.Secrets.Sheet || !state.Secrets.Temporary || len(state.Domains) != 2 {
		t.Errorf("got %+v", state)
	}
	if got := state.Check.Sentence; got != "source: it is down, and 1 other thing" {
		t.Errorf("the check said %q", got)
	}
	a, b := state.Domains[0], state.Domains[1]
	if until := a.Earliest.Sub(state.Now); until < 59*time.Minute || until > time.Hour || a.Open != (itinerary.Open{}) {
		t.Errorf("a may switch in %s, want one hour", until)
	}
	if !b.Earliest.IsZero() || b.Waits == "" || b.Open != (itinerary.Open{Ask: "DKIM: ask for it", Stage: 2}) {
		t.Errorf("got %+v, want it to wait for the key", b)
	}
	if err := os.Remove(m.sheetFile()); err != nil {
		t.Fatal(err)
	}
	if state = stateOf(t, m, dir); state.Secrets.Sheet || !state.Secrets.Temporary {
		t.Errorf("without the sheet: got %+v", state.Secrets)
	}
}

// What the machine waits for, and until when, is what "next" says of the switch.
func TestReadCutovers_saysWhatIsWaitedFor(t *testing.T) {
	t.Parallel()
	until := time.Now().Add(time.Hour)
	state := itinerary.State{Domains: []itinerary.Domain{{Name: "a.test"}, {Name: "b.test"}, {Name: "c.test"}}}
	m, _ := moveIn(t)
	m.readCutovers([]ledger.Cutover{
		{Domain: "a.test", State: ledger.CutoverGates, Held: []ledger.CutoverHold{
			{Gate: "ttl", Sentence: "the TTL is not low", Who: "the owner of the zone", NextStep: "lower it", Until: until}, {Gate: "copied"},
		}},
		{Domain: "b.test", State: ledger.CutoverLate, Late: 1},
		{Domain: "gone.test", State: ledger.CutoverClosed},
	}, &state)
	a, b, c := state.Domains[0], state.Domains[1], state.Domains[2]
	if a.Stage != itinerary.StageSwitching || a.WaitsFor != "the owner of the zone" || a.Until != until ||
		a.Says != "the TTL is not low; lower it (and 1 other gate)" {
		t.Errorf("got %+v", a)
	}
	if b.Stage != itinerary.StageLive || !strings.HasPrefix(b.Says, "1 message came late and was brought over") || c.Stage != "" {
		t.Errorf("got %+v and %+v", b, c)
	}
}
