// SPDX-License-Identifier: Apache-2.0

package ledgertest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rehome/internal/ledger"
)

// The same program seen again is one row, whose time grows at both ends; a time that is not known changes none.
func sightingsGrowByTheirTimes(t *testing.T, empty Empty) {
	l := create(t, empty)
	ctx := t.Context()
	at := func(seconds int64) time.Time { return time.Unix(seconds, 0).UTC() }
	seen := func(protocol, agent string, first, last time.Time) ledger.Sighting {
		return ledger.Sighting{Address: "anna@example.test", Protocol: protocol, Agent: agent, First: first, Last: last}
	}
	must(t, l.Sightings.Save(ctx, nil))
	must(t, l.Sightings.Save(ctx, []ledger.Sighting{seen("imap", "a", at(2000), at(3000)), seen("dav", "a", time.Time{}, time.Time{})}))
	must(t, l.Sightings.Save(ctx, []ledger.Sighting{seen("imap", "a", at(1000), at(2500)), seen("dav", "a", at(7), at(8)),
		seen("imap", "", at(5), at(6))}))
	must(t, l.Sightings.Save(ctx, []ledger.Sighting{seen("imap", "a", time.Time{}, time.Time{}), seen("dav", "a", at(9), at(10))}))
	got, err := l.again.Sightings.All(ctx)
	must(t, err)
	want := []ledger.Sighting{seen("dav", "a", at(7), at(10)), seen("imap", "", at(5), at(6)), seen("imap", "a", at(1000), at(3000))}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Each log-in counts, and those from another address or by another protocol are apart.
func ownLoginsAddUp(t *testing.T, empty Empty) {
	l := create(t, empty)
	ctx := t.Context()
	const anna, ben = "anna@example.test", "ben@example.test"
	began := time.Unix(1_790_000_000, 0).UTC()
	l.now = func() time.Time { return began }
	must(t, l.Sightings.LoggedIn(ctx, ben, "pop3", "192.0.2.7"))
	must(t, l.Sightings.LoggedIn(ctx, anna, "pop3", "192.0.2.7"))
	must(t, l.Sightings.LoggedIn(ctx, anna, "imap", "192.0.2.7"))
	must(t, l.Sightings.LoggedIn(ctx, anna, "pop3", "::1"))
	l.now = func() time.Time { return began.Add(time.Hour) }
	must(t, l.Sightings.LoggedIn(ctx, anna, "pop3", "192.0.2.7"))
	got, err := l.again.Sightings.OwnLogins(ctx, "pop3")
	must(t, err)
	own := func(address, from string, times int, last time.Time) ledger.OwnLogin {
		return ledger.OwnLogin{Address: address, Protocol: "pop3", From: from, Times: times, First: began, Last: last}
	}
	want := []ledger.OwnLogin{own(anna, "192.0.2.7", 2, began.Add(time.Hour)), own(anna, "::1", 1, began), own(ben, "192.0.2.7", 1, began)}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
