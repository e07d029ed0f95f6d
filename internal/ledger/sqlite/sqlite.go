// SPDX-License-Identifier: Apache-2.0

// Package sqlite keeps a ledger in an SQLite file. It is all that is SQLite's own: how a file is opened and made private,
// the settings and the schema, what waits for the disk, what an error code means to an operator, and which process may
// copy. The sentences that read and write are the ledger's, in the SQL that PostgreSQL understands as well.
package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	sqlite3 "modernc.org/sqlite/lib"

	"rehome"
	"rehome/internal/ledger/upgrade"
)

// File is an open SQLite file with the schema of a ledger.
type File struct {
	path string // as the operator calls it
	db   *sql.DB
}

// Open opens the file at path, makes it when it is missing, and brings its schema up to date. A file that a newer
// rehome has written, or another program, is refused.
func Open(ctx context.Context, path string) (*File, error) {
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
func OpenThrough(ctx context.Context, path string, connections driver.Connector) (*File, error) {
	db := sql.OpenDB(connections)
	db.SetMaxIdleConns(idleConnections)
	if err := bringUp(ctx, db); err != nil {
		return nil, openFault(path, errors.Join(err, db.Close()))
	}
	return &File{path: path, db: db}, nil
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

// dataSource turns on what the ledger's invariants need: WAL lets readers go on while one writer commits, and
// synchronous=FULL survives a power cut; see Durability. A connection caches 1 MiB of pages, which is half of what SQLite does by
// itself: the system caches the file as well, once for all connections.
func dataSource(path string) string {
	pragmas := url.Values{"_pragma": {
		"journal_mode(WAL)", "synchronous(FULL)", fmt.Sprintf("busy_timeout(%d)", busyPatience), "foreign_keys(1)",
		"cache_size(-1024)", // KiB
	}, "_txlock": {"immediate"}}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + pragmas.Encode()
}

func openFault(path string, err error) error {
	hint := hintOf(err)
	switch {
	case errors.Is(err, upgrade.ErrNewer):
		hint = "use the rehome version that wrote it, or a newer one"
	case hint == "", primaryCode(err) == sqlite3.SQLITE_NOTADB: // whatever it is, it may be precious
		hint = "check that the folder exists and is writable, and that the file is a rehome store"
	}
	return &rehome.Fault{Class: rehome.ClassOperator, Op: "open store", Object: path, Cause: err, Hint: hint}
}

// Pool returns the connections, which Close of it ends.
func (f *File) Pool() *sql.DB { return f.db }

// Name returns the path, as Open was given it.
func (f *File) Name() string { return f.path }

// BetweenSavepoints returns two sentences, which the connection keeps.
func (f *File) BetweenSavepoints() []string { return []string{"RELEASE one", "SAVEPOINT one"} }

// Settle returns nothing: each sentence is carried out when it is said.
func (f *File) Settle() string { return "" }

// Later returns ctx: there is no way to the file that would be worth waiting for.
func (f *File) Later(ctx context.Context) context.Context { return ctx }

// Durability returns the sentence after which the commits of a connection wait for the disk, and with them all that
// was committed before; or do not (in WAL mode FULL does, NORMAL does not: sqlite.org/pragma.html, synchronous).
func (f *File) Durability(wait bool) string {
	if wait {
		return "PRAGMA synchronous = FULL"
	}
	return "PRAGMA synchronous = NORMAL"
}
