// SPDX-License-Identifier: Apache-2.0

package endpoint

import (
	"fmt"
	"log/slog"
	"sync"
	"time"

	"rehome"
)

// patience is what a service has asked of us and how far it is granted: fewer connections and a
// pause when it says that we are too fast, one connection more after every calm half minute.
type patience struct {
	gate *gate
	side rehome.Side
	unit string // "connections"
	tell func(string)
	log  *slog.Logger

	mu     sync.Mutex
	words  string    // the server's own; "" while it has no complaint
	slowed time.Time // when it last asked
	grown  time.Time // when it last got a connection back
}

const (
	usualPause   = 5 * time.Second  // for a server that names no time
	longestPause = 15 * time.Minute // Exchange asks for five minutes
	calm         = 30 * time.Second // without complaint before one connection more is tried
	oneBurst     = 2 * time.Second  // complaints of several connections that mean the same
)

// slow grants what the server asks for in these words.
func (p *patience) slow(pause time.Duration, words string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if now.Sub(p.slowed) < oneBurst {
		return
	}
	p.slowed = now
	p.grown = now
	p.words = words
	p.gate.slow(pause)
	p.say(pause, words)
}

// say tells what a server has asked for and gets.
func (p *patience) say(pause time.Duration, words string) {
	allowed := p.gate.allowed()
	p.log.Info("host asks to slow down", rehome.LogError, words, rehome.LogPause, pause, rehome.LogLimit, allowed, rehome.LogMost, p.gate.most)
	p.tell(fmt.Sprintf("the %s asks to slow down (%q): continuing in %v with at most %d of %d %s",
		p.side, words, pause.Round(time.Second), allowed, p.gate.most, p.unit))
}

// sayOver tells that it is at full speed again.
func (p *patience) sayOver() {
	p.log.Info("host is at full speed again", rehome.LogMost, p.gate.most)
	p.tell("")
}

// relax gives connections back after calm times.
func (p *patience) relax() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.words == "" || time.Since(p.grown) < calm || time.Since(p.slowed) < calm {
		return
	}
	p.grown = time.Now()
	p.gate.widen()
	if p.gate.allowed() == p.gate.most {
		p.words = ""
		p.sayOver()
	}
}
