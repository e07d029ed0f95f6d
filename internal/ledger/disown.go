// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"rehome/internal/protocol/imap"
)

// Disown takes messages, by their source UIDs, out of what is done: the UIDs that the ledger has for them
// turned out to be those of other messages, or of none, because one end was put back to an earlier state.
// They are neither done nor ours, and have no fate; and no pass over the mailbox counts as complete any more.
func (l *batches) Disown(ctx context.Context, m *Mailbox, sources imap.UIDSet) error {
	var gone imap.UIDSet // at the destination
	fate := Fate{Gone: m.Gone.Minus(sources), Lost: m.Lost.Minus(sources), Changed: m.Changed.Minus(sources)}
	untold := m.Untold.Minus(sources)
	err := l.write(ctx, func(tx *sql.Tx) error {
		batches, err := batchesWith(tx, m, sources)
		if err != nil {
			return err
		}
		for _, b := range batches {
			var kept []Item
			for _, item := range b.Items {
				if sources.Contains(item.UID) {
					gone.Add(item.DstUID)
				} else {
					kept = append(kept, item)
				}
			}
			if err := rewrite(tx, b.BatchID, kept); err != nil {
				return err
			}
		}
		_, err = tx.Exec(`UPDATE mailboxes SET gone = ?, lost = ?, changed = ?, src_untold = ?,
			src_uidnext = 0, src_messages = 0, src_modseq = 0, src_size = 0, src_newest = '' WHERE id = ? AND generation = ?`,
			fate.Gone.String(), fate.Lost.String(), fate.Changed.String(), untold.String(), m.ID, m.Generation)
		return errors.Join(err, forgetFound(tx, m, sources))
	})
	if err != nil {
		return fmt.Errorf("ledger rows of %s %q: %w", m.Anchor.Address, m.Anchor.Source, err)
	}
	fate.Adopted = m.Adopted.Minus(sources)
	m.Untold = untold
	for i, v := range m.Voids {
		if v.Answered && !v.Former {
			m.Voids[i] = v.without(sources)
		}
	}
	m.Fate, m.Done, m.Ours, m.State = fate, m.Done.Minus(sources), m.Ours.Minus(gone), State{}
	return nil
}

// batchesWith returns the batches of a mailbox that hold one of sources.
func batchesWith(tx *sql.Tx, m *Mailbox, sources imap.UIDSet) ([]Stored, error) {
	rows, err := tx.Query(`SELECT id, src_uids, dst_uids, sizes, flags, digests, origins FROM batches
		WHERE mailbox_id = ? AND generation = ? AND state <> 'intent' ORDER BY id`, m.ID, m.Generation)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var found []Stored
	for rows.Next() {
		s, err := scanStored(rows)
		if err != nil {
			return nil, err
		}
		for _, item := range s.Items {
			if sources.Contains(item.UID) {
				found = append(found, s)
				break
			}
		}
	}
	return found, rows.Err()
}

// rewrite leaves only items of a batch.
func rewrite(tx *sql.Tx, id int64, items []Item) error {
	if len(items) == 0 {
		_, err := tx.Exec(`DELETE FROM batches WHERE id = ?`, id)
		return err
	}
	_, err := tx.Exec(`UPDATE batches SET src_uids = ?, dst_uids = ?, sizes = ?, digests = ?, origins = ?, flags = ? WHERE id = ?`,
		runsOf(items, sourceUID), runsOf(items, destinationUID), encodeSizes(items), encodeHashes(items, digestKind()),
		encodeHashes(items, originKind()), encodeFlags(items), id)
	return err
}
