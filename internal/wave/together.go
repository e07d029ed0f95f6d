// SPDX-License-Identifier: Apache-2.0

package wave

import (
	"cmp"
	"slices"
)

// Link says that two accounts use something of each other: a calendar or address book that is shared, a forward, an address that reaches
// both. What is on one side of the move and not on the other works for one of them only.
type Link struct {
	A, B string
	By   string // what it is, as a clause: "share calendars or contacts"
}

// mostLinked is how many accounts one may share with before that tells nothing of a household or a delegation: a calendar that everybody
// reads, or an address of all staff.
const mostLinked = 12

// Together tells which accounts are to move together.
type Together struct {
	with map[string][]Link // by account, where it is A
}

// NewTogether makes one of all links, those of accounts that do not move included. Links of accounts with too many are left out.
func NewTogether(links []Link) Together {
	t := Together{map[string][]Link{}}
	partners := map[string]map[string]bool{}
	for _, l := range links {
		for _, pair := range [][2]string{{l.A, l.B}, {l.B, l.A}} {
			if partners[pair[0]] == nil {
				partners[pair[0]] = map[string]bool{}
			}
			partners[pair[0]][pair[1]] = true
		}
	}
	for _, l := range links {
		if l.A == l.B || len(partners[l.A]) > mostLinked || len(partners[l.B]) > mostLinked {
			continue
		}
		t.with[l.A] = append(t.with[l.A], l)
		t.with[l.B] = append(t.with[l.B], Link{l.B, l.A, l.By})
	}
	return t
}

// Group returns all accounts that are linked with one, over others as well, itself among them, sorted.
func (t Together) Group(account string) []string {
	seen := map[string]bool{account: true}
	queue := []string{account}
	for i := 0; i < len(queue); i++ {
		for _, l := range t.with[queue[i]] {
			if !seen[l.B] {
				seen[l.B] = true
				queue = append(queue, l.B)
			}
		}
	}
	slices.Sort(queue)
	return queue
}

// Torn returns the links of accounts inside with those that are outside, each once, sorted.
func (t Together) Torn(inside []string, outside func(account string) bool) (torn []Link) {
	for _, account := range inside {
		for _, l := range t.with[account] {
			if outside(l.B) {
				torn = append(torn, l)
			}
		}
	}
	slices.SortFunc(torn, func(a, b Link) int {
		return cmp.Or(cmp.Compare(a.A, b.A), cmp.Compare(a.B, b.B), cmp.Compare(a.By, b.By))
	})
	return slices.Compact(torn)
}
