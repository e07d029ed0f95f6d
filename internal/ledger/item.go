// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"slices"

	"rehome/internal/protocol/imap"
)

// Stored is one batch that is at the destination, with all its messages.
type Stored struct {
	BatchID int64
	Items   []Item
}

// Stored calls visit for every batch of the mailbox that is at the destination, oldest first, so
// that millions of messages need not be held at once.
func (l *batches) Stored(ctx context.Context, m *Mailbox, visit func(Stored) error) error {
	return l.stored(ctx, m, ofThisGeneration+atDestination, visit)
}

// Brought does the same for every batch that was ever brought there, also into a mailbox that is gone now (see Drop): what
// its messages were at the source is known all the same.
func (l *batches) Brought(ctx context.Context, m *Mailbox, visit func(Stored) error) error {
	return l.stored(ctx, m, ofThisGeneration+everBrought, visit)
}

// Dropped does the same for what was brought into a mailbox that was gone later, and not found again since.
func (l *batches) Dropped(ctx context.Context, m *Mailbox, visit func(Stored) error) error {
	return l.stored(ctx, m, ofThisGeneration+thatDropped, visit)
}

// Which batches are looked at.
const (
	ofThisGeneration = `generation = ` + number + ` AND `
	ofEarlierOnes    = `generation < ` + number + ` AND `

	atDestination = `state NOT IN ('intent', 'dropped')`
	everBrought   = `state <> 'intent'`
	thatDropped   = `state = 'dropped'`
)

// StoredFormerly does the same for earlier generations, see Mailbox.Formerly. Of several that have found the same message
// the last knows most of it.
func (l *batches) StoredFormerly(ctx context.Context, m *Mailbox, visit func(Stored) error) error {
	return l.stored(ctx, m, ofEarlierOnes+atDestination, visit)
}

func (l *batches) stored(ctx context.Context, m *Mailbox, which string, visit func(Stored) error) error {
	return l.read(ctx, func(rows *sql.Rows) error {
		s, err := scanStored(rows)
		if err != nil {
			return err
		}
		return visit(s)
	}, `SELECT id, src_uids, dst_uids, sizes, flags, digests, origins FROM batches
		WHERE mailbox_id = `+number+` AND `+which+` ORDER BY id`, m.ID, m.Generation)
}

// scanStored reads id, src_uids, dst_uids, sizes, flags, digests and origins.
func scanStored(rows *sql.Rows) (Stored, error) {
	var s Stored
	var c columns
	err := rows.Scan(&s.BatchID, &c.srcUIDs, &c.dstUIDs, &c.sizes, &c.flags, &c.digests, &c.origins)
	if err != nil {
		return s, err
	}
	if s.Items, err = c.stored(); err != nil {
		err = fmt.Errorf("batch %d: %w", s.BatchID, err)
	}
	return s, err
}

// SaveFlags notes which flags the source had when they were last applied to the destination.
func (l *batches) SaveFlags(ctx context.Context, batches []Stored) error {
	return l.write(ctx, func(tx *sql.Tx) error {
		for _, b := range batches {
			if _, err := tx.Exec(`UPDATE batches SET flags = ? WHERE id = ?`, encodeFlags(b.Items), b.BatchID); err != nil {
				return err
			}
		}
		return nil
	})
}

// Digests calls visit for every batch of an account whose messages were digested while they were
// written: the row of its mailbox, the source UIDs and, in their order, the digests; nil where one is not known.
func (l *batches) Digests(ctx context.Context, address string, visit func(mailbox int64, uids []imap.UID, digests [][]byte) error) error {
	return l.read(ctx, func(rows *sql.Rows) error {
		var id int64
		var runs string
		var encoded []byte
		if err := rows.Scan(&id, &runs, &encoded); err != nil {
			return err
		}
		uids, err := decodeUIDs(runs, len(encoded)/sha256.Size)
		if err != nil {
			return err
		}
		digests := slices.Collect(slices.Chunk(encoded, sha256.Size))
		if len(digests) != len(uids) {
			return fmt.Errorf("%d digests of %d messages: %w", len(digests), len(uids), errDamaged)
		}
		for i := range digests {
			if isZero(digests[i]) {
				digests[i] = nil
			}
		}
		return visit(id, uids, digests)
	}, `SELECT m.id, b.src_uids, b.digests FROM batches b JOIN mailboxes m ON m.id = b.mailbox_id AND m.generation = b.generation
		WHERE m.address = ? AND b.state <> 'intent' AND b.digests IS NOT NULL`, address)
}
