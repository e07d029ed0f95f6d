// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"sort"
	"time"

	"rehome/internal/protocol/imap"
)

// likeness says which entries of the two ends are worth comparing. It is a hint that spares reading; what it
// lets through is decided by content. An entry whose size or date is not known is like any other.
type likeness struct {
	exact bool // the sizes are equal, as with nearly all copies; otherwise a server may have changed line ends, or guess
	dated bool // the dates are, too; or the one at the destination may be the time of a copy, see storedSince
}

// clockSkew is how far the destination's clock may be behind that of the source.
const clockSkew = 24 * time.Hour

// sizes returns the sizes that are like size.
func (l likeness) sizes(size int64) (low, high int64) {
	switch {
	case size <= 0:
		return math.MinInt64, math.MaxInt64
	case l.exact:
		return size, size
	}
	return (size - 1024) / 2, 2*size + 1024
}

// candidates drops what nothing on the other side is like, in time that grows with n log n.
func (l likeness) candidates(src, dst []entry) (srcLike, dstLike []*entry) {
	if !l.dated {
		return l.bySize(pointers(src), pointers(dst))
	}
	srcDated, srcUndated := byDating(src)
	dstDated, dstUndated := byDating(dst)
	var like [2]map[*entry]bool
	like[0], like[1] = map[*entry]bool{}, map[*entry]bool{}
	for _, look := range []struct {
		how      func(src, dst []*entry) (srcLike, dstLike []*entry)
		src, dst []*entry
	}{
		{l.byDate, srcDated, dstDated},
		{l.bySize, srcUndated, pointers(dst)},
		{l.bySize, srcDated, dstUndated},
		{l.bySize, srcDated, storedSince(dstDated, srcDated)},
	} {
		some, others := look.how(look.src, look.dst)
		for _, e := range some {
			like[0][e] = true
		}
		for _, e := range others {
			like[1][e] = true
		}
	}
	return inOrder(slices.Collect(maps.Keys(like[0]))), inOrder(slices.Collect(maps.Keys(like[1])))
}

// byDating sets apart the messages whose date says nothing: one that is not told, and one that no copy can be
// expected to have, see write. They are like those of any date.
func byDating(entries []entry) (dated, undated []*entry) {
	for i := range entries {
		if imap.KeepableDate(entries[i].date) {
			dated = append(dated, &entries[i])
		} else {
			undated = append(undated, &entries[i])
		}
	}
	return dated, undated
}

// storedSince returns the messages of dst whose date may be the time at which a copy of one of src was stored: somebody
// with another ledger may have copied it when its date was not told, and that must not part two messages of equal
// content. Nothing is copied before it is there, so that what was stored earlier is none of them; of a mailbox in use
// that is nearly everything.
func storedSince(dst, src []*entry) []*entry {
	if len(src) == 0 {
		return nil
	}
	oldest := slices.MinFunc(src, func(a, b *entry) int { return a.date.Compare(b.date) }).date.Add(-clockSkew)
	return slices.DeleteFunc(slices.Clone(dst), func(e *entry) bool { return e.date.Before(oldest) })
}

func (l likeness) bySize(src, dst []*entry) (srcLike, dstLike []*entry) {
	bySize := slices.Clone(dst)
	slices.SortStableFunc(bySize, func(a, b *entry) int { return cmp.Compare(a.size, b.size) })
	from := func(size int64) int {
		return sort.Search(len(bySize), func(i int) bool { return bySize[i].size >= size })
	}
	unknown := from(1)
	begins := make([]int, len(bySize)+1) // minus how many ranges of likes end there
	mark := func(low, high int) bool {
		begins[low]++
		begins[high]--
		return low < high
	}
	for _, e := range src {
		low, high := l.sizes(e.size)
		end := len(bySize)
		if high < math.MaxInt64 {
			end = from(high + 1)
		}
		sized := mark(max(from(low), unknown), max(end, unknown))
		if mark(0, unknown) || sized {
			srcLike = append(srcLike, e)
		}
	}
	open := 0
	for i, e := range bySize {
		if open += begins[i]; open > 0 {
			dstLike = append(dstLike, e)
		}
	}
	return srcLike, inOrder(dstLike)
}

// byDate does the same for entries of the same date, give or take a second.
func (l likeness) byDate(src, dst []*entry) (srcLike, dstLike []*entry) {
	dates := map[int64][]*entry{}
	for _, e := range dst {
		second := e.date.Unix()
		dates[second] = append(dates[second], e)
	}
	taken := map[*entry]bool{}
	for _, e := range src {
		low, high := l.sizes(e.size)
		found := false
		for second := e.date.Unix() - 1; second <= e.date.Unix()+1; second++ {
			for _, d := range dates[second] {
				if d.size <= 0 || low <= d.size && d.size <= high {
					found = true
					if !taken[d] {
						taken[d] = true
						dstLike = append(dstLike, d)
					}
				}
			}
		}
		if found {
			srcLike = append(srcLike, e)
		}
	}
	return srcLike, inOrder(dstLike)
}

// inOrder sorts entries by UID.
func inOrder(entries []*entry) []*entry {
	slices.SortFunc(entries, func(a, b *entry) int { return cmp.Compare(a.uid, b.uid) })
	return entries
}

func pointers(entries []entry) []*entry {
	all := make([]*entry, len(entries))
	for i := range entries {
		all[i] = &entries[i]
	}
	return all
}
