// SPDX-License-Identifier: Apache-2.0

package ledgertest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rehome"
	"rehome/internal/ledger"
)

// attend has a worker come, and returns what its end brings; the end of the test brings it as well.
func attend(t testing.TB, l *ledger.Ledger, name string, second int64) (leave func()) {
	t.Helper()
	leave, err := l.Shares.Attend(name)
	must(t, err)
	t.Cleanup(leave)
	report(t, l, name, second, lasting)
	return leave
}

func report(t testing.TB, l *ledger.Ledger, name string, second int64, long time.Duration) {
	t.Helper()
	_, err := l.Workers.Report(t.Context(), ledger.Worker{Name: name, Began: time.Unix(second, 0).UTC()}, long)
	must(t, err)
}

// take has a worker that uses something want something, and returns what it is told of the others: "one:3 two:0 gone".
func take(t testing.TB, l *ledger.Ledger, name string, using, wants int64) (crew string) {
	t.Helper()
	taken, err := l.Shares.Take(t.Context(), name, ledger.Amounts{"source": using}, name == "lazy", func(all []ledger.Member) ledger.Amounts {
		crew = ""
		for _, m := range all {
			crew += fmt.Sprintf(" %s:%d", m.Name, m.Has["source"])
			for word, is := range map[string]bool{"gone": !m.There, "idle": m.Idle, "leaving": m.Leaving, "hindered": m.Hindered != ""} {
				if is {
					crew += " " + word
				}
			}
		}
		return ledger.Amounts{"source": wants}
	})
	must(t, err)
	if !taken {
		t.Errorf("%s has not taken its share", name)
	}
	return crew
}

func want(t testing.TB, got, want string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// What a worker may use is known to all others, until it has given it back, or its process is gone; that it says nothing is not enough.
func sharesCountAsLongAsTheyMayBeUsed(t *testing.T, empty Empty) {
	l := create(t, empty)
	ctx := t.Context()
	attend(t, l.Ledger, "one", 1)
	want(t, take(t, l.Ledger, "one", 0, 6), " one:0")
	attend(t, l.again, "lazy", 2)
	want(t, take(t, l.again, "lazy", 0, 0), " one:6 lazy:0 idle")
	want(t, take(t, l.Ledger, "one", 5, 3), " one:5 lazy:0 idle")
	must(t, l.Workers.Hinder(ctx, "one", "it lacks a secret"))
	want(t, take(t, l.again, "lazy", 0, 0), " one:3 hindered lazy:0 idle")
	must(t, l.Workers.Hinder(ctx, "one", ""))
	_, err := l.again.Workers.Dismiss(ctx, "one")
	must(t, err)
	want(t, take(t, l.again, "lazy", 0, 3), " one:3 leaving lazy:0 idle")
	must(t, l.Workers.Gone(ctx, "one"))
	want(t, take(t, l.again, "lazy", 3, 2), " lazy:3 idle")

	stopped := attend(t, l.Ledger, "stopped", 3)
	take(t, l.Ledger, "stopped", 0, 4)
	report(t, l.Ledger, "stopped", 3, -time.Minute)
	want(t, take(t, l.again, "lazy", 2, 2), " lazy:2 idle stopped:4 gone")
	report(t, l.Ledger, "stopped", 3, -time.Hour) // by now servers have ended its connections
	want(t, take(t, l.again, "lazy", 2, 2), " lazy:2 idle")
	stopped()

	killed := attend(t, l.Ledger, "killed", 4)
	take(t, l.Ledger, "killed", 0, 4)
	killed()
	want(t, take(t, l.again, "lazy", 2, 2), " lazy:2 idle killed:4") // a network that was cut looks the same, until the lease is over
	report(t, l.Ledger, "killed", 4, -time.Second)
	want(t, take(t, l.again, "lazy", 2, 2), " lazy:2 idle")
}

// Octets of a worker that is silent are the others', whether its process lives or not; it has lost them when it comes back.
func octetsLapseWithSilence(t *testing.T, empty Empty) {
	l := create(t, empty)
	take := func(on *ledger.Ledger, name string, using, wants ledger.Amounts) (others ledger.Amounts, err error) {
		_, err = on.Shares.Take(t.Context(), name, using, false, func(all []ledger.Member) ledger.Amounts {
			for _, m := range all {
				if m.Name != name {
					others = maps.Clone(m.Has)
				}
			}
			return wants
		})
		return others, err
	}
	wantOthers := func(when string, has ledger.Amounts) {
		t.Helper()
		got, err := take(l.again, "two", nil, nil)
		must(t, err)
		if diff := cmp.Diff(has, got); diff != "" {
			t.Errorf("%s the other one has: %s", when, diff)
		}
	}
	all := ledger.Amounts{"source": 3, ledger.Octets: 1000}
	attend(t, l.Ledger, "one", 1)
	attend(t, l.again, "two", 2)
	_, err := take(l.Ledger, "one", nil, all)
	must(t, err)
	wantOthers("while it is there", all)
	report(t, l.Ledger, "one", 1, -time.Second)
	wantOthers("when it is silent", ledger.Amounts{"source": 3})
	report(t, l.Ledger, "one", 1, lasting)
	if _, err := take(l.Ledger, "one", all, all); !errors.Is(err, ledger.ErrShareLost) {
		t.Errorf("who was silent has its octets again: %v", err)
	}
}

// Whoever may have lost his share does not get it back, nor changes anything; and two do not change theirs at the same time.
func sharesAreLostForGood(t *testing.T, empty Empty) {
	l := create(t, empty)
	lost := func(when, name string, using int64) {
		t.Helper()
		taken, err := l.Shares.Take(t.Context(), name, ledger.Amounts{"source": using}, false, func([]ledger.Member) ledger.Amounts {
			return ledger.Amounts{"source": 1}
		})
		if taken || !errors.Is(err, ledger.ErrShareLost) || rehome.HintOf(err) == "" {
			t.Errorf("%s: taken %v, %v", when, taken, err)
		}
	}
	lost("a stranger", "nobody", 0)
	leave := attend(t, l.Ledger, "one", 1)
	lost("what it has not taken", "one", 1)
	take(t, l.Ledger, "one", 0, 3)
	lost("more than it has taken", "one", 4)
	report(t, l.Ledger, "one", 1, -time.Second)
	lost("when it was silent", "one", 3)
	report(t, l.Ledger, "one", 1, lasting)
	want(t, take(t, l.Ledger, "one", 3, 3), " one:3")
	if _, err := l.again.Shares.Attend("one"); err == nil {
		t.Error("two have one name")
	}
	leave()
	lost("without its session", "one", 3)

	attend(t, l.again, "two", 2)
	held, free := make(chan struct{}), make(chan struct{})
	done := make(chan error, 1)
	go func() {
		_, err := l.again.Shares.Take(context.Background(), "two", nil, false, func([]ledger.Member) ledger.Amounts {
			close(held)
			<-free
			return ledger.Amounts{"source": 2}
		})
		done <- err
	}()
	<-held
	other := make(chan string, 1)
	go func() {
		attendOther, err := l.Shares.Attend("three")
		if err == nil {
			defer attendOther()
			_, err = l.Workers.Report(context.Background(), ledger.Worker{Name: "three", Began: time.Unix(3, 0)}, lasting)
		}
		told := ""
		taken := false
		if err == nil {
			taken, err = l.Shares.Take(context.Background(), "three", nil, false, func(all []ledger.Member) ledger.Amounts {
				for _, m := range all {
					told += fmt.Sprintf(" %s:%d", m.Name, m.Has["source"])
				}
				return nil
			})
		}
		other <- fmt.Sprintf("%v%s %v", taken, told, err)
	}()
	var got string
	select { // one database lets the second one wait, the other one sends it away
	case got = <-other:
		close(free)
	case <-time.After(100 * time.Millisecond):
		close(free)
		got = <-other
	}
	must(t, <-done)
	if got != "false <nil>" && got != "true one:3 two:2 three:0 <nil>" {
		t.Errorf("beside another one: %s", got)
	}
}
