// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"strconv"
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

// anotherChange is theChange of another week.
var anotherChange = strings.NewReplacer("20190128", "20190211", "Later", "Much later").Replace(theChange)

// A destination that wants an event and its changed occurrences in one object gets the event, whichever comes first at the source;
// the occurrences are named, with the event, and nobody is told to delete one of them.
func TestPass_changeWithANameOfItsOwn(t *testing.T) {
	t.Parallel()
	person := corpus.PIMPerson(address, password, 0, 0)
	person.Calendars[0].Resources = []corpus.Resource{
		{Name: "a.ics", Data: []byte(theChange)}, {Name: "another.ics", Data: []byte(anotherChange)}, {Name: "series.ics", Data: []byte(theSeries)},
	}
	named := map[string]string{"a.ics": "series.ics", "another.ics": "series.ics"}
	p := newPair(t, person)
	for _, when := range []string{"first", "again", "without a ledger"} {
		if when == "without a ledger" {
			p.loseLedger(t)
		}
		got := p.pass(t).Tallies[rehome.KindCalendars]
		if got.Objects != 3 || got.Quarantined != 2 {
			t.Errorf("%s: %+v, want two of three quarantined", when, got)
		}
		exceptions := p.exceptions(t)
		if len(exceptions) != len(named) {
			t.Fatalf("%s: %+v", when, exceptions)
		}
		for name, part := range named {
			if e := exceptions[name]; !overrideApart.Has(e.Code) || !strings.Contains(e.Words, strconv.Quote(part)) || e.Escrow == "" {
				t.Errorf("%s: %s is %s: %s", when, name, e.Code, e.Words)
			}
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
	change := ledger.Object{Source: "a.ics", State: ledger.ObjectStored, UID: "weekly" + apartMark + "20190128T093000Z", Destination: "a.ics"}
	series := ledger.Object{Source: "series.ics", State: ledger.ObjectStored, UID: "weekly", Destination: "series.ics"}
	vanished := []ledger.Object{change, series}
	zoned := strings.Replace(theChange, "RECURRENCE-ID:20190128T093000Z", "RECURRENCE-ID;TZID=Europe/Berlin:20190128T103000", 1)
	if got := formerly([]byte(anotherChange), vanished); got != -1 {
		t.Errorf("row %d of another change, want none", got)
	}
	for data, want := range map[string]int{theChange: 0, zoned: 0, theSeries: 1} {
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
	const event, change = "weekly", "weekly" + apartMark + "20190128T093000Z"
	for _, test := range []struct{ data, identity, code, words string }{
		{theChange, event, overrideApart.Code, `of an event that has another name at the source, "other.ics"`},
		{anotherChange, change, overrideApart.Code, `another one has another name at the source, "other.ics"`},
		{theSeries, change, seriesApart.Code, `of this event has another name at the source, "other.ics"`},
	} {
		object, err := inspect([]byte(test.data))
		if err != nil {
			t.Fatal(err)
		}
		if why, words := partedFinding(object, "no", "other.ics", test.identity); why.Code != test.code || !strings.Contains(words, test.words) {
			t.Errorf("%s: %s, want %s: %s", why.Code, words, test.code, test.words)
		}
	}
}
