// SPDX-License-Identifier: Apache-2.0

package conductor

import (
	"cmp"
	"fmt"
	"math"
	"sync"
	"time"

	"rehome"
	"rehome/internal/endpoint"
	"rehome/internal/pass"
)

// Progress is how far a pass has come, and how fast it goes. It is a mailcopy.Observer and a davcopy.Observer; Snapshot may be
// called at any time. It keeps the accounts at work; of the others it keeps sums.
type Progress struct {
	mu               sync.Mutex
	atWork           map[string]*accountProgress
	begun            share // of all accounts whose turn has come, those that have ended included
	ahead            share // of those whose turn has not come
	finished, failed int
	objects          int64  // contacts and calendar objects that were dealt with
	carried          load   // since the pass began
	window           window // and lately
	slowed           map[rehome.Side]string
	waits            map[string][]pass.Wait // by account
	making           map[string]making      // likewise, where mailboxes are made
	stirred          time.Time              // when something was last heard of any account
	explain          func() HeldUp          // nil for nobody who knows
	ends, retries    map[StepEnd]int64
}

// Snapshot is the sum over all accounts.
type Snapshot struct {
	Accounts     int   // of the pass
	Known        int   // accounts whose messages are counted below: the last pass has left them, or this one has looked at them
	Finished     int   // accounts that are done, failed ones included
	Failed       int   // of those
	Messages     int64 // at the source, of the accounts that are known
	Octets       int64 // likewise; -1 when a server does not say
	Done         int64 // messages at the destination
	Copied       int64 // messages copied by this pass
	CopiedOctets int64 // of messages, contacts and calendar objects
	Objects      int64 // contacts and calendar objects that were dealt with

	Elapsed           time.Duration
	MessagesPerSecond float64 // copied lately
	OctetsPerSecond   float64
	Left              time.Duration // until the pass is over; 0 as long as there is nothing to tell it from

	Waiting string        // what holds mailboxes up and for how long, or how many are made by now, as a sentence; "" for nothing
	Quiet   time.Duration // since something was last heard of any account
	Slowed  string        // what a host has said about our speed, as a sentence; "" at full speed

	HeldUp HeldUp
}

// HeldUp is what holds a pass up, the most first; nil while nothing tells.
type HeldUp struct {
	Lately  []endpoint.Share        // in the last minute
	Whole   []endpoint.Share        // since the pass began
	Servers []endpoint.ServerShares // of Whole, what each server's time was spent with
}

// NewProgress returns the Progress of a pass that begins now.
func NewProgress() *Progress {
	return &Progress{
		atWork: map[string]*accountProgress{}, slowed: map[rehome.Side]string{}, waits: map[string][]pass.Wait{}, making: map[string]making{},
		window: window{began: time.Now()}, stirred: time.Now(), ends: map[StepEnd]int64{}, retries: map[StepEnd]int64{},
	}
}

// Explain has snapshots say what holds the pass up, by somebody who knows. It is called before the pass begins.
func (p *Progress) Explain(heldUp func() HeldUp) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.explain = heldUp
}

// Expect counts an account whose turn is to come, with what the last pass has left of it; nil when nobody knows.
func (p *Progress) Expect(size *pass.Size) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ahead = p.ahead.plus(newAccountProgress(size).share())
}

// Begin takes an account that was expected with that size from those whose turn has not come.
func (p *Progress) Begin(account string, size *pass.Size) {
	p.mu.Lock()
	defer p.mu.Unlock()
	a := newAccountProgress(size)
	p.stirred = time.Now()
	p.atWork[account] = a
	p.ahead = p.ahead.less(a.share())
	p.begun = p.begun.plus(a.share())
}

// change lets an account at work change and keeps the sum right.
func (p *Progress) change(account string, change func(*accountProgress)) {
	p.stirred = time.Now()
	if a := p.atWork[account]; a != nil {
		before := a.share()
		change(a)
		p.begun = p.begun.less(before).plus(a.share())
	}
}

// carry counts what has gone over the line.
func (p *Progress) carry(l load) {
	p.stirred = time.Now()
	p.window.add(time.Now(), l)
	p.carried.messages += l.messages
	p.carried.octets += l.octets
	p.carried.accounts += l.accounts
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

// making is how many mailboxes of an account are made.
type making struct{ made, of int }

// noteworthy is how many mailboxes have to be made for it to be told: fewer are made in a moment.
const noteworthy = 50

// Made implements mailcopy.Observer.
func (p *Progress) Made(account string, mailboxes, of int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stirred = time.Now()
	if mailboxes >= of || of < noteworthy {
		delete(p.making, account)
		return
	}
	p.making[account] = making{mailboxes, of}
}

// makes says in a sentence for whom mailboxes are made, and how far that is.
func makes(accounts map[string]making) string {
	var all making
	whose := fmt.Sprintf("%d accounts", len(accounts))
	for account, m := range accounts {
		all.made += m.made
		all.of += m.of
		if len(accounts) == 1 {
			whose = account
		}
	}
	if all.of == 0 {
		return ""
	}
	return fmt.Sprintf("the destination creates mailboxes for %s: %d of %d", whose, all.made, all.of)
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
	if p.atWork[account] == nil { // nobody has announced it
		a := newAccountProgress(nil)
		p.atWork[account], p.begun = a, p.begun.plus(a.share())
	}
	delete(p.making, account) // of a slice that was broken off
	p.change(account, func(a *accountProgress) { a.look(messages, octets) })
}

// Present implements mailcopy.Observer.
func (p *Progress) Present(account string, messages int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.change(account, func(a *accountProgress) { a.present += messages })
}

// Copied implements mailcopy.Observer.
func (p *Progress) Copied(account string, messages int, octets int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.carry(load{messages: int64(messages), octets: octets})
	p.change(account, func(a *accountProgress) {
		a.sliceCopied += int64(messages)
		a.copied += int64(messages)
		a.copiedOctets += octets
	})
}

// Reached returns how many messages of the accounts at work are at the destination, by account, as far as this pass has seen them.
func (p *Progress) Reached() map[string]int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	reached := make(map[string]int64, len(p.atWork))
	for account, a := range p.atWork {
		if a.looked {
			reached[account] = a.share().done
		}
	}
	return reached
}

// Done implements davcopy.Observer.
func (p *Progress) Done(_ string, objects int, octets int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.objects += int64(objects)
	p.carry(load{octets: octets})
}

// Read counts what was read to be compared: messages, or octets of contacts and calendar objects.
func (p *Progress) Read(account string, messages int, octets int64) {
	if messages == 0 {
		p.Done(account, 0, octets)
		return
	}
	p.Copied(account, messages, octets)
}

// Finished counts an account as done. What is missing of it stays behind.
func (p *Progress) Finished(account string, failed bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.change(account, func(a *accountProgress) { a.ended = true })
	delete(p.atWork, account)
	delete(p.making, account)
	p.carry(load{accounts: 1})
	p.finished++
	if failed {
		p.failed++
	}
}

// Snapshot sums up.
func (p *Progress) Snapshot() Snapshot {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	all := p.begun.plus(p.ahead)
	s := Snapshot{
		Accounts: all.accounts, Known: all.known, Finished: p.finished, Failed: p.failed, Messages: all.messages, Octets: all.octets, Done: all.done,
		Copied: all.copied, CopiedOctets: p.carried.octets, Objects: p.objects, Elapsed: now.Sub(p.window.began),
		Slowed: cmp.Or(p.slowed[rehome.Destination], p.slowed[rehome.Source]), Waiting: cmp.Or(waiting(p.waits, now), makes(p.making)),
		Quiet: now.Sub(p.stirred),
	}
	if p.explain != nil {
		s.HeldUp = p.explain()
	}
	if all.unsized > 0 {
		s.Octets = -1
	}
	if lately, span := p.window.last(now, shortWindow); span > 0 {
		s.MessagesPerSecond, s.OctetsPerSecond = float64(lately.messages)/span.Seconds(), float64(lately.octets)/span.Seconds()
	}
	b := basis{begun: p.begun, ahead: p.ahead, finished: p.finished, elapsed: s.Elapsed}
	b.carried, b.span = p.window.last(now, longWindow)
	s.Left = b.remaining()
	return s
}
