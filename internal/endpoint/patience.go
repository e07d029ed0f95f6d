// SPDX-License-Identifier: Apache-2.0

package endpoint

import (
	"fmt"
	"log/slog"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"rehome"
	"rehome/internal/protocol/imap"
)

// patience is what an IMAP host has asked of us and how far it is granted: fewer connections and a
// pause when it says that we are too fast, one connection more after every calm half minute.
type patience struct {
	gate *gate
	side rehome.Side
	tell func(string) // may be nil
	log  *slog.Logger

	mu     sync.Mutex
	words  string    // the server's own; "" while it has no complaint
	slowed time.Time // when it last asked
	grown  time.Time // when it last got a connection back
}

const (
	imapPause   = 5 * time.Second  // for a host that names no time
	imapLongest = 15 * time.Minute // Exchange asks for five minutes
	calm        = 30 * time.Second // without complaint before one connection more is tried
	oneBurst    = 2 * time.Second  // complaints of several connections that mean the same
)

// heed takes a refusal into account if it is about our speed.
func (p *patience) heed(status *imap.StatusError) {
	pause, slower := asksForPatience(status)
	if !slower {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if now.Sub(p.slowed) < oneBurst {
		return
	}
	p.slowed, p.grown, p.words = now, now, status.Text
	p.gate.slow(pause)
	p.log.Info("host asks to slow down", rehome.LogError, p.words, rehome.LogPause, pause, rehome.LogLimit, p.gate.allowed(), rehome.LogMost, p.gate.most)
	p.sayLocked(fmt.Sprintf("the %s asks to slow down (%q): going on in %v with at most %d of %d connections",
		p.side, p.words, pause.Round(time.Second), p.gate.allowed(), p.gate.most))
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
		p.log.Info("host is at full speed again", rehome.LogMost, p.gate.most)
		p.sayLocked("")
	}
}

func (p *patience) sayLocked(sentence string) {
	if p.tell != nil {
		p.tell(sentence)
	}
}

// asksForPatience reports whether a refusal means that we are too fast for the host, and how long it
// wants to be left alone. LIMIT and INUSE (RFC 5530) say so only while connecting and logging in:
// later they are about one message or one mailbox.
func asksForPatience(status *imap.StatusError) (pause time.Duration, slower bool) {
	text := strings.ToLower(status.Text)
	entering := status.Kind == "BYE" || status.Command == "connect" || strings.HasPrefix(status.Command, "AUTHENTICATE") || status.Command == "LOGIN"
	switch {
	case perUser(text):
		return 0, false // the account's own limit, see learnLimit
	case status.Code == "THROTTLED",
		entering && (status.Code == "LIMIT" || status.Code == "INUSE" || status.Code == "UNAVAILABLE"),
		strings.Contains(text, "throttl"), strings.Contains(text, "backoff time"),
		strings.Contains(text, "too many connections"), strings.Contains(text, "too many simultaneous"), strings.Contains(text, "maximum number of connections"):
		return min(backOff(text), imapLongest), true
	}
	return 0, false
}

// perUser recognises a limit on the connections of one account, as Dovecot (mail_max_userip_connections),
// Courier and Gmail word it.
func perUser(text string) bool {
	return strings.Contains(text, "connections") && (strings.Contains(text, "from user") || strings.Contains(text, "per user") || strings.Contains(text, "for user")) ||
		strings.Contains(text, "too many simultaneous connections") && strings.Contains(text, "account")
}

var backOffTime = regexp.MustCompile(`back-?off time:? *([0-9]{1,9}) *(milliseconds|ms|seconds|s)?\b`)

// backOff reads Exchange's "Suggested Backoff Time: 299961 milliseconds"; milliseconds are meant where
// no unit follows.
func backOff(text string) time.Duration {
	found := backOffTime.FindStringSubmatch(text)
	if found == nil {
		return imapPause
	}
	number, err := strconv.Atoi(found[1])
	if err != nil {
		return imapPause
	}
	if strings.HasPrefix(found[2], "s") {
		return time.Duration(number) * time.Second
	}
	return time.Duration(number) * time.Millisecond
}
