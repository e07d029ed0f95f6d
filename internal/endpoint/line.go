// SPDX-License-Identifier: Apache-2.0

package endpoint

import (
	"context"
	"sync/atomic"
	"time"

	"rehome/internal/protocol/imap"
)

// line is what is known of the line to a service. No answer comes sooner than a round trip after its command was written, and most
// come later, because the server works, or waits for a processor: so the least of all answers on all connections is the
// best that is known, and never less than the round trip. The answer to one chosen command says nothing: that to the first after a
// log-in waits for a process that starts, and may come only with the answers to what was sent behind it.
type line struct {
	least atomic.Int64 // nanoseconds; 0 while nothing was answered
	asked atomic.Int64 // how often somebody asked only to know it
}

// mostAsked is how often a service is asked only to know its line: one answer may be late because a machine is busy.
const mostAsked = 3

// heard takes an answer into account. Only OK says that the server had all of the command when it answered.
func (l *line) heard(e imap.Exchange) {
	if e.Answer != "OK" {
		return
	}
	took := max(int64(e.Took), 1)
	for known := l.least.Load(); known == 0 || took < known; known = l.least.Load() {
		if l.least.CompareAndSwap(known, took) {
			return
		}
	}
}

// RoundTrip returns how long a round trip to the session's host takes at most, as far as its answers tell so far; 0 before
// the first one.
func (s *Session) RoundTrip() time.Duration { return time.Duration(s.host.line.least.Load()) }

// MeasureRoundTrip asks the server for an answer that needs no work, if the round trip may be less than enough and the host was not
// asked a few times already. Nothing else may be under way on the connection. The error is as those of imap.Client.
func (s *Session) MeasureRoundTrip(ctx context.Context, enough time.Duration) error {
	if known := s.RoundTrip(); known > 0 && known < enough || s.host.line.asked.Load() >= mostAsked {
		return nil
	}
	err := s.Noop(ctx)
	s.host.line.asked.Add(1)
	if imap.IsStatus(err, "NO") && s.Err() == nil {
		return nil // it does not tell
	}
	return err
}

// observe returns what is told of the answers of a connection, and passes them on to log unless that is nil.
func (l *line) observe(log func(imap.Exchange)) func(imap.Exchange) {
	return func(e imap.Exchange) {
		l.heard(e)
		if log != nil {
			log(e)
		}
	}
}
