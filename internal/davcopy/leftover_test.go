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

// A copy of what the destination has lost lies there: the source had it twice, and has one of the two no more. It stands for
// the one that was lost, whichever vanished first.
func TestPasses_takeOverWhatIsLeft(t *testing.T) {
	t.Parallel()
	p := newPair(t, corpus.PIMPerson(address, password, 1, 0))
	p.put(t, "a.ics", "first")
	p.pass(t)
	p.remove(t, p.dst, "a.ics")
	wantTally(t, "lost", p.pass(t).Tallies[rehome.KindCalendars], Tally{Objects: 1, Deserted: 1})
	p.writeUID(t, p.src, "copy.ics", "a.ics", "first", false)
	wantTally(t, "copied at the source", p.pass(t).Tallies[rehome.KindCalendars], Tally{Objects: 2, Copied: 1, Deserted: 1})
	p.remove(t, p.src, "copy.ics")
	for _, when := range []string{"the copy is gone", "and again"} {
		r := p.pass(t)
		wantTally(t, when, r.Tallies[rehome.KindCalendars], Tally{Objects: 1})
		if len(r.Findings) > 0 {
			t.Errorf("%s: findings %+v", when, r.Findings)
		}
	}
	p.options.Deletions = rehome.DeletionsMirror
	p.pass(t)
	p.wantSummaries(t, "mirroring", map[string]string{"copy.ics": "first", "a.ics": ""})
}

// An object that was merged with one that vanishes while an update of that one is open takes the open update over.
func TestDiff_heirOfAnOpenUpdate(t *testing.T) {
	t.Parallel()
	data := event("one", "first")
	digest := sha256.Sum256(data)
	stored := ledger.Object{Source: "a.ics", Destination: "a.ics", State: ledger.ObjectStored, UID: "one", SrcDigest: []byte("second"), Anew: true}
	merged := ledger.Object{Source: "copy.ics", Destination: "a.ics", State: ledger.ObjectMerged, UID: "one", SrcETag: `"1"`, SrcDigest: digest[:]}
	source := listed{full: true, items: map[string]dav.Item{"copy.ics": {Href: "/c/copy.ics", ETag: `"1"`}}}
	a := diff(source, map[string]ledger.Object{"a.ics": stored, "copy.ics": merged}, someTerms(rehome.DeletionsKeep))
	if len(a.successors) != 1 || !needsReading(a.successors[0].row, `"1"`, begun) {
		t.Fatalf("%+v, want it read once more", a.successors)
	}
	b := books{content: pim.KindCalendar, below: "/c/", known: map[string]ledger.Object{"copy.ics": a.successors[0].row}}
	if p := consider(dav.Object{Href: "/c/copy.ics", Data: data}, b); p.way != wayWrite {
		t.Errorf("%s, want it compared with what is there", p.way)
	}
}

// What was at the destination before us is left there when it vanishes at the source, never removed, and known still: also
// under another name, where it has no UID.
func TestDecideVanished_knowsWhatIsNotOurs(t *testing.T) {
	t.Parallel()
	data := []byte("BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Anna\r\nN:A;;;;\r\nEND:VCARD\r\n")
	form, _ := pim.Digest(data, pim.KindContact)
	adopted := ledger.Object{Source: "a.vcf", Destination: "a.vcf", State: ledger.ObjectAdopted, Form: form[:]}
	missing := adopted
	missing.Code = ledger.CodeMissing
	for _, row := range []ledger.Object{adopted, missing} {
		unread := someTerms(rehome.DeletionsMirror)
		unread.unread = true
		d := decideVanished([]ledger.Object{row}, 5, unread)
		if len(d.remove) > 0 || len(d.gone) != 1 || d.gone[0].Form != nil {
			t.Fatalf("%+v, want it left there for good", d)
		}
		j := &collectionJob{kind: rehome.KindContacts, unknown: &strangers{}}
		j.unknown.add("renamed.vcf", `"1"`, data, pim.KindContact)
		if got, found := j.anchor(d.gone[0]); !found || got.Destination != "renamed.vcf" {
			t.Errorf("%+v is not known under another name", d.gone[0])
		}
	}
}
