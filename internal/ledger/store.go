// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"database/sql"
	"time"
)

// store is what all nouns write to and read from.
type store struct {
	db     *sql.DB
	writer *writer
	now    func() time.Time
	path   string
}

// write runs a change as the writer does: when it returns nil, the change survives the end of this
// process, however it comes.
func (l *store) write(ctx context.Context, change func(*sql.Tx) error) error {
	return l.fault("write store", l.writer.do(ctx, false, change))
}

// writeIntent is write for what something outside is about to be done on the strength of: it survives a
// power cut, too.
func (l *store) writeIntent(ctx context.Context, change func(*sql.Tx) error) error {
	return l.fault("write store", l.writer.do(ctx, true, change))
}

// read calls scan for each row of a query. It looks at ctx between rows only: a row is there in no time, and
// to be interrupted within one costs two goroutines a query.
func (l *store) read(ctx context.Context, scan func(*sql.Rows) error, query string, args ...any) error {
	if ctx.Err() != nil {
		return l.fault("read store", ctx.Err())
	}
	rows, err := l.db.QueryContext(context.WithoutCancel(ctx), query, args...)
	if err != nil {
		return l.fault("read store", err)
	}
	defer rows.Close()
	for rows.Next() {
		if ctx.Err() != nil {
			return l.fault("read store", ctx.Err())
		}
		if err := scan(rows); err != nil {
			return l.fault("read store", err)
		}
	}
	return l.fault("read store", rows.Err())
}
