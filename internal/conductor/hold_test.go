// SPDX-License-Identifier: Apache-2.0

package conductor

import (
	"context"
	"errors"
	"testing"

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
