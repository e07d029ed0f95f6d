// SPDX-License-Identifier: Apache-2.0

package ledgertest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rehome/internal/ledger"
)

// The last attempt with each credential counts, one that is cut off is a failure, and failures of all accounts are counted.
func loginsAreFailuresUntilTheyEnd(t *testing.T, empty Empty) {
	l := create(t, empty)
	ctx := t.Context()
	attempt := func(at int64, address, protocol, credential string) (ledger.Login, int64) {
		l.now = func() time.Time { return time.Unix(at, 0) }
		a := ledger.Login{Address: address, Protocol: protocol, Host: "h", Credential: credential, Result: "interrupted", Failure: true}
		id, err := l.Logins.Begin(ctx, a)
		must(t, err)
		a.Began = time.Unix(at, 0).UTC()
		return a, id
	}
	attempt(1000, "anna@example.test", "imap", "c1")
	cut, _ := attempt(2000, "anna@example.test", "imap", "c1")
	fine, id := attempt(2001, "anna@example.test", "imap", "c2")
	fine.Result, fine.Sentence, fine.NextStep, fine.Failure = "accepted", "s", "n", false
	must(t, l.Logins.End(ctx, id, fine))
	other, id := attempt(3000, "bo@example.test", "pop3", "c1")
	other.Result = "refused"
	must(t, l.Logins.End(ctx, id, other))
	got, err := l.again.Logins.Last(ctx)
	must(t, err)
	if diff := cmp.Diff([]ledger.Login{cut, fine, other}, got); diff != "" {
		t.Error(diff)
	}
	failures, err := l.again.Logins.Failures(ctx, time.Unix(2000, 0))
	must(t, err)
	if diff := cmp.Diff([]time.Time{cut.Began, other.Began}, failures); diff != "" {
		t.Error(diff)
	}
}

func probesAreKeptUntilTheyAreGone(t *testing.T, empty Empty) {
	l := create(t, empty)
	ctx := t.Context()
	l.now = func() time.Time { return time.Unix(3000, 0) }
	first := ledger.Probe{MessageID: "<a@x>", Address: "anna@example.test", State: "sending"}
	second := ledger.Probe{MessageID: "<b@x>", Address: "anna@example.test", State: "sending"}
	must(t, l.Probes.Intend(ctx, first))
	must(t, l.Probes.Intend(ctx, second))
	if l.Probes.Intend(ctx, first) == nil {
		t.Error("the same message twice")
	}
	first.State, first.Place = "removed", "INBOX"
	must(t, l.Probes.Save(ctx, first))
	first.Sent, second.Sent = time.Unix(3000, 0).UTC(), time.Unix(3000, 0).UTC()
	got, err := l.again.Probes.All(ctx)
	must(t, err)
	if diff := cmp.Diff([]ledger.Probe{first, second}, got); diff != "" {
		t.Error(diff)
	}
}
