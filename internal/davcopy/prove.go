// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"bytes"
	"cmp"
	"context"

	"rehome/internal/content/pim"
	"rehome/internal/ledger"
	"rehome/internal/protocol/dav"
)

// proveAndBook reads a chunk back and books what became of it. Where that fails, what is not proved stays
// an intent: the next pass finds it at the destination and looks at it.
func (j *collectionJob) proveAndBook(ctx context.Context, transfers []*transfer) error {
	failure := j.prove(ctx, transfers)
	// What was done is booked also when the rest could not be.
	if err := j.book(context.WithoutCancel(ctx), transfers); err != nil {
		return err
	}
	return failure
}

// prove reads what was written back in one request: a server that says that it has stored an object may
// keep something else. Nothing is read where the etag that it lists is the proof already.
func (j *collectionJob) prove(ctx context.Context, transfers []*transfer) error {
	if err := j.believeListed(ctx, transfers); err != nil {
		return err
	}
	due := map[string]*transfer{}
	var items []dav.Item
	for _, p := range transfers {
		if p.proof != proofDue {
			continue
		}
		item := dav.Item{Href: hrefOf(j.place.target.Href, p.row.Destination), Size: int64(len(p.data))}
		due[item.Href] = p
		items = append(items, item)
	}
	if len(items) == 0 {
		return nil
	}
	var spoilt []spoiltTransfer
	var again []*transfer
	err := j.slice.dst.Read(ctx, &j.place.target, items, func(o dav.Object) error {
		p := due[o.Href]
		switch given, whole := p.asGiven(o.Data); {
		case o.Err != nil:
			return j.unproved(p, o.Err)
		case given:
			p.row.Kept = nil
			j.proved(p, o)
		case !whole:
			again = append(again, p)
		default:
			spoilt = j.weighKept(p, o, spoilt)
		}
		return nil
	})
	if err != nil {
		return faultOf(err, "read back at the destination", j.place.target.Href)
	}
	for _, p := range again {
		o, err := j.slice.dst.Get(ctx, hrefOf(j.place.target.Href, p.row.Destination), kindOf(j.kind))
		if err != nil {
			if err := j.unproved(p, err); err != nil {
				return err
			}
			continue
		}
		spoilt = j.weighKept(p, o, spoilt)
	}
	for _, s := range spoilt {
		if err := j.repairSpoilt(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// weighKept compares what the destination keeps with the source's object, and adds it to the spoilt ones where it is one.
func (j *collectionJob) weighKept(p *transfer, o dav.Object, spoilt []spoiltTransfer) []spoiltTransfer {
	found := j.likeness(p, o.Data)
	if !found.State.Harmless() {
		return append(spoilt, spoiltTransfer{p, found, o})
	}
	p.keeps(o.Data)
	j.proved(p, o)
	return spoilt
}

// proved notes that the destination keeps what it was given.
func (j *collectionJob) proved(p *transfer, o dav.Object) {
	p.proof = proofGiven
	j.doubt(p, false)
	p.row.DstETag = cmp.Or(o.ETag, p.row.DstETag) // that of the answer may be of what was sent
}

// largeObject is from what length on an object is not held a second time only to be compared.
const largeObject = 4 << 20

// asGiven reports whether the destination has a contact as the source has it, by its normal form alone: that of what was
// given, where nothing was repaired. So it is not read once more at both ends. Events have more to compare. A large one is
// not whole any more behind that: it was unfolded over its own octets.
func (p *transfer) asGiven(there []byte) (given, whole bool) {
	if p.kind != pim.KindContact || len(p.fixes) > 0 {
		return false, true
	}
	digest := pim.Digest
	if len(there) > largeObject {
		digest = pim.DigestOver
	}
	form, readable := digest(there, p.kind)
	return readable && bytes.Equal(form[:], p.row.Form), len(there) <= largeObject
}

// believeListed asks for the etags of what the destination claims to keep to the octet: an answer to a PUT may have been
// made from the request, and not from what is stored. What it does not list like that is read back.
func (j *collectionJob) believeListed(ctx context.Context, transfers []*transfer) error {
	claimed := map[string]*transfer{}
	var items []dav.Item
	for _, p := range transfers {
		if p.proof == proofClaimed {
			item := dav.Item{Href: hrefOf(j.place.target.Href, p.row.Destination)}
			claimed[dav.Key(item.Href)], items = p, append(items, item)
			p.proof = proofDue
		}
	}
	if len(items) == 0 {
		return nil
	}
	err := j.slice.dst.ETags(ctx, &j.place.target, items, func(item dav.Item) error {
		if p := claimed[dav.Key(item.Href)]; p != nil && dav.SameETag(item.ETag, p.row.DstETag) {
			p.proof = proofGiven
			j.doubt(p, false)
		}
		return nil
	})
	return faultOf(err, "look at the etags at the destination in", j.place.target.Href)
}

// likeness says how far what the destination holds is the source's object, by the rule of the verification: what was
// sent does not matter, only what is at both ends.
func (j *collectionJob) likeness(p *transfer, there []byte) pim.Comparison {
	terms := pim.Terms{Repairs: j.slice.engine.options.Repairs, Now: j.slice.started}
	return terms.Compare(p.source.Data, there, p.kind)
}

// unproved is for an object that the destination has taken and does not serve: nobody knows what it keeps, if anything.
func (j *collectionJob) unproved(p *transfer, err error) error {
	p.proof = proofGiven
	p.written = false
	p.lostBefore = p.before.State.There()
	p.before = ledger.Object{}                      // what was there before may be there no more
	p.row.Tried = withForm(p.row.Tried, p.row.Form) // it may be there: until it is seen, this is not forgotten
	words := "the destination accepted it, but does not return it: " + err.Error()
	*p = p.refuse(objectUnproved, words)
	j.mu.Lock()
	j.known[p.row.Source] = p.row
	j.mu.Unlock()
	return j.quarantine(p)
}

// spoiltTransfer is an object of which the destination keeps something else than it was given.
type spoiltTransfer struct {
	*transfer

	found pim.Comparison
	there dav.Object // what it keeps
}

// mayBeEdited reports whether what is there may be somebody's own by now, and not ours to write over.
func (s spoiltTransfer) mayBeEdited() bool {
	return touched(s.row.DstETag, s.there.ETag) || s.row.DstETag == "" && pim.Added(s.data, s.there.Data, s.kind)
}

// repairSpoilt writes the object again with one step of repairs after the other, and looks whether that has helped.
// Where it has not, the source's version is kept and the damage named.
func (j *collectionJob) repairSpoilt(ctx context.Context, s spoiltTransfer) error {
	if !s.mayBeEdited() {
		s.keeps(s.there.Data) // what the server has made of it is no edit of its user's
	}
	for !s.found.State.Harmless() && !s.mayBeEdited() {
		again, err := j.writeRepaired(ctx, s.transfer, s.there.ETag)
		if err != nil {
			return err
		}
		if !again {
			break
		}
		s.there, err = j.slice.dst.Get(ctx, hrefOf(j.place.target.Href, s.row.Destination), kindOf(j.kind))
		if err != nil {
			if stop := j.stop(ctx, s.transfer, err); stop != nil {
				return stop
			}
			return j.unproved(s.transfer, err)
		}
		s.found = j.likeness(s.transfer, s.there.Data)
		s.keeps(s.there.Data)
	}
	s.proof = proofGiven
	j.doubt(s.transfer, !s.found.State.Harmless())
	if s.found.State.Harmless() {
		s.row.DstETag = cmp.Or(s.there.ETag, s.row.DstETag)
		return nil
	}
	s.row.Code, s.row.Words = objectSpoilt.Code, "the destination stores it differently"
	if sentence := s.found.Sentence(); sentence != "" {
		s.row.Words += ": " + sentence
	}
	return j.keep(s.transfer)
}

// touched says that an object is not what it was when it was stored, by the etag of the answer and that of now: somebody
// may have edited it in between, and then it is not ours to write over. Where the answer had none nobody knows: the
// server has changed the object itself (RFC 4791 section 5.3.4), and then what is there tells whether somebody else has.
func touched(stored, now string) bool { return stored != "" && !dav.SameETag(stored, now) }

// writeRepaired writes with the next repairs that the destination takes over what it holds; again is false if there
// are none.
func (j *collectionJob) writeRepaired(ctx context.Context, p *transfer, etag string) (again bool, err error) {
	before := *p
	for etag != "" {
		mended, err := j.repairFurther(ctx, p)
		if err != nil || !mended {
			return false, err
		}
		p.match = etag
		stored, err := j.put(ctx, p)
		switch judge(err, 2) {
		case stepStored:
			j.stored(p, stored)
			return true, nil
		case stepStop:
			if err := j.stop(ctx, p, err); err != nil {
				return false, err
			}
		}
		rung := p.rung
		*p = before
		p.rung = rung
	}
	return false, nil
}
