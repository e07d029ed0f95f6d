// SPDX-License-Identifier: Apache-2.0

package conductor

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rehome"
	"rehome/internal/ledger"
	"rehome/internal/pass"
)

func TestRun_cancelled(t *testing.T) {
	bubble(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		engine := &slicer{play: func(ctx context.Context, c call) (pass.Result, error) {
			result := looked(pass.Result{Counts: counts{2, pass.Size{Messages: 9}}, Findings: []rehome.Finding{{Code: "seen"}}})
			switch c.account {
			case "at work":
				<-ctx.Done()
				return result, fmt.Errorf("copy: %w", ctx.Err())
			case "breaking":
				<-ctx.Done()
				return result, fault(rehome.ClassTemporary) // what a connection says that was closed under it
			case "completing":
				<-ctx.Done()
				return result, nil
			case "queued again":
				return result, fault(rehome.ClassThrottled)
			case "between slices":
				time.Sleep(time.Hour) // does not notice the end of the context
				return pass.Result{More: true, Counts: result.Counts, Findings: result.Findings, Looked: true}, nil
			}
			return pass.Result{}, errors.New("its turn should not come")
		}}
		rows, progress := &book{}, NewProgress()
		go func() {
			time.Sleep(time.Hour - time.Second)
			cancel()
		}()
		names := []string{"queued again", "at work", "breaking", "completing", "between slices", "never"}
		var mu sync.Mutex
		told := map[string]int{}
		over := func(o Ended) error {
			mu.Lock()
			defer mu.Unlock()
			told[o.Account]++
			return nil
		}
		outcomes, err := conduct(t, ctx, Options{Steps: steps(engine), Ledger: rows, Workers: 4, Progress: progress, Over: over}, names...)
		if diff := cmp.Diff(map[string]int{"queued again": 1, "at work": 1, "breaking": 1, "completing": 1, "between slices": 1}, told); diff != "" {
			t.Errorf("who has begun is over once: %s", diff)
		}
		if !errors.Is(err, context.Canceled) || len(outcomes) != len(names) {
			t.Errorf("Run: %d outcomes, %v, want %d and %v", len(outcomes), err, len(names), context.Canceled)
		}
		if took := time.Since(start); took > time.Hour+time.Second {
			t.Errorf("it took %v, the end came after an hour", took)
		}
		for _, name := range names {
			got, row := outcomes[name], rows.last(name)
			switch name {
			case "completing":
				if got.Err != nil || row.State != ledger.AccountPreStaged {
					t.Errorf("%s: %v, row %+v, want complete", name, got.Err, row)
				}
			case "never":
				if !errors.Is(got.Err, context.Canceled) || len(rows.rows[name]) > 0 || len(engine.times(name)) > 0 {
					t.Errorf("%s: %v, rows %v, want untouched", name, got.Err, rows.rows[name])
				}
			default:
				if !errors.Is(got.Err, context.Canceled) || row.State != ledger.AccountPreStaging || row.Reason != "" || row.Messages != 9 {
					t.Errorf("%s: %v, row %+v, want interrupted, with what was seen and without a reason", name, got.Err, row)
				}
				if len(got.Findings) != 1 || len(rows.findings[name+"/mail"]) != 1 || did(got, rehome.KindMail) != 2 {
					t.Errorf("%s: findings %v and %v, %d copied, want one each and 2", name, got.Findings, rows.findings[name+"/mail"], did(got, rehome.KindMail))
				}
			}
		}
		if got := progress.Snapshot(); got.Finished != 1 || got.Failed != 0 {
			t.Errorf("progress %+v: interrupted is neither finished nor failed", got)
		}
	})
}

func TestRun_alreadyCancelled(t *testing.T) {
	bubble(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 0)
		defer cancel()
		rows := &book{}
		outcomes, err := conduct(t, ctx, Options{Steps: steps(&slicer{}), Ledger: rows}, "a", "b")
		if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(outcomes["b"].Err, err) || len(rows.rows) > 0 {
			t.Errorf("%v, outcomes %v, rows %v", err, outcomes, rows.rows)
		}
	})
}

func TestRun_cancelledDuringAPause(t *testing.T) {
	bubble(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		engine := &slicer{play: func(context.Context, call) (pass.Result, error) {
			return pass.Result{}, fault(rehome.ClassThrottled)
		}}
		outcomes, err := conduct(t, ctx, Options{Steps: steps(engine)}, "a")
		if took := time.Since(start); took != 10*time.Second || !errors.Is(err, context.DeadlineExceeded) || !errors.Is(outcomes["a"].Err, err) {
			t.Errorf("%v and %v after %v, want %v after 10 s", err, outcomes["a"].Err, took, context.DeadlineExceeded)
		}
	})
}
