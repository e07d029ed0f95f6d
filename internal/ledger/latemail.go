// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"database/sql"
	"time"

	"rehome/internal/protocol/imap"
)

// LateMail keeps what still arrives at the source after a switch: how far each mailbox was looked at, what was counted, and which
// accounts a pass still has to bring. What a look has shown is written in one commit with the marks up to which it has looked, so
// that nothing is counted twice.
type LateMail struct{ *store }

// LateMark is how far a mailbox of the source was looked at.
type LateMark struct {
	Mailbox     string
	UIDValidity uint32
	UIDNext     imap.UID // the first UID that was not there yet
	Messages    int64
}

// LateTraffic counts messages that arrived at the source for an account, within an hour, from one host.
type LateTraffic struct {
	Address  string
	Hour     time.Time // its beginning, UTC
	Host     string    // that delivered them; "" where the messages do not say
	Messages int64
}

// LateLook is what one look at an account has shown.
type LateLook struct {
	Address  string
	At       time.Time // when it began
	Trouble  string    // why the account could not be looked at as a whole; "" when it was
	Refused  bool      // that was a refused log-in; not kept
	News     bool      // something is there that a pass has to bring
	Marks    []LateMark
	Traffic  []LateTraffic
	LastSeen time.Time // of the newest arrival; zero for none
}

// LateAccount is how things stand with an account.
type LateAccount struct {
	Address  string
	Looked   time.Time // the last time that all of it was looked at; zero for never
	Trouble  string    // why the last look failed; "" when it did not
	Arrived  time.Time // the last arrival; zero for none
	Due      time.Time // the look that has shown what no pass has brought yet; zero for none
	Messages int64     // that have arrived since it was first looked at
}

// Note writes down what a look has shown. Marks of mailboxes that it does not name stay as they are.
func (l *LateMail) Note(ctx context.Context, look LateLook) error {
	return l.write(ctx, func(tx *sql.Tx) error {
		looked, due := look.At.UnixNano(), int64(0)
		if look.Trouble != "" {
			looked = 0
		}
		if look.News {
			due = look.At.UnixNano()
		}
		_, err := tx.Exec(`INSERT INTO late_accounts (address, looked_nano, trouble, arrived_unix, due_nano) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (address) DO UPDATE SET trouble = excluded.trouble,
				looked_nano = CASE WHEN excluded.looked_nano > late_accounts.looked_nano THEN excluded.looked_nano ELSE late_accounts.looked_nano END,
				arrived_unix = CASE WHEN excluded.arrived_unix > late_accounts.arrived_unix THEN excluded.arrived_unix ELSE late_accounts.arrived_unix END,
				due_nano = CASE WHEN excluded.due_nano > late_accounts.due_nano THEN excluded.due_nano ELSE late_accounts.due_nano END`,
			look.Address, looked, look.Trouble, toUnix(look.LastSeen), due)
		if err != nil {
			return err
		}
		for _, m := range look.Marks {
			if _, err := tx.Exec(`INSERT INTO late_marks (address, mailbox, uidvalidity, uidnext, messages) VALUES (?, ?, ?, ?, ?)
				ON CONFLICT (address, mailbox) DO UPDATE SET uidvalidity = excluded.uidvalidity, uidnext = excluded.uidnext,
				messages = excluded.messages`, look.Address, m.Mailbox, m.UIDValidity, m.UIDNext, m.Messages); err != nil {
				return err
			}
		}
		for _, t := range look.Traffic {
			if _, err := tx.Exec(`INSERT INTO late_traffic (address, hour_unix, host, messages) VALUES (?, ?, ?, ?)
				ON CONFLICT (address, hour_unix, host) DO UPDATE SET messages = late_traffic.messages + excluded.messages`,
				look.Address, t.Hour.Unix(), t.Host, t.Messages); err != nil {
				return err
			}
		}
		return nil
	})
}

// Brought notes that a pass which began at a time has brought all of an account: what looks had shown until then is no longer due.
func (l *LateMail) Brought(ctx context.Context, address string, began time.Time) error {
	return l.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.Exec(`UPDATE late_accounts SET due_nano = 0 WHERE address = ? AND due_nano <= ?`, address, began.UnixNano())
		return err
	})
}

// Forget forgets all about accounts: a new switch begins to count anew.
func (l *LateMail) Forget(ctx context.Context, addresses ...string) error {
	return l.write(ctx, func(tx *sql.Tx) error {
		for _, address := range addresses {
			for _, query := range []string{
				`DELETE FROM late_accounts WHERE address = ?`, `DELETE FROM late_marks WHERE address = ?`, `DELETE FROM late_traffic WHERE address = ?`,
			} {
				if _, err := tx.Exec(query, address); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// Marks returns how far an account was looked at, by mailbox.
func (l *LateMail) Marks(ctx context.Context, address string) (map[string]LateMark, error) {
	all := map[string]LateMark{}
	err := l.read(ctx, func(rows *sql.Rows) error {
		var m LateMark
		err := rows.Scan(&m.Mailbox, &m.UIDValidity, &m.UIDNext, &m.Messages)
		all[m.Mailbox] = m
		return err
	}, `SELECT mailbox, uidvalidity, uidnext, messages FROM late_marks WHERE address = ?`, address)
	return all, err
}

// Accounts returns all that were ever looked at, by address.
func (l *LateMail) Accounts(ctx context.Context) ([]LateAccount, error) {
	var all []LateAccount
	err := l.read(ctx, func(rows *sql.Rows) error {
		var a LateAccount
		var looked, arrived, due int64
		err := rows.Scan(&a.Address, &looked, &a.Trouble, &arrived, &due, &a.Messages)
		a.Looked, a.Arrived, a.Due = fromNano(looked), fromUnix(arrived), fromNano(due)
		all = append(all, a)
		return err
	}, `SELECT a.address, a.looked_nano, a.trouble, a.arrived_unix, a.due_nano,
		COALESCE((SELECT SUM(t.messages) FROM late_traffic t WHERE t.address = a.address), 0) FROM late_accounts a ORDER BY a.address`)
	return all, err
}

// Traffic returns what was counted from an hour on, by account, hour and host.
func (l *LateMail) Traffic(ctx context.Context, since time.Time) ([]LateTraffic, error) {
	var all []LateTraffic
	err := l.read(ctx, func(rows *sql.Rows) error {
		var t LateTraffic
		var hour int64
		err := rows.Scan(&t.Address, &hour, &t.Host, &t.Messages)
		t.Hour = time.Unix(hour, 0).UTC()
		all = append(all, t)
		return err
	}, `SELECT address, hour_unix, host, messages FROM late_traffic WHERE hour_unix >= ? ORDER BY address, hour_unix, host`, since.Unix())
	return all, err
}

// fromNano is the time of a column, which is 0 for none.
func fromNano(nano int64) time.Time {
	if nano == 0 {
		return time.Time{}
	}
	return time.Unix(0, nano).UTC()
}

// toUnix is the time in such a column, to the second.
func toUnix(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}
