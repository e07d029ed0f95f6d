// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// cells compress the 32-bit UIDs for a model that can be enumerated: every one of the lowest and the
// highest 40 UIDs is a cell of its own, and all in between share one.
const (
	edge      = 40
	middle    = edge + 1
	lastCell  = 2*edge + 1
	highestID = math.MaxUint32
)

func cellFirst(cell int) UID {
	if cell <= middle {
		return UID(cell)
	}
	return UID(highestID - lastCell + cell)
}

func cellLast(cell int) UID {
	if cell == middle {
		return highestID - edge
	}
	return cellFirst(cell)
}

func cellSize(cell int) int { return int(cellLast(cell)-cellFirst(cell)) + 1 }

// model is a set of cells.
type model map[int]bool

func (m model) add(first, last int) {
	for cell := min(first, last); cell <= max(first, last); cell++ {
		m[cell] = true
	}
}

func (m model) len() int {
	n := 0
	for cell := range m {
		n += cellSize(cell)
	}
	return n
}

// drawSet builds a set and its model by random steps.
func drawSet(t *rapid.T, label string) (UIDSet, model) {
	var set UIDSet
	m := model{}
	cell := rapid.IntRange(1, lastCell)
	for range rapid.IntRange(0, 25).Draw(t, label+" steps") {
		a, b := cell.Draw(t, label+" first"), cell.Draw(t, label+" last")
		switch {
		case rapid.Bool().Draw(t, label+" single") && a != middle:
			set.Add(cellFirst(a))
			m.add(a, a)
		case a <= b:
			set.AddRange(cellFirst(a), cellLast(b))
			m.add(a, b)
		default:
			set.AddRange(cellLast(a), cellFirst(b)) // the wrong way round
			m.add(a, b)
		}
	}
	return set, m
}

// check compares everything that can be asked of a set with the model.
func (m model) check(t *rapid.T, set UIDSet) {
	t.Helper()
	for cell := 1; cell <= lastCell; cell++ {
		if set.Contains(cellFirst(cell)) != m[cell] || set.Contains(cellLast(cell)) != m[cell] {
			t.Fatalf("%s: Contains(%d) = %v, want %v", set, cellFirst(cell), !m[cell], m[cell])
		}
	}
	if set.Contains(0) {
		t.Fatalf("%s contains 0", set)
	}
	if set.Len() != m.len() || set.Empty() != (m.len() == 0) {
		t.Fatalf("%s: Len() = %d, Empty() = %v, want length %d", set, set.Len(), set.Empty(), m.len())
	}
	m.checkOrder(t, set)
}

func (m model) checkOrder(t *rapid.T, set UIDSet) {
	t.Helper()
	var last uint64
	for i, r := range set.Ranges() {
		if r.First > r.Last || r.First == 0 || i > 0 && uint64(r.First) <= last+1 {
			t.Fatalf("ranges are not sorted, disjoint and apart: %v", set.Ranges())
		}
		last = uint64(r.Last)
	}
	if uint64(set.Max()) != last {
		t.Fatalf("%s: Max() = %d, want %d", set, set.Max(), last)
	}
	parsed, ok := ParseUIDSet(set.String())
	if !ok || !slices.Equal(parsed.Ranges(), set.Ranges()) {
		t.Fatalf("%q parses to %q, %v", set, parsed, ok)
	}
	if m[middle] {
		return // too many to enumerate
	}
	var got []UID
	for uid := range set.All() {
		got = append(got, uid)
	}
	if len(got) != m.len() || !slices.IsSorted(got) || !slices.Equal(NewUIDSet(got...).Ranges(), set.Ranges()) {
		t.Fatalf("All() of %s yields %v", set, got)
	}
}

func TestUIDSet_behavesLikeASetOfNumbers(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, modelA := drawSet(t, "a")
		b, modelB := drawSet(t, "b")
		modelA.check(t, a)

		left := model{}
		for cell := range modelA {
			if !modelB[cell] {
				left[cell] = true
			}
		}
		left.check(t, a.Minus(b))

		var joined UIDSet
		joined.AddSet(a)
		joined.AddSet(b)
		both := model{}
		for _, m := range []model{modelA, modelB} {
			for cell := range m {
				both[cell] = true
			}
		}
		both.check(t, joined)
		modelA.check(t, a) // neither operation changes its operands
		modelB.check(t, b)
	})
}

func TestUIDSet_linesCoverTheSetAndFitIntoACommand(t *testing.T) {
	t.Parallel()
	var set UIDSet
	for i := range UID(20_000) {
		set.AddRange(highestID-3*i-1, highestID-3*i)
	}
	lines := set.lines()
	var joined UIDSet
	for _, line := range lines {
		if n := len(line.String()); n > lineLimit {
			t.Errorf("a line of %d octets, want at most %d", n, lineLimit)
		}
		joined.AddSet(line)
	}
	if !slices.Equal(joined.Ranges(), set.Ranges()) {
		t.Errorf("%d lines hold %d UIDs, want %d", len(lines), joined.Len(), set.Len())
	}
	if got := (UIDSet{}).lines(); len(got) != 0 {
		t.Errorf("the empty set has %d lines, want none", len(got))
	}
}

func TestUIDSet_cloneIsIndependent(t *testing.T) {
	t.Parallel()
	set := NewUIDSet(1, 5)
	copied := set.clone()
	set.AddRange(1, 9)
	if got, want := copied.String(), "1,5"; got != want {
		t.Errorf("clone = %q after a change of the original, want %q", got, want)
	}
}

func TestParseUIDSet(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text, want string
		ok         bool
	}{
		{"", "", true},
		{"1", "1", true},
		{"4294967295", "4294967295", true},
		{"1:4294967295", "1:4294967295", true},
		{"5:3,2,1,9", "1:5,9", true},
		{"4294967296", "", false},
		{"0", "", false},
		{"0:5", "", false},
		{"1:*", "", false},
		{"*", "", false},
		{"1,", "", false},
		{"1::2", "", false},
		{"1:2:3", "", false},
		{"-1", "", false},
		{"+1", "", false},
		{" 1", "", false},
		{"NIL", "", false},
	} {
		set, ok := ParseUIDSet(test.text)
		if set.String() != test.want || ok != test.ok {
			t.Errorf("ParseUIDSet(%q) = %q, %v, want %q, %v", test.text, set, ok, test.want, test.ok)
		}
	}
}

// A set in falling order cost a move of everything for each number: minutes for a million.
func TestCost_ofUIDsInFallingOrder(t *testing.T) {
	t.Parallel()
	const n = 1_000_000 // a set that moves its tail for each of them does not come to an end before the tests are stopped
	uids := make([]UID, n)
	var text strings.Builder
	for i := range uids {
		uids[i] = UID(2 * (n - i))
		if i > 0 {
			text.WriteByte(',')
		}
		text.WriteString(NewUIDSet(uids[i]).String())
	}
	parsed, ok := ParseUIDSet(text.String())
	made := NewUIDSet(uids...)
	odd := UIDSet{slices.Clone(made.Ranges())}
	for i := range odd.ranges {
		odd.ranges[i].First--
		odd.ranges[i].Last--
	}
	odd.AddSet(made)
	if !ok || parsed.Len() != n || made.Len() != n || odd.String() != "1:2000000" {
		t.Errorf("parsed %d, made %d, joined %d", parsed.Len(), made.Len(), odd.Len())
	}
}

func FuzzParseUIDSet(f *testing.F) {
	for _, seed := range []string{"", "1", "1:5,9", "9,5:1", "4294967295:1", "0", "1:*", ","} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		set, ok := ParseUIDSet(text)
		again, okAgain := ParseUIDSet(set.String())
		if !okAgain || !slices.Equal(again.Ranges(), set.Ranges()) || !ok && !set.Empty() {
			t.Errorf("ParseUIDSet(%q) = %q, %v, which parses to %q, %v", text, set, ok, again, okAgain)
		}
	})
}
