// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"database/sql"
	"time"

	"rehome/internal/protocol/imap"
)

// Refusal is a message that the destination did not take.
type Refusal struct {
	UID    imap.UID
	Size   int64
	Code   string // of the finding
	Words  string // the server's own
	Escrow string // file that keeps the original, "" when it could not be kept

	When time.Time // of the refusal; filled in by the ledger
}

// Refuse notes refused messages; a later refusal of the same message replaces the earlier one.
func (l *fates) Refuse(ctx context.Context, m *Mailbox, refusals ...Refusal) error {
	if len(refusals) == 0 {
		return nil
	}
	now := l.now()
	err := l.write(ctx, func(tx *sql.Tx) error {
		for _, r := range refusals {
			_, err := tx.Exec(`INSERT INTO refusals (mailbox_id, generation, src_uid, size, code, words, escrow, created_nano)
				VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (mailbox_id, generation, src_uid) DO UPDATE SET size = excluded.size,
				code = excluded.code, words = excluded.words, escrow = excluded.escrow, created_nano = excluded.created_nano`,
				m.ID, m.Generation, r.UID, r.Size, r.Code, r.Words, r.Escrow, now.UnixNano())
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, r := range refusals {
		r.When = now
		m.Refused[r.UID] = r
	}
	return nil
}

// dropRefusals forgets refusals of messages that are done now.
func dropRefusals(tx *sql.Tx, m *Mailbox, items []Item) error {
	for _, item := range items {
		if _, refused := m.Refused[item.UID]; !refused {
			continue
		}
		if _, err := tx.Exec(`DELETE FROM refusals WHERE mailbox_id = ? AND generation = ? AND src_uid = ?`, m.ID, m.Generation, item.UID); err != nil {
			return err
		}
	}
	return nil
}

func (l *mailboxes) loadRefusals(ctx context.Context, m *Mailbox) error {
	return l.read(ctx, func(rows *sql.Rows) error {
		var r Refusal
		var created int64
		err := rows.Scan(&r.UID, &r.Size, &r.Code, &r.Words, &r.Escrow, &created)
		r.When = time.Unix(0, created)
		m.Refused[r.UID] = r
		return err
	}, `SELECT src_uid, size, code, words, escrow, created_nano FROM refusals WHERE mailbox_id = ? AND generation = ?`, m.ID, m.Generation)
}

// RefusedSizes returns the sizes of all messages of an account that the destination does not take, as far as they
// are known.
func (l *fates) RefusedSizes(ctx context.Context, address string) (map[int64]bool, error) {
	sizes := map[int64]bool{}
	err := l.read(ctx, func(rows *sql.Rows) error {
		var size int64
		err := rows.Scan(&size)
		sizes[size] = true
		return err
	}, `SELECT DISTINCT r.size FROM refusals r JOIN mailboxes m ON m.id = r.mailbox_id AND m.generation = r.generation
		WHERE m.address = ? AND r.size > 0`, address)
	return sizes, err
}
