// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"database/sql/driver"
	"fmt"
	"io"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Some sentences have no answer that anybody waits for: those that begin a transaction, and those between savepoints. They wait for the
// next sentence and go to the server ahead of it, in one text (postgresql.org/docs/15/protocol-flow.html, section 55.2.4), so that they cost
// no way there and back. The server carries them out in the order in which they were said. When one of them fails, those behind it are not
// carried out, and the error is the answer to the sentence that they went with.

// betweenSavepoints are said as one text.
const betweenSavepoints = "RELEASE one; SAVEPOINT one"

// unanswered are the sentences of the ledger that wait.
var unanswered = map[string][]string{"SAVEPOINT one": {"SAVEPOINT one"}, betweenSavepoints: {"RELEASE one", "SAVEPOINT one"}}

// transaction is one whose beginning waits.
type transaction struct{ conn *connection }

// Commit implements driver.Tx. What waits still would change nothing of what is committed.
func (t transaction) Commit() error {
	said, err := t.conn.end("COMMIT")
	if err == nil && said.String() == "ROLLBACK" {
		return pgx.ErrTxCommitRollback
	}
	return err
}

// Rollback implements driver.Tx.
func (t transaction) Rollback() error {
	_, err := t.conn.end("ROLLBACK")
	return err
}

// end ends a transaction, unless the server has not heard of it. A connection on which that fails is of no more use.
func (c *connection) end(sentence string) (said pgconn.CommandTag, err error) {
	c.ahead = nil
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

// send sends what waits, and the sentence behind it. The caller reads one answer for that, and closes.
func (c *connection) send(ctx context.Context, query string, args []driver.NamedValue) (answers pgx.BatchResults, err error) {
	var batch pgx.Batch
	for _, sentence := range c.ahead {
		batch.Queue(sentence)
	}
	values := make([]any, len(args))
	for i, arg := range args {
		values[i] = arg.Value
	}
	batch.Queue(query, values...)
	answers = c.Conn().SendBatch(ctx, &batch)
	for range c.ahead {
		if _, err = answers.Exec(); err != nil {
			_ = answers.Close() // which says the same
			break
		}
	}
	c.ahead = nil
	return answers, err
}

// execBehind is ExecContext behind what waits.
func (c *connection) execBehind(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	answers, err := c.send(ctx, query, args)
	if err != nil {
		return nil, err
	}
	done, err := answers.Exec()
	if closed := answers.Close(); err == nil {
		err = closed
	}
	return driver.RowsAffected(done.RowsAffected()), err
}

// queryBehind is QueryContext behind what waits.
func (c *connection) queryBehind(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	answers, err := c.send(ctx, query, args)
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
func (r *rowsBehind) Columns() []string {
	fields := r.rows.FieldDescriptions()
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
	values, err := r.rows.Values()
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
