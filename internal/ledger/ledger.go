// SPDX-License-Identifier: Apache-2.0

// Package ledger keeps what has been copied where, and is the truth of a move: a pass is idempotent
// because it asks the ledger first.
//
// It does not talk to servers and decides nothing. A copier
//
//  1. opens the row of a mailbox with Mailbox, which also tells what of it is done and which batches
//     were begun and never answered;
//  2. writes an intent with Intend before the first octet of a batch goes out;
//  3. turns it into a receipt with Receive once the destination has answered, or drops it with Void
//     when the destination has stored nothing;
//  4. notes refused messages with Refuse and the end of a complete pass with Settle.
//
// There is one row for a batch and not for a message, so that a million mailboxes stay affordable.
package ledger

// Invariants
//
//   - When an intent is written it is on the disk, and with it all that was written before; those of
//     many accounts share one commit (see writer.go).
//   - A message is done when a receipt or an adoption names its UID in the mailbox's generation.
//   - Nothing is ever deleted except intents that are proved void, and findings, refusals and
//     suspicions that no longer hold.

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/pressly/goose/v3"
	sqlite3 "modernc.org/sqlite/lib"

	"rehome"
)

//go:embed schema/*.sql
var schema embed.FS

// Ledger is an open store, by nouns. It may be used from many goroutines.
type Ledger struct {
	Accounts      *Accounts
	Findings      *Findings
	Verifications *Verifications
	Mail          *Mail
	Objects       *Objects
	Rules         *Rules

	store *store
}

// newLedger returns the nouns of a store.
func newLedger(s *store) *Ledger {
	return &Ledger{
		Accounts: &Accounts{s}, Findings: &Findings{s}, Verifications: &Verifications{s},
		Mail: &Mail{mailboxes{s}, batches{s}, fates{s}}, Objects: &Objects{s}, Rules: &Rules{s},
		store: s,
	}
}

// Open opens the SQLite file at path, makes it when it is missing, and brings its schema up to date.
// A file that a newer rehome has written is refused.
func Open(ctx context.Context, path string) (*Ledger, error) {
	if strings.Contains(path, "://") {
		return nil, &rehome.Fault{Class: rehome.ClassOperator, Op: "open store", Object: strings.SplitN(path, "://", 2)[0] + "://...",
			Cause: errors.New("this version supports only a SQLite file as ledger"), Hint: "set store: to a file name such as rehome.db"}
	}
	if err := makePrivate(path); err != nil {
		return nil, openFault(path, err)
	}
	// To SQLite a relative name may mean something else than a file, such as ":memory:".
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, openFault(path, err)
	}
	connections, err := NewConnector(absolute)
	if err != nil {
		return nil, openFault(path, err)
	}
	return OpenThrough(ctx, path, connections)
}

// OpenThrough is Open of the file at path by connections that somebody else makes, such as one who plays many
// short processes and keeps the connections from one to the next. See NewConnector.
func OpenThrough(ctx context.Context, path string, connections driver.Connector) (*Ledger, error) {
	db := sql.OpenDB(connections)
	db.SetMaxIdleConns(idleConnections)
	if err := upgrade(ctx, db); err != nil {
		return nil, openFault(path, errors.Join(err, db.Close()))
	}
	writer, err := newWriter(ctx, db)
	if err != nil {
		return nil, openFault(path, errors.Join(err, db.Close()))
	}
	return newLedger(&store{db: db, writer: writer, now: time.Now, path: path}), nil
}

// idleConnections stay open for the next reader. Opening one means reading the whole schema, and what is read
// at the same time are mailboxes and collections that are at work.
const idleConnections = 8

// makePrivate creates the file readable by its owner only: addresses are personal data.
func makePrivate(path string) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	return file.Close()
}

// dataSource turns on what the invariants need: WAL lets readers go on while one writer commits, and
// synchronous=FULL survives a power cut; the writer does without where nothing depends on it.
func dataSource(path string) string {
	pragmas := url.Values{"_pragma": {
		"journal_mode(WAL)", "synchronous(FULL)", "busy_timeout(10000)", "foreign_keys(1)",
	}, "_txlock": {"immediate"}}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + pragmas.Encode()
}

var (
	errNewer   = errors.New("newer than this program's")
	errForeign = errors.New("the file belongs to another program")
)

func openFault(path string, err error) error {
	hint := hintOf(err)
	switch {
	case errors.Is(err, errNewer):
		hint = "use the rehome version that wrote it, or a newer one"
	case hint == "", primaryCode(err) == sqlite3.SQLITE_NOTADB: // whatever it is, it may be precious
		hint = "check that the folder exists and is writable, and that the file is a rehome store"
	}
	return &rehome.Fault{Class: rehome.ClassOperator, Op: "open store", Object: path, Cause: err, Hint: hint}
}

// upgrade applies the numbered schema files that are missing.
func upgrade(ctx context.Context, db *sql.DB) error {
	if err := checkOurs(ctx, db); err != nil {
		return err
	}
	if upToDate(ctx, db) {
		return nil
	}
	files, err := fs.Sub(schema, "schema")
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, files)
	if err != nil {
		return err
	}
	current, err := provider.GetDBVersion(ctx)
	if err != nil {
		return err
	}
	sources := provider.ListSources()
	if newest := sources[len(sources)-1].Version; current > newest {
		return fmt.Errorf("its schema %d is %w %d", current, errNewer, newest)
	}
	// Of two that open a store at once, one finds what a file makes made by the other meanwhile; with each file
	// that can happen once.
	for range len(sources) + 1 {
		if _, err = provider.Up(ctx); err == nil || ctx.Err() != nil {
			break
		}
	}
	return err
}

// upToDate says that every schema file was applied and no other. A schema never goes back, so that this stays
// true whoever else opens the store; whatever else is found, and be it an error, is left to upgrade.
func upToDate(ctx context.Context, db *sql.DB) bool {
	files, err := schema.ReadDir("schema")
	if err != nil {
		return false
	}
	newest, err := goose.NumericComponent(files[len(files)-1].Name())
	if err != nil {
		return false
	}
	var applied int
	var last int64
	err = db.QueryRowContext(ctx, "SELECT COUNT(DISTINCT version_id), MAX(version_id) FROM "+goose.DefaultTablename+
		" WHERE is_applied AND version_id > 0").Scan(&applied, &last)
	return err == nil && applied == len(files) && last == newest
}

// checkOurs refuses a database with other tables than ours before anything is written to it.
func checkOurs(ctx context.Context, db *sql.DB) error {
	var tables, ours int
	err := db.QueryRowContext(ctx, `SELECT COUNT(*), COUNT(CASE name WHEN ? THEN 1 END) FROM sqlite_master WHERE type = 'table'`,
		goose.DefaultTablename).Scan(&tables, &ours)
	if err == nil && tables > 0 && ours == 0 {
		return errForeign
	}
	return err
}

// Close waits for pending writes and closes the file.
func (l *Ledger) Close() error {
	l.store.writer.close()
	return l.store.db.Close()
}
