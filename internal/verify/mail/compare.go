// SPDX-License-Identifier: Apache-2.0

package mail

import (
	"bytes"
	"cmp"
	"context"
	"slices"

	"rehome/internal/verify"
)

// comparison is what is known about the messages of one mailbox at both ends.
type comparison struct {
	same           []pair    // the same message
	changed        []pair    // the same header, another content
	unreadable     []pair    // listed by an end that does not give it; the other side may be nil
	missing, extra []*record // only at the source, only at the destination
}

// asker reads what a comparison turns out to need.
type asker interface {
	headers(ctx context.Context, src, dst []*record) error
	bodies(ctx context.Context, src, dst []*record) error
}

// compare pairs the messages of both ends. At LevelFull all digests must have been taken; at
// LevelMetadata the few messages that metadata cannot pair are read.
func compare(ctx context.Context, level verify.Level, src, dst []*record, ask asker) (comparison, error) {
	c := comparison{missing: src, extra: dst}
	if level == verify.LevelFull {
		c.join(byDigest, (*record).read)
	} else {
		c.join(bySizeAndDate, func(r *record) bool { return !r.unreadable() && r.sized() })
	}
	c.setAside()
	if len(c.missing) > 0 && len(c.extra) > 0 {
		if err := ask.headers(ctx, c.missing, c.extra); err != nil {
			return c, err
		}
		if level != verify.LevelFull {
			if err := c.lookCloser(ctx, ask); err != nil {
				return c, err
			}
		}
		c.changed, c.missing, c.extra = joined(c.missing, c.extra, byHeader, telling)
	}
	c.setAsideRest()
	slices.SortFunc(c.missing, byPlace)
	slices.SortFunc(c.extra, byPlace)
	slices.SortFunc(c.same, func(a, b pair) int { return byPlace(a.src, b.src) })
	slices.SortFunc(c.changed, func(a, b pair) int { return byPlace(a.src, b.src) })
	return c, nil
}

// lookCloser decides about messages whose size or date has no counterpart. A header of equal size is
// the same message; of other size, the server may have completed line ends, which digests see through.
func (c *comparison) lookCloser(ctx context.Context, ask asker) error {
	c.join(byHeaderAndSize, func(r *record) bool { return telling(r) && r.sized() })
	src, dst := withCounterpart(c.missing, c.extra), withCounterpart(c.extra, c.missing)
	if err := ask.bodies(ctx, src, dst); err != nil {
		return err
	}
	c.join(byDigest, (*record).read)
	c.setAside()
	return nil
}

// join moves pairs of equal identity from the unpaired to the same.
func (c *comparison) join(same identity, eligible func(*record) bool) {
	var found []pair
	found, c.missing, c.extra = joined(c.missing, c.extra, same, eligible)
	c.same = append(c.same, found...)
}

// joined pairs those that are eligible and leaves all others.
func joined(src, dst []*record, same identity, eligible func(*record) bool) (pairs []pair, srcLeft, dstLeft []*record) {
	srcIn, srcOut := split(src, eligible)
	dstIn, dstOut := split(dst, eligible)
	pairs, srcLeft, dstLeft = pairUp(srcIn, dstIn, same)
	return pairs, append(srcLeft, srcOut...), append(dstLeft, dstOut...)
}

// setAside takes out what an end does not give where the other end has something of that size and
// date.
func (c *comparison) setAside() {
	src, srcRest := split(c.missing, (*record).unreadable)
	dst, dstRest := split(c.extra, (*record).unreadable)
	both, src, dst := pairUp(src, dst, bySizeAndDate)
	withDst, src, dstRest := pairUp(src, dstRest, bySizeAndDate)
	withSrc, srcRest, dst := pairUp(srcRest, dst, bySizeAndDate)
	c.unreadable = slices.Concat(c.unreadable, both, withDst, withSrc)
	c.missing, c.extra = append(srcRest, src...), append(dstRest, dst...)
}

// setAsideRest takes out all else that an end does not give. What it cannot even list may be anything
// that the other end has alone, so each gets one of those: nobody shall be told to delete the only
// whole copy.
func (c *comparison) setAsideRest() {
	src, srcRest := split(c.missing, (*record).unreadable)
	dst, dstRest := split(c.extra, (*record).unreadable)
	slices.SortFunc(srcRest, byPlace)
	slices.SortFunc(dstRest, byPlace)
	for _, r := range src {
		p := pair{src: r}
		if !r.listed() && len(dstRest) > 0 {
			p.dst, dstRest = dstRest[0], dstRest[1:]
		}
		c.unreadable = append(c.unreadable, p)
	}
	for _, r := range dst {
		p := pair{dst: r}
		if !r.listed() && len(srcRest) > 0 {
			p.src, srcRest = srcRest[0], srcRest[1:]
		}
		c.unreadable = append(c.unreadable, p)
	}
	c.missing = srcRest
	c.extra = dstRest
}

// withCounterpart returns those records whose header the other side knows too.
func withCounterpart(records, others []*record) []*record {
	known := map[[16]byte]bool{}
	for _, r := range others {
		if r.header != nil {
			known[r.header.fingerprint] = true
		}
	}
	found, _ := split(records, func(r *record) bool { return r.header != nil && known[r.header.fingerprint] })
	return found
}

func split(records []*record, in func(*record) bool) (inside, outside []*record) {
	for _, r := range records {
		if in(r) {
			inside = append(inside, r)
		} else {
			outside = append(outside, r)
		}
	}
	return inside, outside
}

// telling says that the header is known and tells messages apart.
func telling(r *record) bool { return r.header != nil && !r.header.weak }

func byDigest(a, b *record) int { return bytes.Compare(a.digest[:], b.digest[:]) }

func bySizeAndDate(a, b *record) int {
	return cmp.Or(cmp.Compare(a.size, b.size), cmp.Compare(a.date, b.date))
}

func byHeader(a, b *record) int {
	return bytes.Compare(a.header.fingerprint[:], b.header.fingerprint[:])
}

func byHeaderAndSize(a, b *record) int {
	return cmp.Or(cmp.Compare(a.size, b.size), byHeader(a, b))
}
