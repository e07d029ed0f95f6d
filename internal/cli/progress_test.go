// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"io"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// testFrame returns a frame whose standard error is a buffer that poses as a terminal or not.
// Read the buffer only while nothing runs.
func testFrame(terminal bool) (*frame, *bytes.Buffer) {
	var errOut bytes.Buffer
	return &frame{screen: &screen{w: &errOut, terminal: terminal}, log: slog.New(slog.DiscardHandler)}, &errOut
}

func TestWatch_pipeGetsALineEveryTenSeconds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f, out := testFrame(false)
		start := time.Now()
		stop := f.watch(func() Progress {
			n := int64(time.Since(start).Seconds())
			return Progress{AccountsDone: int(n / 10), AccountsTotal: 3, Messages: 1000 * n, MessagesTotal: 30_000, Octets: 2_000_000 * n, OctetsTotal: 60_000_000}
		})
		time.Sleep(25 * time.Second)
		stop()
		want := "1 of 3 accounts, 10,000 of 30,000 messages, 20 MB of 60 MB, 1,000 messages/s, 2.0 MB/s, 20s left\n" +
			"2 of 3 accounts, 20,000 of 30,000 messages, 40 MB of 60 MB, 1,000 messages/s, 2.0 MB/s, 10s left\n" +
			"2 of 3 accounts, 25,000 of 30,000 messages, 50 MB of 60 MB, 1,000 messages/s, 2.0 MB/s\n"
		if got := out.String(); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	})
}

func TestWatch_terminalRedrawsOneLine(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f, out := testFrame(true)
		stop := f.watch(func() Progress {
			return Progress{AccountsDone: 1, AccountsTotal: 2, Note: "the destination asks to slow down"}
		})
		time.Sleep(450 * time.Millisecond)
		synctest.Wait()
		if _, err := io.WriteString(f.screen, "a log line\n"); err != nil {
			t.Fatal(err)
		}
		stop()
		got := strings.Count(out.String(), eraseLine+"[#####")
		if got != 2 {
			t.Errorf("%d redraws in 450 ms, want 2:\n%q", got, out)
		}
		if !strings.Contains(out.String(), eraseLine+"a log line\n[#####") {
			t.Errorf("the log line does not stand alone:\n%q", out)
		}
		last := out.String()[strings.LastIndex(out.String(), eraseLine)+len(eraseLine):]
		if want := "1 of 2 accounts, 0 messages, 0 B, 0 messages/s, 0 B/s, the destination asks to slow down\n"; last != want {
			t.Errorf("last line: got %q, want %q", last, want)
		}
	})
}

func TestWatch_quietAndJSONShowNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, set := range []func(*frame){func(f *frame) { f.quiet = true }, func(f *frame) { f.json = true }} {
			f, out := testFrame(true)
			set(f)
			stop := f.watch(func() Progress { t.Error("polled"); return Progress{} })
			time.Sleep(time.Minute)
			stop()
			if out.Len() > 0 {
				t.Errorf("got %q, want nothing", out)
			}
		}
	})
}

func TestStatusLine_fitsTheTerminal(t *testing.T) {
	t.Parallel()
	p := Progress{AccountsDone: 12, AccountsTotal: 40, Messages: 3210, MessagesTotal: 10_000, Octets: 34_000_000, OctetsTotal: 120_000_000,
		Failed: 2, Note: "the source asks to slow down"}
	r := rate{messages: 2310, octets: 21_000_000}
	for columns, want := range map[int]string{
		200: "[##........]  12/40 accounts  3,210/10,000 msg  34 MB/120 MB  2,310 msg/s  21 MB/s  4s left  2 failed  the source asks to slow down",
		100: "12/40 accounts  3,210/10,000 msg  2,310 msg/s  4s left  2 failed  the source asks to slow down",
		79:  "12/40 accounts  4s left  2 failed  the source asks to slow down",
		40:  "12/40 accounts  4s left  2 failed",
		20:  "12/40 accounts  4s …",
	} {
		got := statusLine(p, r, columns)
		if cells(got) > columns {
			t.Errorf("%d columns: %q has %d", columns, got, cells(got))
		}
		if got != want {
			t.Errorf("%d columns:\ngot  %q\nwant %q", columns, got, want)
		}
	}
}

func TestStatusLine_unknownTotals(t *testing.T) {
	t.Parallel()
	got := statusLine(Progress{Messages: 5, Octets: 1000}, rate{}, 80)
	if want := "0 accounts  5 msg  1.0 kB  0 msg/s  0 B/s"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestMeter_smooths(t *testing.T) {
	t.Parallel()
	var m meter
	start := time.Unix(0, 0)
	m.measure(Progress{}, start)
	first := m.measure(Progress{Messages: 1000}, start.Add(time.Second))
	idle := m.measure(Progress{Messages: 1000}, start.Add(2*time.Second))
	if first.messages != 1000 || idle.messages < 900 || idle.messages >= 1000 {
		t.Errorf("got %v then %v, want 1000 and then little less", first.messages, idle.messages)
	}
	if got := m.overall(Progress{Messages: 1000}, start.Add(2*time.Second)); got.messages != 500 {
		t.Errorf("overall: got %v, want 500", got.messages)
	}
}

func TestRemaining(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		p    Progress
		r    rate
		want time.Duration
	}{
		"octets":       {Progress{Octets: 10, OctetsTotal: 110, Messages: 1, MessagesTotal: 2}, rate{1, 10}, 10 * time.Second},
		"messages":     {Progress{Messages: 10, MessagesTotal: 110}, rate{10, 0}, 10 * time.Second},
		"no total":     {Progress{Messages: 10}, rate{10, 10}, 0},
		"standing":     {Progress{OctetsTotal: 10}, rate{}, 0},
		"done":         {Progress{Octets: 10, OctetsTotal: 10}, rate{1, 1}, 0},
		"out of sight": {Progress{OctetsTotal: 1 << 60}, rate{1, 1}, 0},
	} {
		if got := remaining(test.p, test.r); got != test.want {
			t.Errorf("%s: got %v, want %v", name, got, test.want)
		}
	}
}
