// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"rehome/internal/protocol/imap"
)

// Intent is a batch that was begun. Until it is received or voided nobody knows whether the
// destination has it.
//
// The rule: an intent is void only when nothing of it can still arrive. A server may finish what is in
// its socket long after the connection is gone, so that "looked for and not found" is no proof by
// itself: since the last sign of life some time must have passed, too.
type Intent struct {
	ID     int64
	Floor  imap.UID // the destination's UIDNEXT before the batch: none of it has a lower UID there
	Items  []Item   // none when Former
	Alive  time.Time
	Former bool // of an earlier generation: it can still arrive, and will be recognised by its content

	Answered bool // the destination has confirmed all of it, and told no UIDs
}

// Intend writes one intent for each of the batches in one commit and returns their ids.
func (l *batches) Intend(ctx context.Context, m *Mailbox, floor imap.UID, batches ...[]Item) ([]int64, error) {
	ids, err := l.IntendAll(ctx, Beginning{Mailbox: m, Floor: floor, Batches: batches})
	if err != nil {
		return nil, err
	}
	return ids[0], nil
}

// Beginning is what is about to be sent to one mailbox.
type Beginning struct {
	Mailbox *Mailbox
	Floor   imap.UID // see Intent
	Batches [][]Item
}

// IntendAll is Intend for several mailboxes: all of it is one commit, which waits for the disk once. It returns the ids of each.
func (l *batches) IntendAll(ctx context.Context, all ...Beginning) ([][]int64, error) {
	for _, b := range all {
		for _, items := range b.Batches {
			if err := checkUIDs(items, sourceUID); err != nil {
				return nil, err
			}
		}
	}
	ids := make([][]int64, len(all))
	err := l.writeIntent(ctx, func(tx *sql.Tx) error {
		for i, b := range all {
			ids[i] = make([]int64, len(b.Batches))
			for k, items := range b.Batches {
				var err error
				if ids[i][k], err = l.insertIntent(tx, b.Mailbox, Intent{Floor: b.Floor, Items: items}, 0); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return ids, nil
}

func (l *batches) insertIntent(tx *sql.Tx, m *Mailbox, intent Intent, alive int64) (int64, error) {
	var id int64
	err := tx.QueryRow(`INSERT INTO batches
		(mailbox_id, generation, state, dst_floor, src_uids, sizes, flags, digests, created_unix, alive_nano, answered)
		VALUES (?, ?, 'intent', ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
		m.ID, m.Generation, intent.Floor, runsOf(intent.Items, sourceUID), encodeSizes(intent.Items), encodeFlags(intent.Items),
		intent.digests(), l.now().Unix(), alive, intent.Answered).Scan(&id)
	return id, err
}

// digests are those of what was confirmed. What else is known of an intent was learnt before it was sent, and is no evidence of what
// the destination has got.
func (i Intent) digests() []byte {
	if !i.Answered {
		return nil
	}
	return encodeHashes(i.Items, digestKind())
}

// NoteAnswered notes that the destination has confirmed the messages of intents without telling UIDs, and does not show them yet.
// What else was intended with them was not sent, or was refused, and is no part of the intents any more.
func (l *batches) NoteAnswered(ctx context.Context, intents ...Intent) error {
	return l.write(ctx, func(tx *sql.Tx) error {
		for _, intent := range intents {
			_, err := tx.Exec(`UPDATE batches SET answered = 1, src_uids = ?, sizes = ?, flags = ?, digests = ? WHERE id = ? AND state = 'intent'`,
				runsOf(intent.Items, sourceUID), encodeSizes(intent.Items), encodeFlags(intent.Items), intent.digests(), intent.ID)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// Orphan notes that the connections which carried the intents of an account are gone: from now on only
// what is on its way already can arrive. Intents of which that is known stay as they are. The caller is
// the only one who works on the account.
func (l *batches) Orphan(ctx context.Context, address string) error {
	return l.mark(ctx, address, `AND alive_nano = 0`)
}

// Revive notes a sign of life: something of an account's intents has arrived just now, and what the same
// connection carried behind it may follow.
func (l *batches) Revive(ctx context.Context, address string) error { return l.mark(ctx, address, ``) }

func (l *batches) mark(ctx context.Context, address, which string) error {
	return l.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.Exec(`UPDATE batches SET alive_nano = ? WHERE state = 'intent'
			AND mailbox_id IN (SELECT id FROM mailboxes WHERE address = ?) `+which, l.now().UnixNano(), address)
		return err
	})
}

// Recover turns an intent into a receipt without digests: its messages were found at the destination
// after the answer had been lost. Those of others are what somebody else may have put there: they are adopted, and
// never removed. What was not found goes on as an intent of its own: a server without atomic MULTIAPPEND may still
// bring it.
func (l *batches) Recover(ctx context.Context, m *Mailbox, intent Intent, ours, others []Item) (rest Intent, err error) {
	rest = Intent{
		Floor: intent.Floor, Alive: intent.Alive, Answered: intent.Answered,
		Items: itemsWithout(intent.Items, append(slices.Clone(ours), others...)),
	}
	if err := checkUIDs(others, sourceUID, destinationUID); err != nil {
		return rest, err
	}
	more := func(tx *sql.Tx) (err error) {
		if len(rest.Items) > 0 {
			rest.ID, err = l.insertIntent(tx, m, rest, rest.Alive.UnixNano())
		}
		return err
	}
	if len(ours) == 0 {
		err = l.receive(ctx, m, intent.ID, "adopted", others, more)
	} else {
		err = l.receive(ctx, m, intent.ID, "recovered", ours, func(tx *sql.Tx) error {
			return errors.Join(more(tx), l.insertFound(tx, m, "adopted", others))
		})
	}
	if err == nil {
		m.note(others)
		m.Adopted.AddSet(sourceUIDs(others))
	}
	return rest, err
}

func itemsWithout(items, without []Item) []Item {
	found := sourceUIDs(without)
	var rest []Item
	for _, item := range items {
		if !found.Contains(item.UID) {
			rest = append(rest, item)
		}
	}
	return rest
}

// Void drops intents of which it is proved that the destination has stored nothing and will not: it has
// refused them, or no octet of them was sent.
func (l *batches) Void(ctx context.Context, ids ...int64) error {
	return l.write(ctx, func(tx *sql.Tx) error {
		for _, id := range ids {
			if _, err := tx.Exec(`DELETE FROM batches WHERE id = ? AND state = 'intent'`, id); err != nil {
				return err
			}
		}
		return nil
	})
}

// GiveUp drops intents that were looked for in vain until nothing of them was to be expected any more. What
// they were is kept, see Mailbox.Voids.
func (l *batches) GiveUp(ctx context.Context, m *Mailbox, intents ...Intent) error {
	now := l.now()
	voids := make([]Voided, len(intents))
	for i, intent := range intents {
		voids[i] = Voided{Floor: intent.Floor, Sources: sourceUIDs(intent.Items), Former: intent.Former, Answered: intent.Answered,
			Sent: map[imap.UID]Item{}}
		for _, item := range intent.Items {
			sent := Item{UID: item.UID, Flags: item.Flags}
			if intent.Answered {
				sent.Digest = item.Digest
			}
			voids[i].Sent[item.UID] = sent
		}
	}
	err := l.write(ctx, func(tx *sql.Tx) error {
		for i, intent := range intents {
			if _, err := tx.Exec(`DELETE FROM batches WHERE id = ? AND state = 'intent'`, intent.ID); err != nil {
				return err
			}
			if err := insertVoid(tx, m, voids[i], now); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		m.Voids = append(m.Voids, voids...)
	}
	return err
}

// NoteDoubles remembers messages that are there once more than they should be, and nobody knows whose copy is
// which: as a batch that was given up and has arrived all the same.
func (l *batches) NoteDoubles(ctx context.Context, m *Mailbox, doubles Voided) error {
	now := l.now()
	err := l.write(ctx, func(tx *sql.Tx) error { return insertVoid(tx, m, doubles, now) })
	if err == nil {
		m.Voids = append(m.Voids, doubles)
	}
	return err
}

func insertVoid(tx *sql.Tx, m *Mailbox, v Voided, now time.Time) error {
	generation := m.Generation
	if v.Former {
		generation--
	}
	flags, digests := v.sentColumns()
	_, err := tx.Exec(`INSERT INTO voids (mailbox_id, generation, dst_floor, src_uids, created_nano, answered, replaced, flags, digests)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`, m.ID, generation, v.Floor, v.Sources.String(), now.UnixNano(), v.Answered, v.Replaced, flags, digests)
	return err
}

// sentColumns are nil where nothing is known of the messages.
func (v Voided) sentColumns() (flags, digests []byte) {
	items := v.items()
	if len(items) == 0 {
		return nil, nil
	}
	return encodeFlags(items), encodeHashes(items, digestKind())
}

// without returns the batch without some of its messages.
func (v Voided) without(sources imap.UIDSet) Voided {
	v.Sources = v.Sources.Minus(sources)
	kept := map[imap.UID]Item{}
	for uid, item := range v.Sent {
		if v.Sources.Contains(uid) {
			kept[uid] = item
		}
	}
	if v.Sent != nil {
		v.Sent = kept
	}
	return v
}

// forgetFound takes messages out of what was given up and had been confirmed: they were found since, so that what is missing of
// them now was lost later.
func forgetFound(tx *sql.Tx, m *Mailbox, sources imap.UIDSet) error {
	type place struct {
		id int64
		Voided
	}
	rows, err := tx.Query(`SELECT id, src_uids, flags, digests FROM voids WHERE mailbox_id = ? AND generation = ? AND answered = 1`,
		m.ID, m.Generation)
	if err != nil {
		return err
	}
	defer rows.Close()
	var found []place
	for rows.Next() {
		var v place
		var text string
		var flags, digests []byte
		err := rows.Scan(&v.id, &text, &flags, &digests)
		if err == nil {
			err = readSet(text, &v.Sources)
		}
		if err == nil {
			err = v.readSent(flags, digests)
		}
		if err != nil {
			return err
		}
		if left := v.without(sources); left.Sources.Len() < v.Sources.Len() {
			found = append(found, place{v.id, left})
		}
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	for _, v := range found {
		flags, digests := v.sentColumns()
		_, err := tx.Exec(`UPDATE voids SET src_uids = ?, flags = ?, digests = ? WHERE id = ?`, v.Sources.String(), flags, digests, v.id)
		if v.Sources.Empty() {
			_, err = tx.Exec(`DELETE FROM voids WHERE id = ?`, v.id)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// items are the messages in the order of their UIDs, none where nothing is known of them.
func (v Voided) items() []Item {
	if len(v.Sent) == 0 {
		return nil
	}
	items := make([]Item, 0, len(v.Sent))
	for uid := range v.Sources.All() {
		item := v.Sent[uid]
		item.UID = uid
		items = append(items, item)
	}
	return items
}

// readSent reads what insertVoid wrote of the messages.
func (v *Voided) readSent(flags, digests []byte) error {
	if flags == nil {
		return nil
	}
	if v.Sources.Len() > len(flags) { // each takes an octet at least
		return fmt.Errorf("flags of %d messages that were given up: %w", v.Sources.Len(), errDamaged)
	}
	items := make([]Item, 0, v.Sources.Len())
	for uid := range v.Sources.All() {
		items = append(items, Item{UID: uid})
	}
	if err := errors.Join(decodeFlags(flags, items), decodeHashes(digests, items, digestKind())); err != nil {
		return err
	}
	v.Sent = make(map[imap.UID]Item, len(items))
	for _, item := range items {
		v.Sent[item.UID] = item
	}
	return nil
}

// Voided is a batch that was given up.
type Voided struct {
	Floor   imap.UID    // as of its intent
	Sources imap.UIDSet // its messages; none when Former
	Former  bool        // of an earlier generation: any message may be one of its own, and is recognised by its content

	Sent     map[imap.UID]Item // UID, flags, and for what was confirmed the digest, as they were sent; nil when that is not known
	Answered bool              // see Intent
	Replaced bool              // copied again because the destination has shown another message in the place of the copy
}

// voidsKept is how long a batch that was given up is remembered: no network keeps a message longer, and
// as long as it is remembered each pass opens the mailbox. New UIDs at either end change nothing of that.
const voidsKept = 7 * 24 * time.Hour

// loadVoids fills Voids, those of earlier generations included.
func (l *mailboxes) loadVoids(ctx context.Context, m *Mailbox) error {
	return l.read(ctx, func(rows *sql.Rows) (err error) {
		var v Voided
		var generation int64
		var text string
		var flags, digests []byte
		if err := rows.Scan(&generation, &v.Floor, &text, &v.Answered, &v.Replaced, &flags, &digests); err != nil {
			return err
		}
		if v.Former = generation != m.Generation; !v.Former {
			if err = readSet(text, &v.Sources); err == nil {
				err = v.readSent(flags, digests)
			}
		}
		m.Voids = append(m.Voids, v)
		return err
	}, `SELECT generation, dst_floor, src_uids, answered, replaced, flags, digests FROM voids
		WHERE mailbox_id = `+number+` AND created_nano > `+number+` ORDER BY id`, m.ID, l.now().Add(-voidsKept).UnixNano())
}

// lowerFloors lets what is under way, and what was given up, be looked for from a lower UID on: the destination's mailbox was put
// back to an earlier state, or another one has its place, and UIDs are given out there that were once below.
func lowerFloors(tx *sql.Tx, mailbox int64, to imap.UID) error {
	for _, query := range []string{
		`UPDATE batches SET dst_floor = ? WHERE mailbox_id = ? AND state = 'intent' AND dst_floor > ?`,
		`UPDATE voids SET dst_floor = ? WHERE mailbox_id = ? AND dst_floor > ?`,
	} {
		if _, err := tx.Exec(query, to, mailbox, to); err != nil {
			return err
		}
	}
	return nil
}

// loadIntents fills Intents, those of earlier generations included.
func (l *mailboxes) loadIntents(ctx context.Context, m *Mailbox) error {
	return l.read(ctx, func(rows *sql.Rows) error {
		var intent Intent
		var generation, alive int64
		var c columns
		err := rows.Scan(&intent.ID, &generation, &intent.Floor, &alive, &c.srcUIDs, &c.sizes, &c.flags, &c.digests, &intent.Answered)
		if err != nil {
			return err
		}
		if alive != 0 {
			intent.Alive = time.Unix(0, alive)
		}
		if intent.Former = generation != m.Generation; !intent.Former {
			if intent.Items, err = c.intended(); err == nil {
				err = decodeHashes(c.digests, intent.Items, digestKind())
			}
		}
		if err != nil {
			return fmt.Errorf("batch %d: %w", intent.ID, err)
		}
		m.Intents = append(m.Intents, intent)
		return nil
	}, `SELECT id, generation, dst_floor, alive_nano, src_uids, sizes, flags, digests, answered FROM batches
		WHERE mailbox_id = `+number+` AND state = 'intent' ORDER BY id`, m.ID)
}
