// SPDX-License-Identifier: Apache-2.0

package endpoint

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"rehome/internal/protocol/imap"
)

// Whatever the server's work adds, the line is the least of the answers, and never less than a round trip.
func TestLine_theLeastOfTheAnswers(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		trip := rapid.Int64Range(0, 1000).Draw(t, "trip")
		var l line
		want := int64(0)
		for _, work := range rapid.SliceOf(rapid.Int64Range(0, 1000)).Draw(t, "work") {
			l.heard(imap.Exchange{Answer: "OK", Took: time.Duration(trip + work)})
			if took := max(trip+work, 1); want == 0 || took < want {
				want = took
			}
			l.heard(imap.Exchange{Answer: rapid.SampledFrom([]string{"NO", "BAD"}).Draw(t, "refusal")}) // of a command half sent
		}
		if got := l.least.Load(); got != want {
			t.Fatalf("got %d, want %d", got, want)
		}
	})
}

// A server that is slow at first, and answers what was sent together at once, has a short line all the same. One that is far
// away is asked a few times, and then no more.
func TestMeasureRoundTrip(t *testing.T) {
	t.Parallel()
	const enough = 15 * time.Millisecond
	for name, test := range map[string]struct {
		waits []time.Duration // before each answer
		trip  time.Duration
		asked int
	}{
		"short":                        {[]time.Duration{time.Millisecond}, time.Millisecond, 0},
		"slow at first":                {[]time.Duration{40 * time.Millisecond, time.Millisecond}, time.Millisecond, 1},
		"slow at first and far away":   {[]time.Duration{200 * time.Millisecond, 80 * time.Millisecond}, 80 * time.Millisecond, mostAsked},
		"slow at first and then again": {[]time.Duration{40 * time.Millisecond, 30 * time.Millisecond, time.Millisecond}, time.Millisecond, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { measured(t, test.waits, enough, test.trip, test.asked) })
		})
	}
}

func measured(t *testing.T, waits []time.Duration, enough, trip time.Duration, asked int) {
	ours, theirs := net.Pipe()
	go answerLate(theirs, waits)
	settings := plain("localhost:143")
	settings.Dial = func(context.Context, string, string) (net.Conn, error) { return ours, nil }
	h := NewIMAP(settings)
	session, err := h.Open(t.Context(), anna())
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	for range 5 {
		if err := session.MeasureRoundTrip(t.Context(), enough); err != nil {
			t.Fatal(err)
		}
	}
	if got := session.RoundTrip(); got != trip {
		t.Errorf("a round trip of %v, want %v", got, trip)
	}
	if got := int(h.line.asked.Load()); got != asked {
		t.Errorf("asked %d times, want %d", got, asked)
	}
}

// answerLate answers OK to each line, after one wait after another; the last one stays.
func answerLate(conn net.Conn, waits []time.Duration) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	fmt.Fprint(conn, "* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] ready\r\n")
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		time.Sleep(waits[0])
		waits = waits[min(1, len(waits)-1):]
		tag, command, _ := strings.Cut(strings.TrimSpace(line), " ")
		fmt.Fprintf(conn, "%s OK [CAPABILITY IMAP4rev1] done\r\n", tag)
		if command == "LOGOUT" {
			return
		}
	}
}
