// SPDX-License-Identifier: Apache-2.0

package conductor

import (
	"context"
	"errors"
	"slices"
	"testing"

	"rehome"
	"rehome/internal/ledger"
	"rehome/internal/pass"
)

// An account that is held has no slice any more, and the others go on. It keeps its place, and a later pass takes it up.
func TestRun_heldBetweenSlices(t *testing.T) {
	bubble(t, func(t *testing.T) {
		engine := &slicer{play: func(_ context.Context, c call) (pass.Result, error) {
			return pass.Result{More: c.number < 4, Worked: true}, nil
		}}
		b := &book{}
		broken := errors.New("the store is gone")
		asked := map[string]int{}
		options := Options{Steps: steps(engine), Ledger: b, Workers: 1, Admit: func(_ context.Context, account string) error {
			asked[account]++
			switch {
			case account == "never", account == "midway" && asked[account] == 3:
				return &HeldError{By: "staff", Reason: "is paused", NextStep: "resume it"}
			case account == "broken":
				return broken
			}
			return nil
		}}
		outcomes, err := New(options).Run(t.Context(), accounts("never", "midway", "broken", "free"))
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range []struct {
			slices int
			held   bool
			err    error
		}{{0, true, nil}, {2, true, nil}, {0, false, broken}, {4, false, nil}} {
			o := outcomes[i]
			if n := len(engine.times(o.Account)); n != want.slices || (o.Held != nil) != want.held || !errors.Is(o.Err, want.err) {
				t.Errorf("%s: %d slices, held %v, %v", o.Account, n, o.Held, o.Err)
			}
		}
		if text := outcomes[1].Held.Error(); text != "wave staff is paused" {
			t.Errorf("held because %q", text)
		}
		for account, state := range map[string]ledger.TurnState{"never": ledger.TurnQueued, "midway": ledger.TurnQueued, "free": ""} {
			if got := b.turns[account].State; got != state {
				t.Errorf("the turn of %s is %q, want %q", account, got, state)
			}
		}
		if rows := b.rows["midway"]; rows[len(rows)-1].State != ledger.AccountPreStaging {
			t.Errorf("midway is %s", rows[len(rows)-1].State)
		}
		options.Admit = nil
		again, err := New(options).Run(t.Context(), accounts("never", "midway"))
		if err != nil || again[0].Err != nil || again[1].Held != nil || len(engine.times("never")) != 4 {
			t.Errorf("again: %+v, %v", again, err)
		}
	})
}

// A slice is as long as nobody waits for its place once the sizes of its account are known, and each can be called back.
func TestRun_longSlices(t *testing.T) {
	bubble(t, func(t *testing.T) {
		long := map[string][]bool{}
		engine := &slicer{play: func(_ context.Context, c call) (pass.Result, error) {
			long[c.account] = append(long[c.account], c.budget.Wanted != nil && !c.budget.Wanted())
			if c.account == "called back" {
				<-c.budget.Recall
			}
			return pass.Result{More: c.number < 3, Worked: true, Looked: c.number > 1 || c.account == "seen at once"}, nil
		}}
		objects := step{rehome.KindContacts, func(c call) (pass.Result, error) {
			long[c.account] = append(long[c.account], c.budget.Wanted != nil)
			return pass.Result{Looked: true}, nil
		}}
		held := false
		options := Options{Steps: steps(engine, objects), Workers: 1,
			Wanted: func() bool { return false },
			Recall: func(account string) <-chan struct{} {
				recall := make(chan struct{})
				if account == "called back" {
					held = true
					close(recall)
				}
				return recall
			},
			Admit: func(_ context.Context, account string) error {
				if account == "called back" && held {
					return &HeldError{By: "staff", Reason: "is paused"}
				}
				return nil
			}}
		ended, err := conduct(t, t.Context(), options, "seen at once", "seen later", "called back")
		if err != nil {
			t.Fatal(err)
		}
		for account, want := range map[string][]bool{
			"seen at once": {false, true, true, false}, "seen later": {false, false, true, false}, "called back": {false},
		} {
			if !slices.Equal(long[account], want) {
				t.Errorf("%s: slices that may be long: %v, want %v", account, long[account], want)
			}
		}
		if ended["called back"].Held == nil {
			t.Error("it was not asked whether the account may go on")
		}
	})
}
