// SPDX-License-Identifier: Apache-2.0

package simulation

import "time"

// Chance is a point in the tree of all decisions of a seed. It has no state: the same keys give the same
// answers, whenever and from whichever goroutine they are asked.
type Chance uint64

const (
	golden = 0x9e3779b97f4a7c15
	prime  = 0x100000001b3
)

// mix is the finaliser of SplitMix64: every bit of the result hangs on every bit of x.
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// With goes down to the decision that the keys name. ("a", "b") is another one than ("ab").
func (c Chance) With(keys ...string) Chance {
	h := uint64(c)
	for _, key := range keys {
		h = mix(h + golden + uint64(len(key)))
		for i := range len(key) {
			h = (h ^ uint64(key[i])) * prime
		}
	}
	return Chance(mix(h))
}

// Nth goes down to the nth decision of one name.
func (c Chance) Nth(n int) Chance { return Chance(mix(uint64(c) + golden*uint64(n+1))) }

// Float is evenly spread over [0, 1).
func (c Chance) Float() float64 { return float64(c>>11) / (1 << 53) }

// Happens is true with probability p.
func (c Chance) Happens(p float64) bool { return c.Float() < p }

// Int is evenly spread over [0, n); 0 when n is not positive.
func (c Chance) Int(n int) int {
	if n <= 0 {
		return 0
	}
	return int(uint64(c) >> 1 % uint64(n))
}

// Between is evenly spread over [low, high).
func (c Chance) Between(low, high time.Duration) time.Duration {
	return low + time.Duration(c.Float()*float64(high-low))
}

// Pick returns one of the choices.
func Pick[T any](c Chance, choices ...T) T { return choices[c.Int(len(choices))] }
