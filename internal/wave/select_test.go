// SPDX-License-Identifier: Apache-2.0

package wave

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// people are candidates that are all named; a size of -1 is not known.
func people(sizes map[string]int64) (all []Candidate) {
	for address, octets := range sizes {
		all = append(all, Candidate{Address: address, Octets: octets, Named: true})
	}
	slices.SortFunc(all, func(a, b Candidate) int { return strings.Compare(a.Address, b.Address) })
	return all
}

func TestSelect(t *testing.T) {
	t.Parallel()
	all := people(map[string]int64{"a@x": 10, "b@x": 500, "c@x": 70, "d@y": 90, "e@y": -1})
	couple := []Link{{A: "a@x", B: "d@y", By: "share a calendar"}}
	chain := []Link{{A: "a@x", B: "b@x"}, {A: "c@x", B: "b@x"}, {A: "c@x", B: "stays@x"}}
	left := slices.Clone(all)
	left[3].Left = true
	unnamed := slices.Clone(all)
	unnamed[3].Named = false
	for name, c := range map[string]struct {
		from           []Candidate
		choice         Choice
		links          []Link
		want, together string
		unmeasured     int
	}{
		"all":                        {all, Choice{}, nil, "a@x b@x c@x d@y e@y", "", 0},
		"a domain":                   {all, Choice{Domains: []string{"Y"}}, nil, "d@y e@y", "", 0},
		"a domain and who belongs":   {all, Choice{Domains: []string{"x"}}, couple, "a@x b@x c@x d@y", "d@y", 0},
		"a domain, apart":            {all, Choice{Domains: []string{"x"}, Apart: true}, couple, "a@x b@x c@x", "", 0},
		"who belongs is left out":    {left, Choice{Domains: []string{"x"}}, couple, "a@x b@x c@x", "", 0},
		"who belongs is not named":   {unnamed, Choice{}, couple, "a@x b@x c@x d@y e@y", "d@y", 0},
		"who belongs over others":    {all, Choice{SmallerThan: 20}, chain, "a@x b@x c@x", "b@x c@x", 1},
		"larger":                     {all, Choice{LargerThan: 70}, nil, "b@x d@y", "", 1},
		"between":                    {all, Choice{LargerThan: 10, SmallerThan: 100}, nil, "c@x d@y", "", 1},
		"so many, by their names":    {all, Choice{Size: 2}, nil, "a@x b@x", "", 0},
		"so many, the largest":       {all, Choice{Size: 2, LargestFirst: true}, nil, "b@x d@y", "", 0},
		"so many, the smallest":      {all, Choice{Size: 4, SmallestFirst: true}, nil, "a@x b@x c@x d@y", "", 0},
		"a group is not cut":         {all, Choice{Size: 2}, chain, "d@y e@y", "", 0},
		"a group and one that fits":  {all, Choice{Size: 3}, couple, "a@x b@x d@y", "", 0},
		"a group that has no room":   {all, Choice{Size: 1}, couple, "b@x", "", 0},
		"more than there are":        {all, Choice{Size: 99}, chain, "a@x b@x c@x d@y e@y", "", 0},
		"nobody":                     {nil, Choice{}, chain, "", "", 0},
		"who is linked with himself": {all, Choice{Size: 1}, []Link{{A: "a@x", B: "a@x"}}, "a@x", "", 0},
	} {
		got := Select(c.from, c.choice, NewTogether(c.links))
		if text := strings.Join(got.Accounts, " "); text != c.want || strings.Join(got.Together, " ") != c.together || got.Unmeasured != c.unmeasured {
			t.Errorf("%s: %+v; want %q, %q together, %d unmeasured", name, got, c.want, c.together, c.unmeasured)
		}
	}
}

// What everybody shares makes no household of all.
func TestTogether_notAllOfThem(t *testing.T) {
	t.Parallel()
	links := []Link{{A: "a@x", B: "b@x", By: "share"}}
	for i := range mostLinked + 1 {
		links = append(links, Link{A: "all@x", B: fmt.Sprintf("p%02d@x", i)})
	}
	links = append(links, Link{A: "all@x", B: "a@x"})
	together := NewTogether(links)
	for account, want := range map[string]string{"a@x": "a@x b@x", "all@x": "all@x", "p00@x": "p00@x", "nobody@x": "nobody@x"} {
		if got := strings.Join(together.Group(account), " "); got != want {
			t.Errorf("with %s are %q, want %q", account, got, want)
		}
	}
	torn := together.Torn([]string{"b@x", "p01@x"}, func(account string) bool { return account == "a@x" })
	if len(torn) != 1 || torn[0] != (Link{"b@x", "a@x", "share"}) {
		t.Errorf("torn: %v", torn)
	}
}

func TestOrder(t *testing.T) {
	t.Parallel()
	queue := []Queued{{"", 0, 5}, {"late", -1, 900}, {"", 0, 7}, {"a", 5, 10}, {"b", 5, 20}, {"a", 5, 30}, {"a", 5, -1}}
	slices.SortStableFunc(queue, Order)
	want := []Queued{{"a", 5, -1}, {"a", 5, 30}, {"a", 5, 10}, {"b", 5, 20}, {"", 0, 5}, {"", 0, 7}, {"late", -1, 900}}
	if !slices.Equal(queue, want) {
		t.Errorf("%v, want %v", queue, want)
	}
}
