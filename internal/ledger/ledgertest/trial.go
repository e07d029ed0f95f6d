// SPDX-License-Identifier: Apache-2.0

package ledgertest

import (
	"slices"
	"testing"
	"time"

	"rehome/internal/ledger"
)

func trialsOfTheAccount(t *testing.T, empty Empty) {
	l := create(t, empty)
	first := ledger.Trial{Collection: "/c/", UID: "rehome-test-a", Until: time.Unix(1000, 0)}
	second := ledger.Trial{Collection: "/d/", UID: "rehome-test-b", Until: time.Unix(2000, 0)}
	for _, trial := range []ledger.Trial{second, first} {
		must(t, l.Objects.NoteTrial(t.Context(), "anna@example.org", trial))
	}
	must(t, l.Objects.NoteTrial(t.Context(), "bert@example.org", first))
	first.Until = time.Unix(3000, 0)
	must(t, l.Objects.NoteTrial(t.Context(), "anna@example.org", first))
	must(t, l.Objects.ForgetTrials(t.Context(), "bert@example.org"))
	for _, want := range [][]ledger.Trial{{first, second}, {first}, nil} {
		got, err := l.again.Objects.Trials(t.Context(), "anna@example.org")
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%+v, %v; want %+v", got, err, want)
		}
		if len(got) > 0 {
			must(t, l.Objects.ForgetTrials(t.Context(), "anna@example.org", got[len(got)-1].UID))
		}
	}
	if got, err := l.again.Objects.Trials(t.Context(), "bert@example.org"); err != nil || len(got) != 1 {
		t.Errorf("%+v, %v: another account's are forgotten", got, err)
	}
}
