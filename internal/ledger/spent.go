// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"sync/atomic"
	"time"
)

// Spent is what was asked of a ledger by this process, and for how long it was waited for, summed over all who did.
type Spent struct {
	Reads, Writes int64
	Waited        time.Duration
}

// spent is counted up; nil counts nothing.
type spent struct{ reads, writes, waited atomic.Int64 }

// on counts one more, from now until the returned function is called.
func (s *spent) on(what func(*spent) *atomic.Int64) (over func()) {
	if s == nil {
		return func() {}
	}
	began := time.Now()
	return func() {
		what(s).Add(1)
		s.waited.Add(int64(time.Since(began)))
	}
}

func reads(s *spent) *atomic.Int64  { return &s.reads }
func writes(s *spent) *atomic.Int64 { return &s.writes }

// Spent returns what has come since the ledger was opened.
func (l *Ledger) Spent() Spent {
	s := l.store.spent
	return Spent{Reads: s.reads.Load(), Writes: s.writes.Load(), Waited: time.Duration(s.waited.Load())}
}
