// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"database/sql"

	"rehome"
)

// Trust is how far STATUS may be believed at one end of an account.
type Trust string

// The degrees.
const (
	TrustNone   Trust = "none"   // nothing has been compared yet, or something has changed in between
	TrustEarned Trust = "earned" // it has agreed with what opening the mailboxes showed
	TrustLost   Trust = "lost"   // it has contradicted that, and is not believed again
)

// Trusts returns how far STATUS may be believed at both ends of an account; an end that is not among them
// has earned nothing yet.
func (l *mailboxes) Trusts(ctx context.Context, address string) (map[rehome.Side]Trust, error) {
	all := map[rehome.Side]Trust{}
	return all, l.read(ctx, func(rows *sql.Rows) error {
		var side rehome.Side
		var trust Trust
		err := rows.Scan(&side, &trust)
		all[side] = trust
		return err
	}, `SELECT side, trust FROM status_evidence WHERE address = ?`, address)
}

// SaveTrust notes how far STATUS may be believed from now on.
func (l *mailboxes) SaveTrust(ctx context.Context, address string, side rehome.Side, trust Trust) error {
	return l.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.Exec(`INSERT INTO status_evidence (address, side, trust) VALUES (?, ?, ?)
			ON CONFLICT (address, side) DO UPDATE SET trust = excluded.trust`, address, side, trust)
		return err
	})
}
