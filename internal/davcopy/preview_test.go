// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rehome"
	"rehome/internal/protocol/dav"
	"rehome/lab/corpus"
)

// planned is what a plan says of the main calendar.
func (p *pair) planned(t *testing.T) (PlannedCollection, []rehome.Finding) {
	t.Helper()
	preview, err := p.engine().Plan(t.Context(), account())
	if err != nil {
		t.Fatal(err)
	}
	_, main := p.calendar(t, p.src)
	i := slices.IndexFunc(preview.Collections, func(c PlannedCollection) bool { return c.Source == main.Href })
	if i < 0 {
		t.Fatalf("%s is not among %+v", main.Href, preview.Collections)
	}
	return preview.Collections[i], preview.Findings
}

func wantPlanned(t *testing.T, when string, got PlannedCollection, want PlannedCollection) {
	t.Helper()
	want.Kind, want.Name, want.Source, want.Destination, want.Exists = got.Kind, got.Name, got.Source, got.Destination, true
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s: %s", when, diff)
	}
}

// A plan says what the pass then does, and does nothing of it.
func TestEnginePlan_foretellsThePass(t *testing.T) {
	t.Parallel()
	p := newPair(t, corpus.PIMPerson(address, password, 1, 12))
	for _, name := range []string{"changes.ics", "vanishes.ics", "edited.ics", "lost.ics"} {
		p.put(t, name, "first")
	}
	plan, _ := p.planned(t)
	wantPlanned(t, "at first", plan, PlannedCollection{New: 16})
	if known, err := p.ledger.Collections(t.Context(), address); err != nil || len(known) > 0 || len(p.holding(t, p.dst, dav.Calendars)) > 0 {
		t.Errorf("the plan has written %v, %v", known, err)
	}
	p.pass(t)

	p.options.Deletions = rehome.DeletionsMirror
	p.put(t, "new.ics", "first")
	p.put(t, "changes.ics", "second")
	for _, name := range []string{"vanishes.ics", "edited.ics", "lost.ics"} {
		p.remove(t, p.src, name)
	}
	p.write(t, p.dst, "edited.ics", "by its user")
	p.remove(t, p.dst, "lost.ics")
	before := p.holding(t, p.dst, dav.Calendars)
	plan, _ = p.planned(t)
	wantPlanned(t, "after changes", plan, PlannedCollection{New: 1, Changed: 1, Unchanged: 12, Vanished: 3, Removed: 1, Edited: 1, Absent: 1})
	if diff := cmp.Diff(before, p.holding(t, p.dst, dav.Calendars)); diff != "" {
		t.Error(diff)
	}
	wantTally(t, "the pass", p.pass(t).Tallies[rehome.KindCalendars], Tally{Objects: 14, Copied: 1, Updated: 1, Removed: 1})
	plan, _ = p.planned(t)
	wantPlanned(t, "after the pass", plan, PlannedCollection{Unchanged: 14})

	if _, err := p.source.DB().ExecContext(t.Context(), "DELETE FROM calendarObjects"); err != nil {
		t.Fatal(err)
	}
	if _, err := p.source.DB().ExecContext(t.Context(), "UPDATE calendars SET ctag = ctag + 1"); err != nil {
		t.Fatal(err)
	}
	plan, findings := p.planned(t)
	wantPlanned(t, "emptied", plan, PlannedCollection{Vanished: 15})
	if !slices.ContainsFunc(findings, func(f rehome.Finding) bool { return f.Code == "collection_emptied" }) {
		t.Errorf("%+v, want the question whether that is meant", findings)
	}
}
