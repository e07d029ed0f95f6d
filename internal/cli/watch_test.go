// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"testing"
	"time"

	"rehome/internal/conductor"
	"rehome/internal/journey"
)

// A moment looks as the process that works shows it: at a terminal, in a pipe, and what it waits for.
func TestWatch_showsWhatTheOtherShows(t *testing.T) {
	t.Parallel()
	moment := journey.Running{
		Work: "sync", PID: 42, State: journey.RunRunning, Accounts: 3, Known: 3, Finished: 1, Messages: 30_000, Done: 10_000, Copied: 10_000,
		CopiedOctets: 20_000_000, MessagesPerSecond: 1000, OctetsPerSecond: 2e6, LeftSeconds: 20, QuietSeconds: 0.2,
	}
	same := conductor.Snapshot{
		Accounts: 3, Known: 3, Finished: 1, Messages: 30_000, Done: 10_000, Copied: 10_000, CopiedOctets: 20_000_000,
		MessagesPerSecond: 1000, OctetsPerSecond: 2e6, Left: 20 * time.Second, Quiet: 200 * time.Millisecond,
	}
	for _, terminal := range []bool{true, false} {
		f, got := testFrame(terminal)
		other, want := testFrame(terminal)
		if err := f.showRuns()(moment); err != nil {
			t.Fatal(err)
		}
		other.say("sync of process 42, which began at %s", shortTime(time.Now(), moment.Began))
		other.showProgress(same)
		if got.String() != want.String() {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	}
	moment.Awaited, moment.AwaitedSeconds = "the source mail.example.com:993", 7.4
	if got, want := runningSnapshot(moment).Waiting, "waiting for the source mail.example.com:993: no answer for 7s"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
