// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"net/http"
	"strings"
	"testing"

	"rehome"
	"rehome/internal/ledger"
	"rehome/internal/protocol/dav"
	"rehome/lab"
	"rehome/lab/atmail7"
	"rehome/lab/corpus"
)

// A collection that the destination does not make, where there is no main one either, stays behind with a name, and does
// not stop the others.
func TestPasses_aCollectionWithoutAPlace(t *testing.T) {
	t.Parallel()
	p, _, dst := troubled(t, corpus.PIMPerson(address, password, 3, 4))
	session, main := p.calendar(t, p.dst)
	if err := session.Delete(t.Context(), main.Href, ""); err != nil {
		t.Fatal(err)
	}
	dst.set(func(w http.ResponseWriter, r *http.Request, _ string) bool {
		refused := r.Method == "MKCALENDAR" || r.Method == "MKCOL"
		if refused {
			w.WriteHeader(http.StatusForbidden)
		}
		return refused
	})
	for range 2 {
		got := p.pass(t)
		if all := p.exceptions(t); len(all) > 0 {
			t.Errorf("%+v, want nothing of what neither end has", all)
		}
		p.refusedBefore(t, "vanished.ics")
		calendars := got.Tallies[rehome.KindCalendars]
		wantTally(t, "calendars", calendars, Tally{Objects: 4, Remaining: 4})
		if calendars.Lasting != 4 {
			t.Errorf("%d are said to last, want 4", calendars.Lasting)
		}
		f := findingOf(got.Findings, "collection_not_made")
		if !strings.Contains(f.Sentence, "4 objects") || !strings.Contains(f.Sentence, "403") {
			t.Errorf("%+v", got.Findings)
		}
	}
	dst.set(nil)
	wantTally(t, "made at last", p.pass(t).Tallies[rehome.KindCalendars], Tally{Objects: 4, Copied: 4})
	if got := len(p.holding(t, p.dst, dav.Calendars)); got != 4 {
		t.Errorf("%d events at the destination, want 4", got)
	}
}

// What went with a collection that somebody has deleted at the destination is told of and not copied again, also where a new one gets
// another name or is refused; it is when somebody asks for that, and then nothing is said to be lost of what has no place at all.
func TestPasses_aCollectionDeletedThere(t *testing.T) {
	t.Parallel()
	person := corpus.PIMPerson(address, password, 0, 2)
	person.Calendars = append(person.Calendars, corpus.Collection{Name: "aaa", DisplayName: "First", Resources: []corpus.Resource{
		{Name: "one.ics", Data: event("one", "away")}}})
	p, _, dst := troubled(t, person)
	p.pass(t)
	session, main := p.calendar(t, p.dst)
	if err := session.Delete(t.Context(), parentOf(main.Href)+"aaa/", ""); err != nil {
		t.Fatal(err)
	}
	dst.set(about("", "MKCOL MKCALENDAR", http.StatusForbidden, "no more calendars"))
	for range 2 {
		wantTally(t, "deleted there", p.pass(t).Tallies[rehome.KindCalendars], Tally{Objects: 3, Deserted: 1})
	}
	if err := session.Delete(t.Context(), main.Href, ""); err != nil {
		t.Fatal(err)
	}
	p.options.CopyAgain = true
	for range 2 {
		wantTally(t, "no place", p.pass(t).Tallies[rehome.KindCalendars], Tally{Objects: 3, Remaining: 3})
	}
	dst.set(nil)
	wantTally(t, "asked for", p.pass(t).Tallies[rehome.KindCalendars], Tally{Objects: 3, Copied: 3})
}

// What is refused goes where the main collection goes, also where that is made in the same pass, and not into the only other one
// that is there before: without the ledger it would go elsewhere then.
func TestPasses_refusedBeforeThereIsAMainOne(t *testing.T) {
	t.Parallel()
	person := corpus.PIMPerson(address, password, 0, 2)
	person.Calendars = append(person.Calendars, corpus.Collection{Name: "aaa", DisplayName: "First", Resources: []corpus.Resource{
		{Name: "one.ics", Data: event("one", "away")}}}, corpus.Collection{Name: "theirs", DisplayName: "Theirs"})
	p, _, dst := troubled(t, person)
	session, main := p.calendar(t, p.dst)
	if err := session.Delete(t.Context(), main.Href, ""); err != nil {
		t.Fatal(err)
	}
	if err := session.MakeCollection(t.Context(), parentOf(main.Href)+"theirs/", dav.NewCollection{Kind: dav.Calendars, Name: "Theirs"}); err != nil {
		t.Fatal(err)
	}
	dst.set(about("/aaa", "MKCOL MKCALENDAR", http.StatusForbidden, "no more calendars"))
	for _, want := range []Tally{{Objects: 3, Copied: 3}, {Objects: 3, Adopted: 3}} {
		wantTally(t, "with nothing known", p.pass(t).Tallies[rehome.KindCalendars], want)
		if got := p.shown(t, p.dst, "theirs"); got != "" || len(p.holding(t, p.dst, dav.Calendars)) != 3 {
			t.Errorf("the other calendar has %q, want nothing", got)
		}
		p.loseLedger(t)
	}
}

// refusedBefore notes of the calendar that the destination had refused an object of that name.
func (p *pair) refusedBefore(t *testing.T, name string) {
	t.Helper()
	_, source := p.calendar(t, p.src)
	known, err := p.ledger.Collections(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	c := known[source.Href]
	if err := p.ledger.SaveObjects(t.Context(), &c, ledger.Object{Source: name, State: ledger.ObjectQuarantined, Code: objectRefused.Code}); err != nil {
		t.Fatal(err)
	}
}

// intoOne is a pair with calendars of those names, which all go into the destination's main one. The same event is in each.
func intoOne(t *testing.T, names ...string) *pair {
	t.Helper()
	l := lab.Open(t)
	person := corpus.PIMPerson(address, password, 0, 2)
	same := corpus.Resource{Name: "Ä both.ics", Data: event("both", "in all of them")}
	person.Calendars[0].Resources = append(person.Calendars[0].Resources, same)
	for _, name := range names {
		person.Calendars = append(person.Calendars, corpus.Collection{Name: name, DisplayName: name, Resources: []corpus.Resource{same}})
	}
	dst, err := atmail7.Start(l, atmail7.Options{Name: "destination"})
	if err != nil {
		t.Fatal(err)
	}
	if err := corpus.SeedPerson(t.Context(), dst, corpus.PIMPerson(address, password, 0, 0)); err != nil {
		t.Fatal(err)
	}
	front := before(t, dst.DAV)
	front.set(about("", "MKCOL MKCALENDAR", http.StatusForbidden, "no more calendars"))
	return pairTo(t, l, person, front.URL)
}

// deleteCalendar deletes one at the source with all that is in it.
func (p *pair) deleteCalendar(t *testing.T, name string) {
	t.Helper()
	for _, query := range []string{
		"DELETE FROM calendarObjects WHERE calendarid IN (SELECT id FROM calendars WHERE uri = ?)", "DELETE FROM calendars WHERE uri = ?",
	} {
		if _, err := p.source.DB().ExecContext(t.Context(), query, name); err != nil {
			t.Fatal(err)
		}
	}
}

// Where the destination makes no collections several of the source go into its main one, and what they have in common is
// there once for each of them. When one of them is deleted, its own copies go and nothing else.
func TestPasses_severalCollectionsInOne(t *testing.T) {
	t.Parallel()
	p := intoOne(t, "trips", "work")
	p.options.Deletions, p.options.ConfirmDeletions = rehome.DeletionsMirror, true
	wantTally(t, "first", p.pass(t).Tallies[rehome.KindCalendars], Tally{Objects: 5, Copied: 5})
	wantTally(t, "again", p.pass(t).Tallies[rehome.KindCalendars], Tally{Objects: 5})
	if got := len(p.holding(t, p.dst, dav.Calendars)["both"]); got != 3 {
		t.Errorf("what is in three calendars is there %d times", got)
	}

	p.deleteCalendar(t, "trips")
	gone := p.pass(t)
	wantTally(t, "deleted", gone.Tallies[rehome.KindCalendars], Tally{Objects: 4, Removed: 1})
	if f := findingOf(gone.Findings, "collection_stays"); f.Code != "" {
		t.Errorf("%+v advises to remove what others have gone into", f)
	}
	if got := p.holding(t, p.dst, dav.Calendars); len(got) != 3 || len(got["both"]) != 2 {
		t.Errorf("%d events at the destination, %d of them in both", len(got), len(got["both"]))
	}
	wantTally(t, "once more", p.pass(t).Tallies[rehome.KindCalendars], Tally{Objects: 4})
}

// What a deleted collection has left in the place of several stands for the same object of another one that is lost there:
// it is not missing while it lies there and is nobody's any more.
func TestPasses_takeOverWhatADeletedCollectionLeft(t *testing.T) {
	t.Parallel()
	p := intoOne(t, "work")
	p.options.ConfirmDeletions = true
	wantTally(t, "first", p.pass(t).Tallies[rehome.KindCalendars], Tally{Objects: 4, Copied: 4})
	p.remove(t, p.dst, "both.ics")
	p.deleteCalendar(t, "work")
	for _, when := range []string{"lost, and left by the other", "and again"} {
		r := p.pass(t)
		wantTally(t, when, r.Tallies[rehome.KindCalendars], Tally{Objects: 3})
		if f := findingOf(r.Findings, "gone_at_destination"); f.Code != "" {
			t.Errorf("%s: %+v", when, f)
		}
	}
	if got := len(p.holding(t, p.dst, dav.Calendars)["both"]); got != 1 {
		t.Errorf("it is there %d times, want once", got)
	}
}
