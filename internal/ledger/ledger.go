// SPDX-License-Identifier: Apache-2.0

// Package ledger keeps what has been copied where, and is the truth of a move: a pass is idempotent
// because it asks the ledger first.
//
// It does not talk to servers and decides nothing. A copier
//
//  1. opens the row of a mailbox with Mailbox, which also tells what of it is done and which batches
//     were begun and never answered;
//  2. writes an intent with Intend before the first octet of a batch goes out;
//  3. turns it into a receipt with Receive once the destination has answered, or drops it with Void
//     when the destination has stored nothing;
//  4. notes refused messages with Refuse and the end of a complete pass with Settle.
//
// There is one row for a batch and not for a message, so that a million mailboxes stay affordable.
package ledger

// Invariants
//
//   - When an intent is written it is on the disk, and with it all that was written before; those of
//     many accounts share one commit (see writer.go).
//   - A message is done when a receipt or an adoption names its UID in the mailbox's generation.
//   - Nothing is ever deleted except intents that are proved void, and findings, refusals and
//     suspicions that no longer hold.

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// Ledger is an open store, by nouns. It may be used from many goroutines.
type Ledger struct {
	Passes        *Passes
	Accounts      *Accounts
	Findings      *Findings
	Verifications *Verifications
	Accepted      *Accepted
	Proofs        *Proofs
	Audit         *Audit
	Logins        *Logins
	Probes        *Probes
	Looks         *Looks
	Cutovers      *Cutovers
	ProbeMails    *ProbeMails
	LateMail      *LateMail
	Mail          *Mail
	Objects       *Objects
	Rules         *Rules
	Sightings     *Sightings
	Notices       *Notices
	Operators     *Operators
	Tokens        *Tokens
	Speeds        *Speeds
	Loads         *Loads
	Alerts        *Alerts
	Leases        *Leases
	Workers       *Workers
	Runs          *Runs
	Shares        *Shares
	Waves         *Waves

	store *store
}

// newLedger returns the nouns of a store.
func newLedger(s *store) *Ledger {
	return &Ledger{
		Passes: &Passes{s}, Accounts: &Accounts{s}, Findings: &Findings{s}, Verifications: &Verifications{s}, Accepted: &Accepted{s},
		Proofs: &Proofs{s}, Audit: &Audit{s},
		Logins: &Logins{s}, Probes: &Probes{s}, Looks: &Looks{s}, Cutovers: &Cutovers{s}, ProbeMails: &ProbeMails{s}, LateMail: &LateMail{s},
		Mail: &Mail{mailboxes{s}, batches{s}, fates{s}}, Objects: &Objects{s}, Rules: &Rules{s}, Sightings: &Sightings{s}, Notices: &Notices{s},
		Operators: &Operators{s}, Tokens: &Tokens{s}, Speeds: &Speeds{s}, Loads: &Loads{s}, Leases: &Leases{s}, Workers: &Workers{s}, Runs: &Runs{s},
		Alerts: &Alerts{s},
		Shares: &Shares{s}, Waves: &Waves{s},
		store: s,
	}
}

// Open is Location.Open of a ledger that needs no password.
func Open(ctx context.Context, name string) (*Ledger, error) { return Location{Name: name}.Open(ctx) }

// New returns the ledger in an open database, which it owns from now on.
func New(ctx context.Context, database Database) (*Ledger, error) {
	return NewAt(ctx, database, time.Now)
}

// NewAt is New with a clock of one's own.
func NewAt(ctx context.Context, database Database, now func() time.Time) (*Ledger, error) {
	s := &store{database: database, db: database.Pool(), now: now, spent: &spent{}}
	var err error
	if s.writer, err = newWriter(ctx, database, s.lostLeases); err != nil {
		return nil, errors.Join(s.fault("open store", err), s.db.Close())
	}
	return newLedger(s), nil
}

// Lock makes this process the only one that copies with this ledger: two that work on the same
// mailboxes would both copy what neither has booked yet. The lock ends with the process, however that ends. It is not given while
// workers have accounts, see Leases.
func (l *Ledger) Lock() (unlock func(), err error) { return l.Leases.seize(context.Background()) }

// LockFor makes this process the only one that does one kind of work, named by a short word. It does not keep others from copying.
func (l *Ledger) LockFor(work string) (unlock func(), err error) {
	return l.store.database.LockFor(work)
}

// Locked reports whether a process copies with this ledger, be it this one, or a worker.
func (l *Ledger) Locked() (bool, error) {
	if locked, err := l.store.database.Locked(); err != nil || locked {
		return locked, err
	}
	held, err := l.Leases.Held(context.Background())
	return len(held) > 0, err
}

// Check proves that the ledger takes writes. Doubt is a sentence about what the database does not keep as it should, with the next
// step; "" when nothing is known of that.
func (l *Ledger) Check(ctx context.Context) (doubt, hint string, err error) {
	err = l.store.writeIntent(ctx, func(tx *sql.Tx) error {
		_, err := tx.Exec(`UPDATE accounts SET state = state WHERE 1 = 0`)
		return err
	})
	if doubtful, is := l.store.database.(interface {
		Doubt(ctx context.Context) (doubt, hint string, err error)
	}); is && err == nil {
		doubt, hint, err = doubtful.Doubt(ctx)
	}
	return doubt, hint, l.store.fault("check store", err)
}

// Name is what the operator calls it.
func (l *Ledger) Name() string { return l.store.database.Name() }

// Close waits for pending writes and closes the database.
func (l *Ledger) Close() error {
	l.store.writer.close()
	return l.store.db.Close()
}
