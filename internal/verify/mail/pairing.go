// SPDX-License-Identifier: Apache-2.0

package mail

import (
	"cmp"
	"slices"
)

// pair is one message as both ends show it.
type pair struct{ src, dst *record }

// identity compares what makes two records the same message; 0 is equal.
type identity func(a, b *record) int

// pairUp pairs records of equal identity, each used once, so that the fewest flags and dates differ.
// What has no counterpart is left.
func pairUp(src, dst []*record, same identity) (pairs []pair, srcLeft, dstLeft []*record) {
	order := func(a, b *record) int { return cmp.Or(same(a, b), byLook(a, b), byPlace(a, b)) }
	src, dst = slices.SortedFunc(slices.Values(src), order), slices.SortedFunc(slices.Values(dst), order)
	for len(src) > 0 && len(dst) > 0 {
		switch c := same(src[0], dst[0]); {
		case c < 0:
			srcLeft, src = append(srcLeft, src[0]), src[1:]
		case c > 0:
			dstLeft, dst = append(dstLeft, dst[0]), dst[1:]
		default:
			m := runOf(src, same)
			n := runOf(dst, same)
			found, s, d := pairTwins(src[:m], dst[:n])
			pairs, srcLeft, dstLeft = append(pairs, found...), append(srcLeft, s...), append(dstLeft, d...)
			src, dst = src[m:], dst[n:]
		}
	}
	return pairs, append(srcLeft, src...), append(dstLeft, dst...)
}

// byLook orders by what may differ between two copies of one message.
func byLook(a, b *record) int {
	return cmp.Or(cmp.Compare(a.date, b.date), cmp.Compare(a.flags, b.flags))
}

// runOf returns how many records at the start are the same message.
func runOf(records []*record, same identity) int {
	n := 1
	for n < len(records) && same(records[0], records[n]) == 0 {
		n++
	}
	return n
}

// pairTwins pairs two sorted groups of copies of one message. Copies that look the same go together,
// which is never wrong: a pairing with the fewest differences can always be changed into one that
// has these pairs, without a new difference. Of the others as many as possible share flags or date.
func pairTwins(src, dst []*record) (pairs []pair, srcLeft, dstLeft []*record) {
	for len(src) > 0 && len(dst) > 0 {
		switch c := byLook(src[0], dst[0]); {
		case c < 0:
			srcLeft, src = append(srcLeft, src[0]), src[1:]
		case c > 0:
			dstLeft, dst = append(dstLeft, dst[0]), dst[1:]
		default:
			pairs, src, dst = append(pairs, pair{src[0], dst[0]}), src[1:], dst[1:]
		}
	}
	srcLeft, dstLeft = append(srcLeft, src...), append(dstLeft, dst...)
	similar, srcLeft, dstLeft := pairSimilar(srcLeft, dstLeft)
	pairs = append(pairs, similar...)
	n := min(len(srcLeft), len(dstLeft))
	for i := range n {
		pairs = append(pairs, pair{srcLeft[i], dstLeft[i]})
	}
	return pairs, srcLeft[n:], dstLeft[n:]
}

// pairSimilar pairs records that share flags or date: a largest matching of the two sides, found by
// augmenting paths.
func pairSimilar(src, dst []*record) (pairs []pair, srcLeft, dstLeft []*record) {
	if len(src) == 0 || len(dst) == 0 {
		return nil, src, dst
	}
	m := matching{src: src, dst: dst, partner: make([]int, len(dst))}
	for i := range m.partner {
		m.partner[i] = alone
	}
	matched := make([]bool, len(src))
	for i := range src {
		m.place(i, make([]bool, len(dst)))
	}
	for j, i := range m.partner {
		if i == alone {
			dstLeft = append(dstLeft, dst[j])
			continue
		}
		matched[i] = true
		pairs = append(pairs, pair{src[i], dst[j]})
	}
	for i, r := range src {
		if !matched[i] {
			srcLeft = append(srcLeft, r)
		}
	}
	return pairs, srcLeft, dstLeft
}

// matching is a bipartite matching in the making.
type matching struct {
	src, dst []*record
	partner  []int // of each record of dst, or alone
}

const alone = -1

// place finds a partner for src[i], moving others to another partner where that helps.
func (m *matching) place(i int, visited []bool) bool {
	for j, d := range m.dst {
		if m.partner[j] == alone && similar(m.src[i], d) {
			m.partner[j] = i
			return true
		}
	}
	for j, d := range m.dst {
		if visited[j] || !similar(m.src[i], d) {
			continue
		}
		visited[j] = true
		if m.place(m.partner[j], visited) {
			m.partner[j] = i
			return true
		}
	}
	return false
}

func similar(a, b *record) bool { return a.flags == b.flags || a.date == b.date }
