// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"path"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"rehome"
	"rehome/internal/content/pim"
	"rehome/internal/ledger"
	"rehome/internal/protocol/dav"
	"rehome/lab/corpus"
)

// choosing lets a server tell of the names that it has chosen. What it returns chooses one for a request.
func choosing(dst *trouble) (choose func(*http.Request)) {
	var chosen atomic.Int64
	dst.edit = func(r *http.Response) {
		if name := r.Request.Header.Get("X-Chosen"); name != "" && r.StatusCode == http.StatusCreated {
			r.Header.Set("Location", name)
		}
	}
	return func(r *http.Request) {
		r.URL.Path = path.Join(path.Dir(r.URL.Path), fmt.Sprintf("chosen-%d.ics", chosen.Add(1)))
		r.Header.Set("X-Chosen", r.URL.Path)
	}
}

// On a server that gives new objects names of its own, what was sent and never answered is not sent again while it may
// still arrive, and is found under whatever name when it has.
func TestPasses_destinationThatChoosesNames(t *testing.T) {
	t.Parallel()
	p, _, dst := troubled(t, corpus.PIMPerson(address, password, 0, 2))
	choose := choosing(dst)
	var lost atomic.Bool
	dst.set(func(w http.ResponseWriter, r *http.Request, body string) bool {
		if r.Method != http.MethodPut || r.Header.Get("If-None-Match") != "*" {
			return false
		}
		if lost.Load() && strings.Contains(body, "never answered") {
			w.WriteHeader(http.StatusGatewayTimeout)
			return true
		}
		choose(r)
		return false
	})
	wantTally(t, "first", p.pass(t).Tallies[rehome.KindCalendars], Tally{Objects: 2, Copied: 2})

	p.writeUID(t, p.src, "late.ics", "late", "never answered", false)
	lost.Store(true)
	for _, when := range []string{"sent", "and not again"} {
		r := p.pass(t)
		wantTally(t, when, r.Tallies[rehome.KindCalendars], Tally{Objects: 3, Remaining: 1})
		if f := findingOf(r.Findings, "object_awaited"); !strings.Contains(f.Object, "late.ics") {
			t.Errorf("%s: %+v", when, r.Findings)
		}
		lost.Store(false)
	}
	dst.set(nil)
	p.writeUID(t, p.dst, "arrived-late.ics", "late", "never answered", false)
	// Under a name that nobody has given it may also be what its user has put there: it counts as found.
	wantTally(t, "arrived", p.pass(t).Tallies[rehome.KindCalendars], Tally{Objects: 3, Adopted: 1})
	if got := p.holding(t, p.dst, dav.Calendars); len(got) != 3 || len(got["late"]) != 1 {
		t.Errorf("%d events, the late one %d times", len(got), len(got["late"]))
	}
	checkVeiled(t, p, dst, choose)
}

// checkVeiled loses the ledger while one object is not returned: under whatever name it is there, it is not copied beside itself, and what
// it cannot be is copied nevertheless, as long as the server says that.
func checkVeiled(t *testing.T, p *pair, dst *trouble, choose func(*http.Request)) {
	t.Helper()
	var silent atomic.Bool
	dst.set(func(w http.ResponseWriter, r *http.Request, body string) bool {
		switch {
		case strings.Contains(r.URL.Path+body, "arrived-late"), silent.Load() && strings.Contains(body, "calendar-query"):
			w.WriteHeader(http.StatusInternalServerError)
			return true
		case r.Method == http.MethodPut && r.Header.Get("If-None-Match") == "*":
			choose(r)
		}
		return false
	})
	p.loseLedger(t)
	p.writeUID(t, p.src, "new.ics", "new", "nobody has it", false)
	r := p.pass(t)
	wantTally(t, "not returned", r.Tallies[rehome.KindCalendars], Tally{Objects: 4, Adopted: 2, Copied: 1, Quarantined: 1})
	if f := findingOf(r.Findings, "object_veiled"); !strings.Contains(f.Object, "late.ics") || !strings.Contains(f.Sentence, "arrived-late") {
		t.Errorf("%+v", r.Findings)
	}
	silent.Store(true)
	p.writeUID(t, p.src, "newer.ics", "newer", "nobody has it either", false)
	wantTally(t, "and no query", p.pass(t).Tallies[rehome.KindCalendars], Tally{Objects: 5, Quarantined: 2})
	dst.set(nil)
	if got := p.holding(t, p.dst, dav.Calendars); len(got) != 4 || len(got["late"]) != 1 {
		t.Errorf("%d events, the late one %d times", len(got), len(got["late"]))
	}
}

// The UID that an object without one was given stays its own when it changes at the source: by nothing else it is known at a
// destination that gives it a name and has changed it.
func TestConsider_keepsTheUIDThatItWasGiven(t *testing.T) {
	t.Parallel()
	card := func(number string) []byte {
		return []byte("BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Anna\r\nTEL:" + number + "\r\nEND:VCARD\r\n")
	}
	b := books{content: pim.KindContact, below: "/c/", taken: map[string]bool{}}
	first := consider(dav.Object{Href: "/c/a.vcf", Data: card("1")}, b)
	if !first.repair(uidNeeds()) || first.row.MadeUID == "" {
		t.Fatalf("%+v, want a UID", first.row)
	}
	b.known = map[string]ledger.Object{"a.vcf": first.intent()}
	second := consider(dav.Object{Href: "/c/a.vcf", Data: card("2")}, b)
	second.repair(uidNeeds())
	if object, err := pim.Inspect(second.data); err != nil || object.UID != first.row.MadeUID || second.intent().MadeUID != object.UID {
		t.Errorf("UID %q, %v; want %q", object.UID, err, first.row.MadeUID)
	}
	b.unknown = &strangers{}
	b.unknown.add("chosen.vcf", `"1"`, bytes.Replace(first.data, []byte("TEL:1\r\n"), nil, 1), pim.KindContact)
	if p := consider(dav.Object{Href: "/c/a.vcf", Data: card("2")}, b); p.way != wayRecognise || p.found.name != "chosen.vcf" {
		t.Errorf("%s %+v, want it recognised", p.way, p.found)
	}
	own := bytes.Replace(card("3"), []byte("FN:"), []byte("UID:its-own\r\nFN:"), 1)
	if p := consider(dav.Object{Href: "/c/a.vcf", Data: own}, b); p.uid() != "its-own" {
		t.Errorf("UID %q, want its own", p.uid())
	}
}

func TestUnanswered(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]bool{500: false, 502: true, 503: false, 504: true, 403: false} {
		if got := unanswered(&dav.StatusError{Status: status}); got != want {
			t.Errorf("%d: %v", status, got)
		}
	}
	if unanswered(nil) || !unanswered(errors.New("the line is gone")) {
		t.Error("a line that broke tells nothing")
	}
}

// What was sent and never answered vanished from the source and is back, while it may still arrive: it is open again, and
// the next pass reads it though the source has not changed it since.
func TestDecideChunk_awaitedAndBack(t *testing.T) {
	t.Parallel()
	var p pair
	p.loseLedger(t)
	c, err := p.ledger.Collection(t.Context(), ledger.Collection{Address: address, Kind: rehome.KindCalendars, Source: "/c/", Destination: "/d/"})
	if err != nil {
		t.Fatal(err)
	}
	data := event("one", "first")
	gone := ledger.Object{Source: "a.ics", Destination: "a.ics", State: ledger.ObjectGone, UID: "one", Tried: eventForm(data)}
	if err := p.ledger.SaveObjects(t.Context(), c, gone); err != nil {
		t.Fatal(err)
	}
	j := (&slice{engine: New(Options{Ledger: p.ledger}), account: account()}).newJob(rehome.KindCalendars, placement{
		source: dav.Collection{Href: "/c/"}, target: dav.Collection{Href: "/d/"},
	})
	j.row, j.slice.engine.renames[dav.Key("/d/")] = c, true
	if j.known, err = p.ledger.Objects(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	transfers, err := j.decideChunk(t.Context(), []dav.Object{{Href: "/c/a.ics", Data: data}})
	if err != nil || len(transfers) != 1 || transfers[0].way != wayAwait {
		t.Fatalf("%+v, %v; want it awaited", transfers, err)
	}
	rows, err := p.ledger.Objects(t.Context(), c)
	if row := rows["a.ics"]; err != nil || !open(row, time.Now()) || !hasForm(row.Tried, eventForm(data)) {
		t.Errorf("%+v, %v; want it open", row, err)
	}
}
