// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"rehome"
	"rehome/internal/endpoint"
	"rehome/internal/mapping"
	"rehome/internal/protocol/dav"
	"rehome/lab/corpus"
)

// calendar opens the main calendar of an end.
func (p *pair) calendar(t *testing.T, end *endpoint.DAV) (*endpoint.DAVSession, dav.Collection) {
	t.Helper()
	session, err := end.Open(t.Context(), account())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(session.Close)
	collections, err := session.Collections(t.Context(), dav.Calendars)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range collections {
		if c.Href == mainOf(collections, session.Home(dav.Calendars)) {
			return session, c
		}
	}
	t.Fatal("no main calendar")
	return nil, dav.Collection{}
}

func event(uid, summary string) []byte {
	return fmt.Appendf(nil, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Example//EN\r\nBEGIN:VEVENT\r\nUID:%s\r\nDTSTAMP:20120101T000000Z\r\n"+
		"DTSTART:20150301T100000Z\r\nDTEND:20150301T110000Z\r\nSUMMARY:%s\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n", uid, summary)
}

// write puts an event as a client would, whatever was there.
func (p *pair) write(t *testing.T, end *endpoint.DAV, name, summary string) {
	t.Helper()
	p.writeUID(t, end, name, name, summary, true)
}

func (p *pair) writeUID(t *testing.T, end *endpoint.DAV, name, uid, summary string, overwrite bool) {
	t.Helper()
	session, c := p.calendar(t, end)
	if _, err := session.Put(t.Context(), hrefOf(c.Href, name), dav.Upload{Data: event(uid, summary), Kind: dav.Calendars,
		Overwrite: overwrite}); err != nil {
		t.Fatal(err)
	}
}

func (p *pair) remove(t *testing.T, end *endpoint.DAV, name string) {
	t.Helper()
	session, c := p.calendar(t, end)
	if err := session.Delete(t.Context(), hrefOf(c.Href, name), ""); err != nil {
		t.Fatal(err)
	}
}

// summary is what the destination shows of an event, "" when it is not there.
func (p *pair) summary(t *testing.T, name string) string {
	t.Helper()
	session, c := p.calendar(t, p.dst)
	o, err := session.Get(t.Context(), hrefOf(c.Href, name), dav.Calendars)
	if dav.IsStatus(err, http.StatusNotFound) {
		return ""
	}
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := bytes.Cut(o.Data, []byte("SUMMARY:"))
	line, _, _ := strings.Cut(string(rest), "\r\n")
	return line
}

func TestPasses_followTheSourceAndRespectTheDestination(t *testing.T) {
	t.Parallel()
	p := newPair(t, corpus.PIMPerson(address, password, 1, 12))
	names := []string{"stays.ics", "changes.ics", "edited.ics", "both.ics", "vanishes.ics", "vanishes-edited.ics", "gone-there.ics"}
	for _, name := range names {
		p.put(t, name, "first")
	}
	p.pass(t)

	p.put(t, "new.ics", "first")
	p.put(t, "changes.ics", "second")
	p.write(t, p.dst, "edited.ics", "by its user")
	p.put(t, "both.ics", "second")
	p.write(t, p.dst, "both.ics", "by its user")
	p.put(t, "gone-there.ics", "second")
	p.remove(t, p.dst, "gone-there.ics")
	p.remove(t, p.src, "vanishes.ics")
	p.remove(t, p.src, "vanishes-edited.ics")
	p.write(t, p.dst, "vanishes-edited.ics", "by its user")
	second := p.pass(t)
	wantTally(t, "second pass", second.Tallies[rehome.KindCalendars], Tally{Objects: 18, Copied: 1, Updated: 1, Conflicts: 2})
	want := map[string]string{
		"stays.ics": "first", "changes.ics": "second", "edited.ics": "by its user", "both.ics": "by its user", "new.ics": "first",
		"vanishes.ics": "first", "vanishes-edited.ics": "by its user", "gone-there.ics": "",
	}
	p.wantSummaries(t, "keeping", want)

	p.options.Deletions = rehome.DeletionsMirror
	third := p.pass(t)
	if third.Tallies[rehome.KindCalendars].Copied+third.Tallies[rehome.KindCalendars].Updated > 0 {
		t.Errorf("a pass over an unchanged source wrote: %+v", third.Tallies[rehome.KindCalendars])
	}
	want["vanishes.ics"] = "" // also what vanished before, and what stays because it was edited there
	p.wantSummaries(t, "mirroring from now on", want)
	p.remove(t, p.src, "stays.ics")
	p.remove(t, p.src, "edited.ics")
	p.pass(t)
	want["stays.ics"] = ""
	p.wantSummaries(t, "mirroring", want)
}

func (p *pair) wantSummaries(t *testing.T, when string, want map[string]string) {
	t.Helper()
	for name, summary := range want {
		if got := p.summary(t, name); got != summary {
			t.Errorf("%s: %s is %q, want %q", when, name, got, summary)
		}
	}
}

// What stands under the name of something that has vanished, and is not returned, may be its user's: it stays.
func TestPasses_removeNothingThatIsNotShown(t *testing.T) {
	t.Parallel()
	p, _, dst := troubled(t, corpus.PIMPerson(address, password, 1, 3))
	p.options.Deletions = rehome.DeletionsMirror
	p.put(t, "a.ics", "first")
	p.pass(t)
	p.write(t, p.dst, "a.ics", "its user's own")
	p.remove(t, p.src, "a.ics")
	dst.set(func(w http.ResponseWriter, r *http.Request, _ string) bool {
		hidden := r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/a.ics")
		if hidden {
			w.WriteHeader(http.StatusNotFound)
		}
		return hidden
	})
	p.pass(t)
	dst.set(nil)
	p.wantSummaries(t, "not shown", map[string]string{"a.ics": "its user's own"})
}

func TestPasses_emptiedSource(t *testing.T) {
	t.Parallel()
	p := newPair(t, corpus.PIMPerson(address, password, 0, 12))
	p.options.Deletions = rehome.DeletionsMirror
	p.pass(t)
	if _, err := p.source.DB().ExecContext(t.Context(), "DELETE FROM calendarObjects"); err != nil {
		t.Fatal(err)
	}
	if _, err := p.source.DB().ExecContext(t.Context(), "UPDATE calendars SET ctag = ctag + 1"); err != nil {
		t.Fatal(err)
	}
	result := p.pass(t)
	alarmed := false
	for _, f := range result.Findings {
		alarmed = alarmed || f.Code == "collection_emptied"
	}
	if got := len(p.holding(t, p.dst, dav.Calendars)); got != 12 || !alarmed {
		t.Errorf("%d left at the destination, alarm %v; want all 12 and a finding", got, alarmed)
	}
	if hint := rehome.HintOf(result.Blocked); !strings.Contains(hint, "--confirm-deletions") {
		t.Errorf("the account is blocked by %v with the next step %q, want the one that confirms", result.Blocked, hint)
	}
	p.options.ConfirmDeletions = true
	p.pass(t)
	if got := len(p.holding(t, p.dst, dav.Calendars)); got != 0 {
		t.Errorf("%d left after somebody has confirmed, want none", got)
	}
}

// A calendar that its user has deleted as a whole: nothing goes before somebody has looked, and then only what
// was copied there, and only with a mirror.
func TestPasses_deletedCalendar(t *testing.T) {
	t.Parallel()
	p := newPair(t, corpus.PIMPerson(address, password, 1, 12))
	session, main := p.calendar(t, p.src)
	trips := strings.TrimSuffix(main.Href, mapping.LastSegment(main.Href)+"/") + "trips/"
	if err := session.MakeCollection(t.Context(), trips, dav.NewCollection{Kind: dav.Calendars, Name: "Trips"}); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		name := fmt.Sprintf("trip%d.ics", i)
		if _, err := session.Put(t.Context(), hrefOf(trips, name), dav.Upload{Data: event(name, "away"), Kind: dav.Calendars}); err != nil {
			t.Fatal(err)
		}
	}
	p.pass(t)
	p.deleteCalendar(t, "trips")
	want := func(when string, objects int, code string) {
		t.Helper()
		findings := p.pass(t).Findings
		if got := len(p.holding(t, p.dst, dav.Calendars)); got != objects {
			t.Errorf("%s: the destination has %d events, want %d", when, got, objects)
		}
		if !slices.ContainsFunc(findings, func(f rehome.Finding) bool { return f.Code == code }) {
			t.Errorf("%s: no finding %s among %+v", when, code, findings)
		}
	}
	want("keeping", 15, "collection_deleted")
	p.options.Deletions = rehome.DeletionsMirror
	want("mirroring", 15, "collection_deleted")
	p.options.ConfirmDeletions = true
	want("confirmed", 12, "collection_stays")
	if again := p.pass(t); again.Tallies[rehome.KindCalendars].Removed > 0 || len(again.Findings) > 0 {
		t.Errorf("once more: %+v, want nothing", again)
	}
}
