// SPDX-License-Identifier: Apache-2.0

package conductor

import (
	"cmp"
	"fmt"
	"math"
	"sync"
	"time"

	"rehome"
	"rehome/internal/pass"
)

// Progress is how far a pass has come. It is a mailcopy.Observer and a davcopy.Observer; Snapshot may be called at any time.
type Progress struct {
	mu               sync.Mutex
	accounts         map[string]*accountProgress
	finished, failed int
	objects          int64 // contacts and calendar objects that were dealt with
	slowed           map[rehome.Side]string
	waits            map[string][]pass.Wait // by account
}

type accountProgress struct {
	messages, octets int64 // at the source
	present          int64 // at the destination already, as this slice sees it
	sliceCopied      int64
	before           int64 // at the destination when this slice began, as the one before saw it
	copied           int64 // by this pass
	copiedOctets     int64
}

// done counts messages at the destination. It does not fall back to nothing while a slice finds out
// anew what is there.
func (a *accountProgress) done() int64 { return max(a.before, a.present+a.sliceCopied) }

// Snapshot is the sum over all accounts.
type Snapshot struct {
	Finished     int   // accounts that are done, failed ones included
	Failed       int   // of those
	Messages     int64 // at the source, of the accounts that were looked at
	Octets       int64 // likewise; -1 when a server does not say
	Done         int64 // messages at the destination
	Copied       int64 // messages copied by this pass
	CopiedOctets int64
	Objects      int64  // contacts and calendar objects that were dealt with
	Waiting      string // what holds mailboxes up and for how long, as a sentence; "" for nothing
	Slowed       string // what a host has said about our speed, as a sentence; "" at full speed
}

// NewProgress returns an empty Progress.
func NewProgress() *Progress {
	return &Progress{accounts: map[string]*accountProgress{}, slowed: map[rehome.Side]string{}, waits: map[string][]pass.Wait{}}
}

// Waiting notes the mailboxes of an account that wait until nothing of an interrupted batch can arrive.
func (p *Progress) Waiting(account string, waits []pass.Wait) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(waits) == 0 {
		delete(p.waits, account)
		return
	}
	p.waits[account] = waits
}

// waiting says in a sentence who waits, why, and how long at most.
func waiting(accounts map[string][]pass.Wait, now time.Time) string {
	var all []pass.Wait
	messages := 0
	where := ""
	for account, waits := range accounts {
		for _, w := range waits {
			all = append(all, w)
			messages += w.Messages
			where = fmt.Sprintf("%s of %s waits", w.Mailbox, account)
		}
	}
	if len(all) == 0 {
		return ""
	}
	if len(all) > 1 {
		where = fmt.Sprintf("%d mailboxes wait", len(all))
	}
	_, until := pass.NextLook(all)
	seconds := max(int(math.Ceil(until.Sub(now).Seconds())), 1)
	return fmt.Sprintf("%s up to %d s for %d interrupted %s that may still arrive", where, seconds, messages, plural(messages))
}

func plural(messages int) string {
	if messages == 1 {
		return "message"
	}
	return "messages"
}

// Slowed notes what the host of a side has said about our speed; "" is full speed again.
func (p *Progress) Slowed(side rehome.Side, sentence string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.slowed[side] = sentence
}

// Looked implements mailcopy.Observer: a slice begins.
func (p *Progress) Looked(account string, messages, octets int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	a := p.accounts[account]
	if a == nil {
		a = &accountProgress{}
		p.accounts[account] = a
	}
	// A new slice counts anew what is there, the messages of the slice before included.
	a.messages, a.octets = messages, octets
	a.before = a.done()
	a.present, a.sliceCopied = 0, 0
}

// Present implements mailcopy.Observer.
func (p *Progress) Present(account string, messages int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if a := p.accounts[account]; a != nil {
		a.present += messages
	}
}

// Copied implements mailcopy.Observer.
func (p *Progress) Copied(account string, messages int, octets int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if a := p.accounts[account]; a != nil {
		a.sliceCopied += int64(messages)
		a.copied += int64(messages)
		a.copiedOctets += octets
	}
}

// Done implements davcopy.Observer.
func (p *Progress) Done(_ string, objects int, _ int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.objects += int64(objects)
}

// Finished counts an account as done.
func (p *Progress) Finished(failed bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.finished++
	if failed {
		p.failed++
	}
}

// Snapshot sums up.
func (p *Progress) Snapshot() Snapshot {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := Snapshot{
		Finished: p.finished, Failed: p.failed, Objects: p.objects, Slowed: cmp.Or(p.slowed[rehome.Destination], p.slowed[rehome.Source]),
		Waiting: waiting(p.waits, time.Now()),
	}
	for _, a := range p.accounts {
		s.Messages += a.messages
		s.Done += min(a.done(), a.messages)
		s.Copied += a.copied
		s.CopiedOctets += a.copiedOctets
		if a.octets < 0 || s.Octets < 0 {
			s.Octets = -1
		} else {
			s.Octets += a.octets
		}
	}
	return s
}
