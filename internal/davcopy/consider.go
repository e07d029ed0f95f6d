// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"

	"rehome"
	"rehome/internal/content/pim"
	"rehome/internal/endpoint"
	"rehome/internal/ledger"
	"rehome/internal/protocol/dav"
)

// way is what becomes of an object that was read.
type way string

// The ways.
const (
	wayNote       way = "note"       // has not changed: only the etag is another
	wayWrite      way = "write"      // goes to the destination
	wayRecognise  way = "recognise"  // the destination has something of it which the ledger does not know, or not as it is now
	wayMerge      way = "merge"      // is the same as another object, which is there
	wayAwait      way = "await"      // was sent, and may still arrive
	wayQuarantine way = "quarantine" // it is no object at all
)

// transfer is an object on its way.
type transfer struct {
	way    way
	kind   pim.Kind
	source dav.Object
	object pim.Object
	before ledger.Object // the ledger's row, its zero value for a new one
	row    ledger.Object // as it will be
	data   []byte        // what the destination is given
	fixes  []pim.Fix
	rung   int     // how many steps of the ladder of repairs were tried
	match  string  // etag that the destination's object must have, "" for a new one
	found  foreign // at the destination, where it is to be recognised

	written    bool  // the destination has taken it in this slice
	proof      proof // that it keeps what it was given
	lostBefore bool  // what the destination had of it before is there no more, or nobody knows
}

// proof is what is known of an object that was written.
type proof string

// The proofs.
const (
	proofClaimed proof = "claimed" // the answer had the MD5 of what was sent: it is so if that is what the destination lists
	proofDue     proof = "due"     // to be read back
	proofGiven   proof = "given"   // it keeps what it was given, or what it keeps instead is noted
)

// unproved reports whether nobody has seen yet what the destination keeps.
func (p *transfer) unproved() bool { return p.proof == proofClaimed || p.proof == proofDue }

// books is what consider looks things up in.
type books struct {
	content pim.Kind
	hosts   []string // the source's own
	below   string   // the source collection's href
	known   map[string]ledger.Object
	byUID   map[string]string
	unknown *strangers
	contest *strangers
	taken   map[string]bool
	present map[string]bool // what the destination has listed
	alive   map[string]bool // what is another collection's of the source there
	repairs pim.Needs       // all that are made where the destination insists
}

// consider decides what becomes of an object, from its bytes and the books. It books the name that it
// chooses, and does nothing else.
func consider(o dav.Object, b books) transfer {
	name := nameBelow(b.below, o.Href)
	p := transfer{kind: b.content, source: o, before: b.beforeOf(name), data: o.Data}
	digest := sha256.Sum256(o.Data)
	p.row = ledger.Object{
		Source: name, State: ledger.ObjectIntent, SrcETag: o.ETag, SrcDigest: digest[:],
		Destination: p.before.Destination, DstETag: p.before.DstETag, Tried: p.before.Tried, Earlier: p.before.Earlier,
		MadeUID: p.before.MadeUID,
	}
	if o.Err != nil {
		return p.unread()
	}
	if p.before.State.There() && !p.before.Anew && bytes.Equal(p.before.SrcDigest, digest[:]) {
		p.way, p.row = wayNote, p.before
		p.row.SrcETag = o.ETag
		if p.row.State == ledger.ObjectGone {
			p.row.State = ledger.ObjectStored // it is back
		}
		if p.row.Behind() { // and so is the version that the destination has
			p.row.Code, p.row.Words = "", ""
			if p.row.State == ledger.ObjectConflict { // or its user's
				p.row.Code, p.row.Words = objectConflict.Code, wordsConflict
			} else {
				p.row.Escrow = ""
			}
		}
		return p
	}
	var err error
	if p.object, err = inspect(o.Data); err != nil {
		return p.refuse(objectUnreadable, "it is neither a vCard nor an iCalendar object: "+err.Error())
	}
	p.row.UID = p.object.UID
	p.noteLinks(b.hosts)
	p.repair(pim.AlwaysNeeds())
	return p.choose(b)
}

// beforeOf is the row of an object, unless it was left at the destination when it vanished here and is there no more, be it that
// another object has its name there by now, or another collection has taken it over: whatever comes back then is new. What was
// sent and never seen is still on its way.
func (b books) beforeOf(name string) ledger.Object {
	row := b.known[name]
	if row.State == ledger.ObjectGone && (!b.present[row.Destination] || b.alive[row.Destination] || away(row)) {
		if len(row.Tried) > 0 && !b.alive[row.Destination] {
			row.State = ledger.ObjectIntent
			return row
		}
		if !b.alive[row.Destination] && !b.present[row.Destination] {
			delete(b.taken, row.Destination)
		}
		return ledger.Object{}
	}
	return row
}

// unread is for an object that the source lists and does not serve. What is known of it stays known: under another name it
// is still the one that was begun.
func (p transfer) unread() transfer {
	p.row.SrcDigest, p.row.UID = p.before.SrcDigest, p.before.UID
	words := "the source lists it, but does not return it: "
	fault, is := errorsAs[*rehome.Fault](endpoint.Fault(p.source.Err, "", ""))
	switch {
	case dav.IsStatus(p.source.Err, http.StatusNotFound), dav.IsStatus(p.source.Err, http.StatusGone):
		// Perhaps it was deleted in this moment; then the next listing lacks it, and it is forgotten.
		return p.refuse(objectUnserved, words+fault.Server)
	case is:
		return p.refuse(lastingOr(fault, objectUnserved, objectUnreadable), words+cmp.Or(fault.Server, fault.Error()))
	}
	return p.refuse(objectUnreadable, words+p.source.Err.Error())
}

// lastingOr takes the first finding for trouble that may pass, and the second for what stays.
func lastingOr(fault *rehome.Fault, passing, lasting rehome.Declared) rehome.Declared {
	if fault.Class == rehome.ClassPermanent || fault.Class == rehome.ClassUntrusted {
		return lasting
	}
	return passing
}

// refuse gives the object up. Where the destination has an older version of it, that stays what the ledger knows.
func (p transfer) refuse(why rehome.Declared, words string) transfer {
	p.way = wayQuarantine
	if p.before.Missing() { // the destination has no older version either
		p.row = p.before
		p.row.Anew = true // to be read in each pass
		return p
	}
	if older, is := back(p.before); is {
		why = updateRefused
		if p.source.Err != nil {
			why = updateUnreadable
		}
		p.row = behind(older, why.Code, words)
		return p
	}
	if p.before.State == ledger.ObjectMerged { // nothing there is its own, and the name is the other's
		p.row.Destination, p.row.DstETag, p.row.Earlier = "", "", nil
	}
	p.row.State, p.row.Code, p.row.Words = ledger.ObjectQuarantined, why.Code, words
	return p
}

// back is the row of an object that has something of its own at the destination: also where that was left there when the
// object vanished from the source, which has it again. By its forms it is known there, whatever is in the way of a new version.
// What nobody has seen there is not known to be.
func back(row ledger.Object) (ledger.Object, bool) {
	if row.State == ledger.ObjectGone {
		row.State = ledger.ObjectStored
		return row, !row.Anew
	}
	return row, holds(row)
}

// behind is the row of an object of which the destination has an older version, and cannot get the newer one yet. Should
// that turn out to be none, one of which the destination keeps something else is no better there than before, and is
// written anew.
func behind(row ledger.Object, code, words string) ledger.Object {
	if row.Spoilt() && !objectUnproved.Has(row.Code) {
		row.Anew = true
	}
	row.Code = code
	row.Words = words
	return row
}

// repair makes the repairs and reports whether any was needed.
func (p *transfer) repair(needs pim.Needs) bool {
	repaired, fixes, uid := p.mended(p.data, needs)
	if len(fixes) == 0 {
		return false
	}
	p.row.MadeUID = cmp.Or(uid, p.row.MadeUID)
	p.take(repaired, fixes)
	return true
}

// mended makes repairs, and tells the UID that the object has by one of them, "" for none. The one that a repair makes hangs
// on the octets; the object keeps the first that it was given as long as it has none of its own. Else nobody would know it at
// a destination that has changed what it was given, and given it a name of its own.
func (p *transfer) mended(data []byte, needs pim.Needs) (repaired []byte, fixes []pim.Fix, uid string) {
	repaired, fixes = pim.Repair(data, p.kind, needs)
	makes := func(fix pim.Fix) bool { return uidNeeds()[fix.Code] }
	if p.object.UID != "" || !slices.ContainsFunc(fixes, makes) {
		return repaired, fixes, ""
	}
	object, err := pim.Inspect(repaired)
	if err != nil || p.row.MadeUID == "" {
		return repaired, fixes, object.UID
	}
	return bytes.ReplaceAll(repaired, []byte("UID:"+object.UID), []byte("UID:"+p.row.MadeUID)), fixes, p.row.MadeUID
}

// take notes a change with the object.
func (p *transfer) take(data []byte, fixes []pim.Fix) {
	p.data, p.fixes = data, append(p.fixes, fixes...)
	for _, fix := range fixes {
		p.row.Repairs = append(p.row.Repairs, ledger.Repair{Code: string(fix.Code), Sentence: fix.Sentence})
	}
}

// choose decides how the object gets to the destination, and under which name.
func (p transfer) choose(b books) transfer {
	p.reform()
	switch state := p.before.State; {
	case state == ledger.ObjectConflict && !b.alive[p.before.Destination]:
		p.way, p.found = wayRecognise, foreign{name: p.before.Destination}
		if same, is := p.sameElsewhere(b); is {
			p.found = same
		}
		return p
	case state.There() && state != ledger.ObjectMerged:
		p.way, p.match = wayWrite, p.before.DstETag
		return p
	case state == ledger.ObjectMerged:
		p.before, p.row.Destination, p.row.Earlier = ledger.Object{}, "", nil // it has an identity of its own now, and is new
	}
	p.row.DstETag = ""
	if found, is := p.claim(b); is {
		p.way = wayRecognise
		p.found = found
		return p
	}
	if other, found := b.sameAs(p); found && len(p.before.Tried) == 0 { // what was sent under its own name may be there, and is its own
		p.way = wayMerge
		p.row.State, p.row.Destination = ledger.ObjectMerged, other.Destination
		return p
	}
	if p.row.Destination == "" {
		if words, is := b.unknown.veil(append(p.candidates(), decodedName(p.row.Source))); is {
			return p.refuse(objectVeiled, words)
		}
		p.row.Destination = p.name(b.taken)
		b.taken[p.row.Destination] = true
	}
	p.way = wayWrite
	return p
}

// sameElsewhere takes what is the same as an object in conflict and stands under a name that nobody knows, or that is known
// only because another object is in conflict with what stands there: the destination has the version of the source too, beside
// the one that its user wants under the name of before.
func (p transfer) sameElsewhere(b books) (foreign, bool) {
	if b.unknown == nil {
		return foreign{}, false
	}
	all := b.unknown.withForms(p.row.Form)
	if b.contest != nil {
		all = append(all, b.contest.withForms(p.row.Form)...)
	}
	another := func(f *foreign) bool {
		return f.name == p.before.Destination || p.object.UID != "" && f.uid != p.object.UID
	}
	return pick(slices.DeleteFunc(all, another))
}

// sameAs is the row of another object that is the same. Of two that are the same one is enough, but only one that is
// there as it was given: an object that the destination has spoilt, or whose last change it lacks, stands for no other.
func (b books) sameAs(p transfer) (ledger.Object, bool) {
	other, found := b.byUID[p.object.UID]
	row := b.known[other]
	same := found && p.object.UID != "" && other != p.row.Source && row.Code == "" && bytes.Equal(row.Form, p.row.Form)
	return row, same
}

// uid is the object's own UID, or the one that a repair gives it.
func (p *transfer) uid() string {
	if p.object.UID != "" {
		return p.object.UID
	}
	_, _, uid := p.mended(p.data, pim.SafeNeeds())
	return uid
}

// claim takes what the destination has of the object's UID and the ledger does not know, so that no other object is taken
// for the same: one that is the same first, and then the one of the name under which it was sent, or of its own. What was
// repaired on the way has the UID that the repair has given it, and what has none is recognised by what it is.
func (p transfer) claim(b books) (foreign, bool) {
	if b.unknown == nil || len(b.unknown.byForm) == 0 {
		return foreign{}, false
	}
	name := decodedName(cmp.Or(p.row.Destination, p.row.Source))
	named := func(f *foreign) bool { return decodedName(f.name) == name }
	same := func(f *foreign) bool { return len(p.row.Form) > 0 && bytes.Equal(f.form, p.row.Form) }
	both := func(f *foreign) bool { return same(f) && named(f) }
	if found, is := pick(b.unknown.withUID(p.uid()), both, same, named); is {
		return found, is
	}
	if p.object.UID != "" {
		return pick(b.unknown.withForms(p.standingAlone(b.repairs)))
	}
	forms := [][]byte{p.row.Form}
	forms = slices.AppendSeq(forms, slices.Chunk(p.before.Tried, sha256.Size)) // an older version that was never answered
	return pick(b.unknown.withForms(forms...), named)
}

// name is what the object will be called: as at the source if that is safe anywhere, else after its UID. The last resort is
// after its place at the source: no other has that one, whichever collections go to the same place.
func (p transfer) name(taken map[string]bool) string {
	all := p.candidates()
	for _, name := range all {
		if !taken[name] {
			return name
		}
	}
	return all[len(all)-1]
}

// candidates are the names that it may have, the best first; there is at least one.
func (p transfer) candidates() []string {
	extension := ".ics"
	if p.kind == pim.KindContact {
		extension = ".vcf"
	}
	own := decodedName(p.row.Source)
	sum := sha256.Sum256([]byte(p.row.Source))
	whole := sha256.Sum256([]byte(p.source.Href))
	candidates := []string{own, pim.NameFor(p.object.UID, p.kind), hex.EncodeToString(sum[:]) + extension, hex.EncodeToString(whole[:]) + extension}
	if p.object.UID == "" {
		candidates = slices.Delete(candidates, 1, 2)
	}
	return slices.DeleteFunc(candidates, func(name string) bool {
		return !pim.SafeName(name) || !strings.HasSuffix(strings.ToLower(name), extension)
	})
}
