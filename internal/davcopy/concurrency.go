// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"cmp"
	"sync/atomic"
	"time"
)

// concurrency finds how many objects are best on their way at once into one collection. On a long line more of them
// are faster; a server that lets one writer into a collection at a time only gets slower with them.
type concurrency struct {
	most    int // never more
	first   int // to begin with
	count   int // now
	proved  int // the best that was measured; 0 until something was
	before  int // the last step down
	rate    float64
	trend   trend
	settled bool
}

// trend is where the search goes.
type trend string

const (
	trendUp   trend = "up"
	trendMore trend = "more" // up, and it was worth it before
	trendDown trend = "down"
)

const (
	firstLanes = 4
	worthIt    = 1.12 // how much faster twice as many have to be
	asGood     = 0.97 // of the speed is enough for half as many
	telling    = 20   // objects that have to be measured for a decision
)

// newConcurrency begins with so many as were best elsewhere; 0 is not known.
func newConcurrency(most, elsewhere int) *concurrency {
	first := min(cmp.Or(elsewhere, firstLanes), most)
	return &concurrency{most: most, first: first, count: first, trend: trendUp}
}

// stamina is how many objects at once were best at the destination, in whichever collection and account somebody has measured
// it last: that is a matter of the host and the line to it. Each collection finds out anew, but does not begin from nothing.
type stamina struct{ atomic.Int64 }

func (s *stamina) note(l *concurrency) {
	if l.proved > 0 {
		s.Store(int64(l.proved))
	}
}

func (s *stamina) known() int { return int(s.Load()) }

// learn takes a measure into account: so many objects in so much time.
func (l *concurrency) learn(objects int, took time.Duration) {
	if l.settled || objects < telling || took <= 0 {
		return
	}
	l.judge(objects, took)
	if l.settled {
		l.proved = l.count
	}
}

func (l *concurrency) judge(objects int, took time.Duration) {
	rate := float64(objects) / took.Seconds()
	switch {
	case l.rate == 0:
		l.rate, l.proved = rate, l.count
		l.up()
	case l.trend == trendDown && rate >= asGood*l.rate:
		l.proved = l.count
		l.down()
	case l.trend == trendDown:
		l.count, l.settled = l.before, true
	case rate >= worthIt*l.rate:
		l.rate, l.proved = rate, l.count
		l.trend = trendMore
		l.up()
	case l.trend == trendMore:
		l.count, l.settled = l.count/2, true
	default:
		l.count = l.first
		l.down()
	}
}

func (l *concurrency) up() {
	switch {
	case 2*l.count <= l.most:
		l.count *= 2
	case l.trend == trendMore:
		l.settled = true
	default:
		l.down()
	}
}

func (l *concurrency) down() {
	l.trend = trendDown
	if l.count == 1 {
		l.settled = true
		return
	}
	l.before, l.count = l.count, l.count/2
}
