// SPDX-License-Identifier: Apache-2.0

package conductor

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rehome"
	"rehome/internal/ledger"
	"rehome/internal/pass"
)

func TestRun_retriesWithGrowingPauses(t *testing.T) {
	for class, want := range map[rehome.Class][]time.Duration{
		rehome.ClassTemporary: {0, 1, 3, 7, 15, 31},
		rehome.ClassThrottled: {0, 30, 90, 150, 210, 270},
	} {
		t.Run(string(class), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				engine := &slicer{play: func(_ context.Context, c call) (pass.Result, error) {
					if c.account == "failing" {
						return pass.Result{}, fault(class)
					}
					return pass.Result{}, nil
				}}
				rows := &book{}
				// One worker: while the first account pauses, the other has it.
				outcomes, err := conduct(t, t.Context(), Options{Steps: steps(engine), Ledger: rows, Workers: 1}, "failing", "fine")
				if err != nil {
					t.Fatal(err)
				}
				for i := range want {
					want[i] *= time.Second
				}
				if diff := cmp.Diff(want, engine.times("failing")); diff != "" {
					t.Errorf("attempts: %s", diff)
				}
				if diff := cmp.Diff([]time.Duration{0}, engine.times("fine")); diff != "" {
					t.Errorf("the other account: %s", diff)
				}
				if got := outcomes["failing"].Err; rehome.ClassOf(got) != class || outcomes["fine"].Err != nil {
					t.Errorf("outcomes %v and %v, want %s and none", got, outcomes["fine"].Err, class)
				}
				if row := rows.last("failing"); row.State != ledger.AccountBlocked || row.NextStep != "do something" || !strings.Contains(row.Reason, "no") {
					t.Errorf("row %+v, want blocked with reason and next step", row)
				}
			})
		})
	}
}

func TestRun_progressStartsTheCountAnew(t *testing.T) {
	bubble(t, func(t *testing.T) {
		engine := &slicer{play: func(_ context.Context, c call) (pass.Result, error) {
			switch {
			case c.number == 5: // the connection broke after something was copied
				return looked(pass.Result{Counts: counts{did: 1}}), fault(rehome.ClassTemporary)
			case c.number == 8:
				return looked(pass.Result{Counts: counts{did: 1}, More: true}), nil
			case c.number < 14:
				return pass.Result{}, fault(rehome.ClassTemporary)
			}
			return pass.Result{}, nil
		}}
		outcomes, err := conduct(t, t.Context(), Options{Steps: steps(engine)}, "a")
		if err != nil || outcomes["a"].Err != nil {
			t.Fatalf("%v, %v", err, outcomes["a"].Err)
		}
		want := []time.Duration{0, 1, 3, 7, 15, 16, 18, 22, 22, 23, 25, 29, 37, 53}
		for i := range want {
			want[i] *= time.Second
		}
		if diff := cmp.Diff(want, engine.times("a")); diff != "" {
			t.Errorf("attempts: %s", diff)
		}
	})
}

// Where looking alone takes longer than a slice may last, the same slice again would come no further.
func TestRun_sliceThatGetsNowhereIsGivenMoreTime(t *testing.T) {
	bubble(t, func(t *testing.T) {
		needed := 3 * time.Minute
		engine := &slicer{play: func(_ context.Context, c call) (pass.Result, error) {
			time.Sleep(min(c.budget.Time, needed+time.Second))
			if c.budget.Time <= needed {
				return looked(pass.Result{More: true}), nil
			}
			return looked(pass.Result{More: c.number < 6, Counts: counts{did: 1}}), nil
		}}
		outcomes, err := conduct(t, t.Context(), Options{Steps: steps(engine), Budget: pass.Budget{Time: 30 * time.Second, Octets: 5}}, "a")
		if err != nil || outcomes["a"].Err != nil {
			t.Fatalf("%v %v", err, outcomes["a"].Err)
		}
		var got []pass.Budget
		for _, c := range engine.calls[:5] {
			got = append(got, c.budget)
		}
		var want []pass.Budget
		for _, seconds := range []time.Duration{30, 60, 120, 240, 30} {
			want = append(want, pass.Budget{Time: seconds * time.Second, Octets: 5})
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestNextBudget_bounds(t *testing.T) {
	t.Parallel()
	usual, nowhere := pass.Budget{Time: time.Minute}, pass.Result{More: true}
	for last, want := range map[time.Duration]time.Duration{
		time.Minute: 2 * time.Minute, 50 * time.Minute: time.Hour, time.Hour: time.Hour, 5 * time.Hour: 5 * time.Hour,
	} {
		if got := nextBudget(pass.Budget{Time: last}, usual, nowhere).Time; got != want {
			t.Errorf("after %v: %v, want %v", last, got, want)
		}
	}
	for _, result := range []pass.Result{{Advanced: true}, {Worked: true}} {
		result.More = true
		if got := nextBudget(pass.Budget{Time: time.Hour}, usual, result); got.Time != usual.Time {
			t.Errorf("after %+v: %v, want the usual", result, got)
		}
	}
}

// A step that always wants to go on, and never comes further, ends.
func TestRun_circlesEnd(t *testing.T) {
	bubble(t, func(t *testing.T) {
		engine := &slicer{play: func(_ context.Context, c call) (pass.Result, error) {
			switch {
			case c.account == "circles" && c.number == mostIdle-1: // once it does
				return looked(pass.Result{More: true, Counts: counts{did: 1}}), nil
			case c.account == "circles":
				return looked(pass.Result{More: true}), nil
			}
			return pass.Result{More: c.number < 3*mostIdle, Worked: true}, nil
		}}
		outcomes, err := conduct(t, t.Context(), Options{Steps: steps(engine)}, "circles", "busy")
		if err != nil {
			t.Fatal(err)
		}
		if got := outcomes["circles"].Err; rehome.ClassOf(got) != rehome.ClassBug || !strings.Contains(got.Error(), "nothing changed") {
			t.Errorf("%v, want it said that it goes in circles", got)
		}
		if got := len(engine.times("circles")); got != 2*mostIdle-1 {
			t.Errorf("%d slices, want %d", got, 2*mostIdle-1)
		}
		if got := outcomes["busy"].Err; got != nil {
			t.Errorf("what works on: %v", got)
		}
	})
}
