// SPDX-License-Identifier: Apache-2.0

package faultproxy

import (
	"sync"
	"time"
)

// End is a way to end a connection.
type End int

// The ends.
const (
	FIN       End = iota // orderly: both peers read to the end of what was forwarded
	RST                  // by reset: both peers get an error, what is on its way may be lost
	HalfClose            // only this direction: its receiver reads the end of the stream, its sender
	// notices nothing and sends into the void; the other direction goes on
	Vanish // for Cut: the client reads the end of the stream; the server notices nothing, see Fault.Orphan
)

// Fault is what goes wrong in one direction. The zero value forwards faithfully.
type Fault struct {
	Delay time.Duration // one way: every byte arrives this much later
	Rate  int           // bytes per second of each connection; 0: no limit
	Stall bool          // hold everything back, keep the connection open

	// StallFor holds everything back once, for so long, when StallAfter bytes of a connection have been forwarded.
	StallAfter int64
	StallFor   time.Duration
	// Orphan lets a server not learn that its client is gone before it has got all that the client had sent:
	// what it answers goes nowhere. It is a fault of ToServer.
	Orphan bool

	// CutAfter ends a connection when this many bytes of it have been forwarded, not one more;
	// 0: never. It counts from the start of the connection, so it may end one at once.
	CutAfter int64
	Cut      bool // end connections now, new ones as soon as they are made
	End      End  // how CutAfter and Cut end
}

// Faults are the faults of one connection.
type Faults struct{ ToServer, ToClient Fault }

// due says whether the fault ends a connection with so many bytes forwarded.
func (f Fault) due(forwarded int64) bool {
	return f.Cut || f.CutAfter > 0 && forwarded >= f.CutAfter
}

// slice is how many of n bytes may be written at once.
func (f Fault) slice(n int, forwarded int64) int {
	if f.CutAfter > 0 {
		n = int(min(int64(n), f.CutAfter-forwarded))
	}
	if f.StallFor > 0 && forwarded < f.StallAfter {
		n = int(min(int64(n), f.StallAfter-forwarded))
	}
	if f.Rate > 0 {
		n = min(n, max(1, f.Rate/slicesPerSecond))
	}
	return n
}

// capacity is how many bytes may be under way. A slow line must not swallow what its sender then
// believes to be through; a long one must hold what fits into its length.
func (f Fault) capacity() int64 {
	if f.Rate > 0 {
		return max(chunkSize, int64(float64(f.Rate)*f.Delay.Seconds()))
	}
	return maxUnderWay
}

const (
	chunkSize       = 32 << 10
	maxUnderWay     = 32 << 20
	slicesPerSecond = 50
)

// setting is a Fault that can be changed while connections watch it.
type setting struct {
	mu      sync.Mutex
	fault   Fault
	changed chan struct{} // closed at the next change
}

func newSetting(fault Fault) *setting {
	return &setting{fault: fault, changed: make(chan struct{})}
}

func (s *setting) change(fault Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = fault
	close(s.changed)
	s.changed = make(chan struct{})
}

// now returns the fault and a channel that is closed when it is no longer true.
func (s *setting) now() (Fault, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.fault, s.changed
}
