// SPDX-License-Identifier: Apache-2.0

package endpoint

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"rehome"
	"rehome/internal/protocol/dav"
)

func status(code int, wait time.Duration) error {
	return &dav.StatusError{Method: "PUT", URL: "https://dav.example.test/x", Status: code, Text: "says so", RetryAfter: wait}
}

// davGateOf is that of a host with so many places.
func davGateOf(most int) *davGate {
	return NewDAV(DAVSettings{Host: NewHost(HostSettings{Connections: most})}).requests
}

func TestGate_waitsAsAskedAndTriesAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := davGateOf(8)
		begun := time.Now()
		calls := 0
		err := g.do(t.Context(), func() error {
			if calls++; calls == 1 {
				return status(429, 20*time.Second)
			}
			return nil
		})
		if err != nil || calls != 2 || time.Since(begun) != 20*time.Second {
			t.Errorf("%v after %d calls in %s, want success after the 20 s that were asked for", err, calls, time.Since(begun))
		}
	})
}

func TestGate_givesUp(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		err   error
		calls int
	}{
		"always busy":           {status(503, 0), maxAttempts},
		"come back in an hour":  {status(429, time.Hour), 1},
		"refused for good":      {status(403, 0), 1},
		"a mistake of its own":  {status(500, 0), 1},
		"not an answer at all":  {&dav.ConnectionError{Trouble: dav.Broken, Err: errors.New("reset")}, 1},
		"not even a DAV matter": {errors.New("disk full"), 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				calls := 0
				err := davGateOf(8).do(t.Context(), func() error { calls++; return test.err })
				if !errors.Is(err, test.err) || calls != test.calls {
					t.Errorf("%v after %d calls, want %v after %d", err, calls, test.err, test.calls)
				}
			})
		})
	}
}

func TestGate_adapts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := davGateOf(16)
		if g.allowed() != firstLimit {
			t.Fatalf("begins with %d at once, want %d", g.allowed(), firstLimit)
		}
		for range 200 {
			_ = g.once(t.Context(), func() error { return nil })
		}
		if g.allowed() != 16 {
			t.Errorf("%d at once after 200 good answers, want 16", g.allowed())
		}
		for _, want := range []int{8, 4, 2, 1, 1} {
			_ = g.once(t.Context(), func() error { return status(500, 0) })
			if g.allowed() != want {
				t.Errorf("%d at once, want %d", g.allowed(), want)
			}
		}
	})
}

func TestGate_neverMoreThanAllowed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := davGateOf(3)
		var mu sync.Mutex
		var all sync.WaitGroup
		active, most := 0, 0
		for range 50 {
			all.Go(func() {
				_ = g.do(t.Context(), func() error {
					mu.Lock()
					active++
					most = max(most, active)
					mu.Unlock()
					time.Sleep(time.Second)
					mu.Lock()
					active--
					mu.Unlock()
					return nil
				})
			})
		}
		all.Wait()
		if most != 3 {
			t.Errorf("%d requests at once, want 3", most)
		}
	})
}

func TestGate_stopsWaitingWhenAsked(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := davGateOf(1)
		g.learn(status(503, time.Minute))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := g.do(ctx, func() error { return nil }); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v, want the context's end", err)
		}
	})
}

// What a server asks for is said, and so is that it is granted no longer.
func TestGate_saysThatTheServerAsksToWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var said []string
		host := NewHost(HostSettings{Side: rehome.Source, Connections: 3, Slowed: func(s string) { said = append(said, s) }})
		g := NewDAV(DAVSettings{Host: host}).requests
		for _, err := range []error{status(503, 20*time.Second), nil, status(500, 0), nil, nil, nil, nil} {
			_ = g.once(t.Context(), func() error { return err })
		}
		want := []string{`the source asks to slow down ("503 Service Unavailable: says so"): continuing in 20s with at most 1 of 3 requests`, ""}
		if !slices.Equal(said, want) || g.allowed() != 3 {
			t.Errorf("said %q with %d at once, want %q and 3", said, g.allowed(), want)
		}
	})
}

func TestFault_ofDAV(t *testing.T) {
	t.Parallel()
	elsewhere := &dav.NotOfferedError{Kind: dav.Calendars, Attempts: []dav.Attempt{{How: "given URL", Err: status(404, 0)}}}
	unreachable := &dav.ConnectionError{Trouble: dav.Unreachable, Err: errors.New("refused")}
	down := &dav.NotOfferedError{Attempts: []dav.Attempt{{How: "given URL", Err: unreachable}}}
	for name, test := range map[string]struct {
		err   error
		class rehome.Class
		words string
	}{
		"unauthorised":  {status(401, 0), rehome.ClassAuth, `server says "401 Unauthorized: says so"`},
		"busy":          {status(503, 0), rehome.ClassThrottled, "503"},
		"full":          {status(507, 0), rehome.ClassQuota, "507"},
		"broken server": {status(500, 0), rehome.ClassTemporary, "500"},
		"bad data":      {status(415, 0), rehome.ClassPermanent, "415"},
		"lost":          {&dav.ConnectionError{Trouble: dav.Broken, Err: errors.New("reset")}, rehome.ClassTemporary, "reset"},
		"bad TLS":       {&dav.ConnectionError{Trouble: dav.Untrusted, Err: errors.New("x509")}, rehome.ClassUntrusted, "x509"},
		"login page":    {&dav.FormatError{Why: "a web page"}, rehome.ClassUntrusted, "a web page"},
		"redirect":      {&dav.RedirectError{Why: "another host"}, rehome.ClassUntrusted, "another host"},
		"plaintext":     {&dav.AuthError{Why: "in the clear"}, rehome.ClassAuth, "in the clear"},
		"nothing there": {elsewhere, rehome.ClassPermanent, "no home for calendars"},
		"host down":     {down, rehome.ClassTemporary, "refused"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantFault(t, Fault(test.err, "write", "a.ics"), test.class, test.words, "")
		})
	}
}
