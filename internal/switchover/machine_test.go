// SPDX-License-Identifier: Apache-2.0

package switchover

import (
	"slices"
	"strings"
	"testing"
	"time"

	"rehome/internal/ledger"
)

// Killed at any point and started again, a cutover ends live: every set written once, at every server, and late mail brought.
func TestDriver_killedAnywhereEndsLive(t *testing.T) {
	t.Parallel()
	kills := 0
	for seed := range uint64(400) {
		m := newModel(t, seed)
		m.killable, m.toBring, m.probeLost, m.byHand, m.hidden = seed > 0, int64(seed%5), int(seed%3), seed%4 == 3, seed%2 == 0
		c := m.run(t, in(ledger.CutoverLive))
		m.wantZone(t, func(set ledger.CutoverRecord) []string { return set.After.Data })
		m.wantOnce(t)
		if c.Late != int64(seed%5) && !m.killable || m.toBring != 0 || c.Switched.IsZero() || len(c.Held) > 0 {
			t.Errorf("seed %d: %+v", seed, c)
		}
		kills += m.kills
	}
	if kills < 1000 {
		t.Errorf("%d kills: the model does not kill where it should", kills)
	}
}

// So does the way back, begun in any state: every set is as it was before, written at most once each way.
func TestDriver_rolledBackFromAnyState(t *testing.T) {
	t.Parallel()
	states := []ledger.CutoverState{
		ledger.CutoverGates, ledger.CutoverFinalPass, ledger.CutoverReady, ledger.CutoverSwitching, ledger.CutoverProving, ledger.CutoverProbing,
		ledger.CutoverReleasing, ledger.CutoverLate, ledger.CutoverLive,
	}
	for i, state := range states {
		for seed := range uint64(60) {
			m := newModel(t, seed+uint64(i)*1000)
			m.killable, m.byHand, m.toReturn, m.hidden = seed%2 == 1, seed%5 == 4, int64(seed%7), seed%3 == 0
			at := m.run(t, in(state))
			back, lines, err := Back(at, "p", m.now)
			if err != nil {
				t.Fatal(err)
			}
			m.row, m.lines = &back, append(m.lines, lines...)
			c := m.run(t, in(ledger.CutoverRolledBack))
			m.wantZone(t, func(set ledger.CutoverRecord) []string { return set.Before.Data })
			m.wantOnce(t)
			if !at.Written.IsZero() && m.toReturn != 0 {
				t.Errorf("%s, seed %d: %d messages stay at the destination", state, seed, m.toReturn)
			}
			if again := m.run(t, in(ledger.CutoverLive)); again.Began.Before(c.Since) {
				t.Errorf("%s, seed %d: the second attempt is not one of its own: %+v", state, seed, again)
			}
			m.wantZone(t, func(set ledger.CutoverRecord) []string { return set.After.Data })
		}
	}
}

// What somebody else writes is never overwritten, and stops the domain with both values in the sentence.
func TestDriver_whatAStrangerWritesStays(t *testing.T) {
	t.Parallel()
	stopped := 0
	for seed := range uint64(200) {
		m := newModel(t, seed)
		m.stranger, m.killable = true, seed%2 == 1
		c := m.run(t, func(c ledger.Cutover) bool {
			return len(m.meddled) > 0 && len(c.Held) > 0 || c.State == ledger.CutoverLive
		})
		for name := range m.meddled {
			if !slices.Equal(m.primary[name], []string{"10 stranger"}) {
				t.Errorf("seed %d: %s was overwritten", seed, name)
			}
		}
		if c.State == ledger.CutoverLive {
			continue
		}
		stopped++
		if c.Held[0].Gate != string(GateZone) || !strings.Contains(c.Held[0].Sentence, "10 stranger") {
			t.Errorf("seed %d: held by %+v", seed, c.Held)
		}
	}
	if stopped < 50 {
		t.Errorf("only %d were stopped", stopped)
	}
}

// No gate is passed silently: it opens on an answer, or on somebody's word, which then stands in the audit log with the reason.
func TestDriver_noGateIsPassedSilently(t *testing.T) {
	t.Parallel()
	for seed := range uint64(50) {
		m := newModel(t, seed)
		m.killable = seed%2 == 1
		m.failing[GateLogins], m.failing[GateRecipients] = true, true
		c := m.run(t, func(c ledger.Cutover) bool { return len(c.Held) > 0 })
		if c.State != ledger.CutoverGates || len(c.Held) != 2 {
			t.Fatalf("seed %d: %+v", seed, c)
		}
		for _, gate := range []Gate{GateLogins, GateRecipients} {
			c, line, err := Override(*m.row, gate, "the pilot has shown it", "ada", m.now)
			if err != nil {
				t.Fatal(err)
			}
			m.row, m.lines = &c, append(m.lines, line)
		}
		m.run(t, in(ledger.CutoverSwitching))
		for _, gate := range []Gate{GateLogins, GateRecipients} {
			passed := 0
			for _, l := range m.lines {
				if l.Action == actionPassed && l.Object == modelDomain+" "+string(gate) && strings.Contains(l.After, "the pilot has shown it (ada)") {
					passed++
				}
			}
			if passed < 2 {
				t.Errorf("seed %d: %s was passed with %d lines, want one before the final pass and one after it", seed, gate, passed)
			}
		}
	}
	if _, _, err := Override(ledger.Cutover{}, "weather", "because", "p", time.Time{}); err == nil {
		t.Error("a gate that there is not was overridden")
	}
	if _, _, err := Override(ledger.Cutover{}, GateTTL, " ", "p", time.Time{}); err == nil {
		t.Error("a gate was overridden without a reason")
	}
}

// wantZone checks what both servers have in the end.
func (m *model) wantZone(t *testing.T, of func(ledger.CutoverRecord) []string) {
	t.Helper()
	for _, set := range modelSets() {
		if !slices.Equal(m.primary[set.Name], of(set)) || !slices.Equal(m.secondary[set.Name], of(set)) {
			t.Errorf("%s is %q and %q, want %q", set.Name, m.primary[set.Name], m.secondary[set.Name], of(set))
		}
	}
}

// wantOnce checks that no set was written twice.
func (m *model) wantOnce(t *testing.T) {
	t.Helper()
	for what, n := range m.exchanged {
		if n > 1 {
			t.Errorf("%s was written %d times", what, n)
		}
	}
}
