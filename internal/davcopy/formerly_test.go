// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"bytes"
	"crypto/sha256"
	"testing"

	"rehome"
	"rehome/internal/content/pim"
	"rehome/internal/ledger"
	"rehome/internal/protocol/dav"
)

// What the destination has taken and does not show may be there: under a new name it is still the same object. What was
// never sent is not.
func TestFormerly_whatWasTakenAndNotShown(t *testing.T) {
	t.Parallel()
	data := event("one", "first")
	digest, form := sha256.Sum256(data), sha256.Sum256([]byte("form"))
	row := ledger.Object{Source: "a.ics", Destination: "a.ics", State: ledger.ObjectQuarantined, SrcDigest: digest[:], UID: "one"}
	if i := formerly(data, []ledger.Object{row}); i >= 0 {
		t.Error("what was never sent has got another name")
	}
	row.Tried = form[:]
	for what, data := range map[string][]byte{"as it was": data, "edited": event("one", "second")} {
		if i := formerly(data, []ledger.Object{row}); i != 0 {
			t.Errorf("%s: it is not known under its new name", what)
		}
	}
}

// Of two that were the same and have vanished, a new name is that of the one that the destination has, and of the one that it
// has lost only where there is no other.
func TestFormerly_whatIsThereBeforeWhatIsLost(t *testing.T) {
	t.Parallel()
	data := event("one", "first")
	digest := sha256.Sum256(data)
	there := ledger.Object{Source: "b.ics", Destination: "b.ics", State: ledger.ObjectStored, SrcDigest: digest[:], UID: "one"}
	lost := there
	lost.Source, lost.Destination = "a.ics", "a.ics"
	for _, lost := range []ledger.Object{asMissing(lost), left(asMissing(lost))} {
		for what, data := range map[string][]byte{"as it was": data, "edited": event("one", "second")} {
			if i := formerly(data, []ledger.Object{lost, there}); i != 1 {
				t.Errorf("%s: it is taken for %d, want the one that is there", what, i)
			}
			if i := formerly(data, []ledger.Object{lost}); i != 0 {
				t.Errorf("%s: what was lost is not known under its new name", what)
			}
		}
	}
}

// An object that could not be proved keeps what was sent, through every later refusal.
func TestUnproved_remembersWhatWasSent(t *testing.T) {
	t.Parallel()
	form := sha256.Sum256([]byte("form"))
	s := &slice{engine: &Engine{options: Options{EscrowDir: t.TempDir()}}}
	j := &collectionJob{slice: s, kind: rehome.KindCalendars, known: map[string]ledger.Object{}}
	p := &transfer{source: dav.Object{Data: event("one", "first")}, row: ledger.Object{Source: "a.ics", Destination: "a.ics",
		State: ledger.ObjectStored, Form: form[:]}}
	if err := j.unproved(p, &dav.StatusError{Status: 403}); err != nil {
		t.Fatal(err)
	}
	again := consider(dav.Object{Href: "/c/a.ics", Data: event("one", "first")}, books{below: "/c/", content: j.content(),
		known: map[string]ledger.Object{"a.ics": p.row}})
	if refused := again.refuse(objectFailed, "500"); !bytes.Contains(refused.row.Tried, form[:]) {
		t.Errorf("%+v does not know what was sent", refused.row)
	}
}

// What was sent under an object's own name may be there, and is its own: it takes over no other's row, and is not merged
// with another that is the same, which would let it be sent again under another name.
func TestConsider_whatWasSentIsItsOwn(t *testing.T) {
	t.Parallel()
	data := event("one", "first")
	digest, form := sha256.Sum256(data), eventForm(data)
	unseen := ledger.Object{
		Source: "copy.ics", Destination: "copy.ics", State: ledger.ObjectQuarantined, Code: objectUnproved.Code, SrcDigest: digest[:], UID: "one", Tried: form,
	}
	other := ledger.Object{Source: "a.ics", Destination: "a.ics", State: ledger.ObjectStored, SrcDigest: digest[:], UID: "one", Form: form}
	j := &collectionJob{
		place: placement{source: dav.Collection{Href: "/c/"}}, known: map[string]ledger.Object{"copy.ics": unseen},
		actions: actions{vanished: []ledger.Object{other}},
	}
	o := dav.Object{Href: "/c/copy.ics", Data: data}
	if err := j.followRename(t.Context(), o); err != nil || len(j.actions.vanished) != 1 {
		t.Errorf("%v; it has taken over another's row", err)
	}
	p := consider(o, books{
		below: "/c/", content: pim.KindCalendar, known: map[string]ledger.Object{"a.ics": other, "copy.ics": unseen},
		byUID: map[string]string{"one": "a.ics"}, taken: map[string]bool{"a.ics": true, "copy.ics": true},
	})
	if p.way != wayWrite || p.row.Destination != "copy.ics" {
		t.Errorf("%s as %s, want it written under its own name", p.way, p.row.Destination)
	}
}

// An object that was merged with another is a new one when it is edited: nothing of it was there before.
func TestConsider_mergedAndEdited(t *testing.T) {
	t.Parallel()
	first := event("one", "first")
	digest, form := sha256.Sum256(first), eventForm(first)
	merged := ledger.Object{Source: "copy.ics", Destination: "a.ics", State: ledger.ObjectMerged, SrcDigest: digest[:], UID: "one", Form: form}
	p := consider(dav.Object{Href: "/c/copy.ics", Data: event("one", "second")}, books{
		below: "/c/", content: pim.KindCalendar, known: map[string]ledger.Object{"copy.ics": merged}, taken: map[string]bool{"a.ics": true},
	})
	if p.way != wayWrite || p.before.State.There() || p.row.Destination != "copy.ics" || p.match != "" {
		t.Errorf("%s as %s over %+v", p.way, p.row.Destination, p.before)
	}
}

// What was begun is looked for under the name that it was given. What is found under another one may be what its user had
// put there, and is never ours to remove.
func TestAdopt_underAnotherName(t *testing.T) {
	t.Parallel()
	data := event("one", "first")
	begun := ledger.Object{Source: "a.ics", Destination: "uid-one.ics", State: ledger.ObjectIntent, Tried: eventForm(data)}
	for _, c := range []struct {
		there []string
		name  string
		state ledger.ObjectState
	}{
		{[]string{"a.ics", "uid-one.ics"}, "uid-one.ics", ledger.ObjectStored}, {[]string{"a.ics"}, "a.ics", ledger.ObjectAdopted},
		{[]string{"z.ics"}, "z.ics", ledger.ObjectAdopted},
	} {
		var s strangers
		s.add("b.ics", `"2"`, event("one", "its user's own"), pim.KindCalendar)
		for _, name := range c.there {
			s.add(name, `"1"`, data, pim.KindCalendar)
		}
		p := consider(dav.Object{Href: "/c/a.ics", Data: data}, books{
			below: "/c/", content: pim.KindCalendar, known: map[string]ledger.Object{"a.ics": begun}, taken: map[string]bool{}, unknown: &s,
		})
		j := &collectionJob{
			slice: &slice{engine: New(Options{})}, kind: rehome.KindCalendars, byUID: map[string]string{}, known: map[string]ledger.Object{},
		}
		if err := j.recognise(t.Context(), &p); err != nil || p.row.Destination != c.name || p.row.State != c.state {
			t.Errorf("there %q: %v, %s as %s; want %s as %s", c.there, err, p.row.State, p.row.Destination, c.state, c.name)
		}
	}
}

func eventForm(data []byte) []byte {
	form, _ := pim.Digest(data, pim.KindCalendar)
	return form[:]
}

// What a server has made of an object when it stored it is known as its work, and is no edit of its user's later.
func TestUnspoil_knowsTheServersWork(t *testing.T) {
	t.Parallel()
	given := event("one", "first")
	cut := bytes.Replace(given, []byte("DTEND:20150301T110000Z\r\n"), nil, 1)
	j := &collectionJob{slice: &slice{engine: New(Options{EscrowDir: t.TempDir()})}, kind: rehome.KindCalendars}
	p := &transfer{kind: pim.KindCalendar, source: dav.Object{Data: given}, data: given, row: ledger.Object{Source: "a.ics", Destination: "a.ics"}}
	s := spoiltTransfer{p, j.likeness(p, cut), dav.Object{Data: cut, ETag: `"1"`}}
	if err := j.repairSpoilt(t.Context(), s); err != nil || p.row.Code != "object_spoilt" || !current(p.row, eventForm(cut)) {
		t.Errorf("%v, %+v", err, p.row)
	}
}

// What has no UID is known by its octets alone: that it has to be written anew, or is being written, takes them from no row.
func TestFormerly_withoutUID(t *testing.T) {
	t.Parallel()
	data := []byte("BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Anna\r\nEND:VCARD\r\n")
	digest, form := sha256.Sum256(data), sha256.Sum256([]byte("form"))
	stored := ledger.Object{Source: "a.vcf", Destination: "a.vcf", State: ledger.ObjectStored, SrcDigest: digest[:], Form: form[:]}
	spoilt, edited := stored, stored
	spoilt.Code, edited.State, edited.Code = "object_spoilt", ledger.ObjectConflict, objectConflict.Code
	update := transfer{before: stored, row: stored}
	for what, row := range map[string]ledger.Object{
		"spoilt and vanished": left(spoilt), "edited at both ends and vanished": left(edited),
		"spoilt and unreadable since": behind(spoilt, ledger.UpdateUnreadable, "500"), "being updated": update.intent(),
	} {
		if i := formerly(data, []ledger.Object{row}); i != 0 {
			t.Errorf("%s: it is not known under its new name", what)
		}
		row.Source = "b.vcf"
		b := books{content: pim.KindContact, below: "/c/", known: map[string]ledger.Object{"b.vcf": row}, present: map[string]bool{"a.vcf": true}}
		if p := consider(dav.Object{Href: "/c/b.vcf", Data: data}, b); p.way != wayWrite {
			t.Errorf("%s: %s, want it compared with what is there", what, p.way)
		}
	}
}

// Of two that are the same, what was taken and not seen since is the one under the name that the answer gave.
func TestClaim_underTheNameThatWasGiven(t *testing.T) {
	t.Parallel()
	data := event("one", "first")
	row := ledger.Object{
		Source: "a.ics", Destination: "chosen-2.ics", State: ledger.ObjectQuarantined, Code: objectUnproved.Code, UID: "one", Tried: eventForm(data),
	}
	var s strangers
	for _, name := range []string{"chosen-1.ics", "chosen-2.ics", "chosen-3.ics"} {
		s.add(name, `"1"`, data, pim.KindCalendar)
	}
	p := consider(dav.Object{Href: "/c/a.ics", Data: data}, books{
		below: "/c/", content: pim.KindCalendar, known: map[string]ledger.Object{"a.ics": row}, unknown: &s, taken: map[string]bool{},
	})
	if p.way != wayRecognise || p.found.name != "chosen-2.ics" {
		t.Errorf("%s as %q", p.way, p.found.name)
	}
}
