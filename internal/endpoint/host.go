// SPDX-License-Identifier: Apache-2.0

package endpoint

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"rehome"
)

// HostSettings are what the operator grants one end, over all of its services and all accounts.
type HostSettings struct {
	Side           rehome.Side
	Connections    int   // at most so many at once, whatever they are for; 0 means 8
	BytesPerSecond int64 // of messages, objects and scripts; 0 is as fast as it goes

	Log *slog.Logger // nil discards

	// Permit is asked before anything is written to a connection, by whichever service. Its error ends the connection. It may be
	// nil, which permits everything.
	Permit func() error

	// Slowed is told, from any goroutine, in a sentence when one of the services asks to go slower, and "" when all are at
	// full speed again. It may be nil.
	Slowed func(sentence string)

	Waits  *Waits  // is told which answers are waited for; nil for nobody
	Meters *Meters // where the time with its servers is summed up; nil is one of its own
}

// Host is one end of a move, as far as its services share it: how many connections it bears, how fast octets may
// flow, and what it has asked of us. Each service has a gate of its own within that of the host, because it may be another
// machine, and learns by itself what that one bears.
//
// Whoever holds a connection to a host waits for no other one to it, of whichever service: all who do so might wait for
// each other. One to the source may be held while waiting for the destination, and not the other way round.
type Host struct {
	settings HostSettings
	gate     *gate
	pace     *rate.Limiter // nil for no limit
	meters   *Meters
	open     openConnections

	mu    sync.Mutex
	said  []complaint      // of services that are slower than they could be
	since map[*meter]begun // of its services, when it got them
}

// complaint is what a service has asked for.
type complaint struct{ service, sentence string }

// NewHost returns the host that settings describe.
func NewHost(settings HostSettings) *Host {
	if settings.Connections <= 0 {
		settings.Connections = 8
	}
	if settings.Meters == nil {
		settings.Meters = &Meters{}
	}
	h := &Host{settings: settings, gate: newGate(settings.Connections, settings.Connections), meters: settings.Meters, since: map[*meter]begun{}}
	if settings.BytesPerSecond > 0 {
		h.pace = rate.NewLimiter(rate.Limit(settings.BytesPerSecond), paceBurst)
	}
	return h
}

// Settings returns what the host was made with, defaults filled in.
func (h *Host) Settings() HostSettings { return h.settings }

// Enter waits for one of the host's connections, without a service that would open one: for an end that is simulated. Leave gives it back.
func (h *Host) Enter(ctx context.Context) (leave func(), err error) {
	if err := h.gate.enter(ctx); err != nil {
		return nil, err
	}
	return h.gate.leave, nil
}

// Crowded reports whether anybody waits for one of the host's connections, or fewer are allowed than there are.
func (h *Host) Crowded() bool { return h.gate.crowded() }

// hear notes what a service has asked for, "" when it is at full speed again, and tells what holds now.
func (h *Host) hear(service, sentence string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	kept := h.said[:0]
	for _, c := range h.said {
		if c.service != service {
			kept = append(kept, c)
		}
	}
	if h.said = kept; sentence != "" {
		h.said = append(h.said, complaint{service, sentence})
	}
	if h.settings.Slowed == nil {
		return
	}
	if n := len(h.said); n > 0 {
		sentence = h.said[n-1].sentence
	}
	h.settings.Slowed(sentence)
}

// paceBurst is how much may pass at once, so that the pace is even. Where that takes longer than a paceTime, less passes at once: what
// waits keeps to the pace that it began with, see Allow.
const (
	paceBurst = 64 << 10
	paceTime  = 250 * time.Millisecond
)

// pay waits until so many octets may flow. It is for what services read, and for what they write that was not read at the
// other end; a message that is copied was paid for where it was read.
func (h *Host) pay(ctx context.Context, octets int) error {
	if h.pace == nil {
		return nil
	}
	for octets > 0 {
		n := min(octets, paceBurst, max(1, int(float64(h.pace.Limit())*paceTime.Seconds())))
		if err := h.pace.WaitN(ctx, n); err != nil {
			return err
		}
		octets -= n
	}
	return nil
}

// paced pays for what is read.
type paced struct {
	ctx  context.Context
	from io.Reader
	host payee
}

// payee is whom octets are paid to: a host, or a service of one that measures how long that takes.
type payee interface {
	pay(ctx context.Context, octets int) error
}

func (p *paced) Read(buffer []byte) (int, error) {
	n, err := p.from.Read(buffer[:min(len(buffer), paceBurst)])
	if waitErr := p.host.pay(p.ctx, n); waitErr != nil {
		return n, waitErr
	}
	return n, err
}
