// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"database/sql"

	"rehome/internal/protocol/imap"
)

// Doubt notes from which destination UID on nobody knows what has become of our messages that are missing there; 0 says
// that it is known again. What could have told is written over by whatever happens next in the mailbox, so the question
// stays open until somebody has answered it.
func (l *mailboxes) Doubt(ctx context.Context, m *Mailbox, from imap.UID) error {
	if m.Doubted == from {
		return nil
	}
	err := l.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.Exec(`UPDATE mailboxes SET dst_doubted = ? WHERE id = ?`, from, m.ID)
		return err
	})
	if err == nil {
		m.Doubted = from
	}
	return err
}
