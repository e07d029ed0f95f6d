// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"rehome"
)

// Database is what one database does otherwise than another: *sqlite.File is one. What this package says to it is SQL
// that SQLite and PostgreSQL both understand, see TestSQL_isNobodysDialect; "?" stands for a value, and a database that
// writes it otherwise does so on its connections.
type Database interface {
	Pool() *sql.DB

	// Name is what the operator calls it.
	Name() string

	// Durability returns the sentence after which the commits of a connection wait for the disk, and with them all
	// that was committed before; or do not, and a power cut may take the last of them. "" where Begin says it.
	Durability(wait bool) string

	// BetweenSavepoints returns the sentences that end the savepoint "one" and begin it anew.
	BetweenSavepoints() []string

	// Settle is said within a transaction of Begin for all before it to be carried out: a sentence that only changes something may wait
	// until an answer is asked for, or the transaction is committed, and its error with it. "" where each is carried out at once.
	Settle() string

	// Later has a question within such a transaction wait likewise, until its first row is read.
	Later(ctx context.Context) context.Context

	// Hint returns the next step after an error of the database, or a damaged row of it; "" when no human can help.
	Hint(err error, damaged bool) string

	// Begin begins a transaction that writes, on a connection of the pool. It is refused when a lock of this handle was lost meanwhile,
	// and another process may have taken it. Transactions that are together go on at the same time, and others one after the other.
	Begin(conn *sql.Conn, together, onDisk bool) (*sql.Tx, error)

	// Free reports whether no process has taken Lock, and lets none do so until the transaction ends.
	Free(tx *sql.Tx) (bool, error)

	// Clock returns what the time is in a sentence: milliseconds since 1970, by the clock of the database.
	Clock() string

	// Holding ends a sentence that reads one row, which stays as it is then until the transaction ends.
	Holding() string

	// Seizing is Holding for one transaction alone. It waits for no other one: the row is passed over while another holds it.
	Seizing() string

	// Lock makes this process the only one that copies.
	Lock() (unlock func(), err error)

	// LockFor makes this process the only one that does one kind of work beside those that copy.
	LockFor(work string) (unlock func(), err error)

	// Attend lets others see that the process of a worker lives, until it is left, or the process ends, or the server.
	Attend(name string) (leave func(), err error)

	// Attends reports whether it does.
	Attends(tx *sql.Tx, name string) (bool, error)

	// Incarnation returns in a sentence a number that is another one whenever the server of the database has started again.
	Incarnation() string

	// Locked reports whether a process copies.
	Locked() (bool, error)
}

// store is what all nouns write to and read from.
type store struct {
	database Database
	db       *sql.DB
	writer   *writer
	now      func() time.Time
	leased   bool   // everything is written under a lease
	spent    *spent // nil for nobody who counts
}

var errDamaged = errors.New("the ledger is damaged")

// fault puts what the database says into an operator's words: a full or broken disk is nobody's mistake
// in this program. Everything else comes back as it is.
func (s *store) fault(op string, err error) error {
	var known *rehome.Fault
	if err == nil || errors.As(err, &known) {
		return err
	}
	hint := s.database.Hint(err, errors.Is(err, errDamaged))
	if hint == "" {
		return err
	}
	return &rehome.Fault{Class: rehome.ClassOperator, Op: op, Object: s.database.Name(), Cause: err, Hint: hint}
}

// write applies a change as the writer does: when it returns nil, the change survives the end of this
// process, however it comes.
func (s *store) write(ctx context.Context, apply func(*sql.Tx) error) error {
	lease := leaseOf(ctx)
	return s.do(&change{ctx: ctx, apply: apply, lease: lease, together: lease != nil})
}

// writeIntent is write for what something outside is about to be done on the strength of: it survives a
// power cut, too.
func (s *store) writeIntent(ctx context.Context, apply func(*sql.Tx) error) error {
	lease := leaseOf(ctx)
	return s.do(&change{ctx: ctx, apply: apply, lease: lease, together: lease != nil, onDisk: true})
}

// writeAlone is write for what does not belong to one account: nobody else writes at the same time.
func (s *store) writeAlone(ctx context.Context, apply func(*sql.Tx) error) error {
	return s.do(&change{ctx: ctx, apply: apply, lease: leaseOf(ctx)})
}

func (s *store) do(c *change) error {
	if s.leased && c.lease == nil {
		return errUnleased()
	}
	defer s.spent.on(writes)()
	return s.fault("write store", s.writer.do(c))
}

// read calls scan for each row of a query. It looks at ctx between rows only: a row is there in no time, and
// to be interrupted within one costs two goroutines a query.
func (s *store) read(ctx context.Context, scan func(*sql.Rows) error, query string, args ...any) error {
	if ctx.Err() != nil {
		return s.fault("read store", ctx.Err())
	}
	defer s.spent.on(reads)()
	rows, err := s.db.QueryContext(context.WithoutCancel(ctx), query, args...)
	if err != nil {
		return s.fault("read store", err)
	}
	defer rows.Close()
	for rows.Next() {
		if ctx.Err() != nil {
			return s.fault("read store", ctx.Err())
		}
		if err := scan(rows); err != nil {
			return s.fault("read store", err)
		}
	}
	return s.fault("read store", rows.Err())
}

// numbers reads rows of a name and a number. Where nothing is counted, the map is empty.
func numbers[K ~string](ctx context.Context, s *store, query string, args ...any) (map[K]int64, error) {
	all := map[K]int64{}
	err := s.read(ctx, func(rows *sql.Rows) error {
		var name K
		var n int64
		err := rows.Scan(&name, &n)
		all[name] = n
		return err
	}, query, args...)
	return all, err
}

// bit is a truth in a column of numbers, which can be summed.
func bit(is bool) int64 {
	if is {
		return 1
	}
	return 0
}
