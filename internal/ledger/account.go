// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"rehome"
)

// Accounts shows where the move of each account stands; Passes writes it.
type Accounts struct{ *store }

// AccountState is where an account stands in the move.
type AccountState string

// The states. An account is blocked only together with a reason.
const (
	AccountPlanned    AccountState = "planned"
	AccountPreStaging AccountState = "pre_staging"
	AccountPreStaged  AccountState = "pre_staged"
	AccountBlocked    AccountState = "blocked"
)

// Account is the row of one account, for status. A negative number of Mailboxes says that this pass has not seen the
// source yet: then the figures of the pass before stay.
type Account struct {
	Address    string
	State      AccountState
	Pass       rehome.Pass
	Reason     string
	NextStep   string
	Mailboxes  int64
	Messages   int64 // at the source, when last seen
	Octets     int64
	Copied     int64
	Failed     int64
	Started    time.Time // of the last pass; zero before the first
	Finished   time.Time // zero while it runs, or when it did not end
	Unfinished bool      // the turn of its last pass is not over; set by the ledger
	Verdict    string    // of the last verification: "equal", "differs", "unknown", or "" before the first
	VerifiedAt time.Time
}

// isCompared is accounts.compared of a new row: an account may have been compared before its first pass.
const isCompared = `(SELECT COUNT(*) FROM verifications WHERE address = ?)`

// saveAccount writes the row; the verdict is the verification's own. Numbers of a look that was not taken are left as they are. It is one
// sentence whose answer does not matter.
func saveAccount(tx *sql.Tx, a Account) error {
	columns := []string{"state", "pass", "reason", "next_step", "started_unix", "finished_unix"}
	values := []any{a.Address, a.Address, a.State, a.Pass, a.Reason, a.NextStep, unix(a.Started), unix(a.Finished)}
	if a.Mailboxes >= 0 {
		columns = append(columns, "mailboxes", "messages", "octets", "copied", "failed")
		values = append(values, a.Mailboxes, a.Messages, a.Octets, a.Copied, a.Failed)
	}
	set := make([]string, len(columns))
	for i, name := range columns {
		set[i] = name + " = excluded." + name
	}
	_, err := tx.Exec(`INSERT INTO accounts (address, compared, `+strings.Join(columns, ", ")+`) VALUES (?, `+isCompared+`, `+
		times(len(columns), `?`)+`) ON CONFLICT (address) DO UPDATE SET `+strings.Join(set, ", "), values...)
	return err
}

// reach notes how many messages of an account are at the destination while a slice is under way. It only grows, and not beyond what the
// source had: a slice counts anew, and what it finds in the end is what holds.
func reach(tx *sql.Tx, address string, there int64) error {
	_, err := tx.Exec(`UPDATE accounts SET copied = ? WHERE address = ? AND state = ? AND copied < ? AND messages >= ?`,
		there, address, AccountPreStaging, there, there)
	return err
}

// All returns all rows in alphabetical order.
func (l *Accounts) All(ctx context.Context) ([]Account, error) {
	return l.accounts(ctx, `ORDER BY a.address`)
}

// accounts reads rows; which says how they are chosen and sorted.
func (l *Accounts) accounts(ctx context.Context, which string, values ...any) (all []Account, err error) {
	err = l.read(ctx, func(rows *sql.Rows) error {
		var a Account
		var started, finished, verified int64
		err := rows.Scan(&a.Address, &a.State, &a.Pass, &a.Reason, &a.NextStep, &a.Mailboxes, &a.Messages, &a.Octets, &a.Copied, &a.Failed,
			&started, &finished, &a.Unfinished, &a.Verdict, &verified)
		a.Started, a.Finished, a.VerifiedAt = fromUnix(started), fromUnix(finished), fromUnix(verified)
		all = append(all, a)
		return err
	}, `SELECT a.address, a.state, a.pass, a.reason, next_step, mailboxes, messages, octets, copied, failed,
		started_unix, finished_unix, t.address IS NOT NULL, COALESCE(verdict, ''), COALESCE(verified_unix, 0)
		FROM accounts a LEFT JOIN verifications v ON v.address = a.address LEFT JOIN turns t ON t.address = a.address `+which, values...)
	return all, err
}

// HasPreStaged reports whether a pass has completed any account.
func (l *Accounts) HasPreStaged(ctx context.Context) (found bool, err error) {
	err = l.read(ctx, func(rows *sql.Rows) error { return rows.Scan(&found) },
		`SELECT EXISTS (SELECT 1 FROM accounts WHERE state = ?)`, AccountPreStaged)
	return found, err
}

func unix(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

func fromUnix(seconds int64) time.Time {
	if seconds == 0 {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}
