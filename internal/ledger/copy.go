// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"rehome"
	"rehome/internal/ledger/postgres"
	"rehome/internal/ledger/sqlite"
)

// CopiedTable is one table of a ledger that was moved.
type CopiedTable struct {
	Table  string `json:"table"`
	Rows   int64  `json:"rows"`
	Digest string `json:"digest"` // of all its rows in whatever order, hexadecimal; the same at both ends
}

// whole is a database whose ledger can be moved as a whole.
type whole interface {
	Database

	// Tables returns the names of the ledger's tables, each behind those that it refers to.
	Tables(ctx context.Context) ([]string, error)

	// FenceLong is Fence of a transaction that may take its time, and goes on alone.
	FenceLong(tx *sql.Tx) error

	// NumberOn lets rows that come later be numbered behind those that are there.
	NumberOn(tx *sql.Tx) error
}

var (
	_ whole = (*sqlite.File)(nil)
	_ whole = (*postgres.Server)(nil)
)

// Copy moves the ledger at one location to another one, which holds none or an empty one, and returns what it has moved. The first
// stays as it is.
//
// The rule: all of it is there, or nothing. Both are held for the whole time, so that nobody writes to either; what was written is
// read again and compared before it counts.
func Copy(ctx context.Context, from, to Location) (tables []CopiedTable, err error) {
	if from.Name == to.Name {
		return nil, copyFault(to.shown(), errors.New("it is the same ledger"), "name another one to copy to")
	}
	if there, err := from.Exists(ctx); err != nil {
		return nil, err
	} else if !there {
		return nil, copyFault(from.shown(), errors.New("there is no ledger"), "name the ledger that the move was run with")
	}
	src, releaseSource, err := from.hold(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, releaseSource()) }()
	dst, releaseDestination, err := to.hold(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, releaseDestination()) }()
	m := &mover{src: src, dst: dst}
	tables, err = m.move(ctx)
	if err != nil {
		return nil, m.fault(err)
	}
	return tables, nil
}

func copyFault(object string, cause error, hint string) error {
	return &rehome.Fault{Class: rehome.ClassOperator, Op: "copy store", Object: object, Cause: cause, Hint: hint}
}

// shown is what may be said of the location: an address may hold what is secret, if it is wrong.
func (l Location) shown() string {
	if address, err := l.address(); !l.IsFile() && err == nil {
		return address.Name()
	}
	return l.Name
}

// works are those that a process may do beside the one that copies, see Ledger.LockFor.
var works = [...]string{"notify"}

// hold opens the database and takes all its locks; release gives all back.
func (l Location) hold(ctx context.Context) (w whole, release func() error, err error) {
	database, err := l.open(ctx)
	if err != nil {
		return nil, nil, err
	}
	held := []func(){}
	release = func() error {
		for _, unlock := range held {
			unlock()
		}
		return database.Pool().Close()
	}
	leases := &Leases{&store{database: database, db: database.Pool()}}
	take := []func() (func(), error){func() (func(), error) { return leases.lockOut(ctx) }}
	for _, work := range works {
		take = append(take, func() (func(), error) { return database.LockFor(work) })
	}
	for _, lock := range take {
		unlock, err := lock()
		if err != nil {
			return nil, nil, errors.Join(err, release())
		}
		held = append(held, unlock)
	}
	return database.(whole), release, nil // both are, see above
}

// mover moves one ledger.
type mover struct{ src, dst whole }

// fault says it in the words of the end that is at fault.
func (m *mover) fault(err error) error {
	var known *rehome.Fault
	if errors.As(err, &known) {
		return err
	}
	for _, end := range []whole{m.dst, m.src} {
		if hint := end.Hint(err, false); hint != "" {
			return copyFault(end.Name(), err, hint)
		}
	}
	return err
}

func (m *mover) move(ctx context.Context) ([]CopiedTable, error) {
	names, err := m.names(ctx)
	if err != nil {
		return nil, err
	}
	reading, err := beginFenced(ctx, m.src)
	if err != nil {
		return nil, err
	}
	defer func() { _ = reading.Rollback() }() // nothing was written
	writing, err := beginFenced(ctx, m.dst)
	if err != nil {
		return nil, err
	}
	defer func() { _ = writing.Rollback() }() // in vain once it is committed
	for _, name := range names {
		if err := m.wantEmpty(ctx, writing, name); err != nil {
			return nil, err
		}
	}
	var tables []CopiedTable
	for _, name := range names {
		moved, err := moveTable(ctx, reading, writing, name)
		if err != nil {
			return nil, fmt.Errorf("table %s: %w", name, err)
		}
		there, err := sumTable(ctx, writing, name, moved.columns)
		if err != nil {
			return nil, fmt.Errorf("table %s: %w", name, err)
		}
		if there != moved.sum {
			return nil, copyFault(m.dst.Name(),
				fmt.Errorf("table %s came back otherwise than it was written: %d rows of %d", name, there.rows, moved.sum.rows),
				"nothing was changed; report this, with the kinds and versions of both databases")
		}
		tables = append(tables, CopiedTable{Table: name, Rows: there.rows, Digest: there.String()})
	}
	if err := m.dst.NumberOn(writing); err != nil {
		return nil, err
	}
	return tables, writing.Commit()
}

// names are the tables of both: those of one schema, as a test sees to it.
func (m *mover) names(ctx context.Context) ([]string, error) {
	names, err := m.dst.Tables(ctx)
	if err != nil {
		return nil, err
	}
	there, err := m.src.Tables(ctx)
	if err != nil {
		return nil, err
	}
	if len(names) != len(there) {
		return nil, fmt.Errorf("%d tables here, %d there", len(there), len(names))
	}
	return names, nil
}

func beginFenced(ctx context.Context, database whole) (*sql.Tx, error) {
	tx, err := database.Pool().BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	if err := database.FenceLong(tx); err != nil {
		return nil, errors.Join(err, tx.Rollback())
	}
	return tx, nil
}

func (m *mover) wantEmpty(ctx context.Context, tx *sql.Tx, table string) error {
	var taken bool
	if err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM `+table+`)`).Scan(&taken); err != nil {
		return err
	}
	if !taken {
		return nil
	}
	return copyFault(m.dst.Name(), errors.New("it is not empty"), "name a ledger that does not exist yet: two cannot be made one")
}

// movedTable is what was read of a table.
type movedTable struct {
	columns []string
	sum     tableSum
}

// moveTable reads all rows of a table and writes them on the other side.
func moveTable(ctx context.Context, from, to *sql.Tx, table string) (moved movedTable, err error) {
	rows, err := from.QueryContext(ctx, `SELECT * FROM `+table)
	if err != nil {
		return moved, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	if moved.columns, err = rows.Columns(); err != nil {
		return moved, err
	}
	places := strings.TrimSuffix(strings.Repeat("?, ", len(moved.columns)), ", ")
	insert, err := to.PrepareContext(ctx, `INSERT INTO `+table+` (`+strings.Join(moved.columns, ", ")+`) VALUES (`+places+`)`)
	if err != nil {
		return moved, err
	}
	defer func() { err = errors.Join(err, insert.Close()) }()
	err = eachRow(rows, len(moved.columns), func(values []any) error {
		moved.sum.add(values)
		_, err := insert.ExecContext(ctx, values...)
		return err
	})
	return moved, err
}

// sumTable reads a table again.
func sumTable(ctx context.Context, tx *sql.Tx, table string, columns []string) (sum tableSum, err error) {
	rows, err := tx.QueryContext(ctx, `SELECT `+strings.Join(columns, ", ")+` FROM `+table)
	if err != nil {
		return sum, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	err = eachRow(rows, len(columns), func(values []any) error {
		sum.add(values)
		return nil
	})
	return sum, err
}

func eachRow(rows *sql.Rows, columns int, visit func(values []any) error) error {
	values, into := make([]any, columns), make([]any, columns)
	for i := range values {
		into[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		for i := range values {
			if octets, is := values[i].([]byte); is && octets == nil {
				values[i] = []byte{} // of no length, which is not NULL
			}
		}
		if err := visit(values); err != nil {
			return err
		}
	}
	return rows.Err()
}

// tableSum is the number of rows and the sum of their digests, which does not hang on their order: each database has its own.
type tableSum struct {
	rows int64
	sum  [sha256.Size / 8]uint64
}

// add adds a row: its values in the order of the columns, each with its kind and length.
func (s *tableSum) add(values []any) {
	h := sha256.New()
	for _, value := range values {
		kind, octets := byte('n'), []byte(nil)
		switch v := value.(type) {
		case int64:
			kind, octets = 'i', binary.BigEndian.AppendUint64(nil, uint64(v))
		case string:
			kind, octets = 't', []byte(v)
		case []byte:
			kind, octets = 'o', v
		case nil:
		default:
			kind, octets = '?', fmt.Append(nil, v) // no ledger has it; then the digests differ, if anything does
		}
		_, _ = h.Write(append(binary.BigEndian.AppendUint64([]byte{kind}, uint64(len(octets))), octets...)) // which never fails
	}
	digest := h.Sum(nil)
	for i := range s.sum {
		s.sum[i] += binary.BigEndian.Uint64(digest[8*i:])
	}
	s.rows++
}

// String is the sum in hexadecimal.
func (s tableSum) String() string {
	var octets []byte
	for _, part := range s.sum {
		octets = binary.BigEndian.AppendUint64(octets, part)
	}
	return hex.EncodeToString(octets)
}
