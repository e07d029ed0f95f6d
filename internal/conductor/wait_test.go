// SPDX-License-Identifier: Apache-2.0

package conductor

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rehome/internal/ledger"
	"rehome/internal/pass"
)

// An account with a mailbox that waits is not complete, keeps nobody from working, and has its turn again
// when it is worth to look. That is no failure, however often it happens.
func TestRun_waitsForWhatMayStillArrive(t *testing.T) {
	bubble(t, func(t *testing.T) {
		progress := NewProgress()
		var said string
		until := start.Add(90 * time.Second)
		engine := &slicer{play: func(_ context.Context, c call) (pass.Result, error) {
			if c.account == "other" {
				said = progress.Snapshot().Waiting
				return pass.Result{}, nil
			}
			if c.at >= 90*time.Second {
				return looked(pass.Result{}), nil
			}
			return looked(pass.Result{Waits: []pass.Wait{
				{Mailbox: "Sent", Messages: 3, Look: start.Add(c.at + 20*time.Second), Until: until},
				{Mailbox: "INBOX", Messages: 1, Look: start.Add(c.at + 10*time.Second), Until: start.Add(80 * time.Second)},
			}}), nil
		}}
		rows := &book{}
		outcomes, err := conduct(t, t.Context(), Options{Steps: steps(engine), Ledger: rows, Workers: 1, Progress: progress}, "waiting", "other")
		if err != nil || outcomes["waiting"].Err != nil || rows.last("waiting").State != ledger.AccountPreStaged {
			t.Errorf("%v, %v, row %+v", err, outcomes["waiting"].Err, rows.last("waiting"))
		}
		var want []time.Duration
		for at := time.Duration(0); at <= 90*time.Second; at += 10 * time.Second {
			want = append(want, at)
		}
		if diff := cmp.Diff(want, engine.times("waiting")); diff != "" {
			t.Errorf("looks: %s", diff)
		}
		if diff := cmp.Diff([]time.Duration{0}, engine.times("other")); diff != "" {
			t.Errorf("the other account: %s", diff)
		}
		if said != "2 mailboxes wait up to 90 s for 4 interrupted messages that may still arrive" {
			t.Errorf("progress says %q", said)
		}
		if got := progress.Snapshot().Waiting; got != "" {
			t.Errorf("in the end progress says %q", got)
		}
	})
}

func TestProgress_oneMailboxWaits(t *testing.T) {
	t.Parallel()
	p := NewProgress()
	p.Waiting("a@example.test", []pass.Wait{{Mailbox: "INBOX", Messages: 1, Until: time.Now().Add(time.Hour)}})
	got := p.Snapshot().Waiting
	if !strings.HasPrefix(got, "INBOX of a@example.test waits up to 3") || !strings.HasSuffix(got,
		" s for 1 interrupted message that may still arrive") {
		t.Errorf("progress says %q", got)
	}
}
