// SPDX-License-Identifier: Apache-2.0

package endpoint

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func TestGate_inTheOrderOfComing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGate(1, 1)
		if !g.tryEnter() {
			t.Fatal("an empty gate lets nobody in")
		}
		var order []int
		for i := range 5 {
			go func() {
				if g.enter(t.Context()) == nil {
					order = append(order, i) // one at a time is in
					g.leave()
				}
			}()
			synctest.Wait()
		}
		ctx, cancel := context.WithCancel(t.Context())
		quit := make(chan error)
		go func() { quit <- g.enter(ctx) }()
		synctest.Wait()
		cancel()
		if err := <-quit; !errors.Is(err, context.Canceled) {
			t.Errorf("%v, want %v", err, context.Canceled)
		}
		g.leave()
		synctest.Wait()
		if want := []int{0, 1, 2, 3, 4}; !slices.Equal(order, want) {
			t.Errorf("let in %v, want %v", order, want)
		}
		if g.taken() != 0 {
			t.Errorf("%d places taken, want none", g.taken())
		}
	})
}

// An extra connection does not overtake somebody who waits for the first one, be it for another service.
func TestGate_whoWaitsComesFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		host := newGate(2, 2)
		mail, objects := host.inner(2), host.inner(2)
		for place, want := range []bool{true, true, false} {
			if got := mail.tryEnter(); got != want {
				t.Fatalf("connection %d: let in %v, want %v", place+1, got, want)
			}
		}
		entered := make(chan error, 1)
		go func() { entered <- objects.enter(t.Context()) }()
		synctest.Wait()
		mail.leave()
		if mail.tryEnter() {
			t.Error("an extra connection took the place")
		}
		if err := <-entered; err != nil || host.taken() != 2 || mail.taken() != 1 || objects.taken() != 1 {
			t.Errorf("%v; %d, %d and %d places taken, want 2, 1 and 1", err, host.taken(), mail.taken(), objects.taken())
		}
	})
}

// A host is crowded as long as somebody waits, of whichever service and for whatever, or fewer are allowed than there are.
func TestGate_crowded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		host := newGate(2, 2)
		mail, objects := host.inner(2), host.inner(2)
		want := func(when string, crowded bool) {
			t.Helper()
			synctest.Wait()
			if host.crowded() != crowded {
				t.Errorf("%s: crowded %v", when, !crowded)
			}
		}
		for range 2 {
			if err := mail.enter(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		want("all places are taken", false)
		entered := make(chan error, 1)
		go func() { entered <- objects.enter(t.Context()) }()
		want("one waits at the host", true)
		mail.leave()
		want("he is in", <-entered != nil)
		host.allow(1)
		want("there is one place fewer", true)
		objects.leave()
		want("it was given back", false)
		objects.slow(time.Minute)
		go func() { entered <- objects.enter(t.Context()) }()
		want("one waits at his service", true)
		mail.leave()
		want("the pause is over", <-entered != nil)
	})
}

// Who waits at the host and is asked to stop leaves the service's place behind.
func TestGate_stopsWaitingAtTheHost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		host := newGate(1, 1)
		mail, objects := host.inner(1), host.inner(1)
		if !mail.tryEnter() {
			t.Fatal("an empty gate lets nobody in")
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := objects.enter(ctx); !errors.Is(err, context.DeadlineExceeded) || objects.taken() != 0 {
			t.Errorf("%v, %d places taken; want the context's end and none", err, objects.taken())
		}
		mail.leave()
		if !objects.tryEnter() || host.taken() != 1 {
			t.Error("the place that was given back is not to be had")
		}
	})
}

// A pause of one service holds up nobody else's.
func TestGate_pauseIsTheServicesOwn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		host := newGate(8, 8)
		mail, objects := host.inner(8), host.inner(8)
		objects.slow(time.Minute)
		begun := time.Now()
		if err := mail.enter(t.Context()); err != nil || time.Since(begun) != 0 {
			t.Errorf("%v after %v, want no pause", err, time.Since(begun))
		}
		if err := objects.enter(t.Context()); err != nil || time.Since(begun) != time.Minute {
			t.Errorf("%v after %v, want a minute", err, time.Since(begun))
		}
	})
}
