// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"sync"
	"time"

	"rehome"
	"rehome/internal/conductor"
	"rehome/internal/endpoint"
	"rehome/internal/ledger"
)

// recently is how far what has held a pass up lately goes back at least, and half of how far it does at most.
const recently = 30 * time.Second

// heldUp says what holds the work between two hosts up.
type heldUp struct {
	spent func() times

	mu                sync.Mutex
	begun, since, mid times // when the work began, when lately did, and when that will have begun next
	turned            time.Time
}

// times are how time was spent until a moment, with each server and with the ledger.
type times struct {
	servers map[endpoint.Server]endpoint.Load
	ledger  time.Duration
}

// minus returns what has come since.
func (t times) minus(since times) times {
	more := times{servers: make(map[endpoint.Server]endpoint.Load, len(t.servers)), ledger: t.ledger - since.ledger}
	for server, load := range t.servers {
		more.servers[server] = load.Minus(since.servers[server])
	}
	return more
}

// shares says what the time between both ends was held up by.
func (t times) shares() []endpoint.Share {
	sides := map[rehome.Side]endpoint.Load{}
	for server, load := range t.servers {
		sides[server.Side] = sides[server.Side].Plus(load)
	}
	return endpoint.Shares(sides[rehome.Source], sides[rehome.Destination], t.ledger)
}

// spent is how this process has spent its time so far.
func (m *Move) spent(store *ledger.Ledger) times {
	now := times{servers: map[endpoint.Server]endpoint.Load{}, ledger: store.Spent().Waited}
	for server, metered := range m.meters.Read() {
		now.servers[server] = metered.Load
	}
	return now
}

// explain has progress say what holds the work that begins now up.
func (m *Move) explain(store *ledger.Ledger, progress *conductor.Progress) {
	progress.Explain(newHeldUp(func() times { return m.spent(store) }).now)
}

func newHeldUp(spent func() times) *heldUp {
	begun := spent()
	return &heldUp{spent: spent, begun: begun, since: begun, mid: begun, turned: time.Now()}
}

func (e *heldUp) now() conductor.HeldUp {
	e.mu.Lock()
	defer e.mu.Unlock()
	now := e.spent()
	if time.Since(e.turned) >= recently {
		e.since, e.mid, e.turned = e.mid, now, time.Now()
	}
	whole := now.minus(e.begun)
	return conductor.HeldUp{Lately: now.minus(e.since).shares(), Whole: whole.shares(), Servers: endpoint.SharesOf(whole.servers)}
}
