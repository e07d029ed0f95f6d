// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"database/sql"
	"path/filepath"
	"testing"
	"time"
)

// Intents and claims wait for the disk, also when they share a commit with what need not; receipts and ends of leases do not wait.
func TestWriter_waitsForTheDiskWithIntentsOnly(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	l, err := Open(ctx, filepath.Join(t.TempDir(), "rehome.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	synchronous := func() (mode int) { // of the commit before: nothing else uses that connection
		if err := l.store.writer.conn.QueryRowContext(ctx, "PRAGMA synchronous").Scan(&mode); err != nil {
			t.Fatal(err)
		}
		return mode
	}
	const normal, full = 1, 2
	m, err := l.Mail.Mailbox(ctx, Anchor{Address: "anna@example.com", Source: "INBOX", Destination: "INBOX", SrcUIDValidity: 1, DstUIDValidity: 1})
	if err != nil || synchronous() != normal {
		t.Errorf("opening a mailbox: %v, mode %d, want %d", err, synchronous(), normal)
	}
	items := []Item{{UID: 7, Size: 3}}
	ids, err := l.Mail.Intend(ctx, m, 1, items)
	if err != nil || synchronous() != full {
		t.Fatalf("an intent: %v, mode %d, want %d", err, synchronous(), full)
	}
	items[0].DstUID = 9
	if err := l.Mail.Receive(ctx, m, ids[0], items); err != nil || synchronous() != normal {
		t.Errorf("a receipt: %v, mode %d, want %d", err, synchronous(), normal)
	}
	lease, taken, err := l.Leases.Claim(ctx, "worker", "anna@example.com", time.Minute)
	if err != nil || !taken || synchronous() != full {
		t.Errorf("a claim: %v, %v, mode %d, want %d", taken, err, synchronous(), full)
	}
	if err := l.Leases.Release(ctx, lease, true); err != nil || synchronous() != normal {
		t.Errorf("its end: %v, mode %d, want %d", err, synchronous(), normal)
	}
	nothing := func(*sql.Tx) error { return nil }
	group := []*change{
		{ctx: ctx, apply: nothing, result: make(chan error, 1)}, {ctx: ctx, apply: nothing, onDisk: true, result: make(chan error, 1)},
	}
	l.store.writer.commit(group)
	if synchronous() != full {
		t.Errorf("an intent in a group: mode %d, want %d", synchronous(), full)
	}
}
