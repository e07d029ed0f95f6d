// SPDX-License-Identifier: Apache-2.0

package ledgers

import (
	"context"
	"database/sql/driver"
)

// raw is a connection to the file as the ledger makes it.
type raw interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.SessionResetter
	driver.Validator
}

// take returns a connection that nobody uses.
func (f *File) take(ctx context.Context) (raw, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lent++
	if last := len(f.free) - 1; last >= 0 {
		c := f.free[last]
		f.free = f.free[:last]
		return c, nil
	}
	c, err := f.connector.Connect(ctx)
	if err != nil {
		f.lent--
		return nil, err
	}
	return c.(raw), nil
}

// putBack ends the use of a connection. It may wait for the disk or not, as it was set last: in a simulation
// nobody pulls the plug.
func (f *File) putBack(c raw) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lent--
	if !c.IsValid() {
		return c.Close()
	}
	f.free = append(f.free, c)
	return nil
}

// connector makes the connections of one process.
type connector struct {
	file    *File
	process int
}

func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	taken, err := c.file.take(ctx)
	if err != nil {
		return nil, err
	}
	return &connection{taken, c}, nil
}

func (c connector) Driver() driver.Driver { return c.file.connector.Driver() }

// connection is what a process has of a connection.
type connection struct {
	raw

	by connector
}

func (c *connection) Close() error { return c.by.file.putBack(c.raw) }

func (c *connection) BeginTx(ctx context.Context, options driver.TxOptions) (driver.Tx, error) {
	tx, err := c.raw.BeginTx(ctx, options)
	return transaction{tx, c.by}, err
}

// transaction is one of a process that may be dead by its end.
type transaction struct {
	driver.Tx

	by connector
}

func (t transaction) Commit() error {
	if t.by.file.lives(t.by.process) {
		return t.Tx.Commit()
	}
	return t.Rollback()
}
