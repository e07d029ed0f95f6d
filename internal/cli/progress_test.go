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

	"rehome"
	"rehome/internal/conductor"
	"rehome/internal/endpoint"
	"rehome/internal/pass"
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
		progress := conductor.NewProgress()
		size := pass.Size{Messages: 30_000, Octets: 60_000_000}
		progress.Expect(&size)
		progress.Begin("anna", &size)
		stop := f.watch(progress)
		progress.Looked("anna", 30_000, 60_000_000)
		for range 25 {
			time.Sleep(990 * time.Millisecond)
			progress.Copied("anna", 1000, 2_000_000)
			time.Sleep(10 * time.Millisecond)
		}
		stop()
		want := "0 of 1 account, 10,000 of 30,000 messages, 20 MB, 1,000 messages/s, 2.0 MB/s, 20s left\n" +
			"0 of 1 account, 20,000 of 30,000 messages, 40 MB, 1,000 messages/s, 2.0 MB/s, 10s left\n" +
			"0 of 1 account, 25,000 of 30,000 messages, 50 MB, 1,000 messages/s, 2.0 MB/s\n"
		if got := out.String(); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	})
}

func TestWatch_terminalRedrawsOneLine(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f, out := testFrame(true)
		progress := conductor.NewProgress()
		progress.Expect(nil)
		progress.Expect(nil)
		progress.Begin("anna", nil)
		progress.Finished("anna", false)
		progress.Slowed(rehome.Destination, "the destination asks to slow down")
		stop := f.watch(progress)
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
		if want := "1 of 2 accounts, 0 messages, the destination asks to slow down\n"; last != want {
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
			stop := f.watch(conductor.NewProgress())
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
	s := conductor.Snapshot{
		Finished: 12, Accounts: 40, Known: 38, Done: 3210, Messages: 10_000, CopiedOctets: 34_000_000, Failed: 2,
		MessagesPerSecond: 2310, OctetsPerSecond: 21_000_000, Left: 4 * time.Second, Slowed: "the source asks to slow down",
	}
	for columns, want := range map[int]string{
		200: "[###.......]  12/40 accounts  3,210/10,000 msg  (38 of 40 accounts known)  34 MB  2,310 msg/s  21 MB/s  4s left  " +
			"2 failed  the source asks to slow down",
		120: "12/40 accounts  3,210/10,000 msg  (38 of 40 accounts known)  4s left  2 failed  the source asks to slow down",
		79:  "12/40 accounts  4s left  2 failed  the source asks to slow down",
		40:  "12/40 accounts  4s left  2 failed",
		20:  "12/40 accounts  4s …",
	} {
		got := statusLine(s, columns)
		if cells(got) > columns {
			t.Errorf("%d columns: %q has %d", columns, got, cells(got))
		}
		if got != want {
			t.Errorf("%d columns:\ngot  %q\nwant %q", columns, got, want)
		}
	}
}

// What holds the work up is said last, and dropped first.
func TestStatusLine_heldUp(t *testing.T) {
	t.Parallel()
	s := conductor.Snapshot{Accounts: 2, Known: 2, Finished: 1, Messages: 9, Done: 5, HeldUp: conductor.HeldUp{
		Lately: []endpoint.Share{{By: endpoint.ByDestination, Percent: 82}, {By: endpoint.ByLine, Percent: 18}},
		Whole:  []endpoint.Share{{By: endpoint.ByLine, Percent: 60}},
	}}
	if got, want := statusLine(s, 200), "held up by the destination (82 %)"; !strings.HasSuffix(got, want) {
		t.Errorf("got %q, want %q at its end", got, want)
	}
	if got := statusLine(s, 80); strings.Contains(got, "held up") || !strings.Contains(got, "5/9 msg") {
		t.Errorf("80 columns: %q", got)
	}
	if got, want := progressLine(overall(s)), "held up by round trips (60 %)"; !strings.HasSuffix(got, want) {
		t.Errorf("at the end: got %q, want %q at its end", got, want)
	}
}

func TestStatusLine_unknownTotals(t *testing.T) {
	t.Parallel()
	got := statusLine(conductor.Snapshot{Done: 5, CopiedOctets: 1000}, 80)
	if want := "0 accounts  5 msg  1.0 kB  0 msg/s  0 B/s"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestProgressBar_fullOnlyWhenAllIsDone(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		s    conductor.Snapshot
		want string
	}{
		"nothing known":     {conductor.Snapshot{}, ""},
		"messages":          {conductor.Snapshot{Accounts: 2, Known: 2, Messages: 26_089, Done: 26_081}, "[#########.]"},
		"all":               {conductor.Snapshot{Accounts: 2, Known: 2, Messages: 9, Done: 9}, "[##########]"},
		"not all are known": {conductor.Snapshot{Accounts: 4, Known: 2, Finished: 1, Messages: 9, Done: 9}, "[##........]"},
	} {
		if got := progressBar(test.s, 10); got != test.want {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}
