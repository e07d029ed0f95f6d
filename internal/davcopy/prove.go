// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"context"

	"rehome/internal/content/pim"
	"rehome/internal/protocol/dav"
)

// proveAndBook reads a chunk back and books what became of it. Where that fails, what is not proved stays
// an intent: the next pass finds it at the destination and looks at it.
func (j *collectionJob) proveAndBook(ctx context.Context, parcels []*parcel) error {
	failure := j.prove(ctx, parcels)
	// What was done is booked also when the rest could not be.
	if err := j.book(context.WithoutCancel(ctx), parcels); err != nil {
		return err
	}
	return failure
}

// prove reads what was written back in one request: a server that says that it has stored an object may
// keep something else. Nothing is asked where the etag was the proof already.
func (j *collectionJob) prove(ctx context.Context, parcels []*parcel) error {
	due := map[string]*parcel{}
	var items []dav.Item
	for _, p := range parcels {
		if p.proof != proofDue {
			continue
		}
		item := dav.Item{Href: hrefOf(j.place.target.Href, p.row.Destination), ETag: p.row.DstETag, Size: int64(len(p.data))}
		due[item.Href] = p
		items = append(items, item)
	}
	if len(items) == 0 {
		return nil
	}
	var spoilt []spoiltParcel
	err := j.slice.dst.Read(ctx, &j.place.target, items, func(o dav.Object) error {
		p := due[o.Href]
		found := pim.Comparison{Verdict: pim.VerdictIdentical}
		if o.Err == nil { // else it is stored either way, and the verification reads it again
			found = pim.Compare(p.data, o.Data, p.kind)
		}
		if !found.Verdict.Harmless() {
			spoilt = append(spoilt, spoiltParcel{p, found, o.ETag})
			return nil
		}
		p.proof = proofGiven
		if p.row.DstETag == "" {
			p.row.DstETag = o.ETag
		}
		return nil
	})
	if err != nil {
		return faultOf(err, "read back at the destination", j.place.target.Href)
	}
	for _, s := range spoilt {
		if err := j.unspoil(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// spoiltParcel is an object of which the destination keeps something else than it was given.
type spoiltParcel struct {
	*parcel

	found pim.Comparison
	etag  string // of what it keeps
}

// unspoil writes the object again with every safe repair, and looks whether that has helped. Where it has
// not, the source's version is kept and the damage named.
func (j *collectionJob) unspoil(ctx context.Context, s spoiltParcel) error {
	again, err := j.writeRepaired(ctx, s.parcel, s.etag)
	if err != nil {
		return err
	}
	if again && s.proof == proofDue {
		there, err := j.slice.dst.Get(ctx, hrefOf(j.place.target.Href, s.row.Destination), kindOf(j.kind))
		if err != nil {
			return faultOf(err, "read back at the destination", s.row.Destination)
		}
		s.found = pim.Compare(s.data, there.Data, s.kind)
	}
	s.proof = proofGiven
	if again && s.found.Verdict.Harmless() {
		return nil
	}
	s.row.Code, s.row.Words = "object_spoilt", "the destination has taken it and keeps something else"
	if len(s.found.Differences) > 0 {
		s.row.Words += ": " + s.found.Differences[0].Sentence
	}
	return j.keep(s.parcel)
}

// writeRepaired writes with every safe repair over what the destination holds; again is false if there is
// none that was not made before, or if the destination does not take that.
func (j *collectionJob) writeRepaired(ctx context.Context, p *parcel, etag string) (again bool, err error) {
	before := *p
	if etag == "" {
		return false, nil
	}
	mended, err := j.mend(ctx, p)
	if err != nil || !mended {
		return false, err
	}
	p.match = etag
	stored, err := j.put(ctx, p)
	switch {
	case judge(err, 2) == stepStop:
		return false, stopFault(err, p)
	case err != nil:
		*p = before
		p.fully = true
		return false, nil
	}
	j.stored(p, stored)
	return true, nil
}
