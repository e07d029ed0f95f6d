// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"strings"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// connector opens connections that keep their prepared statements: a ledger says the same few dozen
// sentences again and again, and to SQLite reading one is more work than doing what it says.
type connector struct{ driver.Connector }

// NewConnector returns what makes the connections of Open to the file of that absolute name.
func NewConnector(path string) (driver.Connector, error) { return newConnector(dataSource(path)) }

// NewMemoryConnector returns what makes connections each of which has an empty database of its own, which ends with it.
func NewMemoryConnector() (driver.Connector, error) { return newConnector(dataSource(":memory:")) }

func newConnector(source string) (driver.Connector, error) {
	plain, err := sqlite.NewConnector(source)
	return connector{plain}, err
}

// busyPatience is how long a connection waits for others that use the file, in milliseconds as SQLite counts it. To that SQLite
// waits for most locks by itself, but the change to WAL of a new file that another process has begun to write is refused at
// once (sqlite.org/c3ref/busy_handler.html: to wait for each other for ever must not happen). So that is asked again.
const (
	busyPatience = 10_000
	busyPause    = 20 * time.Millisecond
)

func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	for until := time.Now().Add(busyPatience * time.Millisecond); ; {
		conn, err := c.Connector.Connect(ctx)
		if err == nil {
			return &connection{plain: conn.(plain), kept: map[string]preparedStatement{}}, nil
		}
		if primaryCode(err) != sqlite3.SQLITE_BUSY || time.Now().After(until) {
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(busyPause):
		}
	}
}

// plain is what a connection of the driver can do, as far as database/sql asks for it.
type plain interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.SessionResetter
	driver.Validator
}

type preparedStatement interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// mostKept bounds the statements of a connection. A ledger has fewer.
const mostKept = 200

// connection is used by one goroutine at a time, as database/sql has it.
//
// A kept statement is at rest: it leaves kept while it is at work, so that the same sentence inside of its
// own rows gets a statement of its own, and comes back only from work that ended well.
type connection struct {
	plain

	kept map[string]preparedStatement
}

const blanks = " \t\n"

// keeps says which statements are kept. A pragma is not: SQLite may do what it says while it reads it
// (sqlite.org/pragma.html, section 1), and nor is a script.
func keeps(query string) bool {
	query = strings.TrimLeft(query, blanks)
	verb := query
	if at := strings.IndexAny(query, blanks); at >= 0 {
		verb = query[:at]
	}
	switch verb {
	case "SELECT", "INSERT", "UPDATE", "DELETE", "SAVEPOINT", "RELEASE", "BEGIN", "COMMIT":
		return !strings.Contains(query, ";")
	}
	return false
}

// take returns a statement that nothing else uses, to be given back or closed.
func (c *connection) take(ctx context.Context, query string) (preparedStatement, error) {
	if found := c.kept[query]; found != nil {
		delete(c.kept, query)
		return found, nil
	}
	made, err := c.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	return made.(preparedStatement), nil
}

func (c *connection) giveBack(query string, s preparedStatement) error {
	if c.kept[query] != nil || len(c.kept) >= mostKept {
		return s.Close()
	}
	c.kept[query] = s
	return nil
}

func (c *connection) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if c.kept[query] == nil && !keeps(query) {
		return c.plain.ExecContext(ctx, query, args)
	}
	s, err := c.take(ctx, query)
	if err != nil {
		return nil, err
	}
	result, err := s.ExecContext(ctx, args)
	if err != nil {
		_ = s.Close() // which repeats the reason
		return nil, err
	}
	return result, c.giveBack(query, s)
}

func (c *connection) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if c.kept[query] == nil && !keeps(query) {
		return c.plain.QueryContext(ctx, query, args)
	}
	s, err := c.take(ctx, query)
	if err != nil {
		return nil, err
	}
	found, err := s.QueryContext(ctx, args)
	if err != nil {
		_ = s.Close() // likewise
		return nil, err
	}
	return &rows{Rows: found, connection: c, query: query, statement: s}, nil
}

// BeginTx begins a transaction that writes as the driver does, by a statement that is kept. One that may be given up, or asks for
// something of its own, is left to the driver.
func (c *connection) BeginTx(ctx context.Context, options driver.TxOptions) (driver.Tx, error) {
	if ctx.Done() != nil || options != (driver.TxOptions{}) {
		return c.plain.BeginTx(ctx, options)
	}
	if _, err := c.ExecContext(ctx, "BEGIN IMMEDIATE", nil); err != nil {
		return nil, err
	}
	return transaction{c}, nil
}

// transaction is one that BeginTx has begun.
type transaction struct{ of *connection }

// Commit leaves no transaction open when it fails, as database/sql wants it.
func (t transaction) Commit() error {
	_, err := t.of.ExecContext(context.Background(), "COMMIT", nil)
	if err != nil {
		_ = t.Rollback() // err is the reason
	}
	return err
}

func (t transaction) Rollback() error {
	_, err := t.of.plain.ExecContext(context.Background(), "ROLLBACK", nil)
	return err
}

// Close finalizes what is kept: with a statement left SQLite keeps the file open.
func (c *connection) Close() error {
	for _, s := range c.kept {
		_ = s.Close()
	}
	clear(c.kept)
	return c.plain.Close()
}

// rows give their statement back when they are closed, which database/sql does once.
type rows struct {
	driver.Rows

	connection *connection
	query      string
	statement  preparedStatement
	failed     bool
}

func (r *rows) Next(into []driver.Value) error {
	err := r.Rows.Next(into)
	r.failed = r.failed || err != nil && !errors.Is(err, io.EOF)
	return err
}

func (r *rows) Close() error {
	if err := r.Rows.Close(); err != nil || r.failed {
		_ = r.statement.Close()
		return err
	}
	return r.connection.giveBack(r.query, r.statement)
}
