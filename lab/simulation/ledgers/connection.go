// SPDX-License-Identifier: Apache-2.0

package ledgers

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"

	"rehome/internal/ledger/sqlite"
)

// raw is the connection to the database as the ledger makes it.
type raw interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.SessionResetter
	driver.Validator
}

// connector makes the connections of one process.
type connector struct {
	file    *File
	process int
}

func (c connector) Connect(context.Context) (driver.Conn, error) {
	c.file.mu.Lock()
	defer c.file.mu.Unlock()
	c.file.lent++
	return &connection{raw: c.file.only, by: c}, nil
}

func (c connector) Driver() driver.Driver { return c.file.connector.Driver() }

// connection is what a process has of the only connection to a database: one of many, of which each may write and read as if it
// had its own. What others have not committed it does not see, because they wait for each other's transactions; and what it
// reads stays as it was when it was asked, because it is read to the end at once.
type connection struct {
	raw

	by      connector
	writing bool // in a transaction
}

// enter waits for its turn, and leave ends it.
func (c *connection) enter() (leave func()) {
	if c.writing {
		return func() {}
	}
	c.by.file.turn.Lock()
	return c.by.file.turn.Unlock
}

func (c *connection) Close() error {
	c.by.file.mu.Lock()
	defer c.by.file.mu.Unlock()
	c.by.file.lent--
	return nil
}

func (c *connection) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if query == (*sqlite.File)(nil).Durability(true) || query == (*sqlite.File)(nil).Durability(false) {
		return driver.ResultNoRows, nil // there is no disk to wait for
	}
	defer c.enter()()
	return c.raw.ExecContext(ctx, query, args)
}

func (c *connection) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	defer c.enter()()
	found, err := c.raw.QueryContext(ctx, query, args)
	if err != nil {
		return nil, err
	}
	all := &rows{columns: found.Columns()}
	for {
		row := make([]driver.Value, len(all.columns))
		if err = found.Next(row); err != nil {
			break
		}
		all.left = append(all.left, row)
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return all, errors.Join(err, found.Close())
}

func (c *connection) BeginTx(ctx context.Context, options driver.TxOptions) (driver.Tx, error) {
	c.by.file.turn.Lock()
	tx, err := c.raw.BeginTx(ctx, options)
	if err != nil {
		c.by.file.turn.Unlock()
		return nil, err
	}
	c.writing = true
	return transaction{tx, c}, nil
}

// PrepareContext is for what is said within a transaction.
func (c *connection) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	if !c.writing {
		return nil, errors.New("a statement is prepared outside of a transaction")
	}
	return c.raw.PrepareContext(ctx, query)
}

// rows are what was found.
type rows struct {
	columns []string
	left    [][]driver.Value
}

func (r *rows) Columns() []string { return r.columns }

func (r *rows) Close() error { return nil }

func (r *rows) Next(into []driver.Value) error {
	if len(r.left) == 0 {
		return io.EOF
	}
	copy(into, r.left[0])
	r.left = r.left[1:]
	return nil
}

// transaction is one of a process that may be dead by its end.
type transaction struct {
	tx driver.Tx
	of *connection
}

func (t transaction) Commit() error {
	if !t.of.by.file.lives(t.of.by.process) {
		return t.Rollback()
	}
	defer t.end()
	return t.tx.Commit()
}

func (t transaction) Rollback() error {
	defer t.end()
	return t.tx.Rollback()
}

func (t transaction) end() {
	t.of.writing = false
	t.of.by.file.turn.Unlock()
}
