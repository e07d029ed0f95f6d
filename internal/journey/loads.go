// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"time"

	"rehome"
	"rehome/internal/endpoint"
	"rehome/internal/ledger"
)

// HeldUpSpan is what the work of a span of time was held up by, of all processes together.
type HeldUpSpan struct {
	Minutes int                     `json:"minutes"` // that it goes back
	By      []endpoint.Share        `json:"by"`      // the most first; empty where nothing tells
	Servers []endpoint.ServerShares `json:"servers"`
}

// heldUpSpans are the spans that are looked at: lately, and a day.
var heldUpSpans = []time.Duration{10 * time.Minute, 24 * time.Hour}

// ledgerServer stands for the ledger among the servers in the ledger.
var ledgerServer = endpoint.Server{Service: "ledger"}

// loadsOf is how time was spent, as the ledger keeps it. What has not been used is left out.
func (t times) loadsOf() (all []ledger.Load) {
	for server, o := range t.servers {
		if o != (endpoint.Load{}) && server.Side != "" {
			all = append(all, ledger.Load{
				Side: server.Side, Service: server.Service, Address: server.Address,
				Open: o.Open, Awaited: o.Awaited, OnWay: o.OnWay, Paced: o.Paced, Queued: o.Queued, Eased: o.Eased, Unmeasured: o.Unmeasured,
			})
		}
	}
	if len(all) > 0 {
		all = append(all, ledger.Load{Service: ledgerServer.Service, Awaited: t.ledger})
	}
	return all
}

// timesOf reads loads again.
func timesOf(loads []ledger.Load) times {
	t := times{servers: map[endpoint.Server]endpoint.Load{}}
	for _, o := range loads {
		server := endpoint.Server{Side: o.Side, Service: o.Service, Address: o.Address}
		if server == ledgerServer {
			t.ledger = o.Awaited
			continue
		}
		t.servers[server] = endpoint.Load{
			Open: o.Open, Awaited: o.Awaited, OnWay: o.OnWay, Paced: o.Paced, Queued: o.Queued, Eased: o.Eased, Unmeasured: o.Unmeasured,
		}
	}
	return t
}

// loadNoter returns what adds to the ledger how this process has spent its time since it was called last.
func (m *Move) loadNoter(store *ledger.Ledger) (note func(ctx context.Context)) {
	before := m.spent(store)
	return func(ctx context.Context) {
		now := m.spent(store)
		since := now.minus(before)
		before = now
		if err := store.Loads.Add(ctx, time.Now(), since.loadsOf()...); err != nil {
			m.log.Info("what the work is held up by cannot be kept", rehome.LogError, err.Error())
		}
	}
}

// heldUpLately reads what the work was held up by, of spans in which anything was noted.
func heldUpLately(ctx context.Context, store *ledger.Ledger, now time.Time) ([]HeldUpSpan, error) {
	spans := []HeldUpSpan{}
	for _, span := range heldUpSpans {
		loads, err := store.Loads.Since(ctx, now.Add(-span))
		if err != nil {
			return nil, err
		}
		t := timesOf(loads)
		if by, servers := t.shares(), endpoint.SharesOf(t.servers); len(by)+len(servers) > 0 {
			spans = append(spans, HeldUpSpan{int(span / time.Minute), nonNil(by), servers})
		}
	}
	return spans, nil
}
