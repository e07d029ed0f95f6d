// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"cmp"
	"context"
	"slices"
	"time"

	"rehome"
	"rehome/internal/ledger"
)

// WorkersThere are the workers of a move, and which accounts each has.
type WorkersThere struct {
	Possible bool          `json:"possible"` // the store is one that many machines can share
	Workers  []WorkerThere `json:"workers"`
	Left     []HeldAccount `json:"left"` // that a worker had begun with, and nobody has
	Unlisted int           `json:"unlisted"`
	HeldUp   []HeldUpSpan  `json:"held_up"` // as in the answer of status
}

// Outcome implements rehome.Answer: the question is answered.
func (WorkersThere) Outcome() rehome.Outcome { return rehome.OutcomeDone }

// WorkerThere is one of them.
type WorkerThere struct {
	Name     string        `json:"name"`
	Began    time.Time     `json:"began,omitzero"`
	Leaving  bool          `json:"leaving"`            // it takes no more accounts
	Silent   bool          `json:"silent"`             // it has not reported lately, and its accounts are not free yet
	Hindered string        `json:"hindered,omitempty"` // why it can do nothing for now, with the next step
	Held     int           `json:"held"`               // accounts that it has
	Accounts []HeldAccount `json:"accounts"`
}

// HeldAccount is an account that a worker has, or had.
type HeldAccount struct {
	Account string           `json:"account"`
	Worker  string           `json:"worker"`
	Epoch   int64            `json:"epoch"` // the how-manieth worker's it is
	State   ledger.TurnState `json:"state,omitempty"`
	Step    rehome.Kind      `json:"step,omitempty"`
	Since   time.Time        `json:"since,omitzero"`
	Reason  string           `json:"reason,omitempty"`
}

// mostHeld is how many accounts are listed with what is done with them.
const mostHeld = 200

// Shared reports whether many machines may copy with this move at the same time.
func (m *Move) Shared() bool { return !m.settings.StoreIsFile() }

// WorkersThere reads who is there and has what.
func (m *Move) WorkersThere(ctx context.Context) (there WorkersThere, err error) {
	there = WorkersThere{Possible: m.Shared(), Workers: []WorkerThere{}, Left: []HeldAccount{}, HeldUp: []HeldUpSpan{}}
	store, err := m.store(ctx)
	if err != nil {
		return there, err
	}
	workers, err := store.Workers.All(ctx)
	if err != nil {
		return there, err
	}
	for _, w := range workers {
		there.Workers = append(there.Workers, WorkerThere{Name: w.Name, Began: w.Began, Leaving: w.Leaving, Hindered: w.Hindered,
			Accounts: []HeldAccount{}})
	}
	held, err := store.Leases.Held(ctx)
	if err != nil {
		return there, err
	}
	for _, lease := range held {
		w := there.named(lease.Holder)
		if w.Held++; there.Unlisted > 0 || there.listed() == mostHeld {
			there.Unlisted++
			continue
		}
		account, err := heldAccount(ctx, store, lease)
		if err != nil {
			return there, err
		}
		w.Accounts = append(w.Accounts, account)
	}
	slices.SortFunc(there.Workers, func(a, b WorkerThere) int { return cmp.Compare(a.Name, b.Name) })
	if there.HeldUp, err = heldUpLately(ctx, store, time.Now()); err != nil {
		return there, err
	}
	abandoned, err := store.Leases.Abandoned(ctx, mostHeld)
	if err != nil {
		return there, err
	}
	for _, a := range abandoned {
		account, err := heldAccount(ctx, store, a.Lease)
		if err != nil {
			return there, err
		}
		there.Left = append(there.Left, account)
	}
	return there, nil
}

// named is the worker of a name; one that has an account and does not report is silent.
func (t *WorkersThere) named(name string) *WorkerThere {
	for i := range t.Workers {
		if t.Workers[i].Name == name {
			return &t.Workers[i]
		}
	}
	t.Workers = append(t.Workers, WorkerThere{Name: name, Silent: true, Accounts: []HeldAccount{}})
	return &t.Workers[len(t.Workers)-1]
}

func (t *WorkersThere) listed() (n int) {
	for _, w := range t.Workers {
		n += len(w.Accounts)
	}
	return n
}

func heldAccount(ctx context.Context, store *ledger.Ledger, lease ledger.Lease) (HeldAccount, error) {
	held := HeldAccount{Account: lease.Address, Worker: lease.Holder, Epoch: lease.Epoch}
	turns, err := store.Passes.Turn(ctx, lease.Address)
	for _, t := range turns {
		held.State, held.Step, held.Since, held.Reason = t.State, t.Step, t.Since, t.Reason
	}
	return held, err
}
