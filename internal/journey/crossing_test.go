// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rehome"
	"rehome/internal/ledger"
)

// What keeps a cutover from beginning is named with what ends it: another run by Ctrl-C, workers by "worker drain".
func TestLockFor_namesWhatEndsTheOthers(t *testing.T) {
	t.Parallel()
	store, err := ledger.Open(t.Context(), filepath.Join(t.TempDir(), "rehome.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	}()
	want := func(hint string) {
		t.Helper()
		if _, err := lockFor(store); !strings.Contains(rehome.HintOf(err), hint) {
			t.Errorf("%v; %q, want %q", err, rehome.HintOf(err), hint)
		}
	}
	unlock, err := store.Lock()
	if err != nil {
		t.Fatal(err)
	}
	want("Ctrl-C")
	unlock()
	if _, taken, err := store.Leases.Claim(t.Context(), "one", "anna@example.test", time.Hour); err != nil || !taken {
		t.Fatal(taken, err)
	}
	want("rehome worker drain")
}
