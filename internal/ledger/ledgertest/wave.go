// SPDX-License-Identifier: Apache-2.0

package ledgertest

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rehome"
	"rehome/internal/ledger"
)

// always is a window that is open all the time.
func always() ledger.Wave { return ledger.Wave{Closes: time.Unix(1<<40, 0).UTC()} }

// wave makes a wave and returns it as another process reads it.
func wave(t testing.TB, l *handle, name string, members ...string) ledger.Wave {
	t.Helper()
	w := always()
	w.Name, w.Settings = name, []byte(`{}`)
	made, err := l.Waves.Create(t.Context(), w)
	must(t, err)
	if !made {
		t.Fatalf("%s is not new", name)
	}
	_, err = l.Waves.Add(t.Context(), name, members)
	must(t, err)
	return readWave(t, l, name)
}

func readWave(t testing.TB, l *handle, name string) ledger.Wave {
	t.Helper()
	all, err := l.again.Waves.All(t.Context())
	must(t, err)
	for _, w := range all {
		if w.Name == name {
			return w
		}
	}
	t.Fatalf("%s is not among %v", name, all)
	return ledger.Wave{}
}

func wavesTurnFromTheStateThatWasSeen(t *testing.T, empty Empty) {
	l := create(t, empty)
	ctx := t.Context()
	l.now = func() time.Time { return time.Unix(1000, 5) }
	planned := wave(t, l, "b")
	want := always()
	want.Name, want.Settings, want.State, want.Changed = "b", []byte(`{}`), ledger.WavePlanned, time.Unix(1000, 0).UTC()
	if diff := cmp.Diff(want, planned); diff != "" {
		t.Error(diff)
	}
	if made, err := l.again.Waves.Create(ctx, ledger.Wave{Name: "b", Settings: []byte(`{"other":1}`)}); err != nil || made {
		t.Errorf("made twice: %v", err)
	}
	wave(t, l, "a")
	turn := func(w ledger.Wave, state ledger.WaveState, why string) bool {
		t.Helper()
		changed, err := l.Waves.Turn(ctx, w, state, why, "do "+why)
		must(t, err)
		return changed
	}
	l.now = func() time.Time { return time.Unix(2000, 0) }
	if !turn(planned, ledger.WaveRunning, "") || turn(planned, ledger.WavePaused, "late") {
		t.Error("of two who have seen it planned, not one has turned it")
	}
	running := readWave(t, l, "b")
	l.now = func() time.Time { return time.Unix(3000, 0) }
	if !turn(running, ledger.WaveBraked, "errors") {
		t.Error("not braked")
	}
	want.State, want.Reason, want.NextStep = ledger.WaveBraked, "errors", "do errors"
	want.Changed, want.Counted = time.Unix(3000, 0).UTC(), time.Unix(2000, 0).UTC()
	if diff := cmp.Diff(want, readWave(t, l, "b")); diff != "" {
		t.Error(diff)
	}
	opens, closes := time.Unix(5000, 0).UTC(), time.Unix(6000, 0).UTC()
	if known, err := l.Waves.Set(ctx, "b", []byte(`{"set":1}`), opens, closes); err != nil || !known {
		t.Errorf("known %v, %v", known, err)
	}
	if known, err := l.Waves.Set(ctx, "c", []byte(`{}`), opens, closes); err != nil || known {
		t.Errorf("one that is not there is known: %v", err)
	}
	must(t, l.Waves.Reopen(ctx, want, closes, closes)) // who has seen another window changes nothing
	want.Settings, want.Opens, want.Closes = []byte(`{"set":1}`), opens, closes
	if diff := cmp.Diff(want, readWave(t, l, "b")); diff != "" {
		t.Error(diff)
	}
	must(t, l.Waves.Reopen(ctx, want, closes, closes.Add(time.Hour)))
	if got := readWave(t, l, "b"); !got.Opens.Equal(closes) || !got.Closes.Equal(closes.Add(time.Hour)) {
		t.Errorf("open from %v to %v", got.Opens, got.Closes)
	}
}

func wavesHaveTheirAccountsAlone(t *testing.T, empty Empty) {
	l := create(t, empty)
	ctx := t.Context()
	wave(t, l, "a", "anna@example.test", "bert@example.test")
	wave(t, l, "b")
	if n, err := l.Waves.Add(ctx, "b", []string{"bert@example.test", "carl@example.test"}); err != nil || n != 1 {
		t.Errorf("%d added, %v", n, err)
	}
	if n, err := l.Waves.Add(ctx, "none", []string{"dora@example.test"}); err != nil || n != 0 {
		t.Errorf("%d added to a wave that is not there, %v", n, err)
	}
	members := func(want map[string]string) {
		t.Helper()
		got, err := l.again.Waves.Members(ctx)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%v: %s", err, diff)
		}
	}
	members(map[string]string{"anna@example.test": "a", "bert@example.test": "a", "carl@example.test": "b"})
	if n, err := l.again.Waves.SizeTo(ctx, "a", 1); err != nil || n != 1 {
		t.Errorf("one at most was asked for: %d, %v", n, err)
	}
	if n, err := l.Waves.TakeOut(ctx, "a", []string{"anna@example.test", "carl@example.test"}); err != nil || n != 1 {
		t.Errorf("%d taken out, %v", n, err)
	}
	members(map[string]string{"bert@example.test": "a", "carl@example.test": "b"})
	if n, err := l.again.Waves.Size(ctx, "a"); err != nil || n != 1 {
		t.Errorf("%d are in it, %v", n, err)
	}
	if of, err := l.again.Waves.Of(ctx, "bert@example.test"); err != nil || len(of) != 1 || of[0].Name != "a" {
		t.Errorf("bert is in %v, %v", of, err)
	}
	if of, err := l.again.Waves.Of(ctx, "anna@example.test"); err != nil || len(of) != 0 {
		t.Errorf("anna is in %v, %v", of, err)
	}
	must(t, l.Passes.Save(ctx, ledger.Account{Address: "bert@example.test", State: ledger.AccountPreStaged, Mailboxes: 2, Messages: 30, Octets: 1 << 40,
		Copied: 30}, nil, ledger.Turn{Address: "bert@example.test", State: ledger.TurnOver}))
	must(t, l.Verifications.Save(ctx, ledger.Verification{Address: "bert@example.test", Level: "full", Verdict: "equal", Result: []byte(`{}`)}))
	sums, err := l.again.Waves.Sums(ctx)
	must(t, err)
	if diff := cmp.Diff(map[string]ledger.WaveSum{
		"a": {Accounts: 1, Copied: 1, Equal: 1, Messages: 30, Octets: 1 << 40, There: 30}, "b": {Accounts: 1, Unmeasured: 1},
	}, sums); diff != "" {
		t.Error(diff)
	}
	must(t, l.Waves.Remove(ctx, "a"))
	members(map[string]string{"carl@example.test": "b"})
	if all, err := l.again.Waves.All(ctx); err != nil || len(all) != 1 {
		t.Errorf("%v, %v", all, err)
	}
}

func wavesCountFromTheirLastStart(t *testing.T, empty Empty) {
	l := create(t, empty)
	ctx := t.Context()
	at := time.Unix(28_000_020*60, 0)
	l.now = func() time.Time { return at }
	w := wave(t, l, "a", "anna@example.test", "bert@example.test")
	must(t, l.Waves.Count(ctx, map[string]map[string]int64{"a": {"accounts": 9, "failed": 1}}))
	l.now = func() time.Time { return at.Add(10 * time.Minute) }
	must(t, l.Waves.Count(ctx, map[string]map[string]int64{"a": {"accounts": 2}}))
	must(t, l.Waves.Count(ctx, map[string]map[string]int64{"a": {"accounts": 1}}))
	counts := func(since time.Time, want map[string]int64) {
		t.Helper()
		got, err := l.again.Waves.Counts(ctx, "a", since)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("since %v: %v: %s", since, err, diff)
		}
	}
	counts(at, map[string]int64{"accounts": 12, "failed": 1})
	counts(at.Add(time.Minute), map[string]int64{"accounts": 3})
	l.now = func() time.Time { return at.Add(ledger.WaveCountsKept + time.Minute) }
	must(t, l.Waves.Count(ctx, map[string]map[string]int64{"a": {"accounts": 5}}))
	counts(at, map[string]int64{"accounts": 8})
	for address, verdict := range map[string]string{"anna@example.test": "equal", "bert@example.test": "differs", "carl@example.test": "differs"} {
		must(t, l.Verifications.Save(ctx, ledger.Verification{Address: address, Level: "full", Verdict: verdict, Result: []byte(`{}`)}))
	}
	for since, want := range map[time.Time]map[string]int64{l.now(): {"equal": 1, "differs": 1}, l.now().Add(time.Second): {}} {
		got, err := l.again.Waves.Verdicts(ctx, "a", since)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("verified since %v: %v: %s", since, err, diff)
		}
	}
	if changed, err := l.Waves.Turn(ctx, w, ledger.WaveRunning, "", ""); err != nil || !changed {
		t.Fatalf("changed %v, %v", changed, err)
	}
	counts(at, map[string]int64{})
}

// Whoever renews leases hears which of their accounts are to be left alone, and says how far they are.
func leasesTellOfWaves(t *testing.T, empty Empty) {
	l := create(t, empty)
	ctx := t.Context()
	w := wave(t, l, "a", "anna@example.test", "bert@example.test")
	anna := claim(t, l.Ledger, "one", "anna@example.test", lasting)
	carl := claim(t, l.Ledger, "one", "carl@example.test", lasting)
	for _, address := range []string{"anna@example.test", "bert@example.test", "carl@example.test"} {
		row := ledger.Account{Address: address, State: ledger.AccountPreStaging, Mailboxes: 1, Messages: 100, Copied: 10}
		if address == "carl@example.test" {
			row.State = ledger.AccountPreStaged
		}
		must(t, l.Passes.Save(ctx, row, nil, ledger.Turn{Address: address, State: ledger.TurnQueued}))
	}
	renew := func(when string, stands bool, there, want int64) {
		t.Helper()
		reached := map[string]int64{"anna@example.test": there, "bert@example.test": 50, "carl@example.test": 50}
		held, err := l.Leases.Renew(ctx, "one", lasting, reached)
		must(t, err)
		slices.SortFunc(held, func(a, b ledger.Renewed) int { return strings.Compare(a.Address, b.Address) })
		if diff := cmp.Diff([]ledger.Renewed{{Lease: anna, Stands: stands}, {Lease: carl}}, held); diff != "" {
			t.Errorf("%s: %s", when, diff)
		}
		rows, err := l.again.Accounts.All(ctx)
		must(t, err)
		var got []int64
		for _, row := range rows {
			got = append(got, row.Copied)
		}
		if diff := cmp.Diff([]int64{want, 10, 10}, got); diff != "" {
			t.Errorf("%s are at the destination: %s", when, diff)
		}
	}
	turn := func(state ledger.WaveState) {
		t.Helper()
		if changed, err := l.again.Waves.Turn(ctx, readWave(t, l, "a"), state, "", ""); err != nil || !changed {
			t.Fatalf("%s: changed %v, %v", state, changed, err)
		}
	}
	renew("planned", true, 20, 20)
	turn(ledger.WaveRunning)
	renew("running", false, 19, 20) // a slice counts anew
	turn(ledger.WavePaused)
	renew("paused", true, 101, 20) // the source has more by now: the next look tells
	turn(ledger.WaveRunning)
	must(t, l.Waves.Reopen(ctx, w, l.now().Add(time.Hour), w.Closes))
	renew("outside its hours", true, 100, 100)
}

func turnsOfAWaveStandWithIt(t *testing.T, empty Empty) {
	l := create(t, empty)
	ctx := t.Context()
	w := wave(t, l, "a", "anna@example.test", "bert@example.test")
	run, err := l.Runs.Begin(ctx, []byte(`{}`), 3)
	must(t, err)
	queue := queued("anna@example.test", "bert@example.test", "carl@example.test")
	for i := range queue {
		queue[i].Run = run.ID
	}
	must(t, l.Passes.Begin(ctx, queue))
	must(t, l.Leases.Release(ctx, claim(t, l.Ledger, "one", "anna@example.test", lasting), false))
	look := func(when string, standing int64, abandoned, unclaimed int) {
		t.Helper()
		n, err := l.again.Runs.Standing(ctx, run.ID)
		must(t, err)
		left, err := l.again.Leases.Abandoned(ctx, 9)
		must(t, err)
		open, err := l.again.Leases.Unclaimed(ctx, 9)
		must(t, err)
		if n != standing || len(left) != abandoned || len(open) != unclaimed {
			t.Errorf("%s: %d stand, left %v, unclaimed %v", when, n, left, open)
		}
	}
	turn := func(state ledger.WaveState) {
		t.Helper()
		if changed, err := l.Waves.Turn(ctx, readWave(t, l, "a"), state, "", ""); err != nil || !changed {
			t.Fatalf("%s: changed %v, %v", state, changed, err)
		}
	}
	look("planned", 2, 0, 1)
	turn(ledger.WaveRunning)
	look("running", 0, 1, 2)
	turn(ledger.WavePaused)
	look("paused", 2, 0, 1)
	turn(ledger.WaveRunning)
	must(t, l.Waves.Reopen(ctx, w, l.now().Add(time.Hour), w.Closes))
	look("before its window", 2, 0, 1)
	waiting, err := l.again.Waves.Waiting(ctx, "a", 1, 9)
	if err != nil || len(waiting) != 1 || waiting[0].Address != "bert@example.test" {
		t.Errorf("behind the first wait %v, %v", waiting, err)
	}
	failed := queue[1]
	failed.State, failed.Pass = ledger.TurnFailed, rehome.PassPreStage
	must(t, l.Passes.Wait(ctx, failed))
	look("one has failed", 1, 0, 1)
}
