// SPDX-License-Identifier: Apache-2.0

package endpoint

import (
	"cmp"
	"context"
	"maps"
	"net"
	"slices"
	"sync"
	"time"
)

// Load is how the time of connections to a host was spent, summed over all of them.
type Load struct {
	Open    time.Duration // from the log-in until the end; of contacts and calendars, the time of requests
	Awaited time.Duration // of that, waiting for the server's answers, or for it to take what is sent
	OnWay   time.Duration // of Awaited, what the line needs at least: a round trip for each turn
	Paced   time.Duration // waiting because the settings allow no more octets a second

	unmeasured bool // something else was done with the host, of which this is not known
}

// Plus returns the sum of two loads.
func (l Load) Plus(m Load) Load {
	return Load{l.Open + m.Open, l.Awaited + m.Awaited, l.OnWay + m.OnWay, l.Paced + m.Paced, l.unmeasured || m.unmeasured}
}

// Minus returns what has come since an earlier load of the same host.
func (l Load) Minus(m Load) Load {
	return Load{l.Open - m.Open, l.Awaited - m.Awaited, l.OnWay - m.OnWay, l.Paced - m.Paced, l.unmeasured}
}

// Share is a part of the time for which work was held up.
type Share struct {
	By      string `json:"by"` // one of the words below
	Percent int    `json:"percent"`
}

// What holds work up.
const (
	BySource      = "source"
	ByDestination = "destination"
	ByLine        = "round trips"  // to either end
	ByLimit       = "own limit"    // limits.bytes_per_second
	ByUs          = "this machine" // neither end was waited for
)

// Shares says what held work between two hosts up, the most first, in whole per cent that make a hundred. Nothing is said of less than a
// second, nor where a host was not measured; what is below one per cent is left out.
func Shares(source, destination Load) []Share {
	if source.unmeasured || destination.unmeasured {
		return nil
	}
	both := source.Plus(destination)
	return percent(map[string]time.Duration{
		BySource:      source.Awaited - source.OnWay,
		ByDestination: destination.Awaited - destination.OnWay,
		ByLine:        source.OnWay + destination.OnWay,
		ByLimit:       source.Paced + destination.Paced,
		// While one end is waited for, the connections of the other may stand idle, or be waited for as well: at least so much is left.
		ByUs: max(0, both.Open/2-both.Awaited-both.Paced),
	})
}

// percent turns times into shares.
func percent(times map[string]time.Duration) (shares []Share) {
	var all time.Duration
	for _, t := range times { // one below zero is the error of a round trip that was measured anew
		all += max(0, t)
	}
	if all < time.Second {
		return nil
	}
	left := 100
	most := func(a, b string) int { return cmp.Or(cmp.Compare(times[b], times[a]), cmp.Compare(a, b)) }
	for _, by := range slices.SortedFunc(maps.Keys(times), most) {
		if n := min(left, int((100*times[by]+all/2)/all)); n > 0 {
			shares = append(shares, Share{by, n})
			left -= n
		}
	}
	shares[0].Percent += left // what was rounded away
	return shares
}

// meter sums up the loads of a host's connections, the open ones included.
type meter struct {
	mu    sync.Mutex
	ended Load
	open  map[any]func() Load
	least time.Duration // to connect: TCP's handshake takes one round trip, and no program at the other end has to wake up for it
}

// begin counts a connection until the returned function is called. load is asked for what it has come to.
func (m *meter) begin(load func() Load) (end func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.open == nil {
		m.open = map[any]func() Load{}
	}
	key := new(int)
	m.open[key] = load
	return func() {
		last := load()
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.open, key)
		m.ended = m.ended.Plus(last)
	}
}

// add counts what is no connection of its own.
func (m *meter) add(l Load) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ended = m.ended.Plus(l)
}

// roundTrip is how long one takes at most, as far as connecting has told; 0 before.
func (m *meter) roundTrip() time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.least
}

// dialing measures how long it takes to connect.
func (m *meter) dialing(dial dialFunc) dialFunc {
	if dial == nil {
		dial = (&net.Dialer{}).DialContext
	}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		began := time.Now()
		conn, err := dial(ctx, network, address)
		if err == nil {
			took := max(time.Since(began), 1)
			m.mu.Lock()
			if m.least == 0 || took < m.least {
				m.least = took
			}
			m.mu.Unlock()
		}
		return conn, err
	}
}

// awaited is the load of turns in which a server was waited for.
func (m *meter) awaited(open, awaited time.Duration, turns int) Load {
	awaited = min(awaited, open)
	return Load{Open: open, Awaited: awaited, OnWay: min(awaited, time.Duration(turns)*m.roundTrip())}
}

// Load is how the time of the host's connections was spent so far.
func (h *Host) Load() Load {
	h.meter.mu.Lock()
	sum, open := h.meter.ended, make([]func() Load, 0, len(h.meter.open))
	for _, load := range h.meter.open {
		open = append(open, load)
	}
	h.meter.mu.Unlock()
	for _, load := range open {
		sum = sum.Plus(load())
	}
	return sum
}
