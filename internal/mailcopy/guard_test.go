// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"errors"
	"strings"
	"testing"

	"rehome"
	"rehome/internal/pass"
)

func TestGuarded_panicIsThatAccountsFault(t *testing.T) {
	t.Parallel()
	err := pass.BothEnds("anna@example.test",
		func() error { return nil },
		func() error { panic("the impossible") },
	)
	var fault *rehome.Fault
	if !errors.As(err, &fault) || fault.Class != rehome.ClassBug || fault.Object != "anna@example.test" {
		t.Fatalf("got %v, want a bug of the account", err)
	}
	for _, want := range []string{"the impossible", "TestGuarded_panicIsThatAccountsFault"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not say %q", err, want)
		}
	}
	call := guardedCall("anna@example.test", func(n []int) error { _ = n[7]; return nil })
	if err := call(nil); rehome.ClassOf(err) != rehome.ClassBug {
		t.Errorf("got %v, want a bug", err)
	}
}
