// SPDX-License-Identifier: Apache-2.0

package worker

import (
	"context"
	"sync"
	"time"

	"rehome"
	"rehome/internal/ledger"
)

// DefaultLease is how long an account stays with a worker that says nothing: longer than a database takes to start again, and short
// enough that the accounts of a dead worker are soon taken up.
const DefaultLease = time.Minute

// Keeper holds the leases of one worker.
//
// The rule: nothing is sent to a server by a process that may have lost its leases. That is known here without asking: time
// since the last renewal was begun, by the clock of this machine, which only has to run as fast as that of the database. A process
// that was stopped, or a machine that slept, finds out with the first thing that it wants to send.
//
// With renewals, one for all accounts, others hear how far those are, and the keeper which of them are to be left alone from now on: a
// slice may be long.
type Keeper struct {
	leases Leases
	name   string
	long   time.Duration

	// Reached returns how many messages of accounts at work are at the destination, by address. Nil is for nobody who knows.
	Reached func() map[string]int64

	mu    sync.Mutex
	held  map[string]*holding // by account
	fresh time.Time           // when the last renewal was begun that succeeded
	count int                 // of renewals
}

// tellEvery is with how many renewals others hear how far accounts are: every half a minute, as by slices that nobody lets be long.
const tellEvery = 2

type holding struct {
	lease   ledger.Lease
	lose    context.CancelCauseFunc
	told    int64         // messages at the destination, as others have heard of them
	recall  chan struct{} // of the slice under way
	recalls bool          // it is closed
}

// NewKeeper returns one for the worker of this name. Long is how long each lease lasts; 0 means DefaultLease.
func NewKeeper(leases Leases, name string, long time.Duration) *Keeper {
	if long <= 0 {
		long = DefaultLease
	}
	return &Keeper{leases: leases, name: name, long: long, held: map[string]*holding{}}
}

// Claim takes an account. The context carries the lease, and ends when that is lost. Release gives the account back.
func (k *Keeper) Claim(ctx context.Context, account string) (_ context.Context, release func(done bool) error, taken bool, err error) {
	lease, taken, err := k.leases.Claim(ctx, k.name, account, k.long)
	if err != nil || !taken {
		return ctx, nil, false, err
	}
	ctx, lose := context.WithCancelCause(ledger.WithLease(ctx, lease))
	k.mu.Lock()
	k.held[account] = &holding{lease: lease, lose: lose}
	k.mu.Unlock()
	return ctx, func(done bool) error {
		k.mu.Lock()
		delete(k.held, account)
		k.mu.Unlock()
		lose(nil)
		return k.leases.Release(context.WithoutCancel(ctx), lease, done)
	}, true, nil
}

// Renew renews all leases, and ends the work on accounts that are lost.
func (k *Keeper) Renew(ctx context.Context) error { return k.renew(ctx, time.Now()) }

// renew is Renew of a worker that has begun to say that it is there at this moment.
func (k *Keeper) renew(ctx context.Context, began time.Time) error {
	before, news := k.all()
	still, err := k.leases.Renew(ctx, k.name, k.long, news)
	if err != nil {
		return err
	}
	k.mu.Lock()
	for _, lease := range still {
		h := before[lease.Address]
		if h == nil || h.lease != lease.Lease {
			continue
		}
		delete(before, lease.Address)
		if there, told := news[lease.Address]; told {
			h.told = there
		}
		if lease.Stands {
			h.end()
		}
	}
	k.fresh = began
	k.mu.Unlock()
	for _, lost := range before {
		lost.lose(ledger.ErrLeaseLost) // those that were given back meanwhile have ended anyway
	}
	return nil
}

// all returns what is held, and what others have not heard of it.
func (k *Keeper) all() (held map[string]*holding, news map[string]int64) {
	var reached map[string]int64
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.count++; k.count%tellEvery == 0 && k.Reached != nil {
		reached = k.Reached()
	}
	held, news = make(map[string]*holding, len(k.held)), map[string]int64{}
	for account, h := range k.held {
		held[account] = h
		if there := reached[account]; there > h.told {
			news[account] = there
		}
	}
	return held, news
}

// Recall returns a channel for a slice of an account that begins. It is closed with the first renewal from now on that finds the account
// to be left alone.
func (k *Keeper) Recall(account string) <-chan struct{} {
	k.mu.Lock()
	defer k.mu.Unlock()
	h := k.held[account]
	if h == nil {
		return nil // it was given back
	}
	h.recall, h.recalls = make(chan struct{}), false
	return h.recall
}

// end ends the slice under way.
func (h *holding) end() {
	if h.recall != nil && !h.recalls {
		h.recalls = true
		close(h.recall)
	}
}

// loseAll ends the work on all accounts.
func (k *Keeper) loseAll() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, h := range k.held {
		h.lose(ledger.ErrLeaseLost)
	}
}

// Permit returns an error when this process may have lost its leases.
func (k *Keeper) Permit() error {
	k.mu.Lock()
	fresh := k.fresh
	k.mu.Unlock()
	now := time.Now()
	// The clock that only goes forward may stand still while the machine sleeps, and the other one may be set.
	silent := max(now.Sub(fresh), now.Round(0).Sub(fresh.Round(0)))
	if silent < k.long-k.long/6 {
		return nil
	}
	return &rehome.Fault{Class: rehome.ClassTemporary, Op: "send to", Object: "a server", Cause: ledger.ErrLeaseLost,
		Hint: "do nothing: whoever has the account now goes on with it"}
}
