// SPDX-License-Identifier: Apache-2.0

package ledgertest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rehome"
	"rehome/internal/ledger"
)

// Who an account is, is known for each end, and what was noted last counts.
func principalsOfBothEnds(t *testing.T, empty Empty) {
	l := create(t, empty)
	source := ledger.Principal{Address: "anna@example.test", Side: rehome.Source, Server: "https://old.test/", Login: "anna", Href: "/principals/anna/"}
	must(t, l.Objects.NotePrincipal(t.Context(), source))
	destination := source
	destination.Side, destination.Href = rehome.Destination, "/p/"
	must(t, l.Objects.NotePrincipal(t.Context(), destination))
	destination.Server, destination.Login, destination.Href = "https://new.test/", "anna*master", "/q/"
	must(t, l.Objects.NotePrincipal(t.Context(), destination))
	for _, want := range []ledger.Principal{source, destination, {Address: "bert@example.test", Side: rehome.Source}} {
		got, err := l.again.Objects.Principal(t.Context(), want.Address, want.Side)
		must(t, err)
		if known := want.Href != ""; known == got.Noted.IsZero() {
			t.Errorf("%s at the %s: noted at %v", want.Address, want.Side, got.Noted)
		} else if !known {
			want = ledger.Principal{}
		}
		got.Noted = time.Time{}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
}
