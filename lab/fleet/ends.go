// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"context"
	cryptorand "crypto/rand"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"rehome"
	"rehome/internal/endpoint"
	"rehome/internal/ledger"
	"rehome/internal/mailcopy"
	"rehome/internal/pass"
	"rehome/internal/protocol/imap"
)

// Shape is what a pass over an account takes.
type Shape struct {
	Slices  int           // so many
	Takes   time.Duration // each; real time is shorter by the speed
	Batches int           // of messages, over all slices, with their rows in the ledger
	Speed   float64       // of the simulated time; 0 takes none
	Midway  bool          // accounts are somewhere within their pass when their first turn comes, as in the middle of a long move
}

// messagesPerBatch are in a batch, and of this size, where nothing else is known.
const (
	messagesPerBatch = 100
	messageOctets    = 75_000
)

// ends are a source and a destination that nobody runs. They know what every server would see, over all workers: who is logged in, and
// how far each account is.
type ends struct {
	mu       sync.Mutex
	shape    Shape
	work     int           // how many there have been
	wanted   int           // accounts that are to be over
	enough   chan struct{} // closed when they are
	open     int           // connections, to each end
	most     int           // of them at once
	accounts map[string]*seen
	over     int
	began    []string // accounts in the order of their first slices
	mistakes []string
	refuses  func(account string) bool
	gaps     time.Duration // between slices of accounts, all together
	between  int           // how many of them
	used     time.Duration // of connections, all together

	slices, batches atomic.Int64
	ledgers         sync.Map // of the workers, *ledger.Ledger
}

// seen is what the ends have seen of an account.
type seen struct {
	work    int // the one that it was in last, see ends
	at      int // slices of the pass that is under way
	passes  int // that have come to their end
	working bool
	since   time.Time // the slice that is under way began
	ended   time.Time // the last slice
}

func newEnds() *ends { return &ends{accounts: map[string]*seen{}} }

// begin has passes be of a shape from now on; the channel is closed when so many accounts are through.
func (e *ends) begin(shape Shape, wanted int) <-chan struct{} {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.shape, e.wanted, e.over, e.enough = shape, wanted, 0, make(chan struct{})
	e.slices.Store(0)
	e.batches.Store(0)
	e.gaps, e.between, e.used, e.most, e.began = 0, 0, 0, e.open, nil
	now := time.Now()
	for _, s := range e.accounts {
		s.since, s.ended = now, time.Time{}
	}
	return e.enough
}

// full waits until so many workers have begun, and so many connections to each end have been used at once.
func (e *ends) full(ctx context.Context, workers, connections int) error {
	for {
		joined := 0
		e.ledgers.Range(func(any, any) bool {
			joined++
			return true
		})
		e.mu.Lock()
		most := e.most
		e.mu.Unlock()
		if joined >= workers && most >= connections {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// wrong notes what must not be. The caller holds the lock.
func (e *ends) wrong(format string, values ...any) {
	if len(e.mistakes) < 20 {
		e.mistakes = append(e.mistakes, fmt.Sprintf(format, values...))
	}
}

// step is what a worker does at them.
func (e *ends) step(store *ledger.Ledger, source, destination *endpoint.Host) pass.Step {
	e.ledgers.Store(store, true)
	return &step{e, store, source, destination}
}

type step struct {
	ends        *ends
	store       *ledger.Ledger
	source, dst *endpoint.Host
}

// Kind implements pass.Step.
func (*step) Kind() rehome.Kind { return rehome.KindMail }

// RunSlice implements pass.Step.
func (s *step) RunSlice(ctx context.Context, account rehome.Account, _ time.Time, _ pass.Budget) (result pass.Result, err error) {
	for _, host := range []*endpoint.Host{s.source, s.dst} {
		leave, err := host.Enter(ctx)
		if err != nil {
			return result, err
		}
		defer leave()
	}
	shape, at, first, refused := s.ends.enter(account.Address)
	done := false
	defer func() { s.ends.leave(account.Address, done) }()
	if refused {
		return result, &rehome.Fault{Class: rehome.ClassAuth, Op: "log in as", Object: account.Address, Cause: errors.New("the password is wrong")}
	}
	if permit := s.dst.Settings().Permit; permit != nil {
		if err := permit(); err != nil {
			return result, err
		}
	}
	from, to := at*shape.Batches/shape.Slices, (at+1)*shape.Batches/shape.Slices
	batches := to - from
	if err := s.write(ctx, account.Address, from, to, shape.Batches); err != nil {
		return result, err
	}
	if takes := shape.Takes; shape.Speed > 0 {
		if first && shape.Midway {
			takes = rand.N(takes)
		}
		timer := time.NewTimer(time.Duration(float64(takes) / shape.Speed))
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			return result, ctx.Err()
		}
	}
	done = true
	messages := int64(shape.Batches * messagesPerBatch)
	there := int64((at + 1) * shape.Batches / shape.Slices * messagesPerBatch)
	return pass.Result{More: at+1 < shape.Slices, Advanced: batches > 0, Worked: true, Looked: true, Counts: mailcopy.Counts{
		Tally:  mailcopy.Tally{Copied: batches * messagesPerBatch, Octets: int64(batches) * messagesPerBatch * messageOctets},
		Census: mailcopy.Census{There: there, Left: messages - there}, Mailboxes: mailboxes, Octets: messages * messageOctets,
	}}, nil
}

// working is for how long connections were used, all together.
func (e *ends) working() time.Duration {
	e.mu.Lock()
	defer e.mu.Unlock()
	sum := e.used
	for _, s := range e.accounts {
		if s.working {
			sum += time.Since(s.since)
		}
	}
	return sum
}

// enter logs in, and says how far the account is.
func (e *ends) enter(account string) (shape Shape, at int, first, refused bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	s := e.accounts[account]
	if s == nil {
		s = &seen{}
		e.accounts[account] = s
	}
	if first = s.work != e.work; first {
		s.work = e.work
		if e.shape.Midway && s.at == 0 {
			s.at = rand.IntN(e.shape.Slices)
		}
	}
	if s.working {
		e.wrong("%s is worked on twice at the same time", account)
	}
	if s.at == 0 || first {
		e.began = append(e.began, account)
	}
	if !s.ended.IsZero() && s.at > 0 {
		e.gaps += time.Since(s.ended)
		e.between++
	}
	s.working, s.since = true, time.Now()
	e.open++
	e.most = max(e.most, e.open)
	e.slices.Add(1)
	return e.shape, s.at, first, e.refuses != nil && e.refuses(account)
}

func (e *ends) leave(account string, done bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.open--
	s := e.accounts[account]
	s.working, s.ended = false, time.Now()
	e.used += s.ended.Sub(s.since)
	if !done {
		return
	}
	if s.at++; s.at < e.shape.Slices {
		return
	}
	s.at, s.ended = 0, time.Time{}
	s.passes++
	if e.over++; e.over == e.wanted {
		close(e.enough)
	}
}

// mailboxes of an account, as scale of what a pass reads.
const mailboxes = 20

// write has the ledger note some batches of an account as a copy does, one mailbox behind the other: the mailbox is read, an intent waits
// for the disk, and a receipt follows.
func (s *step) write(ctx context.Context, account string, from, to, all int) error {
	for i := from; i < to; i++ {
		name := fmt.Sprintf("Folder %d", i*mailboxes/all)
		mailbox, err := s.store.Mail.Mailbox(ctx, ledger.Anchor{Address: account, Source: name, Destination: name, SrcUIDValidity: 1, DstUIDValidity: 1})
		if err != nil {
			return err
		}
		items := messages(mailbox.Done.Max())
		ids, err := s.store.Mail.Intend(ctx, mailbox, items[0].UID, items)
		if err != nil {
			return err
		}
		for k := range items {
			items[k].DstUID = items[k].UID
		}
		if err := s.store.Mail.Receive(ctx, mailbox, ids[0], items); err != nil {
			return err
		}
		s.ends.batches.Add(1)
	}
	return nil
}

// messages are those of a batch, behind the last UID.
func messages(last imap.UID) []ledger.Item {
	items := make([]ledger.Item, messagesPerBatch)
	for i := range items {
		digest, origin := make([]byte, 32), make([]byte, 16)
		_, _ = cryptorand.Read(digest) // which never fails
		copy(origin, digest)
		items[i] = ledger.Item{UID: last + 1 + imap.UID(i), Size: messageOctets - int64(rand.IntN(50_000)), Flags: []string{`\Seen`},
			Digest: digest, Origin: origin}
	}
	return items
}
