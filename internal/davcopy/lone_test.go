// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"rehome"
	"rehome/internal/content/pim"
	"rehome/internal/protocol/dav"
	"rehome/lab/corpus"
)

// A changed occurrence that was converted to an event of its own is known by what it is: without a ledger, on a server that gives
// objects names of its own, it is not written beside itself. What is another event of its UID is not taken for it.
func TestPasses_convertedOccurrenceAfterALostLedger(t *testing.T) {
	t.Parallel()
	person := corpus.PIMPerson(address, password, 0, 0)
	person.Calendars[0].Resources = []corpus.Resource{{Name: "a.ics", Data: []byte(theChange)}}
	p, _, dst := troubled(t, person)
	p.options.Repairs = pim.Every()
	choose := choosing(dst)
	var written atomic.Int64
	dst.set(func(w http.ResponseWriter, r *http.Request, body string) bool {
		switch {
		case r.Method != http.MethodPut || !strings.Contains(body, "UID:weekly"):
			return false
		case strings.Contains(body, "RECURRENCE-ID"):
			w.WriteHeader(http.StatusForbidden)
			return true
		}
		written.Add(1)
		choose(r)
		return false
	})
	wantTally(t, "first", p.pass(t).Tallies[rehome.KindCalendars], Tally{Objects: 1, Copied: 1, Repaired: 1})
	p.loseLedger(t)
	wantTally(t, "without a ledger", p.pass(t).Tallies[rehome.KindCalendars], Tally{Objects: 1, Adopted: 1})
	if got := p.holding(t, p.dst, dav.Calendars)["weekly"]; len(got) != 1 || written.Load() != 1 {
		t.Errorf("it is there %d times, and was written %d times; want once", len(got), written.Load())
	}
}

// Only what the conversion makes is claimed for a changed occurrence.
func TestConsider_anotherEventOfItsUID(t *testing.T) {
	t.Parallel()
	converted, fixes := pim.Repair([]byte(theChange), pim.KindCalendar, pim.Every())
	if len(fixes) == 0 {
		t.Fatal("it is not converted")
	}
	for there, want := range map[string]way{string(converted): wayRecognise, theSeries: wayWrite} {
		unknown := &strangers{}
		unknown.add("chosen.ics", `"1"`, []byte(there), pim.KindCalendar)
		for _, repairs := range []pim.Needs{pim.Every(), pim.SafeNeeds()} {
			if !repairs[pim.CodeLoneOverride] {
				want = wayWrite
			}
			b := books{content: pim.KindCalendar, below: "/c/", taken: map[string]bool{}, unknown: unknown, repairs: repairs}
			if p := consider(dav.Object{Href: "/c/a.ics", Data: []byte(theChange)}, b); p.way != want {
				t.Errorf("%s, want %s, where the destination has\n%s", p.way, want, there)
			}
		}
	}
}
