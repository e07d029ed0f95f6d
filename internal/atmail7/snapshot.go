// SPDX-License-Identifier: Apache-2.0

package atmail7

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"github.com/go-sql-driver/mysql"
	"golang.org/x/text/encoding/charmap"
)

// execer is what preparing a session needs of a connection.
type execer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// reading is one consistent snapshot. It can only select.
type reading struct {
	conn     *sql.Conn
	fault    func(op string, err error) error
	readOnly bool
	charset  *charmap.Charmap // of what is not UTF-8; nil where nobody has said
}

// snapshot calls read with a connection of its own, inside a read-only transaction that sees the
// database as it is now.
func (d *Database) snapshot(ctx context.Context, read func(*reading) error) error {
	r, err := d.begin(ctx)
	if err != nil {
		return err
	}
	defer r.conn.Close() // not pooled: the server rolls back what is open
	return read(r)
}

// begin starts a reading; who called it closes its connection.
func (d *Database) begin(ctx context.Context) (*reading, error) {
	conn, err := d.connect(ctx)
	if err != nil {
		return nil, d.fault("connect to", err)
	}
	readOnly, err := prepare(ctx, conn)
	if err != nil {
		_ = conn.Close() // the first error is the one to tell
		return nil, d.fault("begin reading", err)
	}
	return &reading{conn: conn, fault: d.fault, readOnly: readOnly, charset: charsets[d.settings.Charset]}, nil
}

// connect gives up on a port that accepts and then says nothing.
func (d *Database) connect(ctx context.Context) (*sql.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	return d.pool.Conn(ctx)
}

// prepare makes the session read-only and begins its snapshot. Servers before MySQL 5.6 and MariaDB
// 10.0 do not know read-only transactions; there, only our own restraint protects the data, and
// readOnly is false.
func prepare(ctx context.Context, conn execer) (readOnly bool, err error) {
	readOnly = true
	for _, statement := range []string{
		// Columns come as the bytes that are stored, whatever character set the table claims.
		"SET NAMES binary",
		"SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
		"SET SESSION TRANSACTION READ ONLY",
		"START TRANSACTION WITH CONSISTENT SNAPSHOT",
	} {
		_, err := conn.ExecContext(ctx, statement)
		var said *mysql.MySQLError
		if errors.As(err, &said) && said.Number == syntaxError && strings.HasSuffix(statement, "READ ONLY") {
			readOnly = false
			continue
		}
		if err != nil {
			return false, err
		}
	}
	return readOnly, nil
}

// each runs a SELECT and calls row for every row as it arrives. A value is nil for NULL, and valid
// during the call only.
func (r *reading) each(ctx context.Context, object, query string, row func(values []sql.RawBytes) error, args ...any) error {
	rows, err := r.conn.QueryContext(ctx, query, args...)
	if err != nil {
		return r.fault("read "+object+" of", err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return r.fault("read "+object+" of", err)
	}
	values := make([]sql.RawBytes, len(columns))
	targets := make([]any, len(columns))
	for i := range values {
		targets[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			return r.fault("read "+object+" of", err)
		}
		if err := row(values); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return r.fault("read "+object+" of", err)
	}
	return nil
}

func (r *reading) version(ctx context.Context) (version string, err error) {
	err = r.each(ctx, "the version", "SELECT VERSION()", func(values []sql.RawBytes) error {
		version = string(values[0])
		return nil
	})
	return version, err
}
