// SPDX-License-Identifier: Apache-2.0

// Package ledgers lends ledgers to the processes of a simulation. To make a database, to read its schema and to
// prepare statements costs more than all that a short run asks of it: so the databases go from run to run, and only
// what is in them is new.
//
//  1. Lend takes an empty ledger; Empty makes it one again.
//  2. Open is the start of a process on it, Close of what it returns its end, and Kill its end by kill -9.
//  3. GiveBack ends the run.
//
// A database is SQLite's own, in memory, with one connection below database/sql. All above, the ledger's
// sentences, its writer, its transactions and its look at the schema, is that of the product, and new with every Open. That
// a file on a disk keeps what it was given, under many connections and kills of real processes, is proved by the
// ledger's own tests.
package ledgers

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"sync"

	"rehome/internal/ledger"
	"rehome/internal/ledger/sqlite"
)

// Pool keeps the databases that nobody uses. It is safe for concurrent use, and from many bubbles.
type Pool struct {
	dir string

	mu   sync.Mutex
	made int
	free []*File
}

// NewPool returns a pool. The locks of its ledgers are in dir.
func NewPool(dir string) *Pool { return &Pool{dir: dir} }

// Lend returns an empty ledger that nobody else uses.
func (s *Pool) Lend(ctx context.Context) (*File, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if last := len(s.free) - 1; last >= 0 {
		f := s.free[last]
		s.free = s.free[:last]
		return f, nil
	}
	s.made++
	f := &File{pool: s, path: filepath.Join(s.dir, fmt.Sprintf("ledger-%d.db", s.made))}
	return f, f.make(ctx)
}

// Close closes all that has been given back.
func (s *Pool) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var err error
	for _, f := range s.free {
		err = errors.Join(err, f.close())
	}
	s.free = nil
	return err
}

// File is a ledger that outlives its processes. One process at a time has it open.
type File struct {
	pool      *Pool
	path      string
	connector driver.Connector
	only      raw
	turn      sync.Mutex // held by whoever speaks to the database, from the begin of a transaction to its end

	mu      sync.Mutex
	process int // the one that lives
	lent    int // connections to whichever process
}

// make makes the database, and lets a process as any other make the schema.
func (f *File) make(ctx context.Context) (err error) {
	if f.connector, err = sqlite.NewMemoryConnector(); err != nil {
		return err
	}
	only, err := f.connector.Connect(ctx)
	if err != nil {
		return err
	}
	f.only = only.(raw)
	first, err := f.Open(ctx)
	if err != nil {
		return err
	}
	return first.Close()
}

// Open starts a process on the ledger.
func (f *File) Open(ctx context.Context) (*ledger.Ledger, error) {
	f.mu.Lock()
	f.process++
	c := connector{f, f.process}
	left := f.lent
	f.mu.Unlock()
	if left > 0 {
		return nil, fmt.Errorf("%s: the process before has left %d connections open", f.path, left)
	}
	file, err := sqlite.OpenThrough(ctx, f.path, c)
	if err != nil {
		return nil, err
	}
	return ledger.New(ctx, file)
}

// Kill ends the process that has the ledger open: what it has committed stays, and whatever it goes on to do
// comes to nothing. It has to be closed like every other.
func (f *File) Kill() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.process++
}

// lives says whether a process was not killed.
func (f *File) lives(process int) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.process == process
}

// Empty takes everything out.
func (f *File) Empty(ctx context.Context) error {
	tx, err := f.only.BeginTx(ctx, driver.TxOptions{})
	if err != nil {
		return err
	}
	tables, err := tablesOf(ctx, f.only)
	for _, table := range tables {
		if err == nil {
			_, err = f.only.ExecContext(ctx, "DELETE FROM "+table, nil)
		}
	}
	if err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

// tablesOf returns what holds a ledger's content, those that refer to others first.
func tablesOf(ctx context.Context, c raw) (tables []string, err error) {
	rows, err := c.QueryContext(ctx, `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'goose_%'
		ORDER BY rowid DESC`, nil)
	if err != nil {
		return nil, err
	}
	row := make([]driver.Value, 1)
	for err = rows.Next(row); err == nil; err = rows.Next(row) {
		tables = append(tables, row[0].(string))
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return tables, errors.Join(err, rows.Close())
}

// GiveBack empties the ledger and puts it on the pool. Where a process has left something open, it is not used
// again.
func (f *File) GiveBack(ctx context.Context) error {
	f.mu.Lock()
	left := f.lent
	f.mu.Unlock()
	if left > 0 {
		return fmt.Errorf("%s: %d connections were not closed", f.path, left)
	}
	if err := f.Empty(ctx); err != nil {
		return err
	}
	f.pool.mu.Lock()
	defer f.pool.mu.Unlock()
	f.pool.free = append(f.pool.free, f)
	return nil
}

func (f *File) close() error { return f.only.Close() }
