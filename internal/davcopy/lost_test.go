// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"crypto/sha256"
	"testing"

	"rehome"
	"rehome/internal/content/pim"
	"rehome/internal/ledger"
	"rehome/internal/protocol/dav"
	"rehome/lab/corpus"
)

// What the destination has lost is noticed though the source has not changed, and stays lost until somebody decides.
func TestPasses_nameWhatTheDestinationHasLost(t *testing.T) {
	t.Parallel()
	p := newPair(t, corpus.PIMPerson(address, password, 1, 0))
	for _, name := range []string{"stays.ics", "lost.ics", "renamed.ics"} {
		p.put(t, name, "first")
	}
	p.pass(t)
	session, c := p.calendar(t, p.dst)
	lost, err := session.Get(t.Context(), hrefOf(c.Href, "lost.ics"), dav.Calendars)
	if err != nil {
		t.Fatal(err)
	}
	renamed, err := session.Get(t.Context(), hrefOf(c.Href, "renamed.ics"), dav.Calendars)
	if err != nil {
		t.Fatal(err)
	}
	give := func(name string, data []byte) {
		t.Helper()
		if _, err := session.Put(t.Context(), hrefOf(c.Href, name), dav.Upload{Data: data, Kind: dav.Calendars, Overwrite: true}); err != nil {
			t.Fatal(err)
		}
	}
	p.remove(t, p.dst, "lost.ics")
	p.remove(t, p.dst, "renamed.ics")
	give("other-name.ics", renamed.Data)
	for _, when := range []string{"lost", "and again"} {
		r := p.pass(t)
		wantTally(t, when, r.Tallies[rehome.KindCalendars], Tally{Objects: 3, Deserted: 1})
		if got := r.Tallies[rehome.KindCalendars].Lasting; got != 1 {
			t.Errorf("%s: repeating mends all but %d, want all but 1", when, got)
		}
		if len(r.Findings) != 1 || r.Findings[0].Code != ledger.CodeMissing {
			t.Errorf("%s: findings %+v", when, r.Findings)
		}
	}
	give("lost.ics", lost.Data)
	wantTally(t, "put back by its user", p.pass(t).Tallies[rehome.KindCalendars], Tally{Objects: 3})

	p.remove(t, p.dst, "lost.ics")
	wantTally(t, "lost once more", p.pass(t).Tallies[rehome.KindCalendars], Tally{Objects: 3, Deserted: 1})
	p.options.CopyAgain = true
	wantTally(t, "copied again", p.pass(t).Tallies[rehome.KindCalendars], Tally{Objects: 3, Copied: 1})
	p.wantSummaries(t, "copied again", map[string]string{"stays.ics": "first", "lost.ics": "first", "renamed.ics": "", "other-name.ics": "first"})
	wantTally(t, "nothing to copy again", p.pass(t).Tallies[rehome.KindCalendars], Tally{Objects: 3})
}

// What was renamed at the source while the destination was put back is missed like anything else, and so is its last version.
func TestPasses_renamedWhatTheDestinationHasLost(t *testing.T) {
	t.Parallel()
	p := newPair(t, corpus.PIMPerson(address, password, 1, 0))
	for _, summary := range []string{"first", "second"} {
		for _, name := range []string{"stays.ics", "lost.ics", "back.ics"} {
			p.put(t, name, summary)
		}
		p.pass(t)
	}
	p.remove(t, p.dst, "lost.ics")
	p.write(t, p.dst, "back.ics", "first")
	for _, name := range []string{"lost.ics", "back.ics"} {
		p.remove(t, p.src, name)
		p.writeUID(t, p.src, "new-"+name, name, "second", false)
	}
	for _, when := range []string{"renamed", "and again"} {
		r := p.pass(t)
		wantTally(t, when, r.Tallies[rehome.KindCalendars], Tally{Objects: 3, Deserted: 2})
		if e := p.exceptions(t); e["new-lost.ics"].Code != ledger.CodeMissing || e["new-back.ics"].Code != ledger.CodeReverted {
			t.Errorf("%s: %+v", when, e)
		}
	}
	p.options.CopyAgain = true
	wantTally(t, "copied again", p.pass(t).Tallies[rehome.KindCalendars], Tally{Objects: 3, Copied: 1, Updated: 1})
	p.options.CopyAgain = false
	wantTally(t, "nothing to copy again", p.pass(t).Tallies[rehome.KindCalendars], Tally{Objects: 3})
}

// What was merged with an object goes with it where its user gives that another name at the destination.
func TestThere_mergedAndRenamed(t *testing.T) {
	t.Parallel()
	form := eventForm(event("one", "first"))
	first := ledger.Object{Source: "a.ics", Destination: "a.ics", State: ledger.ObjectStored, UID: "one", Form: form}
	merged := ledger.Object{Source: "copy.ics", Destination: "a.ics", State: ledger.ObjectMerged, UID: "one", Form: form}
	for _, code := range []string{"", ledger.CodeMissing} {
		first.Code, merged.Code = code, code
		j := &collectionJob{
			kind: rehome.KindCalendars, unknown: &strangers{}, present: map[string]bool{"renamed.ics": true},
			known: map[string]ledger.Object{"a.ics": first, "copy.ics": merged},
		}
		if rows := j.there(j.lost()); len(rows) != 0 {
			t.Errorf("%q: %+v are there, and nothing is", code, rows)
		}
		j.unknown.add("renamed.ics", `"1"`, event("one", "first"), j.content())
		rows := j.there(j.lost())
		for _, row := range rows {
			if row.Destination != "renamed.ics" || row.Code != "" {
				t.Errorf("%q: %+v", code, row)
			}
		}
		if len(rows) != 2 {
			t.Errorf("%q: %d rows, want both", code, len(rows))
		}
	}
}

// What the destination had lost when it vanished from the source may be what the source does not serve under a new name:
// there it is lost still, and is not copied again.
func TestFollowRename_whatWasLost(t *testing.T) {
	t.Parallel()
	var p pair
	p.loseLedger(t)
	c, err := p.ledger.Collection(t.Context(), ledger.Collection{Address: address, Kind: rehome.KindCalendars, Source: "/c/", Destination: "/d/"})
	if err != nil {
		t.Fatal(err)
	}
	data := event("one", "first")
	digest := sha256.Sum256(data)
	lost := asMissing(ledger.Object{
		Source: "a.ics", Destination: "a.ics", State: ledger.ObjectStored, UID: "one", SrcDigest: digest[:], Form: eventForm(data),
	})
	d := decideVanished([]ledger.Object{lost}, 1, terms{unread: true, deletions: rehome.DeletionsMirror})
	if len(d.gone) != 1 || len(d.remove)+len(d.forget) > 0 {
		t.Fatalf("%+v, want it kept in mind", d)
	}
	gone := left(d.gone[0])
	if isFailed(gone) {
		t.Error("it is missed under its old name")
	}
	if err := p.ledger.SaveObjects(t.Context(), c, gone); err != nil {
		t.Fatal(err)
	}
	j := &collectionJob{
		slice: &slice{engine: New(Options{Ledger: p.ledger})}, kind: rehome.KindCalendars, row: c, place: placement{source: dav.Collection{Href: "/c/"}},
		known: map[string]ledger.Object{"a.ics": gone}, actions: actions{vanished: []ledger.Object{gone}},
	}
	o := dav.Object{Href: "/c/b.ics", Data: data}
	if err := j.followRename(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	got := consider(o, books{below: "/c/", content: j.content(), known: j.known})
	if got.way != wayNote || !got.row.Missing() || got.row.Words == "" {
		t.Errorf("%s, %+v; want it lost still", got.way, got.row)
	}
}

// An object seemed to be removed at the destination when it had changed at the source. Where its user has but renamed it,
// it is compared once more: it may be the new version.
func TestThere_renamedWhileItWasWritten(t *testing.T) {
	t.Parallel()
	row := ledger.Object{
		Source: "a.ics", Destination: "a.ics", State: ledger.ObjectConflict, Code: removedThere.Code, Words: "removed", UID: "one", SrcETag: "1",
		SrcDigest: []byte("digest"), Form: eventForm(event("one", "first")), Escrow: "file",
	}
	for _, name := range []string{"a.ics", "renamed.ics"} {
		j := &collectionJob{
			kind: rehome.KindCalendars, unknown: &strangers{}, present: map[string]bool{name: true}, known: map[string]ledger.Object{"a.ics": row},
			slice: &slice{engine: New(Options{})}, place: placement{source: dav.Collection{Href: "/c/"}},
		}
		if name != "a.ics" {
			j.unknown.add(name, `"2"`, event("one", "second"), j.content())
		}
		rows := j.there(j.lost())
		if len(rows) != 1 || rows[0].Destination != name || isFailed(rows[0]) || !rows[0].Anew || len(j.actions.read) != 1 {
			t.Errorf("as %s: %+v, %d to be read; want it read once more", name, rows, len(j.actions.read))
		}
	}
}

// What has no UID is found under another name also by the one that it was given, and as the version that was sent last.
func TestAnchor_withoutUID(t *testing.T) {
	t.Parallel()
	card := func(number, uid string) []byte {
		return []byte("BEGIN:VCARD\r\nVERSION:3.0\r\n" + uid + "FN:Anna\r\nTEL:" + number + "\r\nEND:VCARD\r\n")
	}
	form := func(data []byte) []byte {
		digest, _ := pim.Digest(data, pim.KindContact)
		return digest[:]
	}
	row := ledger.Object{
		Source: "a.vcf", Destination: "a.vcf", State: ledger.ObjectConflict, Code: removedThere.Code,
		Form: form(card("1", "")), Tried: form(card("2", "")), MadeUID: "made",
	}
	for _, c := range []struct {
		there []byte
		found bool
	}{
		{card("1", ""), true}, {card("2", ""), true}, {card("3", ""), false}, {card("3", "UID:made\r\n"), true}, {card("1", "UID:other\r\n"), false},
	} {
		j := &collectionJob{kind: rehome.KindContacts, unknown: &strangers{}}
		j.unknown.add("renamed.vcf", `"1"`, c.there, pim.KindContact)
		if got, found := j.anchor(row); found != c.found || found != (got.Destination == "renamed.vcf") {
			t.Errorf("%s: found %v, %+v", c.there, found, got)
		}
	}
}
