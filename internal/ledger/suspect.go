// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"database/sql"

	"rehome/internal/protocol/imap"
)

// Suspect counts a failure of the source while it was reading a message: a damaged message can end
// the connection each time it is asked for, and must not take its mailbox with it.
func (l *fates) Suspect(ctx context.Context, m *Mailbox, uid imap.UID) error {
	err := l.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.Exec(`INSERT INTO suspects (mailbox_id, generation, src_uid, failures, updated_unix) VALUES (?, ?, ?, 1, ?)
			ON CONFLICT (mailbox_id, generation, src_uid) DO UPDATE SET failures = suspects.failures + 1, updated_unix = excluded.updated_unix`,
			m.ID, m.Generation, uid, l.now().Unix())
		return err
	})
	if err == nil {
		m.Suspects[uid]++
	}
	return err
}

// ForgetSuspects forgets all suspicions of a mailbox: a pass over it is complete, and the next one gives
// every message a new chance.
func (l *fates) ForgetSuspects(ctx context.Context, m *Mailbox) error {
	if len(m.Suspects) == 0 {
		return nil
	}
	clear(m.Suspects)
	return l.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.Exec(`DELETE FROM suspects WHERE mailbox_id = ?`, m.ID)
		return err
	})
}

func (l *mailboxes) loadSuspects(ctx context.Context, m *Mailbox) error {
	return l.read(ctx, func(rows *sql.Rows) error {
		var uid imap.UID
		var failures int
		err := rows.Scan(&uid, &failures)
		m.Suspects[uid] = failures
		return err
	}, `SELECT src_uid, failures FROM suspects WHERE mailbox_id = ? AND generation = ?`, m.ID, m.Generation)
}
