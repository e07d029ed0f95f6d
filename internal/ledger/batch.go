// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"rehome"
	"rehome/internal/protocol/imap"
)

// Item is one message of a batch.
type Item struct {
	UID    imap.UID // at the source
	Size   int64    // octets, as the source counts them
	Flags  []string // as the source has them
	DstUID imap.UID // of a receipt; 0 in an intent

	Digest []byte // SHA-256 of the normal form of what was streamed; nil when not known
	Origin []byte // hash of Message-ID and Date, 16 octets; nil when not known
}

// Receive turns an intent into a receipt for items, which may be fewer than were intended when
// messages had vanished from the source in between. Every item carries its destination UID.
func (l *batches) Receive(ctx context.Context, m *Mailbox, id int64, items []Item) error {
	return l.receive(ctx, m, id, "receipt", items, nothingElse)
}

func nothingElse(*sql.Tx) error { return nil }

// receive also does more in the same commit.
func (l *batches) receive(ctx context.Context, m *Mailbox, id int64, state string, items []Item, more func(*sql.Tx) error) error {
	if err := checkUIDs(items, sourceUID, destinationUID); err != nil {
		return err
	}
	err := l.write(ctx, func(tx *sql.Tx) error {
		result, err := tx.Exec(`UPDATE batches SET state = ?, src_uids = ?, dst_uids = ?, sizes = ?, digests = ?, origins = ?, flags = ?
			WHERE id = ? AND state = 'intent'`, state, runsOf(items, sourceUID), runsOf(items, destinationUID), encodeSizes(items),
			encodeHashes(items, digestKind()), encodeHashes(items, originKind()), encodeFlags(items), id)
		if err != nil {
			return err
		}
		if err := l.exactlyOne(result); err != nil {
			return fmt.Errorf("intent %d: %w", id, err)
		}
		if err := more(tx); err != nil {
			return err
		}
		if err := dateSight(tx, m); err != nil {
			return err
		}
		return dropRefusals(tx, m, items)
	})
	if err == nil {
		m.note(items)
		m.Seen.Messages = Outdated
	}
	return err
}

// dateSight notes that more was brought than the last look at the destination has shown: a pass that is cut before the
// next look would otherwise take a mailbox that was put back to that state for one where nothing has happened.
func dateSight(tx *sql.Tx, m *Mailbox) error {
	_, err := tx.Exec(`UPDATE mailboxes SET dst_messages = ? WHERE id = ? AND dst_messages <> ?`, Outdated, m.ID, Outdated)
	return err
}

// Adopt writes rows for messages that were found at the destination: those that an earlier generation
// of the mailbox has written there are ours again, the others were there before we came.
func (l *batches) Adopt(ctx context.Context, m *Mailbox, items []Item) error {
	var ours, others []Item
	for _, item := range items {
		if m.Formerly.Contains(item.DstUID) {
			ours = append(ours, item)
		} else {
			others = append(others, item)
		}
	}
	if err := l.adopt(ctx, m, "recovered", ours); err != nil {
		return err
	}
	return l.adopt(ctx, m, "adopted", others)
}

func (l *batches) adopt(ctx context.Context, m *Mailbox, state string, items []Item) error {
	if len(items) == 0 {
		return nil
	}
	if err := checkUIDs(items, sourceUID, destinationUID); err != nil {
		return err
	}
	err := l.write(ctx, func(tx *sql.Tx) error { return l.insertFound(tx, m, state, items) })
	if err == nil {
		m.note(items)
		if state == "adopted" {
			m.Adopted.AddSet(sourceUIDs(items))
		}
	}
	return err
}

// Depart writes rows for messages that were brought once and are not to be brought again, although nothing of them is in the
// mailbox at the destination: each counts as done and lost, as after Drop.
func (l *batches) Depart(ctx context.Context, m *Mailbox, items []Item) error {
	if len(items) == 0 {
		return nil
	}
	if err := checkUIDs(items, sourceUID, destinationUID); err != nil {
		return err
	}
	err := l.write(ctx, func(tx *sql.Tx) error { return l.insertFound(tx, m, "dropped", items) })
	if err == nil {
		for _, item := range items {
			m.Done.Add(item.UID)
			m.Lost.Add(item.UID)
		}
	}
	return err
}

// insertFound writes a row for messages that were found at the destination, if there are any.
func (l *batches) insertFound(tx *sql.Tx, m *Mailbox, state string, items []Item) error {
	if len(items) == 0 {
		return nil
	}
	_, err := tx.Exec(`INSERT INTO batches (mailbox_id, generation, state, dst_floor, src_uids, dst_uids, sizes, digests, origins, flags, created_unix)
		VALUES (?, ?, ?, 0, ?, ?, ?, ?, ?, ?, ?)`, m.ID, m.Generation, state, runsOf(items, sourceUID), runsOf(items, destinationUID),
		encodeSizes(items), encodeHashes(items, digestKind()), encodeHashes(items, originKind()), encodeFlags(items), l.now().Unix())
	if err != nil {
		return err
	}
	return dropRefusals(tx, m, items)
}

// note keeps the loaded row in step with the file.
func (m *Mailbox) note(items []Item) {
	for _, item := range items {
		m.Done.Add(item.UID)
		m.Ours.Add(item.DstUID)
		delete(m.Refused, item.UID)
	}
}

// loadBatches fills Done and Ours.
func (l *mailboxes) loadBatches(ctx context.Context, m *Mailbox) error {
	return l.read(ctx, func(rows *sql.Rows) error {
		var (
			id       int64
			state    string
			messages int
			c        columns
		)
		if err := rows.Scan(&id, &state, &messages, &c.srcUIDs, &c.dstUIDs); err != nil {
			return err
		}
		if err := m.load(state, c, messages); err != nil {
			return fmt.Errorf("batch %d: %w", id, err)
		}
		return nil
	}, `SELECT id, state, length(sizes), src_uids, dst_uids FROM batches
		WHERE mailbox_id = `+number+` AND generation = `+number+` AND state <> 'intent' ORDER BY id`, m.ID, m.Generation)
}

// loadTheirs fills Theirs: a rename rule may send several source mailboxes into one.
func (l *mailboxes) loadTheirs(ctx context.Context, m *Mailbox) error {
	return l.readRuns(ctx, &m.Theirs, `SELECT b.dst_uids, length(b.sizes)
		FROM batches b JOIN mailboxes o ON o.id = b.mailbox_id AND o.generation = b.generation
		WHERE o.address = ? AND o.dst_name = ? AND o.dst_uidvalidity = ? AND o.id <> ? AND b.state NOT IN ('intent', 'dropped')`,
		m.Anchor.Address, m.Anchor.Destination, m.Anchor.DstUIDValidity, m.ID)
}

// readRuns adds the UIDs of all rows of a query to a set. It selects runs and how many messages they can
// be of at most.
func (l *mailboxes) readRuns(ctx context.Context, set *imap.UIDSet, query string, args ...any) error {
	return l.read(ctx, func(rows *sql.Rows) error {
		var text string
		var most int
		if err := rows.Scan(&text, &most); err != nil {
			return err
		}
		runs, _, err := decodeRuns(text, most)
		for _, r := range runs {
			set.AddRange(r.First, r.Last)
		}
		return err
	}, query, args...)
}

// load adds a batch of at most so many messages that was brought to the destination.
func (m *Mailbox) load(state string, c columns, most int) error {
	_, messages, err := decodeRuns(c.srcUIDs, most)
	if err != nil {
		return err
	}
	dst, ours, err := decodeRuns(c.dstUIDs, most)
	if err != nil {
		return err
	}
	if messages != ours {
		return fmt.Errorf("%d source and %d destination UIDs: %w", messages, ours, errDamaged)
	}
	if err := m.noteFate(state, c.srcUIDs); err != nil || state == "dropped" {
		return err
	}
	if m.Lost.Empty() {
		for _, r := range dst {
			m.Ours.AddRange(r.First, r.Last)
		}
		return nil
	}
	return m.loadLive(c, most)
}

// loadLive adds the destination UIDs of those messages of a batch that are not lost.
func (m *Mailbox) loadLive(c columns, most int) error {
	src, err := decodeUIDs(c.srcUIDs, most)
	if err != nil {
		return err
	}
	dst, err := decodeUIDs(c.dstUIDs, most)
	for i, uid := range dst {
		if !m.Lost.Contains(src[i]) {
			m.Ours.Add(uid)
		}
	}
	return err
}

func (l *batches) exactlyOne(result sql.Result) error {
	n, err := result.RowsAffected()
	if err == nil && n != 1 {
		return &rehome.Fault{Class: rehome.ClassOperator, Op: "use store", Object: l.database.Name(),
			Cause: errors.New("another rehome run has changed it"),
			Hint:  "wait until that run has ended, then run the same command again"}
	}
	return err
}
