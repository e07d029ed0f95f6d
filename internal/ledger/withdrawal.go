// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"rehome/internal/protocol/imap"
)

// NoteWithdrawn remembers copies that are about to be taken back from the destination's mailbox. It comes before that, so that what comes
// back with a backup is known for ours however this process ends, and holds as long as the UIDs there do: for later generations of the
// source's mailbox, too.
func (l *fates) NoteWithdrawn(ctx context.Context, m *Mailbox, items []Item) error {
	if err := checkUIDs(items, destinationUID); err != nil {
		return err
	}
	var anew []Item
	for _, item := range items {
		if _, known := m.Withdrawn[item.DstUID]; !known {
			anew = append(anew, item)
		}
	}
	if len(anew) == 0 {
		return nil
	}
	err := l.writeIntent(ctx, func(tx *sql.Tx) error {
		_, err := tx.Exec(`INSERT INTO withdrawals (mailbox_id, dst_uids, flags, digests) VALUES (?, ?, ?, ?)`,
			m.ID, runsOf(anew, destinationUID), encodeFlags(anew), encodeHashes(anew, digestKind()))
		return err
	})
	if err == nil {
		m.noteWithdrawn(anew)
	}
	return err
}

func (m *Mailbox) noteWithdrawn(items []Item) {
	if m.Withdrawn == nil {
		m.Withdrawn = map[imap.UID]Item{}
	}
	for _, item := range items {
		m.Withdrawn[item.DstUID] = Item{DstUID: item.DstUID, Flags: item.Flags, Digest: item.Digest}
	}
}

func (l *mailboxes) loadWithdrawn(ctx context.Context, m *Mailbox) error {
	return l.read(ctx, func(rows *sql.Rows) error {
		var text string
		var flags, digests []byte
		if err := rows.Scan(&text, &flags, &digests); err != nil {
			return err
		}
		uids, err := decodeUIDs(text, len(flags)) // each takes an octet at least
		if err != nil {
			return fmt.Errorf("copies that were taken back: %w", err)
		}
		items := make([]Item, len(uids))
		for i := range items {
			items[i].DstUID = uids[i]
		}
		if err := errors.Join(decodeFlags(flags, items), decodeHashes(digests, items, digestKind())); err != nil {
			return fmt.Errorf("copies that were taken back: %w", err)
		}
		m.noteWithdrawn(items)
		return nil
	}, `SELECT dst_uids, flags, digests FROM withdrawals WHERE mailbox_id = ?`, m.ID)
}

// forgetWithdrawn forgets what was taken back from a mailbox whose UIDs mean nothing any more.
func forgetWithdrawn(tx *sql.Tx, mailbox int64) error {
	_, err := tx.Exec(`DELETE FROM withdrawals WHERE mailbox_id = ?`, mailbox)
	return err
}
