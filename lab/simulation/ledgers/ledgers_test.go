// SPDX-License-Identifier: Apache-2.0

package ledgers

import (
	"context"
	"database/sql/driver"
	"strings"
	"testing"
	"testing/synctest"

	"rehome/internal/ledger"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func lend(t *testing.T) (*Pool, *File) {
	t.Helper()
	pool := NewPool(t.TempDir())
	t.Cleanup(func() { must(t, pool.Close()) })
	file, err := pool.Lend(t.Context())
	must(t, err)
	return pool, file
}

// planned returns the accounts that a new process finds.
func planned(t *testing.T, file *File) string {
	t.Helper()
	l, err := file.Open(t.Context())
	must(t, err)
	defer func() { must(t, l.Close()) }()
	accounts, err := l.Accounts.All(t.Context())
	must(t, err)
	var names []string
	for _, a := range accounts {
		names = append(names, strings.TrimSuffix(a.Address, "@example.test"))
	}
	return strings.Join(names, " ")
}

func plan(t *testing.T, l *ledger.Ledger, name string) {
	t.Helper()
	must(t, l.Passes.Begin(t.Context(), []ledger.Turn{{Address: name + "@example.test", State: ledger.TurnQueued}}))
}

func TestFile_whatIsCommittedStays(t *testing.T) {
	t.Parallel()
	pool, file := lend(t)
	l, err := file.Open(t.Context())
	must(t, err)
	plan(t, l, "anna")
	file.Kill()
	plan(t, l, "bert") // as far as the dead know
	must(t, l.Close())
	if got := planned(t, file); got != "anna" {
		t.Errorf("behind a kill there is %q, want what was committed before it", got)
	}
	must(t, file.GiveBack(t.Context()))
	again, err := pool.Lend(t.Context())
	must(t, err)
	if got := planned(t, again); again != file || got != "" {
		t.Errorf("the next run finds %q (the same file: %v), want it empty", got, again == file)
	}
	must(t, again.GiveBack(t.Context()))
}

func TestFile_onlyOneProcess(t *testing.T) {
	t.Parallel()
	_, file := lend(t)
	l, err := file.Open(t.Context())
	must(t, err)
	if _, err := file.Open(t.Context()); err == nil {
		t.Error("two processes have it open")
	}
	if err := file.GiveBack(t.Context()); err == nil {
		t.Error("given back while a process has it open")
	}
	must(t, l.Close())
	must(t, file.GiveBack(t.Context()))
}

// Every table is emptied, also those that refer to each other.
func TestFile_emptyIsEmpty(t *testing.T) {
	t.Parallel()
	_, file := lend(t)
	l, err := file.Open(t.Context())
	must(t, err)
	plan(t, l, "anna")
	inbox := ledger.Anchor{Address: "anna@example.test", Source: "INBOX", Destination: "INBOX", SrcUIDValidity: 1, DstUIDValidity: 2}
	m, err := l.Mail.Mailbox(t.Context(), inbox)
	must(t, err)
	must(t, l.Mail.Adopt(t.Context(), m, []ledger.Item{{UID: 1, DstUID: 1}}))
	must(t, l.Close())
	must(t, file.Empty(t.Context()))
	c := file.only
	tables, err := tablesOf(t.Context(), c)
	must(t, err)
	if len(tables) < 10 {
		t.Errorf("tables %v, want all of the schema", tables)
	}
	for _, table := range tables {
		rows, err := c.QueryContext(t.Context(), "SELECT 1 FROM "+table, nil)
		must(t, err)
		if rows.Next(make([]driver.Value, 1)) == nil {
			t.Errorf("%s is not empty", table)
		}
		must(t, rows.Close())
	}
	must(t, file.GiveBack(t.Context()))
}

// A file goes from one bubble to the next.
func TestPool_bubbles(t *testing.T) {
	t.Parallel()
	pool, first := lend(t)
	must(t, first.GiveBack(t.Context()))
	for range 3 {
		synctest.Test(t, func(t *testing.T) {
			file, err := pool.Lend(t.Context())
			must(t, err)
			l, err := file.Open(t.Context())
			must(t, err)
			plan(t, l, "anna")
			must(t, l.Close())
			must(t, file.GiveBack(context.Background()))
			if file != first {
				t.Error("another file, want the one that was given back")
			}
		})
	}
}
