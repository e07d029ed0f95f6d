// SPDX-License-Identifier: Apache-2.0

package conductor

import (
	"context"
	"errors"
	"testing"
	"time"

	"rehome"
	"rehome/internal/ledger"
	"rehome/internal/pass"
)

// Stopping lets nothing new begin, and what is under way comes to its end: nobody's work is cut off.
func TestRun_stopped(t *testing.T) {
	bubble(t, func(t *testing.T) {
		stop := make(chan struct{})
		engine := &slicer{play: func(ctx context.Context, c call) (pass.Result, error) {
			result := looked(pass.Result{Counts: counts{did: 2}})
			switch c.account {
			case "at work":
				<-c.budget.Stop
				time.Sleep(50 * time.Second) // a destination that stands still
				result.More = true
				return result, ctx.Err()
			case "completing":
				<-c.budget.Stop
				return result, ctx.Err()
			case "waiting":
				result.Waits = []pass.Wait{{Look: time.Now().Add(24 * time.Hour)}}
				return result, nil
			case "failing":
				<-c.budget.Stop
				return result, fault(rehome.ClassPermanent)
			}
			return pass.Result{}, errors.New("its turn should not come")
		}}
		rows := &book{}
		time.AfterFunc(time.Hour, func() { close(stop) })
		names := []string{"waiting", "at work", "completing", "failing", "never"}
		outcomes, err := conduct(t, t.Context(), Options{Steps: steps(engine), Ledger: rows, Workers: 3, Stop: stop}, names...)
		if !errors.Is(err, context.Canceled) || errors.Is(err, ErrCutOff) {
			t.Errorf("Run: %v, want %v alone", err, context.Canceled)
		}
		if took := time.Since(start); took != time.Hour+50*time.Second {
			t.Errorf("it took %v, want an hour and what was under way", took)
		}
		for _, name := range []string{"waiting", "at work", "never"} {
			if got := outcomes[name].Err; !errors.Is(got, context.Canceled) {
				t.Errorf("%s: %v, want interrupted", name, got)
			}
		}
		if got := outcomes["completing"]; got.Err != nil || rows.last("completing").State != ledger.AccountPreStaged {
			t.Errorf("completing: %v, row %+v", got.Err, rows.last("completing"))
		}
		if got := outcomes["failing"].Err; rehome.ClassOf(got) != rehome.ClassPermanent {
			t.Errorf("failing: %v, want its own trouble", got)
		}
		if len(engine.times("never")) > 0 || len(engine.times("waiting")) != 1 {
			t.Errorf("slices began after the stop: %v, %v", engine.times("never"), engine.times("waiting"))
		}
	})
}

func TestRun_stoppedAndNothingIsLeft(t *testing.T) {
	bubble(t, func(t *testing.T) {
		stop := make(chan struct{})
		engine := &slicer{play: func(context.Context, call) (pass.Result, error) {
			close(stop)
			return looked(pass.Result{}), nil
		}}
		if outcomes, err := conduct(t, t.Context(), Options{Steps: steps(engine), Stop: stop}, "a"); err != nil || outcomes["a"].Err != nil {
			t.Errorf("%v and %v, want complete", err, outcomes["a"].Err)
		}
	})
}

func TestRun_stoppedAndCutOff(t *testing.T) {
	bubble(t, func(t *testing.T) {
		stop := make(chan struct{})
		engine := &slicer{play: func(ctx context.Context, _ call) (pass.Result, error) {
			close(stop)
			<-ctx.Done()
			return pass.Result{}, ctx.Err()
		}}
		outcomes, err := conduct(t, t.Context(), Options{Steps: steps(engine), Stop: stop}, "a")
		if !errors.Is(err, context.Canceled) || !errors.Is(err, ErrCutOff) || !errors.Is(outcomes["a"].Err, context.Canceled) {
			t.Errorf("%v and %v, want cut off", err, outcomes["a"].Err)
		}
		if took := time.Since(start); took != DefaultGrace {
			t.Errorf("it took %v, want %v", took, DefaultGrace)
		}
	})
}
