// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"rehome/internal/protocol/imap"
)

// Item is one message of a batch.
type Item struct {
	UID    imap.UID // at the source
	Size   int64    // octets, as the source counts them
	Flags  []string // as the source has them
	DstUID imap.UID // of a receipt; 0 in an intent
	Digest []byte   // SHA-256 of the normal form; nil when the message was adopted, not streamed
}

// Intent is a batch that was begun. Until it is received or voided nobody knows whether the
// destination has it.
type Intent struct {
	ID    int64
	Floor imap.UID // the destination's UIDNEXT before the batch: none of it has a lower UID there
	Items []Item
	Age   int64 // seconds since it was written, when it was loaded
}

// Intend writes one intent for each of the batches in one commit and returns their ids.
func (l *Ledger) Intend(ctx context.Context, m *Mailbox, floor imap.UID, batches ...[]Item) ([]int64, error) {
	ids := make([]int64, len(batches))
	err := l.write(ctx, func(tx *sql.Tx) error {
		for i, items := range batches {
			result, err := tx.Exec(`INSERT INTO batches (mailbox_id, generation, state, dst_floor, src_uids, sizes, flags, created_unix)
				VALUES (?, ?, 'intent', ?, ?, ?, ?, ?)`, m.ID, m.Generation, floor, sourceUIDs(items), encodeSizes(items), encodeFlags(items), l.now().Unix())
			if err != nil {
				return err
			}
			if ids[i], err = result.LastInsertId(); err != nil {
				return err
			}
		}
		return nil
	})
	return ids, err
}

// Receive turns an intent into a receipt for items, which may be fewer than were intended when
// messages had vanished from the source in between. Every item carries its destination UID.
func (l *Ledger) Receive(ctx context.Context, m *Mailbox, id int64, items []Item) error {
	return l.receive(ctx, m, id, "receipt", items)
}

// AdoptIntent turns an intent into an adoption: its messages were found at the destination after
// the answer had been lost.
func (l *Ledger) AdoptIntent(ctx context.Context, m *Mailbox, id int64, items []Item) error {
	return l.receive(ctx, m, id, "adopted", items)
}

func (l *Ledger) receive(ctx context.Context, m *Mailbox, id int64, state string, items []Item) error {
	err := l.write(ctx, func(tx *sql.Tx) error {
		result, err := tx.Exec(`UPDATE batches SET state = ?, src_uids = ?, dst_uids = ?, sizes = ?, digests = ?, flags = ?
			WHERE id = ? AND state = 'intent'`, state, sourceUIDs(items), destinationUIDs(items), encodeSizes(items), encodeDigests(items), encodeFlags(items), id)
		if err != nil {
			return err
		}
		if err := exactlyOne(result); err != nil {
			return fmt.Errorf("intent %d: %w", id, err)
		}
		return dropRefusals(tx, m, items)
	})
	if err == nil {
		m.note(items)
	}
	return err
}

// Adopt writes a row for messages that were at the destination before we came.
func (l *Ledger) Adopt(ctx context.Context, m *Mailbox, items []Item) error {
	err := l.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.Exec(`INSERT INTO batches (mailbox_id, generation, state, dst_floor, src_uids, dst_uids, sizes, flags, created_unix)
			VALUES (?, ?, 'adopted', 0, ?, ?, ?, ?, ?)`, m.ID, m.Generation, sourceUIDs(items), destinationUIDs(items), encodeSizes(items), encodeFlags(items), l.now().Unix())
		if err != nil {
			return err
		}
		return dropRefusals(tx, m, items)
	})
	if err == nil {
		m.note(items)
	}
	return err
}

// Void drops intents of which the destination has stored nothing.
func (l *Ledger) Void(ctx context.Context, ids ...int64) error {
	return l.write(ctx, func(tx *sql.Tx) error {
		for _, id := range ids {
			if _, err := tx.Exec(`DELETE FROM batches WHERE id = ? AND state = 'intent'`, id); err != nil {
				return err
			}
		}
		return nil
	})
}

// note keeps the loaded row in step with the file.
func (m *Mailbox) note(items []Item) {
	for _, item := range items {
		m.Done.Add(item.UID)
		m.Ours.Add(item.DstUID)
	}
}

// loadBatches fills Done, Ours, Refused and Intents.
func (l *Ledger) loadBatches(ctx context.Context, m *Mailbox) error {
	rows, err := l.db.QueryContext(ctx, `SELECT id, state, dst_floor, src_uids, dst_uids, created_unix,
		CASE state WHEN 'intent' THEN sizes END, CASE state WHEN 'intent' THEN flags END
		FROM batches WHERE mailbox_id = ? AND generation = ? ORDER BY id`, m.ID, m.Generation)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var (
			id, created              int64
			state, srcUIDs, dstUIDs  string
			floor                    imap.UID
			encodedSizes, storedFlag []byte
		)
		if err := rows.Scan(&id, &state, &floor, &srcUIDs, &dstUIDs, &created, &encodedSizes, &storedFlag); err != nil {
			return err
		}
		uids, err := decodeUIDs(srcUIDs)
		if err != nil {
			return fmt.Errorf("batch %d: %w", id, err)
		}
		if state == "intent" {
			items, err := decodeItems(uids, encodedSizes, storedFlag)
			if err != nil {
				return fmt.Errorf("batch %d: %w", id, err)
			}
			m.Intents = append(m.Intents, Intent{ID: id, Floor: floor, Items: items, Age: l.now().Unix() - created})
			continue
		}
		ours, err := decodeUIDs(dstUIDs)
		if err != nil || len(ours) != len(uids) {
			return fmt.Errorf("batch %d: %d source and %d destination UIDs (%w)", id, len(uids), len(ours), errors.Join(err, errDamaged))
		}
		for i := range uids {
			m.Done.Add(uids[i])
			m.Ours.Add(ours[i])
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if err := l.loadRefusals(ctx, m); err != nil {
		return err
	}
	return l.loadSuspects(ctx, m)
}

var errDamaged = errors.New("the ledger is damaged")

// runs renders UIDs in their order as "4:9,12".
func runs(n int, uid func(int) imap.UID) string {
	var b strings.Builder
	for i := 0; i < n; {
		j := i
		for j+1 < n && uid(j+1) == uid(j)+1 {
			j++
		}
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "%d", uid(i))
		if j > i {
			fmt.Fprintf(&b, ":%d", uid(j))
		}
		i = j + 1
	}
	return b.String()
}

func sourceUIDs(items []Item) string {
	return runs(len(items), func(i int) imap.UID { return items[i].UID })
}

func destinationUIDs(items []Item) string {
	return runs(len(items), func(i int) imap.UID { return items[i].DstUID })
}

// decodeUIDs reads what runs wrote; the order of the runs counts.
func decodeUIDs(text string) ([]imap.UID, error) {
	var uids []imap.UID
	if text == "" {
		return nil, nil
	}
	for run := range strings.SplitSeq(text, ",") {
		set, ok := imap.ParseUIDSet(run)
		if !ok {
			return nil, fmt.Errorf("%q is no run of UIDs: %w", run, errDamaged)
		}
		for uid := range set.All() {
			uids = append(uids, uid)
		}
	}
	return uids, nil
}

func encodeSizes(items []Item) []byte {
	encoded := make([]byte, 0, 3*len(items))
	for _, item := range items {
		encoded = binary.AppendUvarint(encoded, uint64(item.Size))
	}
	return encoded
}

// encodeDigests returns nil unless every item has one.
func encodeDigests(items []Item) []byte {
	var encoded []byte
	for _, item := range items {
		if len(item.Digest) == 0 {
			return nil
		}
		encoded = append(encoded, item.Digest...)
	}
	return encoded
}

// decodeItems joins the columns of one row.
func decodeItems(uids []imap.UID, sizes, flags []byte) ([]Item, error) {
	items := make([]Item, len(uids))
	for i, uid := range uids {
		size, n := binary.Uvarint(sizes)
		if n <= 0 {
			return nil, fmt.Errorf("sizes: %w", errDamaged)
		}
		sizes = sizes[n:]
		items[i] = Item{UID: uid, Size: int64(size)}
	}
	return items, decodeFlags(flags, items)
}

func exactlyOne(result sql.Result) error {
	n, err := result.RowsAffected()
	if err == nil && n != 1 {
		err = fmt.Errorf("%d rows instead of one: another rehome works on this store", n)
	}
	return err
}
