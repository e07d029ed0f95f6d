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
	rows, err := l.db.QueryContext(ctx, `SELECT id, src_uids, dst_uids, sizes, flags FROM batches
		WHERE mailbox_id = ? AND generation = ? AND state <> 'intent' ORDER BY id`, m.ID, m.Generation)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var s Stored
		var srcUIDs, dstUIDs string
		var sizes, flags []byte
		if err := rows.Scan(&s.BatchID, &srcUIDs, &dstUIDs, &sizes, &flags); err != nil {
			return err
		}
		if s.Items, err = joinItems(srcUIDs, dstUIDs, sizes, flags); err != nil {
			return fmt.Errorf("batch %d: %w", s.BatchID, err)
		}
		if err := visit(s); err != nil {
			return err
		}
	}
	return rows.Err()
}

func joinItems(srcUIDs, dstUIDs string, sizes, flags []byte) ([]Item, error) {
	uids, err := decodeUIDs(srcUIDs)
	if err != nil {
		return nil, err
	}
	ours, err := decodeUIDs(dstUIDs)
	if err != nil || len(ours) != len(uids) {
		return nil, fmt.Errorf("%d source and %d destination UIDs: %w", len(uids), len(ours), errDamaged)
	}
	items, err := decodeItems(uids, sizes, flags)
	for i := range items {
		items[i].DstUID = ours[i]
	}
	return items, err
}

// SaveFlags notes which flags the source had when they were last applied to the destination.
func (l *Ledger) SaveFlags(ctx context.Context, batches []Stored) error {
	return l.writer.do(ctx, func(tx *sql.Tx) error {
		for _, b := range batches {
			if _, err := tx.Exec(`UPDATE batches SET flags = ? WHERE id = ?`, encodeFlags(b.Items), b.BatchID); err != nil {
				return err
			}
		}
		return nil
	})
}
