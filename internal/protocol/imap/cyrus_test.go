// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"testing"
	"time"
)

func TestKeepsDate(t *testing.T) {
	t.Parallel()
	cyrus, other := newCapabilities([]string{"IMAP4rev1", "ANNOTATE-EXPERIMENT-1"}), newCapabilities([]string{"IMAP4rev1"})
	for seconds, want := range map[int64]bool{-1: false, 0: false, 1: true} {
		if got := cyrus.KeepsDate(time.Unix(seconds, 0)); got != want {
			t.Errorf("Cyrus and second %d: got %v, want %v", seconds, got, want)
		}
		if !other.KeepsDate(time.Unix(seconds, 0)) {
			t.Errorf("another server and second %d: got false, want true", seconds)
		}
	}
}
