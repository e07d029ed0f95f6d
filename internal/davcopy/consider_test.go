// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"crypto/sha256"
	"strings"
	"testing"

	"rehome"
	"rehome/internal/content/pim"
	"rehome/internal/ledger"
	"rehome/internal/pass"
	"rehome/internal/protocol/dav"
)

// An object vanished at the source, stayed at the destination, was removed there, and came back at the source: that it
// was there once does not mean that it is there now.
func TestConsider_backAtTheSource(t *testing.T) {
	t.Parallel()
	data := []byte("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:a\r\nFN:A\r\nN:A;;;;\r\nEND:VCARD\r\n")
	digest := sha256.Sum256(data)
	row := ledger.Object{Source: "a.vcf", State: ledger.ObjectGone, Destination: "a.vcf", SrcDigest: digest[:]}
	for _, c := range []struct {
		present bool
		want    way
	}{{true, wayNote}, {false, wayWrite}} {
		p := consider(dav.Object{Href: "/book/a.vcf", Data: data}, books{
			content: pim.KindContact, below: "/book/", known: map[string]ledger.Object{"a.vcf": row},
			taken: map[string]bool{"a.vcf": true}, present: map[string]bool{"a.vcf": c.present},
		})
		if p.way != c.want || p.row.Destination != "a.vcf" {
			t.Errorf("present %v: %s as %q, want %s as a.vcf", c.present, p.way, p.row.Destination, c.want)
		}
	}
}

// The source lists an object and says 404 to whoever wants it. That is no object that is gone: it has a name in the
// findings until a listing lacks it.
func TestConsider_listedAndNotFound(t *testing.T) {
	t.Parallel()
	p := consider(dav.Object{Href: "/book/a.vcf", Err: &dav.StatusError{Status: 404}}, books{content: pim.KindContact, below: "/book/"})
	if p.way != wayQuarantine || p.row.State != ledger.ObjectQuarantined || p.row.Code != "object_unserved" {
		t.Errorf("%s, row %+v, want it quarantined as not served", p.way, p.row)
	}
}

func TestTouched(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		stored, now string
		want        bool
	}{{`"a"`, `"a"`, false}, {`"a"`, `W/"a"`, false}, {`"a"`, `"b"`, true}, {`"a"`, "", true}, {"", `"b"`, false}} {
		if got := touched(c.stored, c.now); got != c.want {
			t.Errorf("touched(%s, %s) = %v", c.stored, c.now, got)
		}
	}
}

// What was sent for an object that then got another name may still arrive under the old one: the object keeps that at
// the destination.
func TestFormerly_anIntentToo(t *testing.T) {
	t.Parallel()
	data := []byte("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:a\r\nFN:A\r\nEND:VCARD\r\n")
	vanished := []ledger.Object{{Source: "x.vcf", State: ledger.ObjectQuarantined, UID: "a"}, {Source: "a.vcf", State: ledger.ObjectIntent,
		UID: "a", Destination: "a.vcf"}}
	if got := formerly(data, vanished); got != 1 {
		t.Errorf("row %d, want the intent", got)
	}
}

// A copy of what the destination has spoilt is not there because the spoilt one is: it goes as an object of its own, so
// that what becomes of it has a name.
func TestConsider_sameAsSpoilt(t *testing.T) {
	t.Parallel()
	data := []byte("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:one\r\nN:Muster;Anna;;;\r\nFN:Anna Muster\r\nTEL:+49 30 1\r\nEND:VCARD\r\n")
	form, _ := pim.Digest(data, pim.KindContact)
	for code, want := range map[string]way{"": wayMerge, "object_spoilt": wayWrite, ledger.UpdateRefused: wayWrite} {
		p := consider(dav.Object{Href: "/book/copy.vcf", Data: data}, books{
			content: pim.KindContact, below: "/book/", taken: map[string]bool{"a.vcf": true}, byUID: map[string]string{"one": "a.vcf"},
			known: map[string]ledger.Object{"a.vcf": {Source: "a.vcf", State: ledger.ObjectStored, Destination: "a.vcf", UID: "one", Form: form[:],
				Code: code}},
		})
		if p.way != want {
			t.Errorf("code %q: %s, want %s", code, p.way, want)
		}
	}
}

// A conflict of which the source did not show its version for once is a conflict as before.
func TestConsider_conflictThatWasUnreadable(t *testing.T) {
	t.Parallel()
	data := event("one", "first")
	digest := sha256.Sum256(data)
	row := ledger.Object{Source: "a.ics", Destination: "a.ics", State: ledger.ObjectConflict, SrcDigest: digest[:], Code: objectConflict.Code,
		Words: "edited"}
	b := books{content: pim.KindCalendar, below: "/c/", known: map[string]ledger.Object{"a.ics": row}}
	unread := consider(dav.Object{Href: "/c/a.ics", Err: &dav.StatusError{Status: 502}}, b)
	b.known["a.ics"] = unread.row
	if p := consider(dav.Object{Href: "/c/a.ics", Data: data}, b); p.row.State != ledger.ObjectConflict || p.row.Code != objectConflict.Code ||
		p.row.Words == "" {
		t.Errorf("%+v, want the conflict named", p.row)
	}
}

// What was left at the destination when it vanished here is this object's again when it comes back, unless it is another
// collection's by now.
func TestConsider_whatAnotherCollectionHasTakenOver(t *testing.T) {
	t.Parallel()
	data := event("one", "first")
	sum := sha256.Sum256(data)
	for alive, want := range map[bool]way{false: wayNote, true: wayWrite} {
		b := books{
			content: pim.KindCalendar, below: "/cal/", taken: map[string]bool{"a.ics": true}, present: map[string]bool{"a.ics": true},
			known: map[string]ledger.Object{"a.ics": {Source: "a.ics", State: ledger.ObjectGone, Destination: "a.ics", SrcDigest: sum[:]}},
			alive: map[string]bool{"a.ics": alive},
		}
		p := consider(dav.Object{Href: "/cal/a.ics", Data: data}, b)
		if p.way != want || (p.row.Destination == "a.ics") == alive {
			t.Errorf("taken over %v: %s as %s", alive, p.way, p.row.Destination)
		}
	}
}

// What the destination has spoilt is not mended because the source did not show it for once, or because its next version
// was refused or held back and is there no more.
func TestConsider_spoiltAndBehind(t *testing.T) {
	t.Parallel()
	data := event("one", "first")
	digest := sha256.Sum256(data)
	for code, want := range map[string]way{"object_spoilt": wayWrite, "": wayNote, objectUnproved.Code: wayNote} {
		row := ledger.Object{Source: "a.ics", Destination: "a.ics", State: ledger.ObjectStored, SrcDigest: digest[:], Code: code}
		b := books{content: pim.KindCalendar, below: "/c/", known: map[string]ledger.Object{"a.ics": row}}
		unread := consider(dav.Object{Href: "/c/a.ics", Err: &dav.StatusError{Status: 502}}, b)
		held := transfer{before: row, row: row}.hold("")
		for _, p := range []transfer{unread, held} {
			b.known["a.ics"] = p.row
			if back := consider(dav.Object{Href: "/c/a.ics", Data: data}, b); !p.row.Behind() || back.way != want {
				t.Errorf("%q: %+v, and then %s, want %s", code, p.row, back.way, want)
			}
		}
	}
}

// A contact without a UID was sent and never seen. What is under its name may have got its UID there: it is no other object.
func TestLikenessOf_whatHadNoUID(t *testing.T) {
	t.Parallel()
	card := func(uid, name, rest string) []byte {
		return []byte("BEGIN:VCARD\r\nVERSION:3.0\r\n" + uid + "N:" + name + ";Anna;;;\r\nFN:Anna " + name + "\r\n" + rest + "END:VCARD\r\n")
	}
	given := card("", "One", "TEL:+49 30 1\r\n")
	j := &collectionJob{kind: rehome.KindContacts, slice: &slice{engine: New(Options{})}}
	repaired := transfer{kind: pim.KindContact, data: given}
	uid := repaired.uid()
	if uid == "" {
		t.Fatal("no repair gives it a UID")
	}
	for _, c := range []struct {
		there string
		tried []byte
		want  likeness
	}{
		{"UID:" + uid + "\r\n", nil, editedObject}, {"", nil, editedObject}, {"UID:the-server's\r\n", formOf(t, given),
			editedObject}, {"UID:another\r\n", nil, otherObject},
	} {
		before := ledger.Object{State: ledger.ObjectQuarantined, Tried: c.tried}
		p := transfer{kind: pim.KindContact, data: given, source: dav.Object{Data: given}, before: before}
		if got := j.likenessOf(&p, dav.Object{Data: card(c.there, "One", ""), ETag: `"1"`}); got != c.want {
			t.Errorf("%q, tried %v: %s, want %s", c.there, c.tried != nil, got, c.want)
		}
	}
}

// The version of the source may be at the destination beside the one that its user wants: then nothing is missing there.
func TestConsider_conflictAndTheSameBesideIt(t *testing.T) {
	t.Parallel()
	data := event("one", "second")
	row := ledger.Object{Source: "a.ics", Destination: "a.ics", State: ledger.ObjectConflict, Code: objectConflict.Code, UID: "one", Anew: true}
	b := books{content: pim.KindCalendar, below: "/c/", known: map[string]ledger.Object{"a.ics": row}, taken: map[string]bool{}, unknown: &strangers{}}
	b.unknown.add("other.ics", `"2"`, event("one", "its user's own"), pim.KindCalendar)
	if p := consider(dav.Object{Href: "/c/a.ics", Data: data}, b); p.way != wayRecognise || p.found.name != "a.ics" {
		t.Errorf("%s as %q, want it compared with what has its name", p.way, p.found.name)
	}
	b.unknown.add("beside.ics", `"3"`, data, pim.KindCalendar)
	p := consider(dav.Object{Href: "/c/a.ics", Data: data}, b)
	j := &collectionJob{
		slice: &slice{engine: New(Options{})}, kind: rehome.KindCalendars, byUID: map[string]string{}, known: map[string]ledger.Object{},
	}
	if err := j.recognise(t.Context(), &p); err != nil || p.row.State != ledger.ObjectAdopted || p.row.Destination != "beside.ics" || p.row.Code != "" {
		t.Errorf("%+v, %v; want it found beside", p.row, err)
	}
}

// A stranger that has the name of a new object and could not be read may be that object: nothing is written beside it.
func TestConsider_aNameWhoseObjectIsNotShown(t *testing.T) {
	t.Parallel()
	data := event("one", "first")
	for name, want := range map[string]way{"a b.ics": wayQuarantine, "one.ics": wayQuarantine, "c.ics": wayWrite} {
		unknown := &strangers{}
		unknown.hide(name, &dav.StatusError{Status: 503, Text: "come back later"})
		b := books{content: pim.KindCalendar, below: "/c/", unknown: unknown, taken: map[string]bool{name: true}}
		p := consider(dav.Object{Href: "/c/a%20b.ics", Data: data}, b)
		if p.way != want {
			t.Errorf("%s: %s, want %s", name, p.way, want)
		}
		if want == wayQuarantine && (!objectVeiled.Has(p.row.Code) || !mayPass(p.row) || !strings.Contains(p.row.Words, "come back later")) {
			t.Errorf("%s: named %s, %q", name, p.row.Code, p.row.Words)
		}
	}
	begun := ledger.Object{Source: "a.ics", Destination: "a.ics", State: ledger.ObjectIntent, Tried: eventForm(data)}
	unknown := &strangers{}
	unknown.hide("a.ics", &dav.StatusError{Status: 500})
	b := books{content: pim.KindCalendar, below: "/c/", unknown: unknown, known: map[string]ledger.Object{"a.ics": begun}}
	if p := consider(dav.Object{Href: "/c/a.ics", Data: data}, b); p.way != wayWrite {
		t.Errorf("what was begun under the name: %s, want it offered there again", p.way)
	}
}

// An object that vanished from the source and comes back in another version has its older one at the destination. Where the
// newer one is refused, not served or held back, that one stays known by its form, and is written over when all is well.
func TestConsider_backInAVersionThatHasToWait(t *testing.T) {
	t.Parallel()
	first, second := event("a", "first"), event("a", "second")
	gone := left(ledger.Object{Source: "a.ics", Destination: "a.ics", State: ledger.ObjectStored, UID: "a", Form: eventForm(first)})
	b := books{
		content: pim.KindCalendar, below: "/c/", known: map[string]ledger.Object{"a.ics": gone}, taken: map[string]bool{},
		present: map[string]bool{"a.ics": true}, unknown: &strangers{},
	}
	p := consider(dav.Object{Href: "/c/a.ics", Data: second}, b)
	unserved := consider(dav.Object{Href: "/c/a.ics", Err: &dav.StatusError{Status: 502}}, b)
	for name, waiting := range map[string]ledger.Object{
		"refused": p.refuse(objectRefused, "no").row, "not served": unserved.row, "held back": p.hold("").row,
	} {
		if !waiting.Behind() || !current(waiting, eventForm(first)) {
			t.Errorf("%s: %+v, want its older version known", name, waiting)
		}
		b.known["a.ics"] = waiting
		j := &collectionJob{slice: newSlice(New(Options{}), account(), begun, pass.Budget{}), kind: rehome.KindCalendars}
		again := consider(dav.Object{Href: "/c/a.ics", Data: second}, b)
		if how := j.likenessOf(&again, dav.Object{ETag: `"1"`, Data: first}); how != olderObject {
			t.Errorf("%s: what is there is %s, want older", name, how)
		}
	}
	gone.Anew = true // sent and never seen there
	b.known["a.ics"] = gone
	p = consider(dav.Object{Href: "/c/a.ics", Data: second}, b)
	if row := p.refuse(objectRefused, "no").row; row.State != ledger.ObjectQuarantined {
		t.Errorf("%+v, want no claim that an older version is there", row)
	}
}

// What its user has edited at the destination is not ours to remove, and known still should the edit be undone.
func TestVanish_knowsWhatItLeaves(t *testing.T) {
	t.Parallel()
	form := eventForm(event("a", "first"))
	for _, state := range []ledger.ObjectState{ledger.ObjectIntent, ledger.ObjectHeld, ledger.ObjectQuarantined} {
		var d departures
		row := ledger.Object{Source: "a.ics", Destination: "a.ics", State: state, Form: form, Tried: eventForm(event("a", "zero"))}
		d.vanish(row, rehome.DeletionsMirror)
		if len(d.gone) != 1 || d.gone[0].Form != nil || !sent(left(d.gone[0]), form) {
			t.Errorf("%s: %+v, want it left there and known", state, d)
		}
	}
	edited := left(disowned(ledger.Object{Source: "a.ics", Destination: "a.ics", State: ledger.ObjectStored, Form: form}))
	if edited.Form != nil || !sent(edited, form) {
		t.Errorf("%+v, want it known and never removed", edited)
	}
}
