// SPDX-License-Identifier: Apache-2.0

package worker

import (
	"context"
	"errors"
	"maps"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"rehome/internal/ledger"
)

// fakeLeases are a ledger whose answers the test decides.
type fakeLeases struct {
	mu      sync.Mutex
	epoch   int64
	held    map[string]ledger.Lease
	taken   bool // by another worker: no claim succeeds
	err     error
	during  func() // called while a renewal is under way
	stands  map[string]bool
	reached map[string]int64 // as it was told last
	release []ledger.Lease
}

func (f *fakeLeases) Claim(_ context.Context, holder, address string, _ time.Duration) (ledger.Lease, bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.taken || f.err != nil {
		return ledger.Lease{}, false, f.err
	}
	f.epoch++
	lease := ledger.Lease{Address: address, Epoch: f.epoch, Holder: holder}
	f.held[address] = lease
	return lease, true, nil
}

func (f *fakeLeases) Renew(_ context.Context, _ string, _ time.Duration, reached map[string]int64) (held []ledger.Renewed, err error) {
	f.mu.Lock()
	for _, lease := range f.held {
		held = append(held, ledger.Renewed{Lease: lease, Stands: f.stands[lease.Address]})
	}
	f.reached = reached
	during := f.during
	err = f.err
	f.mu.Unlock()
	if during != nil {
		during()
	}
	return held, err
}

func (f *fakeLeases) Release(_ context.Context, lease ledger.Lease, _ bool) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.held, lease.Address)
	f.release = append(f.release, lease)
	return nil
}

func (f *fakeLeases) Abandoned(context.Context, int) ([]ledger.Abandoned, error) { return nil, nil }

func (f *fakeLeases) Unclaimed(context.Context, int) ([]ledger.Abandoned, error) { return nil, nil }

func mustClaim(t *testing.T, k *Keeper, account string) (context.Context, func(bool) error) {
	t.Helper()
	ctx, release, taken, err := k.Claim(t.Context(), account)
	if err != nil || !taken {
		t.Fatalf("claim %s: %v, %v", account, taken, err)
	}
	return ctx, release
}

// A process sends nothing once it may have lost its leases, which it finds out without asking anybody.
func TestKeeper_noPermitWithoutAFreshLease(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		leases := &fakeLeases{held: map[string]ledger.Lease{}}
		k := NewKeeper(leases, "one", time.Minute)
		permit := func(when string, want bool) {
			t.Helper()
			if err := k.Permit(); (err == nil) != want || err != nil && !errors.Is(err, ledger.ErrLeaseLost) {
				t.Errorf("%s: %v, want a permit: %v", when, err, want)
			}
		}
		permit("before it has joined", false)
		if err := k.Renew(t.Context()); err != nil {
			t.Fatal(err)
		}
		permit("fresh", true)
		time.Sleep(49 * time.Second)
		permit("nearly over", true)
		time.Sleep(time.Second)
		permit("stopped for as long as that", false)
		leases.err = errors.New("connection refused")
		if err := k.Renew(t.Context()); err == nil {
			t.Error("renewed without a server")
		}
		permit("not renewed", false)
		leases.err = nil
		leases.during = func() { time.Sleep(20 * time.Second) } // the answer is late: nobody knows when the lease began
		if err := k.Renew(t.Context()); err != nil {
			t.Fatal(err)
		}
		permit("renewed", true)
		time.Sleep(30 * time.Second)
		permit("counted from the question on", false)
	})
}

// What is lost ends; what is held, or was claimed meanwhile, goes on.
func TestKeeper_endsWhatIsLost(t *testing.T) {
	t.Parallel()
	leases := &fakeLeases{held: map[string]ledger.Lease{}}
	k := NewKeeper(leases, "one", 0)
	lost, _ := mustClaim(t, k, "anna")
	again, _ := mustClaim(t, k, "bert")
	kept, release := mustClaim(t, k, "carl")
	var late context.Context
	leases.mu.Lock()
	delete(leases.held, "anna")
	leases.held["bert"] = ledger.Lease{Address: "bert", Epoch: 99, Holder: "one"}
	leases.mu.Unlock()
	leases.during = func() { late, _ = mustClaim(t, k, "dora") }
	if err := k.Renew(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, ctx := range map[string]context.Context{"lost": lost, "of another epoch": again} {
		if !errors.Is(context.Cause(ctx), ledger.ErrLeaseLost) {
			t.Errorf("%s: %v", name, context.Cause(ctx))
		}
	}
	for name, ctx := range map[string]context.Context{"kept": kept, "claimed meanwhile": late} {
		if ctx.Err() != nil {
			t.Errorf("%s: %v", name, context.Cause(ctx))
		}
	}
	if err := release(true); err != nil || kept.Err() == nil || len(leases.release) != 1 || leases.release[0].Address != "carl" {
		t.Errorf("released %v, %v, context %v", leases.release, err, kept.Err())
	}
	leases.taken = true
	if _, _, taken, err := k.Claim(t.Context(), "emil"); taken || err != nil {
		t.Errorf("taken %v, %v", taken, err)
	}
}

// A slice that is to end hears so with the renewal, and others how far it is.
func TestKeeper_recallsWhatIsToBeLeftAlone(t *testing.T) {
	t.Parallel()
	leases := &fakeLeases{held: map[string]ledger.Lease{}, stands: map[string]bool{}}
	k := NewKeeper(leases, "one", 0)
	reached := map[string]int64{"anna": 100, "bert": 7, "zoe": 3}
	k.Reached = func() map[string]int64 { return reached }
	mustClaim(t, k, "anna")
	_, release := mustClaim(t, k, "bert")
	anna, bert := k.Recall("anna"), k.Recall("bert")
	renew := func(when string, wantTold map[string]int64) {
		t.Helper()
		for range tellEvery {
			if err := k.Renew(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if !maps.Equal(leases.reached, wantTold) {
			t.Errorf("%s others hear of %v, want %v", when, leases.reached, wantTold)
		}
	}
	wantEnded := func(when string, slice <-chan struct{}, want bool) {
		t.Helper()
		select {
		case <-slice:
			if !want {
				t.Error(when + ": it ends")
			}
		default:
			if want {
				t.Error(when + ": it does not end")
			}
		}
	}
	renew("first", map[string]int64{"anna": 100, "bert": 7})
	wantEnded("while all may go on", anna, false)
	leases.stands["anna"] = true
	reached["bert"] = 9
	renew("later", map[string]int64{"bert": 9})
	renew("when nothing has come", nil)
	wantEnded("what is to be left alone", anna, true)
	wantEnded("what is not", bert, false)
	again := k.Recall("anna") // whoever asked meanwhile was told that it may go on
	wantEnded("a slice that has just begun", again, false)
	renew("still", nil)
	wantEnded("it is still to be left alone", again, true)
	if err := release(true); err != nil || k.Recall("bert") != nil {
		t.Errorf("%v, want nothing for what was given back", err)
	}
}
