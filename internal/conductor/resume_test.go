// SPDX-License-Identifier: Apache-2.0

package conductor

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"rehome"
	"rehome/internal/ledger"
	"rehome/internal/pass"
)

func TestResume(t *testing.T) {
	t.Parallel()
	now := time.Unix(1000, 0)
	soon, late := now.Add(40*time.Second), now.Add(24*time.Hour)
	former := func(address string, place int64, state ledger.TurnState) ledger.Turn {
		return ledger.Turn{Address: address, Place: place, State: state, Pass: rehome.PassPreStage}
	}
	failing := func(due time.Time, state ledger.TurnState) ledger.Turn {
		return ledger.Turn{
			Address: "x", Place: 4, State: state, Step: rehome.KindMail, Due: due, Failures: 3, FailingSince: now.Add(-time.Hour), Reason: "no",
		}
	}
	for name, test := range map[string]struct {
		former []ledger.Turn
		names  string
		want   string
	}{
		"nobody":          {nil, "", ""},
		"a first pass":    {nil, "b a c", "1b 2a 3c"},
		"complete before": {[]ledger.Turn{former("z", 9, ledger.TurnQueued)}, "b a", "10b 11a"},
		"cut": {
			[]ledger.Turn{former("b", 2, ledger.TurnQueued), former("c", 3, ledger.TurnQueued), former("a", 4, ledger.TurnWorking)},
			"a b c d", "5b 6c 7a 8d",
		},
		"failed":                      {[]ledger.Turn{former("a", 7, ledger.TurnFailed), former("b", 6, ledger.TurnFailed)}, "a b c", "8c 9b 10a"},
		"its wait goes on":            {[]ledger.Turn{failing(soon, ledger.TurnWaiting)}, "x", "5x waiting 40s, 3 failures"},
		"its wait is over":            {[]ledger.Turn{failing(now, ledger.TurnWaiting)}, "x", "5x, 3 failures"},
		"a clock was set":             {[]ledger.Turn{failing(late, ledger.TurnWaiting)}, "x", "5x waiting 1m0s, 3 failures"},
		"killed in a slice":           {[]ledger.Turn{failing(time.Time{}, ledger.TurnWorking)}, "x", "5x, 3 failures"},
		"has failed for good":         {[]ledger.Turn{failing(soon, ledger.TurnFailed)}, "x", "5x"},
		"waits for something else":    {[]ledger.Turn{{Address: "x", Place: 4, State: ledger.TurnWaiting, Due: soon}}, "x", "5x"},
		"one that failed and one cut": {[]ledger.Turn{former("a", 1, ledger.TurnFailed), former("c", 2, ledger.TurnWaiting)}, "a b c", "3c 4b 5a"},
	} {
		var got []string
		for _, turn := range resume(test.former, strings.Fields(test.names), rehome.Pass("delta"), now) {
			text := fmt.Sprint(turn.Place, turn.Address)
			if turn.State == ledger.TurnWaiting {
				text += fmt.Sprint(" waiting ", turn.Due.Sub(now))
			} else if turn.State != ledger.TurnQueued || !turn.Due.IsZero() {
				text += fmt.Sprintf(" %+v", turn)
			}
			if turn.Failures > 0 {
				text += fmt.Sprintf(", %d failures", turn.Failures)
			}
			if turn.Pass != rehome.Pass("delta") || (turn.Failures > 0) != (turn.Reason != "") || (turn.Failures > 0) == turn.FailingSince.IsZero() {
				text += fmt.Sprintf(" %+v", turn)
			}
			got = append(got, text)
		}
		if got := strings.Join(got, " "); got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
}

// Whatever a ledger says, each account has one turn, at a place of its own, and soon.
func TestResume_everybodyOnce(t *testing.T) {
	t.Parallel()
	states := []ledger.TurnState{ledger.TurnQueued, ledger.TurnWorking, ledger.TurnWaiting, ledger.TurnFailed, "nonsense"}
	now := time.Unix(1_000_000, 0)
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SliceOfNDistinct(rapid.StringMatching(`[a-f]`), 0, 6, rapid.ID[string]).Draw(t, "names")
		former := rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) ledger.Turn {
			return ledger.Turn{
				Address: rapid.StringMatching(`[a-f]`).Draw(t, "address"), State: rapid.SampledFrom(states).Draw(t, "state"),
				Place: rapid.Int64Range(0, 9).Draw(t, "place"), Failures: rapid.IntRange(0, 7).Draw(t, "failures"),
				Due: now.Add(time.Duration(rapid.Int64Range(-1e15, 1e15).Draw(t, "due"))),
			}
		}), 0, 6, func(t ledger.Turn) string { return t.Address }).Draw(t, "former")
		queue := resume(former, names, rehome.PassPreStage, now)
		var got []string
		for i, turn := range queue {
			got = append(got, turn.Address)
			if i > 0 && turn.Place <= queue[i-1].Place {
				t.Fatalf("%+v is behind %+v", turn, queue[i-1])
			}
			if turn.Due.After(now.Add(longestPause)) || (turn.State == ledger.TurnWaiting) == turn.Due.IsZero() {
				t.Fatalf("%+v", turn)
			}
		}
		slices.Sort(got)
		slices.Sort(names)
		if !slices.Equal(got, names) {
			t.Fatalf("turns of %v, want of %v", got, names)
		}
	})
}

// A process that is killed takes nothing with it that the next one needs: who has had his turn, who waits and until when,
// and how often it has failed.
func TestRun_goesOnAfterAKill(t *testing.T) {
	bubble(t, func(t *testing.T) {
		rows := &book{}
		play := func(_ context.Context, c call) (pass.Result, error) {
			switch c.account {
			case "failing":
				return pass.Result{}, fault(rehome.ClassThrottled)
			case "deadly":
				time.Sleep(10 * time.Second)
				rows.die()
				return pass.Result{}, nil
			}
			time.Sleep(2 * time.Second)
			return looked(pass.Result{Counts: counts{did: 1}}), nil
		}
		first := &slicer{play: play}
		_, _ = conduct(t, t.Context(), Options{Steps: steps(first), Ledger: rows, Workers: 1}, "failing", "complete", "deadly", "late")
		left, err := rows.Turns(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var states []string
		for _, turn := range left {
			states = append(states, fmt.Sprint(turn.Address, " ", turn.State, " ", turn.Failures))
		}
		want := []string{"late queued 0", "failing waiting 1", "deadly working 0"}
		if diff := cmp.Diff(want, states); diff != "" {
			t.Fatalf("the ledger says %s", diff)
		}

		rows.dead = false
		killed := time.Since(start) // much later, when its own process had ended; the wait is over by then or bounded
		second := &slicer{play: play}
		second.play = func(ctx context.Context, c call) (pass.Result, error) {
			if c.account == "deadly" {
				return looked(pass.Result{}), nil
			}
			return play(ctx, c)
		}
		outcomes, err := conduct(t, t.Context(), Options{Steps: steps(second), Ledger: rows, Workers: 1}, "failing", "complete", "deadly", "late")
		if err != nil {
			t.Fatal(err)
		}
		var order []string
		for _, c := range second.calls[:4] {
			order = append(order, c.account)
		}
		if diff := cmp.Diff([]string{"late", "failing", "deadly", "complete"}, order); diff != "" {
			t.Errorf("order after %v: %s", killed, diff)
		}
		if n := len(second.times("failing")); n != maxFailures || rehome.ClassOf(outcomes["failing"].Err) != rehome.ClassThrottled {
			t.Errorf("%d more attempts of %v, want %d: the first one counts", n, outcomes["failing"].Err, maxFailures)
		}
		left, _ = rows.Turns(t.Context())
		if len(left) != 1 || left[0].State != ledger.TurnFailed || left[0].Failures != maxFailures+1 || left[0].Step != rehome.KindMail ||
			!left[0].FailingSince.Equal(start) || left[0].Reason == "" {
			t.Errorf("in the end the ledger says %+v, want one that failed since %v", left, start)
		}
	})
}

// An account that waited for its next attempt when the pass was stopped is not tried before that.
func TestRun_backOffGoesOnAfterAStop(t *testing.T) {
	bubble(t, func(t *testing.T) {
		rows := &book{}
		stop := make(chan struct{})
		time.AfterFunc(10*time.Second, func() { close(stop) })
		fails := &slicer{play: func(context.Context, call) (pass.Result, error) { return pass.Result{}, fault(rehome.ClassThrottled) }}
		if _, err := conduct(t, t.Context(), Options{Steps: steps(fails), Ledger: rows, Stop: stop}, "a"); err == nil {
			t.Fatal("the pass was not stopped")
		}
		works := &slicer{play: func(context.Context, call) (pass.Result, error) { return looked(pass.Result{}), nil }}
		outcomes, err := conduct(t, t.Context(), Options{Steps: steps(works), Ledger: rows}, "a", "b")
		if err != nil || outcomes["a"].Err != nil {
			t.Fatalf("%v, %v", err, outcomes["a"].Err)
		}
		if got := works.times("a"); len(got) != 1 || got[0] != throttledPause || works.times("b")[0] != 10*time.Second {
			t.Errorf("a had its turn at %v, b at %v; want at %v, and at once", got, works.times("b"), throttledPause)
		}
		if left, _ := rows.Turns(t.Context()); len(left) > 0 {
			t.Errorf("%+v is left", left)
		}
	})
}

// Who does not move any more is not waited for, but who is only left out this time is.
func TestRun_thoseWhoAreNotAmongThem(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for whole, want := range map[bool]int{false: 1, true: 0} {
			rows := &book{turns: map[string]ledger.Turn{"gone": {Address: "gone", Place: 3, State: ledger.TurnQueued}}}
			engine := &slicer{play: func(context.Context, call) (pass.Result, error) { return looked(pass.Result{}), nil }}
			if _, err := conduct(t, t.Context(), Options{Steps: steps(engine), Ledger: rows, Whole: whole}, "a"); err != nil {
				t.Fatal(err)
			}
			if left, _ := rows.Turns(t.Context()); len(left) != want {
				t.Errorf("whole %v: %+v is left, want %d", whole, left, want)
			}
		}
	})
}

func TestRun_queueThatCannotBeRead(t *testing.T) {
	bubble(t, func(t *testing.T) {
		rows := &book{failTurns: &rehome.Fault{Class: rehome.ClassOperator, Op: "read store"}}
		engine := &slicer{}
		outcomes, err := conduct(t, t.Context(), Options{Steps: steps(engine), Ledger: rows}, "a", "b")
		if err != nil || rehome.ClassOf(outcomes["a"].Err) != rehome.ClassOperator || outcomes["b"].Err == nil || len(engine.calls) > 0 {
			t.Errorf("%v, outcomes %+v after %d slices, want the fault for both and no slice", err, outcomes, len(engine.calls))
		}
	})
}

// inTurn is a runner of another kind: one after the other, without waiting for anything.
type inTurn struct{ took []string }

func (r *inTurn) Run(ctx context.Context, queue []Due, turn TakeTurn) {
	for len(queue) > 0 {
		next := queue[0]
		r.took = append(r.took, next.Account)
		queue = queue[1:]
		if at, over := turn(ctx, next.Account); !over {
			queue = append(queue, Due{next.Account, at})
		}
	}
}

func TestRun_byAnotherRunner(t *testing.T) {
	bubble(t, func(t *testing.T) {
		engine := &slicer{play: func(_ context.Context, c call) (pass.Result, error) {
			if c.account == "b" && c.number == 1 {
				return pass.Result{}, fault(rehome.ClassThrottled)
			}
			return looked(pass.Result{More: c.account == "a" && c.number < 3, Counts: counts{did: 1}}), nil
		}}
		runner := &inTurn{}
		outcomes, err := conduct(t, t.Context(), Options{Steps: steps(engine), Runner: runner}, "a", "b")
		if err != nil || outcomes["a"].Err != nil || outcomes["b"].Err != nil || did(outcomes["a"], rehome.KindMail) != 3 {
			t.Errorf("%v, outcomes %+v", err, outcomes)
		}
		if diff := cmp.Diff([]string{"a", "b", "a", "b", "a"}, runner.took); diff != "" {
			t.Errorf("turns: %s", diff)
		}
	})
}

// Whoever lines a pass up for others leaves a queue that names the run, and begins with nobody.
func TestLineUp_namesTheRun(t *testing.T) {
	t.Parallel()
	rows := &book{}
	begun := &slicer{play: func(context.Context, call) (pass.Result, error) { return pass.Result{}, fmt.Errorf("a slice was run") }}
	options := Options{Steps: steps(begun), Ledger: rows, Run: 7}
	queue, err := New(options).LineUp(t.Context(), []rehome.Account{{Address: "bert"}, {Address: "anna"}}, 1)
	if diff := cmp.Diff([]Due{{Account: "bert"}, {Account: "anna"}}, queue); err != nil || diff != "" {
		t.Errorf("%v: %s", err, diff)
	}
	left, err := rows.Turns(t.Context())
	if err != nil || len(left) != 2 || left[0].Address != "bert" {
		t.Fatalf("turns %v, %v", left, err)
	}
	for _, turn := range left {
		if turn.Run != 7 || turn.State != ledger.TurnQueued {
			t.Errorf("%+v", turn)
		}
	}
	if len(begun.calls) > 0 {
		t.Errorf("begun with %v", begun.calls)
	}
}
