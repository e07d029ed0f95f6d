// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"slices"
	"strings"
	"testing"

	"rehome"
	"rehome/internal/endpoint"
	"rehome/internal/mapping"
	"rehome/internal/protocol/dav"
	"rehome/lab"
	"rehome/lab/corpus"
	"rehome/lab/cyrus"
)

// summaries are what an end has of a UID.
func (p *pair) summaries(t *testing.T, end *endpoint.DAV, uid string) []string {
	t.Helper()
	var all []string
	for _, data := range p.holding(t, end, dav.Calendars)[uid] {
		_, rest, _ := strings.Cut(string(data), "SUMMARY:")
		line, _, _ := strings.Cut(rest, "\r\n")
		all = append(all, line)
	}
	return all
}

// An object that has another name at the source stays one object at the destination, whatever the order in
// which the passes see the old name go and the new one come.
func TestPasses_followRenames(t *testing.T) {
	t.Parallel()
	p := newPair(t, corpus.PIMPerson(address, password, 1, 12))
	for _, uid := range []string{"moved", "edited", "late", "kept"} {
		p.writeUID(t, p.src, uid+"-a.ics", uid, "first", false)
	}
	p.pass(t)
	p.remove(t, p.src, "moved-a.ics")
	p.writeUID(t, p.src, "moved-b.ics", "moved", "first", false)
	p.remove(t, p.src, "edited-a.ics")
	p.writeUID(t, p.src, "edited-b.ics", "edited", "second", false)
	p.writeUID(t, p.src, "late-b.ics", "late", "first", false) // the old one goes later
	p.remove(t, p.src, "kept-a.ics")                           // the new one comes later
	second := p.pass(t)
	wantTally(t, "second pass", second.Tallies[rehome.KindCalendars], Tally{Objects: 16, Updated: 1, Adopted: 1})

	p.options.Deletions = rehome.DeletionsKeep
	p.remove(t, p.src, "late-a.ics")
	p.writeUID(t, p.src, "kept-b.ics", "kept", "first", false)
	p.pass(t)
	p.options.Deletions = rehome.DeletionsMirror
	p.pass(t)
	for uid, want := range map[string]string{"moved": "first", "edited": "second", "late": "first", "kept": "first"} {
		if got := p.summaries(t, p.dst, uid); !slices.Equal(got, []string{want}) {
			t.Errorf("the destination has of %s: %q, want %q once", uid, got, want)
		}
	}

	for _, uid := range []string{"moved", "edited", "late", "kept"} { // they follow under their new names
		p.remove(t, p.src, uid+"-b.ics")
	}
	p.pass(t)
	if got := len(p.holding(t, p.dst, dav.Calendars)); got != 12 {
		t.Errorf("the destination has %d events after all that were renamed were deleted, want 12", got)
	}
}

// Cyrus takes a UID once in all calendars of a user. What is there for an event of two calendars stays when one of
// them loses it.
func TestPasses_sharedByTwoCalendars(t *testing.T) {
	t.Parallel()
	l := lab.Open(t)
	server, err := cyrus.Start(l, cyrus.Options{Accounts: []cyrus.Account{{Address: address, Password: password}}})
	if err != nil {
		t.Fatal(err)
	}
	p := pairTo(t, l, corpus.PIMPerson(address, password, 0, 12), server.DAV())
	p.options.Deletions = rehome.DeletionsMirror
	p.put(t, "both.ics", "first")
	session, main := p.calendar(t, p.src)
	trips := strings.TrimSuffix(main.Href, mapping.LastSegment(main.Href)+"/") + "trips/"
	if err := session.MakeCollection(t.Context(), trips, dav.NewCollection{Kind: dav.Calendars, Name: "Trips"}); err != nil {
		t.Fatal(err)
	}
	if _, err := session.Put(t.Context(), hrefOf(trips, "both.ics"), dav.Upload{Data: event("both.ics", "first"), Kind: dav.Calendars}); err != nil {
		t.Fatal(err)
	}
	p.pass(t)
	p.remove(t, p.src, "both.ics")
	p.pass(t)
	if got := p.summaries(t, p.dst, "both.ics"); !slices.Equal(got, []string{"first"}) {
		t.Errorf("the destination has %q of the event that one calendar still holds, want it once", got)
	}
}
