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
type Keeper struct {
	leases Leases
	name   string
	long   time.Duration

	mu    sync.Mutex
	held  map[string]holding // by account
	fresh time.Time          // when the last renewal was begun that succeeded
}

type holding struct {
	lease ledger.Lease
	lose  context.CancelCauseFunc
}

// NewKeeper returns one for the worker of this name. Long is how long each lease lasts; 0 means DefaultLease.
func NewKeeper(leases Leases, name string, long time.Duration) *Keeper {
	if long <= 0 {
		long = DefaultLease
	}
	return &Keeper{leases: leases, name: name, long: long, held: map[string]holding{}}
}

// Claim takes an account. The context carries the lease, and ends when that is lost. Release gives the account back.
func (k *Keeper) Claim(ctx context.Context, account string) (_ context.Context, release func(done bool) error, taken bool, err error) {
	lease, taken, err := k.leases.Claim(ctx, k.name, account, k.long)
	if err != nil || !taken {
		return ctx, nil, false, err
	}
	ctx, lose := context.WithCancelCause(ledger.WithLease(ctx, lease))
	k.mu.Lock()
	k.held[account] = holding{lease, lose}
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
	k.mu.Lock()
	before := make(map[string]holding, len(k.held))
	for account, h := range k.held {
		before[account] = h
	}
	k.mu.Unlock()
	still, err := k.leases.Renew(ctx, k.name, k.long)
	if err != nil {
		return err
	}
	for _, lease := range still {
		if before[lease.Address].lease == lease {
			delete(before, lease.Address)
		}
	}
	k.mu.Lock()
	k.fresh = began
	k.mu.Unlock()
	for _, lost := range before {
		lost.lose(ledger.ErrLeaseLost) // those that were given back meanwhile have ended anyway
	}
	return nil
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
