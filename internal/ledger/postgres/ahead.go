// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Within a transaction of the ledger's writer a sentence whose answer nobody has asked for yet waits: those that begin it, those between
// savepoints, and all that only change something. They go to the server ahead of the next sentence that is answered, or of COMMIT, in one
// text (postgresql.org/docs/15/protocol-flow.html, section 55.2.4), so that they cost no way there and back. The server carries them out in
// the order in which they were said. When one of them fails, those behind it are not carried out, and the error is the answer to the
// sentence that they went with: of a transaction everything is done or nothing, so that it does not matter which of them it was. Where
// changes of several callers share a transaction it does: then Settle is said behind each of them.

// Sentences of the ledger's writer that are no change.
const (
	savepoint         = "SAVEPOINT one"
	betweenSavepoints = "RELEASE one; SAVEPOINT one" // said as one text
	toSavepoint       = "ROLLBACK TO one"
	settle            = "SETTLE" // the server never hears it
)

// mostAhead bounds what waits.
const mostAhead = 16

// waiting is a sentence that waits, and its answer once it has one.
type waiting struct {
	query  string
	values []any
	must   bool // it changes something, so that no commit leaves it out

	answered bool
	err      error
	changed  int64
	columns  []string
	rows     [][]driver.Value
}

// errLeftOut is the answer to what was taken back before the server has heard of it.
var errLeftOut = errors.New("the sentence was not carried out, because its transaction was taken back")

type laterKey struct{}

// Later has a question within a transaction of the ledger's writer wait for the sentences behind it. It is asked when its first row is.
func (s *Server) Later(ctx context.Context) context.Context {
	return context.WithValue(ctx, laterKey{}, true)
}

func isLater(ctx context.Context) bool {
	later, _ := ctx.Value(laterKey{}).(bool)
	return later
}

// Settle returns what is said for all before it to be carried out.
func (s *Server) Settle() string { return settle }

// transaction is one whose beginning waits.
type transaction struct{ conn *connection }

// Commit implements driver.Tx. Of what waits still, what would change nothing is left out.
func (t transaction) Commit() error {
	c := t.conn
	if failed := c.failed; failed != nil {
		_, _ = c.end("ROLLBACK") // failed is the reason
		return failed
	}
	last := len(c.ahead)
	for last > 0 && !c.ahead[last-1].must {
		last--
	}
	if last == 0 {
		said, err := c.end("COMMIT")
		if err == nil && said.String() == "ROLLBACK" {
			return pgx.ErrTxCommitRollback
		}
		return err
	}
	c.leaveOut(last)
	c.ahead = append(c.ahead, &waiting{query: "COMMIT"})
	err := c.flush(context.Background())
	if err != nil {
		_, _ = c.end("ROLLBACK") // err is the reason
	}
	c.waits = false
	return err
}

// Rollback implements driver.Tx.
func (t transaction) Rollback() error {
	_, err := t.conn.end("ROLLBACK")
	return err
}

// leaveOut forgets what waits behind the first so many.
func (c *connection) leaveOut(first int) {
	for _, w := range c.ahead[first:] {
		w.answered, w.err = true, errLeftOut
	}
	c.ahead = c.ahead[:first]
}

// end ends a transaction, unless the server has not heard of it. A connection on which that fails is of no more use.
func (c *connection) end(sentence string) (said pgconn.CommandTag, err error) {
	c.leaveOut(0)
	c.waits, c.failed = false, nil
	conn := c.Conn()
	if conn.PgConn().TxStatus() == outside {
		return said, nil
	}
	if said, err = conn.Exec(context.Background(), sentence); err != nil && conn.PgConn().TxStatus() != outside {
		_ = conn.Close(context.Background()) // err is the reason
	}
	return said, err
}

// outside is the state of a connection without a transaction.
const outside = 'I'

// exec is ExecContext within a transaction of the writer.
func (c *connection) exec(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	switch {
	case query == toSavepoint:
		return driver.ResultNoRows, c.takeBack(ctx)
	case c.failed != nil:
		return nil, c.failed
	}
	switch query {
	case settle:
		return driver.ResultNoRows, c.flush(ctx)
	case savepoint:
		c.ahead = append(c.ahead, &waiting{query: savepoint})
		return driver.ResultNoRows, nil
	case betweenSavepoints:
		c.ahead = append(c.ahead, &waiting{query: "RELEASE one"}, &waiting{query: savepoint})
		return driver.ResultNoRows, nil
	}
	w := c.wait(query, args, true)
	if len(c.ahead) >= mostAhead {
		if err := c.flush(ctx); err != nil {
			return nil, err
		}
	}
	return result{c, w}, nil
}

// takeBack goes back to the savepoint. Where that waits still, so does all that is behind it.
func (c *connection) takeBack(ctx context.Context) error {
	for i := len(c.ahead) - 1; i >= 0; i-- {
		if c.ahead[i].query == savepoint {
			c.leaveOut(i + 1)
			return nil
		}
	}
	c.leaveOut(0)
	c.failed = nil
	_, err := c.Conn().Exec(ctx, toSavepoint)
	return err
}

// wait lets a sentence wait.
func (c *connection) wait(query string, args []driver.NamedValue, must bool) *waiting {
	w := &waiting{query: c.number(query), values: valuesOf(args), must: must}
	c.ahead = append(c.ahead, w)
	return w
}

func valuesOf(args []driver.NamedValue) []any {
	values := make([]any, len(args))
	for i, arg := range args {
		values[i] = arg.Value
	}
	return values
}

// flush has the server carry out what waits.
func (c *connection) flush(ctx context.Context) error {
	if c.failed != nil || len(c.ahead) == 0 {
		return c.failed
	}
	answers, err := c.send(ctx, &pgx.Batch{})
	if err != nil {
		return err
	}
	return answers.Close()
}

// send sends what waits, and what is in the batch behind it, and reads the answers of what has waited. The caller reads the others, and
// closes.
func (c *connection) send(ctx context.Context, behind *pgx.Batch) (pgx.BatchResults, error) {
	var batch pgx.Batch
	all := c.ahead
	c.ahead = nil
	for _, w := range all {
		batch.Queue(w.query, w.values...)
	}
	batch.QueuedQueries = append(batch.QueuedQueries, behind.QueuedQueries...)
	answers := c.Conn().SendBatch(ctx, &batch)
	var err error
	for _, w := range all {
		if err == nil {
			err = w.read(answers)
		}
		w.answered, w.err = true, err
	}
	if err != nil {
		_ = answers.Close() // which says the same
		c.failed = err
	}
	return answers, err
}

// read reads the answer.
func (w *waiting) read(answers pgx.BatchResults) error {
	rows, err := answers.Query()
	if err != nil {
		return err
	}
	defer rows.Close()
	w.columns = columnsOf(rows)
	for rows.Next() {
		row := make([]driver.Value, len(w.columns))
		if err := plainRow(rows, row); err != nil {
			return err
		}
		w.rows = append(w.rows, row)
	}
	rows.Close()
	w.changed = rows.CommandTag().RowsAffected()
	return rows.Err()
}

// answer has the sentence carried out, if it was not yet.
func (w *waiting) answer(c *connection) error {
	if !w.answered {
		_ = c.flush(context.Background()) // w knows
	}
	return w.err
}

// result is that of a sentence that may still wait.
type result struct {
	conn *connection
	said *waiting
}

// LastInsertId implements driver.Result.
func (result) LastInsertId() (int64, error) { return driver.ResultNoRows.LastInsertId() }

// RowsAffected implements driver.Result.
func (r result) RowsAffected() (int64, error) {
	err := r.said.answer(r.conn)
	return r.said.changed, err
}

// laterRows are those of a question that may still wait.
type laterRows struct {
	conn *connection
	said *waiting
	read int
}

// Columns implements driver.Rows.
func (r *laterRows) Columns() []string {
	_ = r.said.answer(r.conn) // Next tells
	return r.said.columns
}

// Next implements driver.Rows.
func (r *laterRows) Next(into []driver.Value) error {
	if err := r.said.answer(r.conn); err != nil {
		return err
	}
	if r.read == len(r.said.rows) {
		return io.EOF
	}
	copy(into, r.said.rows[r.read])
	r.read++
	return nil
}

// Close implements driver.Rows.
func (*laterRows) Close() error { return nil }

// query is QueryContext within a transaction of the writer.
func (c *connection) query(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if c.failed != nil {
		return nil, c.failed
	}
	if isLater(ctx) {
		return &laterRows{conn: c, said: c.wait(query, args, false)}, nil
	}
	if len(c.ahead) == 0 {
		return c.plain.QueryContext(ctx, c.number(query), args)
	}
	var behind pgx.Batch
	behind.Queue(c.number(query), valuesOf(args)...)
	answers, err := c.send(ctx, &behind)
	if err != nil {
		return nil, err
	}
	found, err := answers.Query()
	if err != nil {
		_ = answers.Close() // which says the same
		return nil, err
	}
	return &rowsBehind{answers: answers, rows: found}, nil
}

// rowsBehind are those of a sentence that went with others.
type rowsBehind struct {
	answers pgx.BatchResults
	rows    pgx.Rows
}

// Columns implements driver.Rows.
func (r *rowsBehind) Columns() []string { return columnsOf(r.rows) }

func columnsOf(rows pgx.Rows) []string {
	fields := rows.FieldDescriptions()
	names := make([]string, len(fields))
	for i, field := range fields {
		names[i] = field.Name
	}
	return names
}

// Next implements driver.Rows.
func (r *rowsBehind) Next(into []driver.Value) error {
	if !r.rows.Next() {
		if err := r.rows.Err(); err != nil {
			return err
		}
		return io.EOF
	}
	return plainRow(r.rows, into)
}

// plainRow reads the row that is next.
func plainRow(rows pgx.Rows, into []driver.Value) error {
	values, err := rows.Values()
	for i := range values {
		if err == nil {
			into[i], err = plainValue(values[i])
		}
	}
	return err
}

// Close implements driver.Rows.
func (r *rowsBehind) Close() error {
	r.rows.Close()
	return r.answers.Close()
}

// plainValue is what database/sql knows.
func plainValue(value any) (driver.Value, error) {
	switch v := value.(type) {
	case int16:
		return int64(v), nil
	case int32:
		return int64(v), nil
	case float32:
		return float64(v), nil
	case driver.Valuer:
		return v.Value()
	}
	if !driver.IsValue(value) {
		return nil, fmt.Errorf("a value of %T is none of the ledger's", value)
	}
	return value, nil
}
