// SPDX-License-Identifier: Apache-2.0

package ledgertest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rehome/internal/ledger"
)

func probeMailsAreKnownBeforeTheyGo(t *testing.T, empty Empty) {
	l := create(t, empty)
	ctx := t.Context()
	l.now = func() time.Time { return time.Unix(3000, 0) }
	in := ledger.ProbeMail{MessageID: "<a@x>", Way: "inward", Domain: "x", Account: "probe@x", State: "sending"}
	out := ledger.ProbeMail{MessageID: "<b@x>", Way: "outward", Domain: "x", Account: "probe@x", State: "sending"}
	must(t, l.ProbeMails.Intend(ctx, in))
	must(t, l.ProbeMails.Intend(ctx, out))
	if l.ProbeMails.Intend(ctx, in) == nil {
		t.Error("the same message twice")
	}
	in.State, in.Host, in.Words, in.Place = "arrived", "mx.x", "queued", "INBOX"
	must(t, l.ProbeMails.Save(ctx, in))
	in.Sent, out.Sent = time.Unix(3000, 0).UTC(), time.Unix(3000, 0).UTC()
	got, err := l.again.ProbeMails.All(ctx)
	must(t, err)
	if diff := cmp.Diff([]ledger.ProbeMail{in, out}, got); diff != "" {
		t.Error(diff)
	}
}

// What a look has shown is added up with the looks before, and stays due until a pass that began later has brought it.
func lateMailIsCountedOnceAndDueUntilBrought(t *testing.T, empty Empty) {
	l := create(t, empty)
	ctx := t.Context()
	const anna = "anna@example.test"
	at := func(seconds int64) time.Time { return time.Unix(seconds, 500).UTC() }
	hour := time.Unix(7200, 0).UTC()
	mark := ledger.LateMark{Mailbox: "INBOX", UIDValidity: 1 << 31, UIDNext: 1 << 31, Messages: 7}
	count := ledger.LateTraffic{Address: anna, Hour: hour, Host: "mx.out.test (192.0.2.1)", Messages: 2}
	look := ledger.LateLook{Address: anna, At: at(8000), News: true, Marks: []ledger.LateMark{mark}, Traffic: []ledger.LateTraffic{count},
		LastSeen: time.Unix(7999, 0).UTC()}
	must(t, l.LateMail.Note(ctx, look))
	mark.Messages = 8
	must(t, l.LateMail.Note(ctx, ledger.LateLook{Address: anna, At: at(8100), Marks: []ledger.LateMark{mark}, Traffic: []ledger.LateTraffic{count}}))
	must(t, l.LateMail.Note(ctx, ledger.LateLook{Address: anna, At: at(8200), Trouble: "away"}))
	must(t, l.LateMail.Brought(ctx, anna, at(7000)))
	want := ledger.LateAccount{Address: anna, Looked: at(8100), Trouble: "away", Arrived: time.Unix(7999, 0).UTC(), Due: at(8000), Messages: 4}
	wantLate(t, l, want)
	must(t, l.LateMail.Brought(ctx, anna, at(8001)))
	want.Due = time.Time{}
	wantLate(t, l, want)
	marks, err := l.again.LateMail.Marks(ctx, anna)
	must(t, err)
	if diff := cmp.Diff(map[string]ledger.LateMark{"INBOX": mark}, marks); diff != "" {
		t.Error(diff)
	}
	count.Messages = 4
	for since, wanted := range map[time.Time][]ledger.LateTraffic{hour: {count}, hour.Add(time.Hour): nil} {
		traffic, err := l.again.LateMail.Traffic(ctx, since)
		must(t, err)
		if diff := cmp.Diff(wanted, traffic); diff != "" {
			t.Error(diff)
		}
	}
	must(t, l.LateMail.Forget(ctx, anna))
	wantLate(t, l)
}

func wantLate(t *testing.T, l *handle, want ...ledger.LateAccount) {
	t.Helper()
	got, err := l.again.LateMail.Accounts(t.Context())
	must(t, err)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
