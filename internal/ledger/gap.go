// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"database/sql"

	"rehome/internal/protocol/imap"
)

// NoteGaps writes down UIDs of the destination that somebody else has got between ours. It comes before the
// receipt that shows them, so that they are looked at however this process ends.
func (l *fates) NoteGaps(ctx context.Context, m *Mailbox, gaps imap.UIDSet) error {
	err := l.write(ctx, func(tx *sql.Tx) error { return insertGaps(tx, m, gaps) })
	if err == nil {
		m.Gaps.AddSet(gaps)
	}
	return err
}

// CloseGaps notes that all gaps of a mailbox were looked at, or turned out to be none, but these.
func (l *fates) CloseGaps(ctx context.Context, m *Mailbox, but imap.UIDSet) error {
	err := l.write(ctx, func(tx *sql.Tx) error {
		if _, err := tx.Exec(`DELETE FROM gaps WHERE mailbox_id = ?`, m.ID); err != nil || but.Empty() {
			return err
		}
		return insertGaps(tx, m, but)
	})
	if err == nil {
		m.Gaps = imap.UIDSet{}
		m.Gaps.AddSet(but)
	}
	return err
}

func insertGaps(tx *sql.Tx, m *Mailbox, gaps imap.UIDSet) error {
	_, err := tx.Exec(`INSERT INTO gaps (mailbox_id, generation, dst_uids) VALUES (?, ?, ?)`, m.ID, m.Generation, gaps.String())
	return err
}

func (l *mailboxes) loadGaps(ctx context.Context, m *Mailbox) error {
	return l.read(ctx, func(rows *sql.Rows) error {
		var text string
		if err := rows.Scan(&text); err != nil {
			return err
		}
		var gaps imap.UIDSet
		err := readSet(text, &gaps)
		m.Gaps.AddSet(gaps)
		return err
	}, `SELECT dst_uids FROM gaps WHERE mailbox_id = ? AND generation = ?`, m.ID, m.Generation)
}
