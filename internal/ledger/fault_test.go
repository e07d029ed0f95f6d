// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"rehome"
	"rehome/internal/protocol/imap"
)

// provoke runs a statement on a file and returns SQLite's own error.
func provoke(t *testing.T, dsn, statement string) error {
	t.Helper()
	db, err := sql.Open("sqlite", dsn)
	must(t, err)
	defer db.Close()
	_, err = db.Exec(statement)
	if err == nil {
		t.Fatalf("%s works", statement)
	}
	return err
}

func TestFault_bySQLitesCode(t *testing.T) {
	t.Parallel()
	l := create(t)
	must(t, l.Passes.Begin(t.Context(), queued("a")))
	tx, err := l.store.db.Begin() // holds the write lock
	must(t, err)
	defer func() { _ = tx.Rollback() }()
	text := filepath.Join(t.TempDir(), "text")
	must(t, os.WriteFile(text, make([]byte, 4096), 0o600))
	for name, test := range map[string]struct {
		err  error
		hint string
	}{
		"locked":    {provoke(t, l.store.database.Name(), "DELETE FROM accounts"), "end the program that uses the store"},
		"read-only": {provoke(t, "file:"+l.store.database.Name()+"?mode=ro", "DELETE FROM accounts"), "writable"},
		"no file":   {provoke(t, "file:"+l.store.database.Name()+".none?mode=ro", "DELETE FROM accounts"), "writable"},
		"no store":  {provoke(t, text, "DELETE FROM accounts"), "restore the store"},
		"damaged":   {errors.Join(errDamaged), "move it away"},
	} {
		t.Run(name, func(t *testing.T) {
			wantOperator(t, l.store.fault("write store", test.err), "write store "+l.store.database.Name(), test.hint)
		})
	}
	own := &rehome.Fault{Class: rehome.ClassQuota, Cause: errDamaged}
	for _, err := range []error{nil, context.Canceled, errClosed, sql.ErrNoRows, own, provoke(t, l.store.database.Name(), "SELECT nonsense")} {
		if got := l.store.fault("write store", err); !errors.Is(got, err) {
			t.Errorf("%v became %v", err, got)
		}
	}
}

// The store of a machine that was switched off may have holes.
func TestLedger_corruptFile(t *testing.T) {
	t.Parallel()
	whole := create(t)
	m := load(t, whole, inbox())
	var uids []imap.UID
	for uid := imap.UID(1); uid < 2000; uid += 2 {
		uids = append(uids, uid)
	}
	for range 50 {
		must(t, whole.Mail.Adopt(t.Context(), m, messages(uids...)))
	}
	dir := t.TempDir()
	must(t, whole.copyTo(dir))
	path := filepath.Join(dir, "rehome.db")
	octets, err := os.ReadFile(path)
	must(t, err)
	for i := len(octets) * 6 / 10; i < len(octets)*9/10; i++ { // the rows of batches, not the schema
		octets[i] = 0xa5
	}
	must(t, os.WriteFile(path, octets, 0o600))
	l := open(t, path)
	_, err = l.Mail.Mailbox(t.Context(), inbox())
	wantOperator(t, err, "malformed", "restore the store")
}
