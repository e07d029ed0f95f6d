// SPDX-License-Identifier: Apache-2.0

package mailcopy_test

import (
	"testing"

	"rehome/internal/protocol/imap"
)

// store changes one flag of some messages in the open mailbox.
func store(t *testing.T, c *imap.Client, uids, sign, flag string) {
	t.Helper()
	set, ok := imap.ParseUIDSet(uids)
	if !ok {
		t.Fatalf("%q is no set of UIDs", uids)
	}
	mode := map[string]imap.StoreMode{"+": imap.StoreAdd, "-": imap.StoreRemove}[sign]
	if err := c.Store(t.Context(), set, mode, []string{flag}); err != nil {
		t.Fatal(err)
	}
}
