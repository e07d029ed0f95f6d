// SPDX-License-Identifier: Apache-2.0

package wave

import (
	"cmp"
	"slices"
	"strings"
)

// Candidate is an account that could be put into a wave.
type Candidate struct {
	Address string
	Octets  int64 // of mail at the source; below 0 is not known
	Named   bool  // it is among those that were asked for
	Left    bool  // it was said that it is not to be in it
}

// Choice says which of the candidates go into a wave. What is empty or 0 chooses all.
type Choice struct {
	Domains       []string
	LargerThan    int64 // octets; who is not measured is neither larger nor smaller
	SmallerThan   int64
	Size          int  // so many accounts, or some less where a group that belongs together would be too much
	LargestFirst  bool // where Size does not let all in
	SmallestFirst bool
	Apart         bool // accounts that belong together may be separated
}

// Chosen are the accounts that go into a wave.
type Chosen struct {
	Accounts   []string // sorted
	Together   []string // of them, those that are in it only because they belong to others
	Unmeasured int      // candidates that were left out because nobody knows their size
}

// Select chooses. Groups that belong together are in it as a whole, as far as their members are candidates and not left out.
func Select(candidates []Candidate, choice Choice, together Together) (chosen Chosen) {
	free := make(map[string]bool, len(candidates))
	var fits []Candidate
	for _, c := range candidates {
		free[c.Address] = !c.Left
		if !c.Named || c.Left || !choice.domain(c.Address) {
			continue
		}
		measured, fit := choice.size(c.Octets)
		if !measured {
			chosen.Unmeasured++
		}
		if fit {
			fits = append(fits, c)
		}
	}
	slices.SortStableFunc(fits, choice.compare)
	in := map[string]bool{}
	for _, c := range fits {
		if in[c.Address] {
			continue
		}
		group := []string{c.Address}
		if !choice.Apart {
			group = slices.DeleteFunc(together.Group(c.Address), func(a string) bool { return !free[a] || in[a] })
		}
		if choice.Size > 0 && len(in)+len(group) > choice.Size {
			continue // a smaller group may still find room
		}
		for _, address := range group {
			in[address] = true
		}
	}
	for _, c := range fits {
		if in[c.Address] {
			chosen.Accounts = append(chosen.Accounts, c.Address)
			delete(in, c.Address)
		}
	}
	for address := range in {
		chosen.Together = append(chosen.Together, address)
	}
	slices.Sort(chosen.Together)
	chosen.Accounts = append(chosen.Accounts, chosen.Together...)
	slices.Sort(chosen.Accounts)
	return chosen
}

func (c Choice) domain(address string) bool {
	domain := address[strings.LastIndex(address, "@")+1:]
	return len(c.Domains) == 0 || slices.ContainsFunc(c.Domains, func(d string) bool { return strings.EqualFold(d, domain) })
}

// size says whether an account is of the size that is wanted, and whether that is known.
func (c Choice) size(octets int64) (measured, fits bool) {
	if c.LargerThan == 0 && c.SmallerThan == 0 {
		return true, true
	}
	if octets < 0 {
		return false, false
	}
	return true, (c.LargerThan == 0 || octets > c.LargerThan) && (c.SmallerThan == 0 || octets < c.SmallerThan)
}

func (c Choice) compare(a, b Candidate) int {
	switch {
	case c.LargestFirst:
		return cmp.Or(cmp.Compare(b.Octets, a.Octets), cmp.Compare(a.Address, b.Address))
	case c.SmallestFirst:
		// Who is not measured may be a giant.
		return cmp.Or(cmp.Compare(bit(a.Octets < 0), bit(b.Octets < 0)), cmp.Compare(a.Octets, b.Octets), cmp.Compare(a.Address, b.Address))
	}
	return cmp.Compare(a.Address, b.Address)
}

func bit(is bool) int {
	if is {
		return 1
	}
	return 0
}

// Queued is an account that is to be copied.
type Queued struct {
	Wave     string // "" is none
	Priority int    // of the wave; 0 without one
	Octets   int64  // below 0 is not known
}

// Order compares who is first: the wave of the higher priority, and in a wave whoever has most, because a giant that begins last is what
// everybody waits for. Of one whose size nobody knows it may be a giant, so that it is among the first. Accounts of no wave stay as they are.
func Order(a, b Queued) int {
	if c := cmp.Or(cmp.Compare(b.Priority, a.Priority), cmp.Compare(a.Wave, b.Wave)); c != 0 || a.Wave == "" {
		return c
	}
	return cmp.Or(cmp.Compare(bit(b.Octets < 0), bit(a.Octets < 0)), cmp.Compare(b.Octets, a.Octets))
}
