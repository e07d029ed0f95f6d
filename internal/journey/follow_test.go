// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"rehome"
	"rehome/internal/ledger"
)

func TestQuietHours(t *testing.T) {
	t.Parallel()
	at := func(clock string) time.Time {
		t.Helper()
		day, err := time.ParseInLocation("2 15:04", clock, time.UTC)
		if err != nil {
			t.Fatal(err)
		}
		return day
	}
	for _, test := range []struct{ hours, now, over, begin string }{
		{"08:00-18:00", "5 07:59", "5 07:59", "5 08:00"},
		{"08:00-18:00", "5 08:00", "5 18:00", "6 08:00"},
		{"08:00-18:00", "5 18:00", "5 18:00", "6 08:00"},
		{"22:30-06:00", "5 23:00", "6 06:00", "6 22:30"},
		{"22:30 - 06:00", "5 05:59", "5 06:00", "5 22:30"},
		{"22:30-06:00", "5 12:00", "5 12:00", "5 22:30"},
		{"", "5 12:00", "5 12:00", ""},
	} {
		q, err := ParseQuietHours(test.hours)
		if err != nil {
			t.Error(err)
		}
		begin, some := q.Begin(at(test.now))
		if got := q.Over(at(test.now)); !got.Equal(at(test.over)) || some != (test.begin != "") || some && !begin.Equal(at(test.begin)) {
			t.Errorf("%+v: over at %s, begin at %s", test, got, begin)
		}
	}
	for _, wrong := range []string{"8-18", "08:00", "08:00-08:00", "08:00-25:00", "nights"} {
		if q, err := ParseQuietHours(wrong); err == nil {
			t.Errorf("%q is read as %v", wrong, q)
		}
	}
}

// followed is a follower whose passes take a time each.
type followed struct {
	follower

	person  chan struct{}
	domain  atomic.Pointer[string]
	began   []time.Duration // of each pass, since the first
	first   []map[string]bool
	told    []string
	stopped int // passes that were brought to their end
}

func newFollowed(takes time.Duration, results ...any) *followed {
	f := &followed{person: make(chan struct{})}
	start := time.Now()
	f.crossing = func(context.Context) (string, error) {
		if domain := f.domain.Load(); domain != nil {
			return *domain, nil
		}
		return "", nil
	}
	f.options = FollowOptions{Every: 15 * time.Minute, Passed: func(Synced) {}, Told: func(s string) { f.told = append(f.told, s) }}
	f.pass = func(ctx context.Context, first map[string]bool, yield *passYield) (Synced, error) {
		f.began, f.first = append(f.began, time.Since(start)), append(f.first, first)
		stop, over := yield.finishing(func() (<-chan struct{}, func()) { return f.person, func() {} })
		defer over()
		select {
		case <-time.After(takes):
		case <-ctx.Done():
			return Synced{}, ctx.Err()
		case <-stop:
			f.stopped++
			return Synced{Interrupted: true}, nil
		}
		switch r := results[min(len(f.began), len(results))-1].(type) {
		case error:
			return Synced{}, r
		default:
			return r.(Synced), nil
		}
	}
	return f
}

// Passes come one after the other, at the same distance or behind each other where one takes longer; what was busy comes first.
func TestFollow_onePassAfterTheOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		busy := Synced{Accounts: []SyncedAccount{{Account: "a"}, {Account: "b", Mail: SyncedMail{Copied: 1}}}}
		f := newFollowed(5*time.Minute, busy, &rehome.Fault{Class: rehome.ClassTemporary, Op: "connect", Hint: "wait"}, busy)
		ctx, cancel := context.WithTimeout(t.Context(), 59*time.Minute)
		defer cancel()
		last, err := f.run(ctx)
		if err != nil || last.Interrupted || len(last.Accounts) != 2 {
			t.Errorf("the answer is not that of the last pass: %+v, %v", last, err)
		}
		want := []time.Duration{0, 15 * time.Minute, 30 * time.Minute, 45 * time.Minute}
		if !slices.Equal(f.began, want) || f.first[0]["b"] || !f.first[1]["b"] || f.first[1]["a"] {
			t.Errorf("passes at %v, first %v", f.began, f.first)
		}
		if len(f.told) != 1 || !strings.Contains(f.told[0], "wait; the next one tries again") {
			t.Errorf("told %q", f.told)
		}
		slow := newFollowed(20*time.Minute, busy)
		ctx, cancel = context.WithTimeout(t.Context(), 41*time.Minute+30*time.Second)
		defer cancel()
		if _, err := slow.run(ctx); err != nil || !slices.Equal(slow.began, []time.Duration{0, 21 * time.Minute}) {
			t.Errorf("passes at %v, %v", slow.began, err)
		}
	})
}

// It ends by itself or by somebody, in order, and says what is so; nobody's stop is called an interruption.
func TestFollow_howItEnds(t *testing.T) {
	t.Parallel()
	fault, domain := &rehome.Fault{Class: rehome.ClassTemporary, Op: "connect"}, "a.test"
	cross := func(f *followed, _ func()) { f.domain.Store(&domain) }
	for name, test := range map[string]struct {
		results     []any
		after       time.Duration // when something happens
		happens     func(f *followed, cancel func())
		passes      int
		stopped     int
		interrupted bool
		err         error
		told        string
	}{
		"Ctrl-C in a pass":     {[]any{Synced{}}, 17 * time.Minute, func(f *followed, _ func()) { close(f.person) }, 2, 1, true, nil, ""},
		"Ctrl-C between two":   {[]any{Synced{}}, 10 * time.Minute, func(_ *followed, cancel func()) { cancel() }, 1, 0, false, nil, ""},
		"Ctrl-C in the first":  {[]any{Synced{}}, time.Minute, func(_ *followed, cancel func()) { cancel() }, 1, 0, false, context.Canceled, ""},
		"a server that is off": {[]any{fault}, time.Hour, nil, 1, 0, false, fault, ""},
		"a cutover in a pass":  {[]any{Synced{}}, 17 * time.Minute, cross, 2, 1, false, nil, "a.test is being"},
		"a cutover between":    {[]any{Synced{}}, 10 * time.Minute, cross, 1, 0, false, nil, "a.test is being"},
		"Ctrl-C twice":         {[]any{Synced{}}, 17 * time.Minute, func(_ *followed, cancel func()) { cancel() }, 2, 0, false, context.Canceled, ""},
		"off since the first":  {[]any{Synced{}, fault}, 25 * time.Minute, func(_ *followed, end func()) { end() }, 2, 0, false, fault, "tries again"},
		"our own mistake":      {[]any{Synced{}, errors.ErrUnsupported}, time.Hour, nil, 2, 0, false, errors.ErrUnsupported, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := newFollowed(5*time.Minute, test.results...)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if test.happens != nil {
					time.AfterFunc(test.after, func() { test.happens(f, cancel) })
				}
				last, err := f.run(ctx)
				if !errors.Is(err, test.err) || last.Interrupted != test.interrupted || len(f.began) != test.passes || f.stopped != test.stopped ||
					!strings.Contains(strings.Join(f.told, ""), test.told) {
					t.Errorf("%+v, %v: %d passes, %d stopped, told %q", last, err, len(f.began), f.stopped, f.told)
				}
			})
		})
	}
}

// Nothing runs in quiet hours: a pass that meets them ends in order, and the next one begins when they are over.
func TestFollow_quietHours(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFollowed(time.Hour, Synced{})
		begin := time.Now().Add(30 * time.Minute)
		f.options.Quiet = QuietHours{begin.Hour()*60 + begin.Minute(), (begin.Hour()*60 + begin.Minute() + 8*60) % (24 * 60)}
		ctx, cancel := context.WithTimeout(t.Context(), 9*time.Hour+30*time.Minute+30*time.Second)
		defer cancel()
		last, err := f.run(ctx)
		if err != nil || last.Interrupted || f.stopped != 1 || !slices.Equal(f.began, []time.Duration{0, 8*time.Hour + 30*time.Minute}) {
			t.Errorf("%+v, %v: passes at %v, %d stopped", last, err, f.began, f.stopped)
		}
	})
}

// A domain that waits at its gates is not on its way yet, and one that was taken back is no more.
func TestFollow_untilADomainIsTakenAcross(t *testing.T) {
	t.Parallel()
	_, store := storeIn(t)
	was := ledger.CutoverState("")
	for _, test := range []struct {
		state ledger.CutoverState
		want  string
	}{{ledger.CutoverGates, ""}, {ledger.CutoverFinalPass, "a.test"}, {ledger.CutoverLive, "a.test"}, {ledger.CutoverRolledBack, ""}} {
		if err := store.Cutovers.Save(t.Context(), was, ledger.Cutover{Domain: "a.test", State: test.state},
			ledger.AuditLine{Action: actionCutover, Object: "a.test"}); err != nil {
			t.Fatal(err)
		}
		was = test.state
		if got, err := takenAcross(t.Context(), store); err != nil || got != test.want {
			t.Errorf("%s: got %q, %v", test.state, got, err)
		}
	}
}
