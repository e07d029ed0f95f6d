// SPDX-License-Identifier: Apache-2.0

package endpoint

import (
	"context"
	"math"
	"net"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"rehome"
)

func TestShares_whatHoldsWorkUp(t *testing.T) {
	t.Parallel()
	minute := func(open, awaited, onWay, paced int) Load {
		return Load{Open: time.Duration(open) * time.Minute, Awaited: time.Duration(awaited) * time.Minute,
			OnWay: time.Duration(onWay) * time.Minute, Paced: time.Duration(paced) * time.Minute}
	}
	for _, test := range []struct {
		name                string
		source, destination Load
		ledger              time.Duration
		want                []Share
	}{
		{"nothing yet", Load{}, Load{}, 0, nil},
		{"less than a second", Load{Open: time.Second / 2, Awaited: time.Second / 2}, Load{Open: time.Second / 2}, 0, nil},
		{"a slow destination", minute(100, 10, 0, 0), minute(100, 90, 0, 0), 0, []Share{{ByDestination, 90}, {BySource, 10}}},
		{"a long line", minute(100, 50, 50, 0), minute(100, 50, 40, 0), 0, []Share{{ByLine, 90}, {ByDestination, 10}}},
		{"our own limit", minute(100, 5, 0, 95), minute(100, 0, 0, 0), 0, []Share{{ByLimit, 95}, {BySource, 5}}},
		{"one end after the other, and neither", minute(100, 40, 0, 0), minute(100, 40, 0, 0), 0,
			[]Share{{ByDestination, 40}, {BySource, 40}, {ByUs, 20}}},
		{"neither end", minute(100, 0, 0, 0), minute(100, 0, 0, 0), 0, []Share{{ByUs, 100}}},
		{"the ledger", minute(100, 0, 0, 0), minute(100, 40, 0, 0), 45 * time.Minute, []Share{{ByLedger, 45}, {ByDestination, 40}, {ByUs, 15}}},
		{"the ledger beside a server", minute(100, 90, 0, 0), minute(100, 0, 0, 0), time.Hour, []Share{{BySource, 90}, {ByLedger, 10}}},
		{"too few places", minute(10, 5, 0, 0), Load{Open: 10 * time.Minute, Queued: 15 * time.Minute}, 0,
			[]Share{{ByPlaces, 75}, {BySource, 25}}},
		{"a source that has asked for it", Load{Eased: 9 * time.Minute}, minute(2, 1, 0, 0), 0, []Share{{BySource, 90}, {ByDestination, 10}}},
		{"an end that is not measured", minute(100, 50, 0, 0), Load{Open: time.Hour, Unmeasured: 1}, 0, nil},
	} {
		if got := Shares(test.source, test.destination, test.ledger); !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}

// However the time was spent, the shares make a hundred, the most first.
func TestShares_makeAHundred(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		load := func(name string) Load {
			open := rapid.IntRange(0, 1e6).Draw(t, name)
			awaited := rapid.IntRange(0, open).Draw(t, name+" awaited")
			onWay := rapid.IntRange(0, awaited).Draw(t, name+" on the way")
			paced := rapid.IntRange(0, open).Draw(t, name+" paced")
			return Load{time.Duration(open) * time.Millisecond, time.Duration(awaited) * time.Millisecond,
				time.Duration(onWay) * time.Millisecond, time.Duration(paced) * time.Millisecond, time.Duration(paced/2) * time.Millisecond,
				time.Duration(open-paced) * time.Millisecond, 0, 0}
		}
		sum := 0
		shares := Shares(load("source"), load("destination"), load("ledger").Open)
		for i, s := range shares {
			sum += s.Percent
			if s.Percent < 1 || i > 0 && s.Percent > shares[i-1].Percent {
				t.Fatalf("not in order: %v", shares)
			}
		}
		if sum != 100 && len(shares) > 0 {
			t.Fatalf("%v make %d", shares, sum)
		}
	})
}

// A connection counts while it is open, and once; a host begins at nothing where another one has used the server.
func TestMeter_openAndEnded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		meters := &Meters{}
		server := newService(NewHost(HostSettings{Meters: meters}), "imap", "imap.test:993", "connections", math.MaxInt)
		dial := server.meter.dialing(func(context.Context, string, string) (net.Conn, error) {
			time.Sleep(20 * time.Millisecond)
			return nil, nil
		})
		if _, err := dial(t.Context(), "tcp", "host:1"); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		end := server.meter.begin(func() Load { return server.meter.awaited(time.Since(began), time.Since(began)/2, 10) })
		time.Sleep(time.Minute)
		want := Load{Open: time.Minute, Awaited: 30 * time.Second, OnWay: 200 * time.Millisecond, Turns: 10}
		if got := server.Host().Load(); got != want {
			t.Errorf("open: %+v, want %+v", got, want)
		}
		end()
		time.Sleep(time.Minute)
		if got := server.Host().Load(); got != want {
			t.Errorf("ended: %+v, want %+v", got, want)
		}
		later := newService(NewHost(HostSettings{Meters: meters}), "imap", "imap.test:993", "connections", math.MaxInt)
		later.meter.add(Load{Paced: time.Second})
		if got := later.Host().Load(); got != (Load{Paced: time.Second}) {
			t.Errorf("of a later host: %+v", got)
		}
		if got := meters.Read()[Server{Service: "imap", Address: "imap.test:993"}].Load; got != want.Plus(Load{Paced: time.Second}) {
			t.Errorf("of both: %+v", got)
		}
	})
}

// Who waits for a place is counted while it waits, and so is why: the settings allow no more, or the server has asked for it.
func TestMeter_waitsForAPlace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		meters := &Meters{}
		server := newService(NewHost(HostSettings{Connections: 2, Meters: meters}), "imap", "imap.test", "connections", math.MaxInt)
		wait := func(long time.Duration) {
			t.Helper()
			go func() {
				if server.enter(t.Context()) == nil {
					server.gate.leave()
				}
			}()
			time.Sleep(long)
			synctest.Wait()
		}
		for range 2 {
			if err := server.enter(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		wait(time.Minute)
		read := func() Metered { return meters.Read()[Server{Service: "imap", Address: "imap.test"}] }
		if got := read(); got.In != 2 || got.Waiting != 1 || got.Load != (Load{Queued: time.Minute}) {
			t.Errorf("while it waits: %+v", got)
		}
		server.gate.leave()
		synctest.Wait()
		server.gate.slow(0)
		wait(time.Hour)
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if server.enter(gone) == nil {
			t.Error("let in although it waits no longer")
		}
		server.gate.leave()
		synctest.Wait()
		if got := read(); got.In != 0 || got.Waiting != 0 || got.Slowed != 1 || got.Load != (Load{Queued: time.Minute, Eased: time.Hour}) {
			t.Errorf("in the end: %+v", got)
		}
		err := &rehome.Fault{Class: rehome.ClassAuth}
		server.meter.loggedIn(err)
		server.meter.loggedIn(nil)
		if got := read().LogIns; got[rehome.ClassAuth] != 1 || got[""] != 1 {
			t.Errorf("log-ins: %v", got)
		}
	})
}

// What is said of a server is about its own time, and of a side that has two each has its own.
func TestSharesOf_eachServer(t *testing.T) {
	t.Parallel()
	minutes := func(open, awaited, onWay int) Load {
		return Load{Open: time.Duration(open) * time.Minute, Awaited: time.Duration(awaited) * time.Minute, OnWay: time.Duration(onWay) * time.Minute}
	}
	got := SharesOf(map[Server]Load{
		{rehome.Destination, "imap", "b:993"}: minutes(10, 1, 0),
		{rehome.Source, "imap", "a:993"}:      minutes(10, 9, 3),
		{rehome.Source, "dav", "a:443"}:       {Eased: time.Minute, Queued: 3 * time.Minute},
		{rehome.Source, "pop3", "a:995"}:      {Open: time.Millisecond},
		{rehome.Destination, "dsync", "b:1"}:  {Open: time.Hour, Unmeasured: 1},
	})
	want := []ServerShares{
		{rehome.Source, "dav", "a:443", []Share{{ByPlaces, 75}, {BySource, 25}}},
		{rehome.Source, "imap", "a:993", []Share{{BySource, 60}, {ByLine, 30}, {ByOthers, 10}}},
		{rehome.Destination, "imap", "b:993", []Share{{ByOthers, 90}, {ByDestination, 10}}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
