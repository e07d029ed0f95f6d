// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"rehome"
)

// Leases keeps which worker has which account.
//
// The rules:
//
//   - Who claims an account has it until the lease ends, and longer where it is renewed before. Time is the database's alone.
//   - Each claim has an epoch, one higher than the claim before. What is written under a lease is refused, whole, when its epoch is
//     not the current one or its time is over; a lease whose time is over never comes back. The intent of a batch is such a change,
//     so that nothing leaves for the destination without a lease.
//   - Who claims an account has it only when what the holder before was writing is there, or is refused.
//   - A process that holds Ledger.Lock has all accounts: no claim succeeds then, and the lock is not given while a lease lasts.
type Leases struct{ *store }

// Lease is an account that a worker has.
type Lease struct {
	Address string
	Epoch   int64
	Holder  string // name of the worker
}

// ErrLeaseLost is why a worker writes nothing more about an account.
var ErrLeaseLost = errors.New("this worker has lost the account, because it was silent for too long; another one may have begun with it")

// ErrAtWork is why a process that has to be alone does not begin.
var ErrAtWork = errors.New("at work with workers")

type leaseKey struct{}

// WithLease returns a context under which everything that is written is refused once the lease is lost.
func WithLease(ctx context.Context, lease Lease) context.Context {
	return context.WithValue(ctx, leaseKey{}, lease)
}

func leaseOf(ctx context.Context) *Lease {
	if lease, is := ctx.Value(leaseKey{}).(Lease); is {
		return &lease
	}
	return nil
}

// Leased returns the ledger as a worker has it: what a copier writes is refused unless it is written under a lease, see WithLease.
// Both are one ledger, which is closed once.
func (l *Ledger) Leased() *Ledger {
	all := newLedger(l.store)
	leased := *l.store
	leased.leased = true
	guarded := newLedger(&leased)
	all.Passes, all.Mail, all.Objects, all.Rules = guarded.Passes, guarded.Mail, guarded.Objects, guarded.Rules
	return all
}

// errUnleased is a mistake of this program.
func errUnleased() error {
	return &rehome.Fault{Class: rehome.ClassBug, Op: "write store", Cause: errors.New("a worker writes about an account that it has not claimed")}
}

// Claim takes the account for the holder, for so long. It is not taken while another lease lasts, or is written under, or while a
// process copies alone. It waits for nobody.
func (l *Leases) Claim(ctx context.Context, holder, address string, long time.Duration) (lease Lease, taken bool, err error) {
	lease = Lease{Address: address, Holder: holder}
	err = l.lease(ctx, func(tx *sql.Tx) (err error) {
		taken, lease.Epoch = false, 0
		if free, err := l.database.Free(tx); err != nil || !free {
			return err
		}
		taken, err = l.claim(tx, &lease, long)
		return err
	})
	return lease, taken && err == nil, err
}

func (l *Leases) claim(tx *sql.Tx, lease *Lease, long time.Duration) (taken bool, err error) {
	clock := l.database.Clock()
	var former int64
	switch err := tx.QueryRow(`SELECT epoch FROM leases WHERE address = ?`+l.database.Seizing(), lease.Address).Scan(&former); {
	case errors.Is(err, sql.ErrNoRows): // there is none, or another transaction has it
		err = tx.QueryRow(`INSERT INTO leases (address, epoch, holder, until_milli) VALUES (?, 1, ?, `+clock+` + ?)
			ON CONFLICT (address) DO NOTHING RETURNING epoch`, lease.Address, lease.Holder, long.Milliseconds()).Scan(&lease.Epoch)
		return found(err)
	case err != nil:
		return false, err
	}
	err = tx.QueryRow(`UPDATE leases SET epoch = leases.epoch + 1, holder = ?, until_milli = `+clock+` + ?
		WHERE address = ? AND until_milli <= `+clock+` RETURNING epoch`, lease.Holder, long.Milliseconds(), lease.Address).Scan(&lease.Epoch)
	return found(err)
}

// found tells whether there was a row.
func found(err error) (bool, error) {
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// Renewed is a lease that lasts.
type Renewed struct {
	Lease

	Stands bool // the account is to be left alone: its wave does not run
}

// Renew lets the leases of a holder that last still last for so long from now on, and returns them. Of their accounts it notes how many
// messages the destination has by now, by address, as far as somebody knows; a slice that is under way notes nothing before it has ended.
func (l *Leases) Renew(ctx context.Context, holder string, long time.Duration, reached map[string]int64) (held []Renewed, err error) {
	err = l.lease(ctx, func(tx *sql.Tx) (err error) {
		if held, err = l.renew(tx, holder, long); err != nil {
			return err
		}
		for _, lease := range held {
			if there, known := reached[lease.Address]; known {
				if err := reach(tx, lease.Address, there); err != nil {
					return err
				}
			}
		}
		return nil
	})
	return held, err
}

func (l *Leases) renew(tx *sql.Tx, holder string, long time.Duration) (held []Renewed, err error) {
	clock, now := l.database.Clock(), l.now().Unix()
	rows, err := tx.Query(`UPDATE leases SET until_milli = `+clock+` + ? WHERE holder = ? AND until_milli > `+clock+` RETURNING address, epoch,
		EXISTS (SELECT 1 FROM wave_members m JOIN waves w ON w.name = m.wave WHERE m.address = leases.address AND `+stands+`)`,
		long.Milliseconds(), holder, now, now)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // what went wrong is told by Err
	for rows.Next() {
		lease := Renewed{Lease: Lease{Holder: holder}}
		if err := rows.Scan(&lease.Address, &lease.Epoch, &lease.Stands); err != nil {
			return nil, err
		}
		held = append(held, lease)
	}
	return held, rows.Err()
}

// When a lease is over, until_milli says how it ended: the account is done with, or somebody has to go on with it.
const (
	leaseDone = 0
	leaseLeft = 1
)

// Release gives an account back. One that is not done is among the Abandoned at once. It does not wait for the disk: where a crash of
// the server takes it back, the lease ends with its time, as that of a worker that has died. Nobody renews it until then, as its holder
// has lost the connection with the server and comes back under another name, see writer.
func (l *Leases) Release(ctx context.Context, lease Lease, done bool) error {
	until := leaseLeft
	if done {
		until = leaseDone
	}
	return l.do(&change{ctx: ctx, together: true, apply: func(tx *sql.Tx) error {
		_, err := tx.Exec(`UPDATE leases SET until_milli = ? WHERE address = ? AND epoch = ?`, until, lease.Address, lease.Epoch)
		return err
	}})
}

// Abandoned is an account that a worker had begun with, and that nobody has.
type Abandoned struct {
	Lease       // that is over
	Run   int64 // of its turn, which is not over
}

// Abandoned returns accounts that a worker had begun with in a run and left, or died with: those of the oldest leases, so many at
// most. Those whose wave does not run are left alone.
func (l *Leases) Abandoned(ctx context.Context, most int) (all []Abandoned, err error) {
	return l.open(ctx, `SELECT l.address, l.epoch, l.holder, t.run FROM leases l JOIN turns t ON t.address = l.address
		WHERE l.until_milli > 0 AND l.until_milli <= `+l.database.Clock()+` AND t.run > 0 AND t.state <> ? AND NOT `+standing+`
		ORDER BY l.until_milli, l.address LIMIT ?`, most)
}

// Unclaimed returns accounts with a turn in a run that no worker has begun with: those whose turn is next, so many at most. Those whose
// wave does not run are left alone.
func (l *Leases) Unclaimed(ctx context.Context, most int) (all []Abandoned, err error) {
	return l.open(ctx, `SELECT t.address, COALESCE(l.epoch, 0), COALESCE(l.holder, ''), t.run FROM turns t LEFT JOIN leases l ON l.address = t.address
		WHERE COALESCE(l.until_milli, 0) = 0 AND t.run > 0 AND t.state <> ? AND NOT `+standing+` ORDER BY t.place, t.address LIMIT ?`, most)
}

// open returns the accounts of a question about turns that are not over.
func (l *Leases) open(ctx context.Context, question string, most int) (all []Abandoned, err error) {
	now := l.now().Unix()
	err = l.read(ctx, func(rows *sql.Rows) error {
		var a Abandoned
		err := rows.Scan(&a.Address, &a.Epoch, &a.Holder, &a.Run)
		all = append(all, a)
		return err
	}, question, TurnFailed, now, now, most)
	return all, err
}

// Held returns the leases that last.
func (l *Leases) Held(ctx context.Context) (all []Lease, err error) {
	err = l.read(ctx, func(rows *sql.Rows) error {
		var lease Lease
		err := rows.Scan(&lease.Address, &lease.Epoch, &lease.Holder)
		all = append(all, lease)
		return err
	}, `SELECT address, epoch, holder FROM leases WHERE until_milli > 0 AND until_milli > `+l.database.Clock()+` ORDER BY address`)
	return all, err
}

// AtWork returns how many leases last.
func (l *Leases) AtWork(ctx context.Context) (n int64, err error) {
	err = l.read(ctx, func(rows *sql.Rows) error { return rows.Scan(&n) },
		`SELECT COUNT(*) FROM leases WHERE until_milli > 0 AND until_milli > `+l.database.Clock())
	return n, err
}

// Time returns what the time is by the clock of the database.
func (l *Leases) Time(ctx context.Context) (now time.Time, err error) {
	err = l.read(ctx, func(rows *sql.Rows) error {
		var milli int64
		err := rows.Scan(&milli)
		now = time.UnixMilli(milli)
		return err
	}, `SELECT `+l.database.Clock())
	return now, err
}

// lease runs a change that asks by itself who holds what. It waits for the disk: a claim that a power cut takes back would let
// another one have the same epoch.
func (l *Leases) lease(ctx context.Context, apply func(*sql.Tx) error) error {
	return l.do(&change{ctx: ctx, apply: apply, onDisk: true, together: true})
}

// lockOut takes the lock of the database if no lease lasts, after which no claim succeeds.
func (l *Leases) lockOut(ctx context.Context) (unlock func(), err error) {
	if unlock, err = l.database.Lock(); err != nil {
		return nil, err
	}
	held, err := l.Held(ctx)
	if err == nil && len(held) > 0 {
		err = l.inUse(held)
	}
	if err != nil {
		unlock()
		return nil, err
	}
	return unlock, nil
}

// seize is lockOut, after which whoever had an account before writes nothing more, whatever the clock of the database says later.
func (l *Leases) seize(ctx context.Context) (unlock func(), err error) {
	if unlock, err = l.lockOut(ctx); err != nil {
		return nil, err
	}
	err = l.writeIntent(ctx, func(tx *sql.Tx) error {
		_, err := tx.Exec(`UPDATE leases SET epoch = leases.epoch + 1, until_milli = ? WHERE until_milli > 0`, leaseLeft)
		return err
	})
	if err != nil {
		unlock()
		return nil, err
	}
	return unlock, nil
}

func (l *Leases) inUse(held []Lease) error {
	holders := map[string]bool{}
	for _, lease := range held {
		holders[lease.Holder] = true
	}
	first := held[0].Holder
	if more := len(holders) - 1; more > 0 {
		first = fmt.Sprintf("%s and %d more", first, more)
	}
	noun := "accounts are"
	if len(held) == 1 {
		noun = "account is"
	}
	return &rehome.Fault{Class: rehome.ClassOperator, Op: "use store", Object: l.database.Name(),
		Cause: fmt.Errorf("%d %s %w (%s)", len(held), noun, ErrAtWork, first),
		Hint:  `wait until they are done, or run "rehome worker drain", then run the same command again`}
}

// lostLeases asks which of some leases are lost; the answer has an error for each of them. Those that last stay as they are until the
// transaction ends.
func (s *store) lostLeases(tx *sql.Tx, leases []Lease) (lostLeases, error) {
	if len(leases) == 0 {
		return func() (map[Lease]error, error) { return nil, nil }, nil
	}
	asked := 1 // a sentence for each number would have to be planned for itself
	for asked < len(leases) {
		asked *= 2
	}
	var values []any
	for i := range asked {
		l := leases[min(i, len(leases)-1)]
		values = append(values, l.Address, l.Epoch, l.Holder)
	}
	ctx := s.database.Later(context.Background())
	rows, err := tx.QueryContext(ctx, `SELECT address, epoch, holder FROM leases WHERE until_milli > `+ //nolint:rowserrcheck // withoutLasting does
		s.database.Clock()+` AND (`+strings.Repeat(oneLease+` OR `, asked-1)+oneLease+`)`+s.database.Holding(), values...)
	if err != nil {
		return nil, err
	}
	return func() (map[Lease]error, error) { return withoutLasting(leases, rows) }, nil
}

// withoutLasting reads the leases that last, and closes the rows.
func withoutLasting(leases []Lease, rows *sql.Rows) (lost map[Lease]error, err error) {
	defer func() { _ = rows.Close() }() // what went wrong is told by Err
	lost = make(map[Lease]error, len(leases))
	for _, l := range leases {
		lost[l] = &rehome.Fault{Class: rehome.ClassOperator, Op: "write store", Object: l.Address,
			Cause: ErrLeaseLost, Hint: "do nothing: whoever has the account now goes on with it"}
	}
	for rows.Next() {
		var l Lease
		if err := rows.Scan(&l.Address, &l.Epoch, &l.Holder); err != nil {
			return nil, err
		}
		delete(lost, l)
	}
	return lost, rows.Err()
}

const oneLease = `(address = ? AND epoch = ? AND holder = ?)`
