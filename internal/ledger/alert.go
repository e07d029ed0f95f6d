// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"database/sql"
)

// Alerts keeps of what somebody was told, so that it is told once.
type Alerts struct{ *store }

// Alerted is what somebody was told of: accounts, or none, by what was said of them.
type Alerted map[string]map[string]bool

// Note writes down of what those behind a channel were told, in place of what was written before.
func (l *Alerts) Note(ctx context.Context, channel string, told Alerted) error {
	return l.write(ctx, func(tx *sql.Tx) error {
		if _, err := tx.Exec(`DELETE FROM alerted WHERE channel = ?`, channel); err != nil {
			return err
		}
		for what, accounts := range told {
			if len(accounts) == 0 {
				accounts = map[string]bool{"": true}
			}
			for account := range accounts {
				if _, err := tx.Exec(`INSERT INTO alerted (channel, what, account) VALUES (?, ?, ?)`, channel, what, account); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// Noted returns of what those behind a channel were told.
func (l *Alerts) Noted(ctx context.Context, channel string) (Alerted, error) {
	told := Alerted{}
	err := l.read(ctx, func(rows *sql.Rows) error {
		var what, account string
		err := rows.Scan(&what, &account)
		if told[what] == nil {
			told[what] = map[string]bool{}
		}
		if account != "" {
			told[what][account] = true
		}
		return err
	}, `SELECT what, account FROM alerted WHERE channel = ?`, channel)
	return told, err
}
