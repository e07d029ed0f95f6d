// SPDX-License-Identifier: Apache-2.0

package endpoint

import (
	"context"
	"errors"
	"io"
	"math"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// What is allowed at this moment bounds all services of a host, also when that changes: who is in stays and counts, who waits is let in.
func TestHost_allowsWhatItMayUseAtTheMoment(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		host := NewHost(HostSettings{Connections: 4})
		service := newService(host, "imap", "imap.test", "connections", math.MaxInt)
		host.Allow(0, 0)
		if service.gate.tryEnter() || host.Using() != 0 {
			t.Errorf("let in without a place; %d in use", host.Using())
		}
		var in atomic.Int64
		for range 3 {
			go func() {
				if service.enter(t.Context()) == nil {
					in.Add(1)
				}
			}()
		}
		for _, step := range []struct{ allowed, leave, in, using int }{
			{2, 0, 2, 2}, {1, 0, 2, 2}, {1, 1, 2, 1}, {1, 1, 3, 1}, {3, 0, 3, 3}, {0, 0, 3, 1}, {0, 1, 3, 0},
		} {
			host.Allow(step.allowed, 0)
			for range step.leave {
				service.gate.leave()
			}
			synctest.Wait()
			if in.Load() != int64(step.in) || host.Using() != step.using {
				t.Errorf("%+v: %d were let in, %d in use", step, in.Load(), host.Using())
			}
		}
	})
}

// A pace that changes holds at once, also for those who wait because it was very slow.
func TestHost_allowsAnotherPace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		host := NewHost(HostSettings{BytesPerSecond: 1 << 20})
		if err := host.pay(t.Context(), paceBurst); err != nil { // what may pass at once
			t.Fatal(err)
		}
		host.Allow(1, 1)
		paid := make(chan error, 1)
		go func() { paid <- host.pay(t.Context(), 1<<20) }()
		time.Sleep(time.Minute)
		host.Allow(1, 1<<20)
		began := time.Now()
		if err := <-paid; err != nil || time.Since(began) > 5*time.Second || time.Since(began) < 800*time.Millisecond {
			t.Errorf("%v after %v, want about a second for a megabyte", err, time.Since(began))
		}
	})
}

// All connections of a host can be ended at once, whatever they wait for, and none is opened afterwards.
func TestHost_cutsItsConnections(t *testing.T) {
	t.Parallel()
	host := NewHost(HostSettings{Permit: func() error { return nil }})
	dial := func() (near, far net.Conn, err error) {
		a, b := net.Pipe()
		near, err = host.permitted(func(context.Context, string, string) (net.Conn, error) { return a, nil })(t.Context(), "", "")
		return near, b, err
	}
	closed, _, err := dial()
	if err == nil {
		err = closed.Close()
	}
	_, far, other := dial()
	if err := errors.Join(err, other); err != nil || len(host.open.all) != 1 {
		t.Fatalf("%v, %d open", err, len(host.open.all))
	}
	host.Cut()
	if _, err := far.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("the other end reads %v", err)
	}
	if _, far, err := dial(); !errors.Is(err, errCut) {
		t.Errorf("dialled: %v", err)
	} else if _, err := far.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("what was dialled meanwhile reads %v", err)
	}
}
