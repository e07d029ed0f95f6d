// SPDX-License-Identifier: Apache-2.0

package endpoint

import (
	"context"
	"net"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
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
		want                []Share
	}{
		{"nothing yet", Load{}, Load{}, nil},
		{"less than a second", Load{Open: time.Second / 2, Awaited: time.Second / 2}, Load{Open: time.Second / 2}, nil},
		{"a slow destination", minute(100, 10, 0, 0), minute(100, 90, 0, 0), []Share{{ByDestination, 90}, {BySource, 10}}},
		{"a long line", minute(100, 50, 50, 0), minute(100, 50, 40, 0), []Share{{ByLine, 90}, {ByDestination, 10}}},
		{"our own limit", minute(100, 5, 0, 95), minute(100, 0, 0, 0), []Share{{ByLimit, 95}, {BySource, 5}}},
		{"one end after the other, and neither", minute(100, 40, 0, 0), minute(100, 40, 0, 0),
			[]Share{{ByDestination, 40}, {BySource, 40}, {ByUs, 20}}},
		{"neither end", minute(100, 0, 0, 0), minute(100, 0, 0, 0), []Share{{ByUs, 100}}},
		{"an end that is not measured", minute(100, 50, 0, 0), Load{Open: time.Hour, unmeasured: true}, nil},
	} {
		if got := Shares(test.source, test.destination); !slices.Equal(got, test.want) {
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
				time.Duration(onWay) * time.Millisecond, time.Duration(paced) * time.Millisecond, false}
		}
		sum := 0
		shares := Shares(load("source"), load("destination"))
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

// A connection counts while it is open, and once.
func TestMeter_openAndEnded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := NewHost(HostSettings{})
		dial := h.meter.dialing(func(context.Context, string, string) (net.Conn, error) {
			time.Sleep(20 * time.Millisecond)
			return nil, nil
		})
		if _, err := dial(t.Context(), "tcp", "host:1"); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		end := h.meter.begin(func() Load { return h.meter.awaited(time.Since(began), time.Since(began)/2, 10) })
		time.Sleep(time.Minute)
		want := Load{Open: time.Minute, Awaited: 30 * time.Second, OnWay: 200 * time.Millisecond}
		if got := h.Load(); got != want {
			t.Errorf("open: %+v, want %+v", got, want)
		}
		end()
		time.Sleep(time.Minute)
		if got := h.Load(); got != want {
			t.Errorf("ended: %+v, want %+v", got, want)
		}
	})
}
