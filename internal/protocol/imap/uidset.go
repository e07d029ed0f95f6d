// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"cmp"
	"iter"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// UID is a message's unique identifier inside one mailbox and UIDVALIDITY.
type UID uint32

// Range is an inclusive run of UIDs.
type Range struct{ First, Last UID }

// UIDSet is a set of UIDs kept as sorted, disjoint, non-adjacent ranges: a million consecutive UIDs
// cost one range. The zero value is the empty set. A set is not safe for concurrent changes, and an
// assigned copy shares storage with its original: change one of them at most.
type UIDSet struct{ ranges []Range }

// NewUIDSet returns the set of uids, in any order. Zero is not a UID and is left out.
func NewUIDSet(uids ...UID) UIDSet {
	var runs []Range
	for _, uid := range uids {
		runs = extendRuns(runs, uid)
	}
	return setOfRuns(runs)
}

// extendRuns appends uid to a list of runs, to the last one if it follows it.
func extendRuns(runs []Range, uid UID) []Range {
	if n := len(runs); n > 0 && uid != 0 && runs[n-1].Last == uid-1 {
		runs[n-1].Last = uid
		return runs
	}
	return append(runs, Range{uid, uid})
}

// rangeSet returns the set of first to last.
func rangeSet(first, last UID) UIDSet { return UIDSet{[]Range{{first, last}}} }

// setOfRuns builds a set from runs in any order, overlapping or not. It sorts once: adding runs one
// by one in falling order would move all of them each time.
func setOfRuns(runs []Range) UIDSet {
	sorted := slices.Clone(runs)
	slices.SortFunc(sorted, func(a, b Range) int { return cmp.Compare(a.First, b.First) })
	var s UIDSet
	for _, r := range sorted {
		s.AddRange(r.First, r.Last)
	}
	return s
}

// Add puts uid into the set; cheap when UIDs come in ascending order.
func (s *UIDSet) Add(uid UID) { s.AddRange(uid, uid) }

// AddRange puts first to last into the set. Zero is not a UID and is left out.
func (s *UIDSet) AddRange(first, last UID) {
	if first > last {
		first, last = last, first
	}
	if last == 0 {
		return
	}
	first = max(first, 1)
	if n := len(s.ranges); n == 0 || first > s.ranges[n-1].Last+1 && s.ranges[n-1].Last != ^UID(0) {
		s.ranges = append(s.ranges, Range{first, last})
		return
	}
	s.insert(Range{first, last})
}

// insert merges r with every range that overlaps or touches it.
func (s *UIDSet) insert(r Range) {
	from := sort.Search(len(s.ranges), func(i int) bool { return uint64(s.ranges[i].Last)+1 >= uint64(r.First) })
	to := from
	for to < len(s.ranges) && uint64(s.ranges[to].First) <= uint64(r.Last)+1 {
		r.First = min(r.First, s.ranges[to].First)
		r.Last = max(r.Last, s.ranges[to].Last)
		to++
	}
	if to == from {
		s.ranges = append(s.ranges, Range{})
		copy(s.ranges[from+1:], s.ranges[from:])
		s.ranges[from] = r
		return
	}
	s.ranges[from] = r
	s.ranges = append(s.ranges[:from+1], s.ranges[to:]...)
}

// AddSet puts all of other into the set.
func (s *UIDSet) AddSet(other UIDSet) {
	if len(other.ranges) > 0 && other.ranges[0].First <= s.Max() {
		*s = setOfRuns(slices.Concat(s.ranges, other.ranges))
		return
	}
	for _, r := range other.ranges {
		s.AddRange(r.First, r.Last)
	}
}

// clone returns a copy that later changes of the set do not reach.
func (s UIDSet) clone() UIDSet { return UIDSet{slices.Clone(s.ranges)} }

// lineLimit is how long a sequence set may be in one command. Dovecot takes lines of 64 KiB, others
// less; RFC 2683, section 3.2.1.5, asks for 8,000 octets with everything.
const lineLimit = 7000

// lines splits the set into parts that each fit into one command.
func (s UIDSet) lines() []UIDSet {
	const longest = len("4294967295:4294967295,")
	var parts []UIDSet
	for part := range slices.Chunk(s.ranges, lineLimit/longest) {
		parts = append(parts, UIDSet{part})
	}
	return parts
}

// Contains reports whether uid is in the set.
func (s UIDSet) Contains(uid UID) bool {
	i := sort.Search(len(s.ranges), func(i int) bool { return s.ranges[i].Last >= uid })
	return i < len(s.ranges) && s.ranges[i].First <= uid
}

// Len returns how many UIDs the set holds.
func (s UIDSet) Len() int {
	n := 0
	for _, r := range s.ranges {
		n += int(r.Last-r.First) + 1
	}
	return n
}

// Empty reports whether the set holds nothing.
func (s UIDSet) Empty() bool { return len(s.ranges) == 0 }

// Max returns the highest UID, or 0.
func (s UIDSet) Max() UID {
	if len(s.ranges) == 0 {
		return 0
	}
	return s.ranges[len(s.ranges)-1].Last
}

// Ranges returns the runs in ascending order; the caller must not change them.
func (s UIDSet) Ranges() []Range { return s.ranges }

// All yields the UIDs in ascending order.
func (s UIDSet) All() iter.Seq[UID] {
	return func(yield func(UID) bool) {
		for _, r := range s.ranges {
			for uid := uint64(r.First); uid <= uint64(r.Last); uid++ {
				if !yield(UID(uid)) {
					return
				}
			}
		}
	}
}

// Minus returns the UIDs that are not in other.
func (s UIDSet) Minus(other UIDSet) UIDSet {
	var left UIDSet
	j := 0
	for _, r := range s.ranges {
		first := uint64(r.First)
		for j < len(other.ranges) && uint64(other.ranges[j].Last) < first {
			j++
		}
		for k := j; k < len(other.ranges) && other.ranges[k].First <= r.Last; k++ {
			if uint64(other.ranges[k].First) > first {
				left.ranges = append(left.ranges, Range{UID(first), other.ranges[k].First - 1})
			}
			first = uint64(other.ranges[k].Last) + 1
		}
		if first <= uint64(r.Last) {
			left.ranges = append(left.ranges, Range{UID(first), r.Last})
		}
	}
	return left
}

// String renders the set as a sequence set (RFC 9051, section 9): "1:5,9". The empty set is "".
func (s UIDSet) String() string {
	var b strings.Builder
	for i, r := range s.ranges {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.FormatUint(uint64(r.First), 10))
		if r.Last != r.First {
			b.WriteByte(':')
			b.WriteString(strconv.FormatUint(uint64(r.Last), 10))
		}
	}
	return b.String()
}

// ParseUIDSet reads a sequence set without "*". ok is false when it is not one.
func ParseUIDSet(text string) (set UIDSet, ok bool) {
	runs, ok := parseRuns(text)
	return setOfRuns(runs), ok
}

// parseRuns reads a sequence set and keeps its order, which means something in APPENDUID and COPYUID.
func parseRuns(text string) ([]Range, bool) {
	if text == "" {
		return nil, true
	}
	var runs []Range
	for word := range strings.SplitSeq(text, ",") {
		first, last, isRange := strings.Cut(word, ":")
		if !isRange {
			last = first
		}
		a, errA := strconv.ParseUint(first, 10, 32)
		b, errB := strconv.ParseUint(last, 10, 32)
		if errA != nil || errB != nil || a == 0 || b == 0 {
			return nil, false
		}
		runs = append(runs, Range{UID(min(a, b)), UID(max(a, b))})
	}
	return runs, true
}
