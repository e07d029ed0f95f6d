// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"database/sql"
	"fmt"
)

// Stored is one batch that is at the destination, with all its messages.
type Stored struct {
	BatchID int64
	Items   []Item // without digests
}

// Stored calls visit for every batch of the mailbox that is at the destination, oldest first, so
// that millions of messages need not be held at once.
func (l *Ledger) Stored(ctx context.Context, m *Mailbox, visit func(Stored) error) error {
	return l.read(ctx, func(rows *sql.Rows) error {
		var s Stored
		var c columns
		if err := rows.Scan(&s.BatchID, &c.srcUIDs, &c.dstUIDs, &c.sizes, &c.flags); err != nil {
			return err
		}
		var err error
		if s.Items, err = c.stored(); err != nil {
			return fmt.Errorf("batch %d: %w", s.BatchID, err)
		}
		return visit(s)
	}, `SELECT id, src_uids, dst_uids, sizes, flags FROM batches
		WHERE mailbox_id = ? AND generation = ? AND state NOT IN ('intent', 'dropped') ORDER BY id`, m.ID, m.Generation)
}

// SaveFlags notes which flags the source had when they were last applied to the destination.
func (l *Ledger) SaveFlags(ctx context.Context, batches []Stored) error {
	return l.write(ctx, func(tx *sql.Tx) error {
		for _, b := range batches {
			if _, err := tx.Exec(`UPDATE batches SET flags = ? WHERE id = ?`, encodeFlags(b.Items), b.BatchID); err != nil {
				return err
			}
		}
		return nil
	})
}
