// SPDX-License-Identifier: Apache-2.0

package endpoint

import (
	"context"
	"maps"
	"net"
	"sync"
	"time"

	"rehome"
)

// Server is one service of an end, as a meter tells it from others.
type Server struct {
	Side    rehome.Side // "" for one that is of neither end
	Service string      // imap, dav, managesieve, pop3, submission, dsync
	Address string      // host and port as in the settings; of dsync also a command
}

// Meters are how the time with servers was spent, over all hosts that share them. The zero value is ready, and safe for concurrent use.
type Meters struct {
	mu  sync.Mutex
	all map[Server]*meter
}

// Metered is what is known of a server at a moment.
type Metered struct {
	Load

	In      int                    // connections that have a place, or requests of contacts and calendars
	Waiting int                    // those that wait for one
	Slowed  int64                  // how often the server has asked to go slower
	LogIns  map[rehome.Class]int64 // by how they have ended; "" is well
}

// Read returns what is known of each server that was used so far.
func (m *Meters) Read() map[Server]Metered {
	m.mu.Lock()
	meters := maps.Clone(m.all)
	m.mu.Unlock()
	all := make(map[Server]Metered, len(meters))
	for server, meter := range meters {
		all[server] = meter.read()
	}
	return all
}

func (m *Meters) of(server Server) *meter {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.all == nil {
		m.all = map[Server]*meter{}
	}
	if m.all[server] == nil {
		m.all[server] = &meter{logIns: map[rehome.Class]int64{}}
	}
	return m.all[server]
}

// meterOf returns the meter of a service of the host.
func (h *Host) meterOf(service, address string) *meter {
	meter := h.meters.of(Server{h.settings.Side, service, address})
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, known := h.since[meter]; !known {
		h.since[meter] = begun{service, meter.load()}
	}
	return meter
}

// begun is what a meter had come to when a host began to use it.
type begun struct {
	service string
	load    Load
}

// Load is how the time of the host's connections was spent so far.
func (h *Host) Load() (sum Load) {
	for _, load := range h.Loads() {
		sum = sum.Plus(load)
	}
	return sum
}

// Loads is Load by service.
func (h *Host) Loads() map[string]Load {
	h.mu.Lock()
	since := maps.Clone(h.since)
	h.mu.Unlock()
	loads := map[string]Load{}
	for meter, before := range since {
		loads[before.service] = loads[before.service].Plus(meter.load().Minus(before.load))
	}
	return loads
}

// meter sums up the loads of a server's connections, the open ones included.
type meter struct {
	mu      sync.Mutex
	ended   Load
	open    map[any]func() Load
	queue   map[any]func() Load // of those that wait for a place
	least   time.Duration       // to connect: TCP's handshake takes one round trip, and no program at the other end has to wake up for it
	entered int
	slow    int64
	logIns  map[rehome.Class]int64
}

// begin counts a connection until the returned function is called. load is asked for what it has come to.
func (m *meter) begin(load func() Load) (end func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.open == nil {
		m.open = map[any]func() Load{}
	}
	return m.countLocked(m.open, load)
}

func (m *meter) countLocked(among map[any]func() Load, load func() Load) (end func()) {
	key := new(int)
	among[key] = load
	return func() {
		last := load()
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(among, key)
		m.ended = m.ended.Plus(last)
	}
}

// add counts what is no connection of its own.
func (m *meter) add(l Load) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ended = m.ended.Plus(l)
}

// queues counts somebody who waits for a place until the returned function is called, and who has one then unless there is an error.
// Eased says that there are fewer places than usual because the server has asked for it. A nil meter counts nothing.
func (m *meter) queues(eased bool) (over func(*error)) {
	if m == nil {
		return func(*error) {}
	}
	began := time.Now()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.queue == nil {
		m.queue = map[any]func() Load{}
	}
	end := m.countLocked(m.queue, func() Load {
		if eased {
			return Load{Eased: time.Since(began)}
		}
		return Load{Queued: time.Since(began)}
	})
	return func(err *error) {
		end()
		if *err == nil {
			m.in(1)
		}
	}
}

// in counts those that have a place.
func (m *meter) in(more int) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.entered += more
}

// slowed counts that the server has asked to go slower.
func (m *meter) slowed() {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.slow++
}

// loggedIn counts a log-in.
func (m *meter) loggedIn(err error) {
	var class rehome.Class
	if err != nil {
		class = rehome.ClassOf(err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.logIns[class]++
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
	return Load{Open: open, Awaited: awaited, OnWay: min(awaited, time.Duration(turns)*m.roundTrip()), Turns: int64(turns)}
}

// load is what has come so far.
func (m *meter) load() Load { return m.read().Load }

func (m *meter) read() Metered {
	m.mu.Lock()
	now := Metered{Load: m.ended, In: m.entered, Waiting: len(m.queue), Slowed: m.slow, LogIns: maps.Clone(m.logIns)}
	open := make([]func() Load, 0, len(m.open)+len(m.queue))
	for _, those := range []map[any]func() Load{m.open, m.queue} {
		for _, load := range those {
			open = append(open, load)
		}
	}
	m.mu.Unlock()
	for _, load := range open {
		now.Load = now.Plus(load())
	}
	return now
}
