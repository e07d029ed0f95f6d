// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"rehome/internal/protocol/imap"
)

// Fate is what became of messages that are done. All sets hold source UIDs.
type Fate struct {
	Gone    imap.UIDSet // vanished at the source since
	Lost    imap.UIDSet // no longer at the destination: removed by us, or by its user
	Changed imap.UIDSet // gone, and the copy was changed by its user, so that it stays
	Adopted imap.UIDSet // were at the destination before we came
}

// Live are the messages whose copies are at the destination as far as is known.
func (m *Mailbox) Live() imap.UIDSet { return m.Done.Minus(m.Lost) }

// Kept are the messages that have vanished at the source and whose copies are still there.
func (m *Mailbox) Kept() imap.UIDSet { return m.Gone.Minus(m.Lost) }

// Removable are those of Kept that we have put there and that nobody has changed since.
func (m *Mailbox) Removable() imap.UIDSet { return m.Kept().Minus(m.Changed).Minus(m.Adopted) }

// Missing are the messages that are at the source and that the destination's user has removed.
func (m *Mailbox) Missing() imap.UIDSet { return m.Lost.Minus(m.Gone) }

// NoteFate replaces what is known of the fate of a mailbox's messages; Adopted is not a matter of it.
func (l *fates) NoteFate(ctx context.Context, m *Mailbox, fate Fate) error {
	err := l.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.Exec(`UPDATE mailboxes SET gone = ?, lost = ?, changed = ? WHERE id = ? AND generation = ?`,
			fate.Gone.String(), fate.Lost.String(), fate.Changed.String(), m.ID, m.Generation)
		return err
	})
	if err == nil {
		fate.Adopted = m.Adopted
		m.Fate = fate
	}
	return err
}

// Removal is a removal at the destination that was begun. Until it is ended, its messages may carry
// \Deleted there, or be gone.
type Removal struct {
	ID      int64
	Sources imap.UIDSet // the messages, by their source UIDs
}

// Removed are the messages of all removals that were begun and never ended: their copies may be gone by our hand.
func (m *Mailbox) Removed() imap.UIDSet {
	var sources imap.UIDSet
	for _, r := range m.Removals {
		sources.AddSet(r.Sources)
	}
	return sources
}

// IntendRemoval writes down what is about to be removed.
func (l *fates) IntendRemoval(ctx context.Context, m *Mailbox, sources imap.UIDSet) (Removal, error) {
	r := Removal{Sources: sources}
	err := l.writeIntent(ctx, func(tx *sql.Tx) error {
		return tx.QueryRow(`INSERT INTO removals (mailbox_id, generation, src_uids, created_unix) VALUES (?, ?, ?, ?) RETURNING id`,
			m.ID, m.Generation, sources.String(), l.now().Unix()).Scan(&r.ID)
	})
	if err == nil {
		m.Removals = append(m.Removals, r)
	}
	return r, err
}

// EndRemovals ends all removals of a mailbox that were begun, and notes the fate of its messages now.
func (l *fates) EndRemovals(ctx context.Context, m *Mailbox, fate Fate) error {
	err := l.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.Exec(`DELETE FROM removals WHERE mailbox_id = ?`, m.ID)
		return err
	})
	if err != nil {
		return err
	}
	m.Removals = nil
	return l.NoteFate(ctx, m, fate)
}

func (l *mailboxes) loadRemovals(ctx context.Context, m *Mailbox) error {
	return l.read(ctx, func(rows *sql.Rows) error {
		var r Removal
		var text string
		if err := rows.Scan(&r.ID, &text); err != nil {
			return err
		}
		err := readSet(text, &r.Sources)
		m.Removals = append(m.Removals, r)
		return err
	}, `SELECT id, src_uids FROM removals WHERE mailbox_id = `+number+` AND generation = `+number+` ORDER BY id`, m.ID, m.Generation)
}

// loadFormerly fills Formerly and FoundThen with what earlier generations have brought to the same incarnation of the
// destination's mailbox, as far as it was not found again, and until that is booked: a pass that breaks off in between loses
// none of it.
func (l *mailboxes) loadFormerly(ctx context.Context, m *Mailbox) error {
	const query = `SELECT dst_uids, length(sizes) FROM batches WHERE mailbox_id = ? AND generation < ? AND state IN `
	err := errors.Join(
		l.readRuns(ctx, &m.Formerly, query+`('receipt', 'recovered')`, m.ID, m.Generation),
		l.readRuns(ctx, &m.FoundThen, query+`('adopted')`, m.ID, m.Generation),
	)
	m.Formerly = m.Formerly.Minus(m.Ours)
	m.FoundThen = m.FoundThen.Minus(m.Ours).Minus(m.Formerly)
	return err
}

// ForgetFormer notes that all that earlier generations have written was found again, or is booked.
func (l *fates) ForgetFormer(ctx context.Context, m *Mailbox) error {
	err := l.write(ctx, func(tx *sql.Tx) error { return m.forgetFormer(tx, m.Generation-1) })
	if err == nil {
		m.Formerly, m.FoundThen = imap.UIDSet{}, imap.UIDSet{}
	}
	return err
}

// forgetFormer forgets what was brought by the generations up to one. What is under way of them may still arrive.
func (m *Mailbox) forgetFormer(tx *sql.Tx, last int64) error {
	_, err := tx.Exec(`DELETE FROM batches WHERE mailbox_id = ? AND generation <= ? AND state <> 'intent'`, m.ID, last)
	return err
}

// noteFate adds a batch of the given state to the sets of source UIDs.
func (m *Mailbox) noteFate(state, srcUIDs string) error {
	var uids imap.UIDSet
	if err := readSet(srcUIDs, &uids); err != nil {
		return err
	}
	m.Done.AddSet(uids)
	switch state {
	case "adopted":
		m.Adopted.AddSet(uids)
	case "dropped":
		m.Lost.AddSet(uids)
	}
	return nil
}

// readSet reads runs of UIDs, in whatever order, as a set.
func readSet(text string, set *imap.UIDSet) error {
	if text == "" {
		return nil
	}
	read, ok := imap.ParseUIDSet(text)
	if !ok {
		return fmt.Errorf("%q are no UIDs: %w", text, errDamaged)
	}
	*set = read
	return nil
}

func sourceUIDs(items []Item) imap.UIDSet {
	var set imap.UIDSet
	for _, item := range items {
		set.Add(item.UID)
	}
	return set
}
