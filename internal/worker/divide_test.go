// SPDX-License-Identifier: Apache-2.0

package worker

import (
	"fmt"
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"rehome/internal/ledger"
)

// modelCrew are workers that take their shares one after the other, as the ledger has it.
type modelCrew struct {
	whole   ledger.Amounts
	members []*modelWorker
	next    int
}

type modelWorker struct {
	ledger.Member // as the ledger has it

	allowed ledger.Amounts // what it may have from now on
	active  ledger.Amounts // connections that are open
	dead    bool
}

func (w *modelWorker) using(part string) int64 {
	if part == Octets && w.dead {
		return 0 // nothing is sent any more
	}
	if part == Octets {
		return w.allowed[part]
	}
	return max(w.allowed[part], w.active[part])
}

// beat has a worker take its share; it reports whether that has changed anything.
func (c *modelCrew) beat(w *modelWorker) (changed bool) {
	using := ledger.Amounts{}
	for part := range c.whole {
		using[part] = w.using(part)
	}
	var crew []ledger.Member
	for _, other := range c.members {
		m := other.Member
		if other == w {
			m.Has = using
		}
		if !m.There { // as the ledger has it
			m.Has = maps.Clone(m.Has)
			delete(m.Has, Octets)
		}
		crew = append(crew, m)
	}
	target, has := Divide(c.whole, w.Name, crew)
	allowed := lower(target, has)
	changed = !sameAmounts(has, w.Has) || !sameAmounts(allowed, w.allowed)
	w.Has, w.allowed = has, allowed
	return changed
}

func sameAmounts(a, b ledger.Amounts) bool {
	for part := range a {
		if a[part] != b[part] {
			return false
		}
	}
	for part := range b {
		if a[part] != b[part] {
			return false
		}
	}
	return true
}

// sums are what all may use at this moment, the dead included, by what they do and not by what the ledger says.
func (c *modelCrew) sums() ledger.Amounts {
	sums := ledger.Amounts{}
	for _, w := range c.members {
		for part := range c.whole {
			sums[part] += w.using(part)
		}
	}
	return sums
}

// Whoever comes and goes, and in whatever order they take their shares and open and close connections: all together never use more than
// the whole. When nobody comes and goes any more all have the same, and each that takes part has something where there is enough.
func TestDivide_neverMoreThanTheWhole(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := &modelCrew{whole: ledger.Amounts{Source: rapid.Int64Range(1, 9).Draw(t, "source"), Destination: rapid.Int64Range(1, 9).Draw(t, "destination"),
			Octets: rapid.Int64Range(1000, 1100).Draw(t, "octets")}}
		check := func(when string) {
			for part, sum := range c.sums() {
				if sum > c.whole[part] {
					t.Fatalf("%s: %d of %d %s are in use", when, sum, c.whole[part], part)
				}
			}
		}
		for range rapid.IntRange(1, 120).Draw(t, "steps") {
			c.step(t)
			check("at work")
		}
		c.settle(t, check)
	})
}

// step lets one thing happen.
func (c *modelCrew) step(t *rapid.T) {
	if len(c.members) == 0 || rapid.IntRange(0, 9).Draw(t, "join") == 0 {
		c.next++
		w := &modelWorker{allowed: ledger.Amounts{}, active: ledger.Amounts{}}
		w.Name, w.There = fmt.Sprintf("%03d", c.next), true
		c.members = append(c.members, w)
		return
	}
	i := rapid.IntRange(0, len(c.members)-1).Draw(t, "who")
	w := c.members[i]
	switch rapid.IntRange(0, 9).Draw(t, "what") {
	case 0: // it ends: its connections first
		c.members = append(c.members[:i], c.members[i+1:]...)
	case 1: // it says nothing any more, and keeps what it has
		w.dead, w.There = true, false
	case 2:
		w.Leaving = w.Leaving || !w.dead
	case 3:
		w.Idle = !w.Idle
		if w.Hindered = ""; rapid.Bool().Draw(t, "hindered") {
			w.Hindered = "for want of a secret"
		}
	case 4, 5, 6:
		for _, part := range []string{Source, Destination} {
			if !w.dead && w.active[part] < w.allowed[part] {
				w.active[part]++
			}
		}
	case 7:
		clear(w.active)
	default:
		if !w.dead {
			c.beat(w)
		}
	}
}

// settle lets nobody come and go, and all connections that are too many end.
func (c *modelCrew) settle(t *rapid.T, check func(string)) {
	for rounds, changed := 0, true; changed; rounds++ {
		if rounds > 100 {
			t.Fatal("it does not come to an end")
		}
		changed = false
		for _, w := range c.members {
			for part := range w.active {
				w.active[part] = min(w.active[part], w.allowed[part])
			}
			if !w.dead && c.beat(w) {
				changed = true
			}
			check("coming to an end")
		}
	}
	for _, w := range c.members {
		if w.dead || w.Leaving {
			return // what they keep is missing
		}
	}
	served, waiting, least := 0, 0, int64(len(c.members))
	for _, all := range c.whole {
		least = min(least, all)
	}
	for _, w := range c.members {
		if w.Has[Source] > 0 {
			served++
		}
		if rank(w.Member) == waits {
			waiting++
		}
	}
	if int64(served) != least {
		t.Fatalf("%d of %d workers are served, of %v", served, len(c.members), c.whole)
	}
	for _, w := range c.members {
		if waiting > 0 && rank(w.Member) == rests && w.Has[Source] > 0 {
			t.Fatalf("%s can do nothing and keeps others waiting: %v", w.Name, w.Has)
		}
	}
	for part, sum := range c.sums() {
		if served > 0 && sum < c.whole[part] {
			t.Fatalf("%d of %d %s are given out", sum, c.whole[part], part)
		}
	}
}

func TestDivide(t *testing.T) {
	t.Parallel()
	whole := ledger.Amounts{Source: 7, Destination: 6}
	member := func(name string, source, destination int64) ledger.Member {
		m := ledger.Member{There: true, Has: ledger.Amounts{Source: source, Destination: destination}}
		m.Name = name
		return m
	}
	idle, leaving, silent := member("idle", 1, 1), member("leaving", 2, 2), member("silent", 2, 2)
	idle.Idle, leaving.Leaving, silent.There = true, true, false
	resting, trying := member("resting", 1, 1), member("trying", 1, 1)
	resting.Hindered, resting.Idle, trying.Hindered = "for want of a secret", true, "for want of a secret"
	fewer := []ledger.Member{member("a", 2, 1), member("b", 1, 1), member("c", 1, 1), member("d", 1, 1), member("e", 1, 1)}
	nothing := ledger.Amounts{}
	for name, c := range map[string]struct {
		crew        []ledger.Member
		target, has ledger.Amounts
	}{
		"alone":               {[]ledger.Member{member("me", 0, 0)}, whole, whole},
		"beside one with all": {[]ledger.Member{member("a", 7, 6), member("me", 0, 0)}, ledger.Amounts{Source: 3, Destination: 3}, nothing},
		"beside one with half": {[]ledger.Member{member("a", 4, 3), member("me", 0, 0)}, ledger.Amounts{Source: 3, Destination: 3},
			ledger.Amounts{Source: 3, Destination: 3}},
		"with all beside one": {[]ledger.Member{member("me", 7, 6), member("b", 0, 0)}, ledger.Amounts{Source: 4, Destination: 3}, whole},
		"one end is not free": {[]ledger.Member{member("a", 4, 6), member("me", 0, 0)}, ledger.Amounts{Source: 3, Destination: 3}, nothing},
		"beside an idle one": {[]ledger.Member{idle, member("me", 3, 3)}, ledger.Amounts{Source: 6, Destination: 5},
			ledger.Amounts{Source: 6, Destination: 5}},
		"beside one that leaves": {[]ledger.Member{leaving, member("me", 3, 3)}, whole, ledger.Amounts{Source: 5, Destination: 4}},
		"beside a silent one":    {[]ledger.Member{silent, member("me", 3, 3)}, whole, ledger.Amounts{Source: 5, Destination: 4}},
		"beside one that rests": {[]ledger.Member{resting, member("me", 3, 3)}, ledger.Amounts{Source: 6, Destination: 5},
			ledger.Amounts{Source: 6, Destination: 5}},
		"in the place of one that rests": {append(fewer[:5:5], resting, member("me", 0, 0)), ledger.Amounts{Source: 1, Destination: 1}, nothing},
		"while another one tries":        {append(fewer[:5:5], trying, member("me", 0, 0)), nothing, nothing},
		"more workers than connections": {[]ledger.Member{member("a", 2, 1), member("b", 1, 1), member("c", 1, 1), member("d", 1, 1), member("e", 1, 1),
			member("f", 1, 1), member("me", 0, 0)}, nothing, nothing},
	} {
		target, has := Divide(whole, "me", c.crew)
		if !sameAmounts(target, c.target) || !sameAmounts(has, c.has) {
			t.Errorf("%s: %v, %v; want %v, %v", name, target, has, c.target, c.has)
		}
	}
	if diff := cmp.Diff(ledger.Amounts{Source: 2, Destination: 2}, func() ledger.Amounts {
		crew := []ledger.Member{leaving}
		_, has := Divide(whole, "leaving", crew)
		return maps.Clone(has)
	}()); diff != "" {
		t.Errorf("who leaves: %s", diff)
	}
	whole[Octets] = 1000
	if _, has := Divide(whole, "me", []ledger.Member{silent, member("me", 0, 0)}); has[Octets] != 1000 || has[Source] != 5 {
		t.Errorf("beside a silent one: %v, want all octets and the connections that it has not", has)
	}
	target, _ := Divide(whole, "resting", append(fewer, resting, member("waits", 0, 0)))
	if !sameAmounts(target, nothing) {
		t.Errorf("who rests while another one waits keeps %v", target)
	}
}
