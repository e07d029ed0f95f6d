// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"bytes"
	"crypto/sha256"
	"testing"

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

// An object that could not be proved keeps what was sent, through every later refusal.
func TestUnproved_remembersWhatWasSent(t *testing.T) {
	t.Parallel()
	form := sha256.Sum256([]byte("form"))
	j := &collectionJob{slice: &slice{engine: &Engine{options: Options{EscrowDir: t.TempDir()}}}, kind: ledger.Calendars, known: map[string]ledger.Object{}}
	p := &parcel{source: dav.Object{Data: event("one", "first")}, row: ledger.Object{Source: "a.ics", Destination: "a.ics", State: ledger.ObjectStored, Form: form[:]}}
	if err := j.unproved(p, &dav.StatusError{Status: 403}); err != nil {
		t.Fatal(err)
	}
	again := consider(dav.Object{Href: "/c/a.ics", Data: event("one", "first")}, books{below: "/c/", content: j.content(), known: map[string]ledger.Object{"a.ics": p.row}})
	if refused := again.refuse("object_failed", "500"); !bytes.Contains(refused.row.Tried, form[:]) {
		t.Errorf("%+v does not know what was sent", refused.row)
	}
}
