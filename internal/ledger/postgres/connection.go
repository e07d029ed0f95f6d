// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"database/sql/driver"
	"errors"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// connector opens connections that understand what the ledger says: "?" for a value, truths as the numbers that its columns hold,
// and texts of any octets.
type connector struct{ driver.Connector }

// How long a server that starts, or has no connection to spare at this moment, is asked again.
const (
	busyPatience = 10 * time.Second
	busyPause    = 100 * time.Millisecond
)

// Connect implements driver.Connector. When its time is over, the error names what the server has said last: that it was slow to say
// it again helps nobody.
func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	var said error
	for until := time.Now().Add(busyPatience); ; {
		conn, err := c.Connector.Connect(ctx)
		switch {
		case err == nil:
			return &connection{plain: conn.(plain), numbered: map[string]string{}}, nil
		case isBusy(err):
			said = err
		case ctx.Err() != nil:
			return nil, errors.Join(err, said)
		default:
			return nil, err
		}
		if time.Now().After(until) {
			return nil, said
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), said)
		case <-time.After(busyPause):
		}
	}
}

// isBusy tells what ends by itself (postgresql.org/docs/15/errcodes-appendix.html).
func isBusy(err error) bool {
	code := codeOf(err)
	return code == tooManyConnections || code == cannotConnectNow
}

// codeOf returns the SQLSTATE that the server has given; "" when it has said nothing.
func codeOf(err error) string {
	var said *pgconn.PgError
	if !errors.As(err, &said) {
		return ""
	}
	return said.Code
}

// plain is what a connection of the driver can do, as far as database/sql asks for it.
type plain interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.SessionResetter
	driver.Pinger
	Conn() *pgx.Conn
}

var _ plain = (*stdlib.Conn)(nil)

// connection is used by one goroutine at a time, as database/sql has it. The driver keeps its statements prepared.
type connection struct {
	plain

	numbered map[string]string // what was said before, as PostgreSQL has it
	waits    bool              // in a transaction of the ledger's writer
	ahead    []*waiting        // what waits there for the next sentence
	failed   error             // why the transaction can only be taken back
}

// mostNumbered bounds the sentences that are known. A ledger has fewer.
const mostNumbered = 300

// number writes $1 and so on for each "?".
func (c *connection) number(query string) string {
	if done, known := c.numbered[query]; known {
		return done
	}
	var b strings.Builder
	n := 0
	for i, part := range strings.Split(query, "'") {
		if i > 0 {
			b.WriteByte('\'')
		}
		if i%2 == 1 { // a literal
			b.WriteString(part)
			continue
		}
		for j, piece := range strings.Split(part, "?") {
			if j > 0 {
				n++
				b.WriteString("$" + strconv.Itoa(n))
			}
			b.WriteString(piece)
		}
	}
	if len(c.numbered) < mostNumbered {
		c.numbered[query] = b.String()
	}
	return b.String()
}

// Close implements driver.Conn. What was committed is committed, whether or not a server that is gone hears the farewell.
func (c *connection) Close() error {
	_ = c.plain.Close()
	return nil
}

// CheckNamedValue implements driver.NamedValueChecker.
func (c *connection) CheckNamedValue(v *driver.NamedValue) (err error) {
	if v.Value, err = driver.DefaultParameterConverter.ConvertValue(v.Value); err != nil {
		return err
	}
	switch value := v.Value.(type) {
	case bool:
		v.Value = int64(0)
		if value {
			v.Value = int64(1)
		}
	case string:
		v.Value = toText(value)
	}
	return nil
}

type firstKey struct{}

// withFirst has a transaction that begins with the context say a sentence first.
func withFirst(ctx context.Context, sentence string) context.Context {
	return context.WithValue(ctx, firstKey{}, sentence)
}

// BeginTx implements driver.ConnBeginTx.
func (c *connection) BeginTx(ctx context.Context, options driver.TxOptions) (driver.Tx, error) {
	first, some := ctx.Value(firstKey{}).(string)
	if !some {
		return c.plain.BeginTx(ctx, options)
	}
	if options != (driver.TxOptions{}) {
		return nil, errors.New("a transaction with a first sentence takes no options") // or it would begin without that
	}
	c.waits, c.ahead = true, []*waiting{{query: "BEGIN"}, {query: first}}
	return transaction{c}, nil
}

// ExecContext implements driver.ExecerContext.
func (c *connection) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if c.waits {
		return c.exec(ctx, query, args)
	}
	return c.plain.ExecContext(ctx, c.number(query), args)
}

// QueryContext implements driver.QueryerContext.
func (c *connection) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (found driver.Rows, err error) {
	if c.waits {
		found, err = c.query(ctx, query, args)
	} else {
		found, err = c.plain.QueryContext(ctx, c.number(query), args)
	}
	if err != nil {
		return nil, err
	}
	return rows{found}, nil
}

// PrepareContext implements driver.ConnPrepareContext. What is prepared by name is only written with, so that its rows need no care. It is
// said at once.
func (c *connection) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	if err := c.flush(ctx); err != nil {
		return nil, err
	}
	return c.plain.PrepareContext(ctx, c.number(query))
}

type rows struct{ driver.Rows }

// Next implements driver.Rows.
func (r rows) Next(into []driver.Value) error {
	if err := r.Rows.Next(into); err != nil {
		return err
	}
	for i := range into {
		if text, is := into[i].(string); is {
			into[i] = fromText(text)
		}
	}
	return nil
}

// patience is how long the server may be silent while an answer is waited for: longer than any sentence of the ledger takes, and
// than another process takes to write what it has begun.
const patience = 2 * time.Minute

// patientConn ends when nothing comes for too long: a network that swallows everything, or a machine that was switched off, says
// nothing, and the ledger's sentences have no deadline of their own.
type patientConn struct {
	net.Conn

	mu      sync.Mutex
	limited bool // the driver has set a deadline
}

// dial connects with keep-alive, which finds a dead server also between the sentences.
func dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := keptAlive().DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &patientConn{Conn: conn}, nil
}

func keptAlive() *net.Dialer {
	alive := net.KeepAliveConfig{Enable: true, Idle: 15 * time.Second, Interval: 5 * time.Second, Count: 3}
	return &net.Dialer{Timeout: busyPatience, KeepAliveConfig: alive}
}

// SetDeadline implements net.Conn; it is how the driver ends what was cancelled.
func (c *patientConn) SetDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.limited = !t.IsZero()
	return c.Conn.SetDeadline(t)
}

func (c *patientConn) Read(b []byte) (int, error) {
	if err := c.await(c.SetReadDeadline); err != nil {
		return 0, err
	}
	return c.Conn.Read(b)
}

func (c *patientConn) Write(b []byte) (int, error) {
	if err := c.await(c.SetWriteDeadline); err != nil {
		return 0, err
	}
	return c.Conn.Write(b)
}

func (c *patientConn) await(set func(time.Time) error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.limited {
		return nil
	}
	return set(time.Now().Add(patience))
}
