// SPDX-License-Identifier: Apache-2.0

package dns

import (
	"context"
	"net/netip"
	"sync"
	"time"
)

// paces keeps the questions to one address apart: a server that limits its answers would otherwise drop ours, which looks as if
// it were down.
type paces struct {
	mu   sync.Mutex
	next map[netip.AddrPort]time.Time
}

// maxPaced bounds what is remembered; when it is full, it begins anew.
const maxPaced = 10_000

// wait returns when the address may be asked.
func (p *paces) wait(ctx context.Context, addr netip.AddrPort, pause time.Duration) error {
	timer := time.NewTimer(p.reserve(addr, pause))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

func (p *paces) reserve(addr netip.AddrPort, pause time.Duration) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.next == nil || len(p.next) >= maxPaced {
		p.next = map[netip.AddrPort]time.Time{}
	}
	now := time.Now()
	at := p.next[addr]
	if at.Before(now) {
		at = now
	}
	p.next[addr] = at.Add(pause)
	return at.Sub(now)
}
