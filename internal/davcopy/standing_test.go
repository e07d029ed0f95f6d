// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"net/http"
	"testing"

	"rehome"
	"rehome/internal/content/pim"
	"rehome/internal/ledger"
	"rehome/internal/protocol/dav"
	"rehome/lab/corpus"
)

// What stands under the name of a missing object is that object only where no other has it, and it is known by its UID or by
// what it is.
func TestThere_isNotBackByItsNameAlone(t *testing.T) {
	t.Parallel()
	first, second := event("one", "first"), event("one", "second")
	missing := asMissing(ledger.Object{
		Source: "a.ics", Destination: "a.ics", State: ledger.ObjectStored, UID: "one", Form: eventForm(first), DstETag: `"1"`,
	})
	twin := asMissing(ledger.Object{Source: "copy.ics", Destination: "a.ics", State: ledger.ObjectMerged, UID: "one", Form: eventForm(first)})
	other := func(state ledger.ObjectState, name string) ledger.Object {
		return ledger.Object{Source: "b.ics", Destination: name, State: state, UID: "one", Form: eventForm(second)}
	}
	unanswered := other(ledger.ObjectIntent, "b.ics")
	unanswered.Tried = unanswered.Form
	for what, c := range map[string]struct {
		there []byte
		other ledger.Object
		back  bool
	}{
		"the same":                                  {there: first, back: true},
		"edited by its user":                        {there: second, back: true},
		"not shown":                                 {back: true},
		"another event":                             {there: event("two", "first")},
		"another one's":                             {other: other(ledger.ObjectStored, "a.ics")},
		"another one's, which has lost it":          {there: first, other: asMissing(other(ledger.ObjectStored, "a.ics")), back: true},
		"what was sent of another one":              {there: second, other: unanswered},
		"another version of one that is lost, too":  {there: second, other: other(ledger.ObjectStored, "b.ics")},
		"the same, while another one is in trouble": {there: first, other: unanswered, back: true},
	} {
		j := &collectionJob{
			kind: rehome.KindCalendars, unknown: &strangers{}, present: map[string]bool{"a.ics": true},
			known: map[string]ledger.Object{"a.ics": missing, "copy.ics": twin},
		}
		if c.other.Source != "" {
			j.known["b.ics"] = c.other
		}
		if c.there != nil {
			j.unknown.add("a.ics", `"2"`, c.there, j.content())
		} else {
			j.unknown.hide("a.ics", errEnough)
		}
		back := map[string]bool{}
		for _, row := range j.there(j.lost()) {
			back[row.Source] = !row.Missing() && row.Destination == "a.ics"
		}
		if back["a.ics"] != c.back || back["copy.ics"] != c.back {
			t.Errorf("%s: %v are there, want both %v", what, back, c.back)
		}
	}
}

// What has but the UID of an object that is lost may be any version of it: it is named. What another object was given at any
// time is that one's.
func TestAnchor_byItsUIDAlone(t *testing.T) {
	t.Parallel()
	row := ledger.Object{Source: "a.ics", Destination: "a.ics", State: ledger.ObjectStored, UID: "one", Form: eventForm(event("one", "third"))}
	row.Earlier = eventForm(event("one", "second"))
	other := ledger.Object{Source: "b.ics", Destination: "b.ics", State: ledger.ObjectStored, UID: "one", Form: eventForm(event("one", "fourth"))}
	other.Earlier = eventForm(event("one", "first"))
	for there, want := range map[string]ledger.ObjectState{
		"third": ledger.ObjectAdopted, "second": ledger.ObjectAdopted, "first": "", "fourth": "", "its user's": ledger.ObjectConflict,
	} {
		j := &collectionJob{kind: rehome.KindCalendars, unknown: &strangers{}, known: map[string]ledger.Object{"a.ics": row, "b.ics": other}}
		j.unknown.add("renamed.ics", `"1"`, event("one", there), j.content())
		got, found := j.anchor(row)
		if found != (want != "") || found && (got.State != want || got.Destination != "renamed.ics" || isFailed(got) != (want == ledger.ObjectConflict)) {
			t.Errorf("%s: found %v, %+v; want %q", there, found, got, want)
		}
	}
}

// What has another UID than the object under its name was put in its place.
func TestJudgeAltered_anotherObject(t *testing.T) {
	t.Parallel()
	j := &collectionJob{kind: rehome.KindCalendars}
	row := ledger.Object{Source: "a.ics", Destination: "a.ics", State: ledger.ObjectStored, UID: "one", Form: eventForm(event("one", "first"))}
	for uid, missing := range map[string]bool{"one": false, "two": true} {
		got := j.judgeAltered(row, dav.Object{ETag: `"2"`, Data: event(uid, "second")})
		if got.Missing() != missing {
			t.Errorf("with the UID %s: %+v", uid, got)
		}
	}
	gone := row
	gone.State = ledger.ObjectGone
	if got := j.judgeAltered(gone, dav.Object{ETag: `"2"`, Data: event("two", "second")}); got.State != ledger.ObjectGone || !got.Anew {
		t.Errorf("%+v, want it compared should it be back", got)
	}
}

// Its user has copied an object at the destination, and then put another one in its place: the copy stands for it, and for
// what was merged with it.
func TestFindRenamed_copiedAndReplaced(t *testing.T) {
	t.Parallel()
	form := eventForm(event("one", "first"))
	row := ledger.Object{Source: "a.ics", Destination: "a.ics", State: ledger.ObjectStored, UID: "one", Form: form}
	twin := ledger.Object{Source: "twin.ics", Destination: "a.ics", State: ledger.ObjectMerged, UID: "one", Form: form}
	j := &collectionJob{
		kind: rehome.KindCalendars, unknown: &strangers{}, known: map[string]ledger.Object{"a.ics": row, "twin.ics": twin},
	}
	missing := j.judgeAltered(row, dav.Object{ETag: `"2"`, Data: event("two", "its user's own")})
	rows, err := j.findRenamed(t.Context(), []ledger.Object{missing})
	if err != nil || len(rows) != 1 || !rows[0].Missing() {
		t.Errorf("%v, %+v; want it missing", err, rows)
	}
	j.unknown.add("copy.ics", `"3"`, event("one", "first"), j.content())
	rows, err = j.findRenamed(t.Context(), []ledger.Object{missing})
	if err != nil || len(rows) != 2 {
		t.Fatalf("%v, %+v; want both", err, rows)
	}
	for _, row := range rows {
		if row.Destination != "copy.ics" || isFailed(row) {
			t.Errorf("%+v, want it there under the name of the copy", row)
		}
	}
}

// What was merged with another object has nothing of its own at the destination, whatever becomes of it.
func TestRefuse_merged(t *testing.T) {
	t.Parallel()
	merged := ledger.Object{
		Source: "copy.ics", Destination: "a.ics", State: ledger.ObjectMerged, UID: "one", Form: eventForm(event("one", "first")), SrcETag: `"1"`,
	}
	o := dav.Object{Href: "/c/copy.ics", ETag: `"2"`, Err: &dav.StatusError{Status: 404}}
	p := consider(o, books{below: "/c/", content: pim.KindCalendar, known: map[string]ledger.Object{"copy.ics": merged}})
	if p.way != wayQuarantine || p.row.Destination != "" {
		t.Errorf("%s, as %q; want no name of its own", p.way, p.row.Destination)
	}
}

// What has another object's name at the destination by now is written anew beside it when it is copied again.
func TestCopyAgain_besideWhatHasItsName(t *testing.T) {
	t.Parallel()
	var p pair
	p.loseLedger(t)
	c, err := p.ledger.Collection(t.Context(), ledger.Collection{Address: address, Kind: rehome.KindCalendars, Source: "/c/", Destination: "/d/"})
	if err != nil {
		t.Fatal(err)
	}
	missing := asMissing(ledger.Object{
		Source: "a.ics", Destination: "a.ics", State: ledger.ObjectStored, UID: "one", Form: eventForm(event("one", "first")), SrcDigest: []byte("digest"),
	})
	j := &collectionJob{
		slice: &slice{engine: New(Options{Ledger: p.ledger, CopyAgain: true})}, kind: rehome.KindCalendars, row: c, unknown: &strangers{},
		place: placement{source: dav.Collection{Href: "/c/"}}, present: map[string]bool{"a.ics": true}, taken: map[string]bool{"a.ics": true},
		known: map[string]ledger.Object{"a.ics": missing},
	}
	j.unknown.add("a.ics", `"2"`, event("two", "another"), j.content())
	if err := j.settleLost(t.Context(), j.lost()); err != nil {
		t.Fatal(err)
	}
	if row := j.known["a.ics"]; row.State != ledger.ObjectIntent || row.Destination != "" || !j.taken["a.ics"] || len(j.actions.read) != 1 {
		t.Errorf("%+v, taken %v, %d to be read; want it written anew under another name", row, j.taken, len(j.actions.read))
	}
}

// What was missing at the destination when it vanished from the source, and may be what was not served under another name, is there
// when the destination has it again: under its name or another one, wherever it is at the source by then.
func TestPasses_whatIsBackAtTheDestination(t *testing.T) {
	t.Parallel()
	p, src, _ := troubled(t, corpus.PIMPerson(address, password, 0, 0))
	renamed, gone := []string{"same", "moved", "edited", "lost"}, []string{"back", "replaced"}
	for _, uid := range append(renamed, gone...) {
		p.writeUID(t, p.src, uid+".ics", uid, "first", false)
	}
	p.pass(t)
	for _, uid := range append(renamed, gone...) {
		p.remove(t, p.src, uid+".ics")
		p.remove(t, p.dst, uid+".ics")
	}
	for _, uid := range renamed {
		p.writeUID(t, p.src, "new-"+uid+".ics", uid, "first", false)
	}
	src.set(about("new-", "GET REPORT", http.StatusInternalServerError, "broken"))
	wantTally(t, "not served", p.pass(t).Tallies[rehome.KindCalendars], Tally{Objects: 4, Quarantined: 4})
	src.set(nil)
	for _, uid := range gone {
		p.writeUID(t, p.src, uid+".ics", uid, "first", false)
	}
	for name, uid := range map[string]string{"same.ics": "same", "other.ics": "moved", "back.ics": "back", "replaced.ics": "another"} {
		p.writeUID(t, p.dst, name, uid, "first", false)
	}
	p.writeUID(t, p.dst, "edited.ics", "edited", "its user's own", false)

	want := Tally{Objects: 6, Copied: 1, Conflicts: 1, Deserted: 1} // what another one has replaced is new
	for _, when := range []string{"back", "and again"} {
		wantTally(t, when, p.pass(t).Tallies[rehome.KindCalendars], want)
		e := p.exceptions(t)
		if e["new-lost.ics"].Code != ledger.CodeMissing || e["new-edited.ics"].Code != objectConflict.Code || len(e) != 2 {
			t.Errorf("%s: %+v", when, e)
		}
		p.wantEvents(t, when, "another", "back", "edited", "moved", "replaced", "same")
		want.Copied = 0
	}
	p.wantSummaries(t, "afterwards", map[string]string{"same.ics": "first", "other.ics": "first", "edited.ics": "its user's own", "lost.ics": ""})
}

// What the destination had damaged before it was missing is compared anew once it is back as it was: it is no better there than before.
// What it has but rewritten is as good.
func TestFound_asTheDestinationHadMadeIt(t *testing.T) {
	t.Parallel()
	form, kept := eventForm(event("one", "first")), eventForm(event("one", "first, and spoilt"))
	whole := ledger.Object{Source: "a.ics", Destination: "a.ics", State: ledger.ObjectStored, UID: "one", Form: form, Kept: kept,
		SrcETag: `"s"`, DstETag: `"d"`}
	spoilt := whole
	spoilt.Code, spoilt.Escrow = objectSpoilt.Code, "the original"
	for name, c := range map[string]struct {
		row  ledger.Object
		form []byte
		anew bool
	}{"rewritten": {whole, kept, false}, "as copied": {spoilt, form, false}, "damaged": {spoilt, kept, true}} {
		now := found(asMissing(c.row), &foreign{name: "a.ics", uid: "one", form: c.form})
		if now.Anew != c.anew || now.Missing() || (now.SrcETag+now.DstETag == "") != c.anew {
			t.Errorf("%s: %+v", name, now)
		}
	}
}

// An object that the destination has lost is there nevertheless if another one of its collection is that is the same: its copy at the
// source has been copied since, or the two were merged. What is not the same, not known, or not there as it was given stands for none.
func TestTwinOf(t *testing.T) {
	t.Parallel()
	form := eventForm(event("one", "first"))
	lost := asMissing(ledger.Object{Source: "a.ics", Destination: "a.ics", State: ledger.ObjectStored, UID: "one", Form: form})
	twin := ledger.Object{Source: "copy.ics", Destination: "copy.ics", State: ledger.ObjectStored, UID: "one", Form: form}
	merged := asMissing(mergedWith(lost, lost))
	other, spoilt, open, unread := twin, twin, twin, lost
	other.Form = eventForm(event("one", "second"))
	spoilt.Code = objectSpoilt.Code
	open.Anew, unread.Anew = true, true
	for name, c := range map[string]struct {
		row, twin ledger.Object
		listed    bool
		want      bool
	}{
		"the same": {lost, twin, true, true}, "merged": {merged, twin, true, true}, "not listed": {lost, twin, false, false},
		"another version": {lost, other, true, false}, "spoilt": {lost, spoilt, true, false}, "to be written": {lost, open, true, false},
		"not read": {unread, twin, true, false},
	} {
		j := &collectionJob{known: map[string]ledger.Object{"a.ics": c.row, "copy.ics": c.twin}, present: map[string]bool{"copy.ics": c.listed}}
		if found, is := j.twinOf(c.row); is != c.want || is && found.Source != "copy.ics" {
			t.Errorf("%s: %t, %+v", name, is, found)
		}
	}
	if row := mergedWith(lost, twin); row.State != ledger.ObjectMerged || row.Destination != "copy.ics" || row.Missing() {
		t.Errorf("%+v, want it merged", row)
	}
}
