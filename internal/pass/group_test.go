// SPDX-License-Identifier: Apache-2.0

package pass

import (
	"errors"
	"strings"
	"testing"

	"rehome"
)

// A mistake costs the account and not the process, wherever it is made.
func TestGroup_panicIsThatAccountsFault(t *testing.T) {
	t.Parallel()
	const account = "anna@example.test"
	fine := func() error { return nil }
	wrong := func() error { panic("the impossible") }
	group := func(parts ...func() error) error {
		g, _ := NewGroup(t.Context(), account)
		for _, part := range parts {
			g.Go(part)
		}
		return g.Wait()
	}
	for name, err := range map[string]error{
		"source": BothEnds(account, wrong, fine), "destination": BothEnds(account, fine, wrong), "group": group(fine, wrong),
	} {
		var fault *rehome.Fault
		if !errors.As(err, &fault) || fault.Class != rehome.ClassBug || fault.Object != account {
			t.Errorf("%s: %v, want a bug of the account", name, err)
			continue
		}
		for _, want := range []string{"the impossible", "TestGroup_panicIsThatAccountsFault"} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %q does not say %q", name, err, want)
			}
		}
	}
}

func TestBothEnds_sourcesErrorFirst(t *testing.T) {
	t.Parallel()
	src, dst := errors.New("source"), errors.New("destination")
	fails := func(err error) func() error { return func() error { return err } }
	if got := BothEnds("anna", fails(src), fails(dst)); !errors.Is(got, src) {
		t.Errorf("%v, want the source's", got)
	}
	if got := BothEnds("anna", fails(nil), fails(dst)); !errors.Is(got, dst) {
		t.Errorf("%v, want the destination's", got)
	}
}
