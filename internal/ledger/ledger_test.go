// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"rehome"
	"rehome/internal/protocol/imap"
)

// childVariable makes the test binary a process that works on a ledger until it is killed; its
// value names the work, the store is the only argument.
const childVariable = "LEDGER_TEST_CHILD"

func TestMain(m *testing.M) {
	if work := os.Getenv(childVariable); work != "" {
		if err := children()[work](os.Args[1]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

// create opens a new ledger, which is closed at the end of the test.
func create(t testing.TB) *Ledger {
	t.Helper()
	return open(t, filepath.Join(t.TempDir(), "rehome.db"))
}

func open(t testing.TB, path string) *Ledger {
	t.Helper()
	l, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return l
}

// inbox is the anchor of most tests.
func inbox() Anchor {
	return Anchor{Address: "anna@example.test", Source: "INBOX", Destination: "INBOX", SrcUIDValidity: 1, DstUIDValidity: 2}
}

// load opens the row of anchor.
func load(t testing.TB, l *Ledger, anchor Anchor) *Mailbox {
	t.Helper()
	m, err := l.Mail.Mailbox(t.Context(), anchor)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// intend writes one intent and returns its id.
func intend(t testing.TB, l *Ledger, m *Mailbox, items ...Item) int64 {
	t.Helper()
	ids, err := l.Mail.Intend(t.Context(), m, 7, items)
	if err != nil {
		t.Fatal(err)
	}
	return ids[0]
}

// queued returns the turns of accounts that nothing is in the way of, one behind the other.
func queued(addresses ...string) []Turn {
	var queue []Turn
	for i, address := range addresses {
		queue = append(queue, Turn{Address: address, Pass: rehome.PassPreStage, State: TurnQueued, Place: int64(i + 1)})
	}
	return queue
}

// must ends the test at an error that is not the subject of it.
func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// messages returns items with the UIDs, the destination's a hundred higher.
func messages(uids ...imap.UID) []Item {
	items := make([]Item, len(uids))
	for i, uid := range uids {
		items[i] = Item{UID: uid, DstUID: uid + 100, Size: int64(uid) * 1000, Flags: []string{`\Seen`}}
	}
	return items
}

// stored returns all batches at the destination.
func stored(t testing.TB, l *Ledger, m *Mailbox) []Stored {
	t.Helper()
	var all []Stored
	must(t, l.Mail.Stored(t.Context(), m, func(s Stored) error {
		all = append(all, s)
		return nil
	}))
	return all
}
