// SPDX-License-Identifier: Apache-2.0

package mechanism

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestChoice(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		offers         string
		private, clear bool
		want           string
		err            error
	}{
		{"PLAIN LOGIN SCRAM-SHA-1", true, false, "PLAIN", nil},
		{"LOGIN SCRAM-SHA-1", true, false, "LOGIN", nil},
		{"SCRAM-SHA-1", true, false, "SCRAM-SHA-1", nil},
		{"PLAIN SCRAM-SHA-1", false, true, "SCRAM-SHA-1", nil},
		{"PLAIN", false, true, "PLAIN", nil},
		{"PLAIN", false, false, "", ErrNotPrivate},
		{"GSSAPI", true, true, "", ErrNotOffered},
		{"", false, false, "", ErrNotOffered},
	} {
		offered := strings.Fields(test.offers)
		name, err := Choice{Revealing: []string{Plain, Login}, Hiding: []string{SCRAM1}, Private: test.private, Clear: test.clear,
			Offers: func(name string) bool { return slices.Contains(offered, name) }}.Name()
		if name != test.want || !errors.Is(err, test.err) {
			t.Errorf("%+v: %q, %v", test, name, err)
		}
	}
}
