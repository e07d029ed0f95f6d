// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"rehome"
	"rehome/internal/content/pim"
	"rehome/internal/ledger"
	"rehome/internal/protocol/dav"
	"rehome/lab"
	"rehome/lab/atmail7"
	"rehome/lab/corpus"
)

// A destination that was put back from a backup has an earlier version of what was copied. That is noticed though the
// source has not changed, named, and stays so until somebody decides.
func TestPasses_nameWhatTheDestinationHasInAnEarlierVersion(t *testing.T) {
	t.Parallel()
	p := newPair(t, corpus.PIMPerson(address, password, 1, 0))
	for _, name := range []string{"stays.ics", "back.ics", "edited.ics"} {
		p.put(t, name, "first")
	}
	p.pass(t)
	p.put(t, "back.ics", "second")
	p.put(t, "edited.ics", "second")
	wantTally(t, "edited at the source", p.pass(t).Tallies[rehome.KindCalendars], Tally{Objects: 3, Updated: 2})
	wantTally(t, "nothing to do", p.pass(t).Tallies[rehome.KindCalendars], Tally{Objects: 3})

	p.write(t, p.dst, "back.ics", "first")
	p.write(t, p.dst, "edited.ics", "its user's own")
	for _, when := range []string{"put back", "and again"} {
		r := p.pass(t)
		wantTally(t, when, r.Tallies[rehome.KindCalendars], Tally{Objects: 3, Deserted: 1})
		if got := r.Tallies[rehome.KindCalendars].Lasting; got != 1 {
			t.Errorf("%s: repeating mends all but %d, want all but 1", when, got)
		}
		if len(r.Findings) != 1 || r.Findings[0].Code != ledger.CodeReverted || !strings.HasSuffix(r.Findings[0].Object, "back.ics") {
			t.Errorf("%s: findings %+v", when, r.Findings)
		}
	}
	p.write(t, p.dst, "back.ics", "second")
	wantTally(t, "brought forward by its user", p.pass(t).Tallies[rehome.KindCalendars], Tally{Objects: 3})

	p.write(t, p.dst, "back.ics", "first")
	wantTally(t, "put back once more", p.pass(t).Tallies[rehome.KindCalendars], Tally{Objects: 3, Deserted: 1})
	p.options.CopyAgain = true
	wantTally(t, "copied again", p.pass(t).Tallies[rehome.KindCalendars], Tally{Objects: 3, Updated: 1})
	p.options.CopyAgain = false
	wantTally(t, "nothing to copy again", p.pass(t).Tallies[rehome.KindCalendars], Tally{Objects: 3})
	p.wantSummaries(t, "in the end", map[string]string{"stays.ics": "first", "back.ics": "second", "edited.ics": "its user's own"})
}

// Where the source has changed too, the earlier version makes room: it is ours, and nobody has edited it.
func TestPasses_writeOverAnEarlierVersion(t *testing.T) {
	t.Parallel()
	p := newPair(t, corpus.PIMPerson(address, password, 1, 0))
	for _, summary := range []string{"first", "second"} {
		p.put(t, "back.ics", summary)
		p.pass(t)
	}
	p.write(t, p.dst, "back.ics", "first")
	p.put(t, "back.ics", "third")
	wantTally(t, "the third version", p.pass(t).Tallies[rehome.KindCalendars], Tally{Objects: 1, Updated: 1})
	p.wantSummaries(t, "in the end", map[string]string{"back.ics": "third"})
}

// What comes back to the source, where it was deleted, is compared with what the destination has of it by now.
func TestPasses_comesBackAfterTheDestinationWasPutBack(t *testing.T) {
	t.Parallel()
	p := newPair(t, corpus.PIMPerson(address, password, 1, 0))
	for _, summary := range []string{"first", "second"} {
		for _, name := range []string{"stays.ics", "back.ics", "renamed.ics", "edited.ics"} {
			p.put(t, name, summary)
		}
		p.pass(t)
	}
	for _, name := range []string{"back.ics", "renamed.ics", "edited.ics"} {
		p.remove(t, p.src, name)
	}
	p.pass(t)
	p.write(t, p.dst, "back.ics", "first")
	p.write(t, p.dst, "renamed.ics", "first")
	p.write(t, p.dst, "edited.ics", "its user's own")
	for _, name := range []string{"back.ics", "edited.ics"} {
		p.put(t, name, "second")
	}
	p.writeUID(t, p.src, "new.ics", "renamed.ics", "second", false)
	wantTally(t, "they are back", p.pass(t).Tallies[rehome.KindCalendars], Tally{Objects: 4, Updated: 2})
	wantTally(t, "nothing to do", p.pass(t).Tallies[rehome.KindCalendars], Tally{Objects: 4})
	p.wantSummaries(t, "in the end", map[string]string{
		"stays.ics": "second", "back.ics": "second", "renamed.ics": "second", "edited.ics": "its user's own",
	})
}

// An answer to a PUT with the MD5 of what was sent proves nothing where the destination lists another etag.
func TestProve_anETagThatIsNotListed(t *testing.T) {
	t.Parallel()
	l := lab.Open(t)
	person := personWith(nil, []corpus.Resource{{Name: "cut.ics", Data: event("cut", "loses its end")}, {Name: "whole.ics",
		Data: event("whole", "stays whole")}})
	dst, err := atmail7.Start(l, atmail7.Options{Name: "destination"})
	if err != nil {
		t.Fatal(err)
	}
	if err := corpus.SeedPerson(t.Context(), dst, corpus.PIMPerson(address, password, 0, 0)); err != nil {
		t.Fatal(err)
	}
	front := before(t, dst.DAV)
	front.set(func(w http.ResponseWriter, r *http.Request, body string) bool {
		if r.Method == http.MethodPut && strings.Contains(body, "loses its end") {
			sum := md5.Sum([]byte(body))
			w.Header().Set("ETag", `"`+hex.EncodeToString(sum[:])+`"`)
			body = strings.Replace(body, "DTEND:20150301T110000Z\r\n", "", 1)
			r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
		}
		return false
	})
	p := pairTo(t, l, person, front.URL)
	for _, want := range []Tally{{Objects: 3, Copied: 2, Quarantined: 1}, {Objects: 3, Quarantined: 1}} {
		wantTally(t, "calendars", p.pass(t).Tallies[rehome.KindCalendars], want)
		if e := p.exceptions(t)["cut.ics"]; e.Code != "object_spoilt" {
			t.Errorf("%+v, want the end that is missing", e)
		}
	}
}

// A contact without a UID is found by what it is: where its user has given it another name, and where it was before the move.
func TestPasses_recogniseWhatHasNoUID(t *testing.T) {
	t.Parallel()
	nameless := func(name string) []byte {
		return []byte("BEGIN:VCARD\r\nVERSION:3.0\r\nN:" + name + ";Anna;;;\r\nFN:Anna " + name + "\r\nEND:VCARD\r\n")
	}
	var s strangers
	s.add("renamed.vcf", `"1"`, nameless("One"), "contact")
	s.add("before.vcf", `"2"`, nameless("Two"), "contact")
	s.add("before2.vcf", `"3"`, nameless("Two"), "contact")
	j := &collectionJob{kind: rehome.KindContacts, unknown: &s}
	row := ledger.Object{Source: "a.vcf", Destination: "a.vcf", State: ledger.ObjectStored, Form: formOf(t, nameless("One"))}
	if found, is := j.anchor(row); !is || found.Destination != "renamed.vcf" || found.DstETag != `"1"` || found.State != ledger.ObjectAdopted {
		t.Errorf("%+v, want it as renamed.vcf, and never to be removed", found)
	}
	if found, is := j.anchor(row); is {
		t.Errorf("found again as %s, which is taken", found.Destination)
	}
	p := consider(dav.Object{Href: "/book/before2.vcf", Data: nameless("Two")}, books{
		content: "contact", below: "/book/", taken: map[string]bool{}, unknown: &s,
	})
	if p.way != wayRecognise || p.found.name != "before2.vcf" {
		t.Errorf("%s of %q, want before2.vcf recognised", p.way, p.found.name)
	}
	p = consider(dav.Object{Href: "/book/c.vcf", Data: nameless("Three")}, books{content: "contact", below: "/book/", taken: map[string]bool{},
		unknown: &s})
	if p.way != wayWrite {
		t.Errorf("%s, want another one written", p.way)
	}
	p = consider(dav.Object{Href: "/book/d.vcf", Data: nameless("Four")}, books{ // it was "Two" when it was sent
		content: "contact", below: "/book/", taken: map[string]bool{}, unknown: &s,
		known: map[string]ledger.Object{"d.vcf": {Source: "d.vcf", State: ledger.ObjectIntent, Tried: formOf(t, nameless("Two"))}},
	})
	if p.way != wayRecognise || p.found.name != "before.vcf" {
		t.Errorf("%s of %q, want the version that was never answered recognised", p.way, p.found.name)
	}
}

func formOf(t *testing.T, data []byte) []byte {
	t.Helper()
	p := transfer{kind: "contact"}
	p.keeps(data)
	if p.row.Kept == nil {
		t.Fatalf("no form of %s", data)
	}
	return p.row.Kept
}

// What the source does not serve for once stays the object that was begun, also under another name.
func TestConsider_unservedAndRenamed(t *testing.T) {
	t.Parallel()
	data := event("one", "first")
	begun := consider(dav.Object{Href: "/c/a.ics", Data: data}, books{content: "calendar", below: "/c/", taken: map[string]bool{}})
	unserved := consider(dav.Object{Href: "/c/a.ics", Err: &dav.StatusError{Status: 502}}, books{
		content: "calendar", below: "/c/", known: map[string]ledger.Object{"a.ics": begun.intent()},
	})
	if got := formerly(data, []ledger.Object{unserved.row}); got != 0 {
		t.Errorf("%+v is not known under its new name", unserved.row)
	}
}

// The forms of earlier versions are kept, each once, and never that of what is there.
func TestSupersede(t *testing.T) {
	t.Parallel()
	form := func(c byte) []byte { return bytes.Repeat([]byte{c}, 32) }
	p := transfer{
		before: ledger.Object{Form: form(1), Kept: form(2)},
		row:    ledger.Object{Form: form(3), Earlier: form(4), Tried: slices.Concat(form(3), form(5), form(1))},
	}
	p.supersede(nil)
	if want := slices.Concat(form(4), form(1), form(2), form(5)); !bytes.Equal(p.row.Earlier, want) || p.row.Tried != nil {
		t.Errorf("earlier %x, tried %x; want %x and none", p.row.Earlier, p.row.Tried, want)
	}
	if earlier(p.row, form(3)) || !earlier(p.row, form(2)) || earlier(p.row, form(6)) {
		t.Error("the current form counts as an earlier one, or the earlier one does not")
	}
}

// A request that was given up may still arrive behind a later one that had the same in it with another repair, or with none.
// What it leaves there is no earlier version of the object.
func TestSupersede_theSameWithAnotherRepair(t *testing.T) {
	t.Parallel()
	card := func(name string) []byte {
		return []byte("BEGIN:VCARD\r\nVERSION:3.0\r\nN:" + name + ";Anna;;;\r\nEND:VCARD\r\n")
	}
	form := func(data []byte, needs pim.Needs) []byte {
		repaired, _ := pim.Repair(data, pim.KindContact, needs)
		digest, _ := pim.Digest(repaired, pim.KindContact)
		return digest[:]
	}
	for _, c := range []struct{ given, before pim.Needs }{{nil, uidNeeds()}, {uidNeeds(), nil}, {nil, pim.SafeNeeds()}} {
		p := transfer{kind: pim.KindContact, source: dav.Object{Data: card("Doe")}}
		p.row = ledger.Object{
			Form: form(card("Doe"), c.given), Tried: slices.Concat(form(card("Roe"), nil), form(card("Doe"), c.before)),
			Earlier: form(card("Doe"), c.before),
		}
		p.supersede([]pim.Needs{pim.SafeNeeds(), pim.Every()})
		if want := form(card("Roe"), nil); !bytes.Equal(p.row.Earlier, want) {
			t.Errorf("given with %v and before with %v: %d earlier versions, want the other name alone", c.given, c.before, len(p.row.Earlier)/32)
		}
	}
}

// Where the answer to a PUT had no etag, only what is there tells whether somebody has edited it since.
func TestMayBeEdited(t *testing.T) {
	t.Parallel()
	given := event("one", "first")
	added := bytes.Replace(given, []byte("END:VEVENT"), []byte("X-OWN:1\r\nEND:VEVENT"), 1)
	cut := bytes.Replace(given, []byte("DTEND:20150301T110000Z\r\n"), nil, 1)
	for _, c := range []struct {
		stored string
		there  dav.Object
		want   bool
	}{
		{"", dav.Object{Data: cut, ETag: `"2"`}, false}, {"", dav.Object{Data: added, ETag: `"2"`}, true},
		{`"1"`, dav.Object{Data: cut, ETag: `"2"`}, true}, {`"1"`, dav.Object{Data: added, ETag: `"1"`}, false},
	} {
		s := spoiltTransfer{transfer: &transfer{kind: "calendar", data: given, row: ledger.Object{DstETag: c.stored}}, there: c.there}
		if got := s.mayBeEdited(); got != c.want {
			t.Errorf("stored as %q, there %s: %v, want %v", c.stored, c.there.Data, got, c.want)
		}
	}
}

// That a newer version could not be written does not hide that an earlier one is there again, and is not forgotten when the
// destination has but renewed its etags.
func TestJudgeAltered_behind(t *testing.T) {
	t.Parallel()
	first, second := event("one", "first"), event("one", "second")
	row := ledger.Object{
		Source: "a.ics", Destination: "a.ics", State: ledger.ObjectStored, DstETag: `"1"`, Code: ledger.UpdateUnreadable,
		Form: eventForm(second), Earlier: eventForm(first),
	}
	j := &collectionJob{kind: rehome.KindCalendars, known: map[string]ledger.Object{"a.ics": row}}
	if len(j.altered(map[string]string{"a.ics": `"1"`})) != 0 || len(j.altered(map[string]string{"a.ics": `"2"`})) != 1 {
		t.Error("it is looked at where its etag is the same, or not where it is another")
	}
	for want, there := range map[string][]byte{ledger.CodeReverted: first, ledger.UpdateUnreadable: second} {
		if got := j.judgeAltered(row, dav.Object{Data: there, ETag: `"2"`}); got.Code != want {
			t.Errorf("%s, want %s", got.Code, want)
		}
	}
	if got := j.judgeAltered(row, dav.Object{Err: &dav.StatusError{Status: 500}}); !got.Behind() {
		t.Errorf("%s, and the newer version is not tried again", got.Code)
	}
}

// A conflict is over when its user has made both the same, and when the version of the destination is what we wrote there
// again: then the source's follows.
func TestPasses_aConflictThatIsOver(t *testing.T) {
	t.Parallel()
	p := newPair(t, corpus.PIMPerson(address, password, 1, 0))
	for _, summary := range []string{"first", "second"} {
		for _, name := range []string{"same.ics", "undone.ics", "other.ics"} {
			p.put(t, name, summary)
			if summary == "second" {
				p.write(t, p.dst, name, "its user's own")
			}
		}
		p.pass(t)
	}
	wantTally(t, "edited at both ends", p.pass(t).Tallies[rehome.KindCalendars], Tally{Objects: 3, Conflicts: 3})
	p.write(t, p.dst, "same.ics", "second")
	p.write(t, p.dst, "undone.ics", "first")
	r := p.pass(t)
	wantTally(t, "over", r.Tallies[rehome.KindCalendars], Tally{Objects: 3, Adopted: 1, Updated: 1, Conflicts: 1})
	if len(r.Findings) != 1 || !strings.Contains(r.Findings[0].Sentence, "after it was copied") {
		t.Errorf("findings %+v", r.Findings)
	}
	wantTally(t, "and again", p.pass(t).Tallies[rehome.KindCalendars], Tally{Objects: 3, Conflicts: 1})
	p.wantSummaries(t, "in the end", map[string]string{"same.ics": "second", "undone.ics": "second", "other.ics": "its user's own"})
}

// An update that was begun is open until its answer is there, also where the source lists only what has changed since.
func TestDiff_openUpdate(t *testing.T) {
	t.Parallel()
	update := transfer{before: ledger.Object{Source: "a.ics", State: ledger.ObjectStored}, row: ledger.Object{Source: "a.ics"}}
	known := map[string]ledger.Object{"a.ics": update.intent()}
	source := listed{items: map[string]dav.Item{}, removed: map[string]bool{}}
	if a := diff(source, known, someTerms(rehome.DeletionsKeep)); len(a.read) != 1 || remaining(source, known) != 1 {
		t.Errorf("%d to be read, %d left; want the update to be made", len(a.read), remaining(source, known))
	}
}

// The version that was copied last may be there under another name that its user has given it, when a request that was long
// given up puts an earlier one under its name.
func TestFindRenamed_whileAnEarlierVersionArrives(t *testing.T) {
	t.Parallel()
	j := &collectionJob{kind: rehome.KindCalendars, unknown: &strangers{}}
	j.unknown.add("renamed.ics", `"2"`, event("a.ics", "second"), j.content())
	j.unknown.add("other.ics", `"3"`, event("other.ics", "second"), j.content())
	row := ledger.Object{
		Source: "a.ics", Destination: "a.ics", State: ledger.ObjectStored, UID: "a.ics", Code: ledger.CodeReverted,
		Form: eventForm(event("a.ics", "second")), Earlier: eventForm(event("a.ics", "first")),
	}
	rows := []ledger.Object{row, {Source: "b.ics", UID: "b.ics", State: ledger.ObjectStored, Code: ledger.CodeReverted, Form: []byte("form")}}
	rows, err := j.findRenamed(t.Context(), rows)
	if err != nil || rows[0].Destination != "renamed.ics" || isFailed(rows[0]) || !rows[1].Reverted() {
		t.Errorf("%+v, %v", rows, err)
	}
}

// What the destination had kept differently is looked at again under another etag: it may have the version of the source by now.
func TestNoLongerSpoilt(t *testing.T) {
	t.Parallel()
	form, kept, other := eventForm(event("one", "first")), eventForm(event("one", "spoilt")), eventForm(event("two", "another"))
	row := ledger.Object{State: ledger.ObjectStored, Code: objectSpoilt.Code, Form: form, Kept: kept, DstETag: `"1"`, Escrow: "the original"}
	for name, c := range map[string]struct {
		form   []byte
		spoilt bool
		etag   string
	}{"as the source": {form, false, `"2"`}, "as before": {kept, true, `"2"`}, "its user's": {other, true, `"1"`}} {
		if now := noLongerSpoilt(row, c.form, `"2"`); now.Spoilt() != c.spoilt || now.DstETag != c.etag || (now.Escrow == "") == c.spoilt {
			t.Errorf("%s: %+v", name, now)
		}
	}
}
