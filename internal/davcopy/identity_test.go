// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"strings"
	"testing"

	"rehome"
	"rehome/internal/ledger"
	"rehome/internal/protocol/dav"
	"rehome/lab/corpus"
)

const (
	theSeries = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN\r\nBEGIN:VEVENT\r\nUID:weekly\r\nDTSTAMP:20190101T000000Z\r\n" +
		"DTSTART:20190107T093000Z\r\nDTEND:20190107T100000Z\r\nRRULE:FREQ=WEEKLY;COUNT=20\r\nSUMMARY:Stand-up\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
	theChange = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN\r\nBEGIN:VEVENT\r\nUID:weekly\r\nDTSTAMP:20190101T000000Z\r\n" +
		"RECURRENCE-ID:20190128T093000Z\r\nDTSTART:20190128T140000Z\r\nDTEND:20190128T143000Z\r\nSUMMARY:Later\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)

// A destination that wants an event and its changed occurrences in one object gets the event, whichever comes first at the source;
// the occurrence is named, with the event, and nobody is told to delete one of the two.
func TestPass_changeWithANameOfItsOwn(t *testing.T) {
	t.Parallel()
	person := corpus.PIMPerson(address, password, 0, 0)
	person.Calendars[0].Resources = []corpus.Resource{{Name: "a.ics", Data: []byte(theChange)}, {Name: "series.ics", Data: []byte(theSeries)}}
	p := newPair(t, person)
	for _, when := range []string{"first", "again", "without a ledger"} {
		if when == "without a ledger" {
			p.loseLedger(t)
		}
		got := p.pass(t).Tallies[rehome.KindCalendars]
		if got.Objects != 2 || got.Quarantined != 1 {
			t.Errorf("%s: %+v, want one of two quarantined", when, got)
		}
		exceptions, err := p.ledger.Exceptions(t.Context(), address)
		if err != nil || len(exceptions) != 1 {
			t.Fatalf("%s: %+v, %v", when, exceptions, err)
		}
		if e := exceptions[0]; e.Source != "a.ics" || !overrideApart.Has(e.Code) || !strings.Contains(e.Words, `"series.ics"`) || e.Escrow == "" {
			t.Errorf("%s: %s is %s: %s", when, e.Source, e.Code, e.Words)
		}
		there := p.holding(t, p.dst, dav.Calendars)["weekly"]
		if len(there) != 1 || !strings.Contains(string(there[0]), "RRULE") {
			t.Errorf("%s: the destination has %q, want the series", when, there)
		}
	}
}

// Neither part of an event is the other one under a new name.
func TestFormerly_neitherPartIsTheOther(t *testing.T) {
	t.Parallel()
	change := ledger.Object{Source: "a.ics", State: ledger.ObjectStored, UID: "weekly" + apartMark, Destination: "a.ics"}
	series := ledger.Object{Source: "series.ics", State: ledger.ObjectStored, UID: "weekly", Destination: "series.ics"}
	vanished := []ledger.Object{change, series}
	for data, want := range map[string]int{theChange: 0, theSeries: 1} {
		if got := formerly([]byte(data), vanished); got != want {
			t.Errorf("row %d, want %d", got, want)
		}
		if got := formerly([]byte(data), vanished[1-want:2-want]); got != -1 {
			t.Errorf("row %d of the other part, want none", got)
		}
	}
	for _, row := range vanished { // what has another part of the event by now, under the same name, is a new version of it
		if isAnother(row, []byte(theChange)) || isAnother(row, []byte(theSeries)) {
			t.Errorf("%s: taken for another object", row.Source)
		}
	}
}

// Both parts of an event, of which the destination has got the change first: the event is named with the other part, too.
func TestPartedFinding(t *testing.T) {
	t.Parallel()
	for data, want := range map[string]string{theChange: overrideApart.Code, theSeries: seriesApart.Code} {
		object, err := inspect([]byte(data))
		if err != nil {
			t.Fatal(err)
		}
		if why, words := partedFinding(object, "no", "other.ics"); why.Code != want || !strings.Contains(words, `"other.ics"`) {
			t.Errorf("%s: %s, want %s", why.Code, words, want)
		}
	}
}
