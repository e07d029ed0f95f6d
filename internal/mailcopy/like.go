// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"cmp"
	"math"
	"slices"
	"sort"
)

// likeness says which entries of the two ends are worth comparing. It is a hint that spares reading; what it
// lets through is decided by content. An entry whose size is not known is like any other.
type likeness struct {
	exact bool // the sizes are equal, as with nearly all copies; otherwise a server may have changed line ends, or guess
	dated bool // the dates are, too
}

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
	if l.dated {
		return l.byDate(src, dst)
	}
	bySize := pointers(dst)
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
	for i := range src {
		low, high := l.sizes(src[i].size)
		end := len(bySize)
		if high < math.MaxInt64 {
			end = from(high + 1)
		}
		sized := mark(max(from(low), unknown), max(end, unknown))
		if mark(0, unknown) || sized {
			srcLike = append(srcLike, &src[i])
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
func (l likeness) byDate(src, dst []entry) (srcLike, dstLike []*entry) {
	dates := map[int64][]*entry{}
	for i := range dst {
		second := dst[i].date.Unix()
		dates[second] = append(dates[second], &dst[i])
	}
	taken := map[*entry]bool{}
	for i := range src {
		low, high := l.sizes(src[i].size)
		found := false
		for second := src[i].date.Unix() - 1; second <= src[i].date.Unix()+1; second++ {
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
			srcLike = append(srcLike, &src[i])
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
