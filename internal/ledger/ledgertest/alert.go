// SPDX-License-Identifier: Apache-2.0

package ledgertest

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"rehome/internal/ledger"
)

// What those behind a channel were told of last is known, each channel for itself.
func alertsAreKnown(t *testing.T, empty Empty) {
	l := create(t, empty)
	some := ledger.Alerted{"pass": {}, "accounts auth": {"anna@example.test": true, "bert@example.test": true}}
	other := ledger.Alerted{"wave hard": {}}
	must(t, l.Alerts.Note(t.Context(), "ops", ledger.Alerted{"pass": {}, "accounts quota": {"carl@example.test": true}}))
	must(t, l.Alerts.Note(t.Context(), "ops", some))
	must(t, l.Alerts.Note(t.Context(), "the webhook", some))
	must(t, l.Alerts.Note(t.Context(), "the webhook", other))
	for channel, want := range map[string]ledger.Alerted{"ops": some, "the webhook": other, "nobody": {}} {
		got, err := l.again.Alerts.Noted(t.Context(), channel)
		must(t, err)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", channel, diff)
		}
	}
}
