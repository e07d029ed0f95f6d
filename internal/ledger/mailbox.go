// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"rehome/internal/protocol/imap"
)

// Anchor says which mailboxes of the two ends belong together, and in which incarnation.
type Anchor struct {
	Address        string
	Source         string // mailbox names, Unicode
	Destination    string
	SrcUIDValidity uint32
	DstUIDValidity uint32
}

// State is what both ends looked like at the end of the last complete pass. Zero means never.
type State struct {
	SrcUIDNext  imap.UID
	SrcMessages int64
	SrcModSeq   uint64
}

// Mailbox is the row of one source mailbox with what is known of its messages.
type Mailbox struct {
	ID         int64
	Generation int64
	Anchor     Anchor
	State      State
	Done       imap.UIDSet            // source UIDs that are at the destination
	Ours       imap.UIDSet            // destination UIDs that Done stands for
	Theirs     imap.UIDSet            // destination UIDs that came from other source mailboxes
	Refused    map[imap.UID]time.Time // source UIDs that the destination did not take, and when
	Suspects   map[imap.UID]int       // source UIDs at which the source broke off, and how often
	Intents    []Intent               // begun and never answered, oldest first
	Fresh      bool                   // the row, or its generation, was made by this call
	Reanchored bool                   // a UIDVALIDITY or the destination's name had changed: what was done is void
}

// Mailbox returns the row for anchor and makes it when it is missing. When a UIDVALIDITY differs
// from the stored one, or the mailbox now goes elsewhere, a new generation begins: the UIDs of the
// old one mean nothing any more (RFC 9051, section 2.3.1.1).
func (l *Ledger) Mailbox(ctx context.Context, anchor Anchor) (*Mailbox, error) {
	m := &Mailbox{Anchor: anchor, Refused: map[imap.UID]time.Time{}, Suspects: map[imap.UID]int{}}
	err := l.write(ctx, func(tx *sql.Tx) error { return m.anchorRow(tx) })
	if err != nil {
		return nil, fmt.Errorf("ledger row of %s %q: %w", anchor.Address, anchor.Source, err)
	}
	loads := []func(context.Context, *Mailbox) error{l.loadTheirs}
	if !m.Fresh {
		loads = append(loads, l.loadBatches, l.loadRefusals, l.loadSuspects)
	}
	for _, load := range loads {
		if err := load(ctx, m); err != nil {
			return nil, fmt.Errorf("ledger rows of %s %q: %w", anchor.Address, anchor.Source, err)
		}
	}
	return m, nil
}

// anchorRow finds, makes or re-anchors the row.
func (m *Mailbox) anchorRow(tx *sql.Tx) error {
	a := m.Anchor
	var stored Anchor
	var modSeq int64
	err := tx.QueryRow(`SELECT id, generation, dst_name, src_uidvalidity, dst_uidvalidity, src_uidnext, src_messages, src_modseq
		FROM mailboxes WHERE address = ? AND src_name = ?`, a.Address, a.Source).Scan(&m.ID, &m.Generation,
		&stored.Destination, &stored.SrcUIDValidity, &stored.DstUIDValidity,
		&m.State.SrcUIDNext, &m.State.SrcMessages, &modSeq)
	m.State.SrcModSeq = uint64(modSeq)
	if errors.Is(err, sql.ErrNoRows) {
		m.Fresh, m.Generation = true, 1
		result, err := tx.Exec(`INSERT INTO mailboxes (address, src_name, dst_name, src_uidvalidity, dst_uidvalidity) VALUES (?, ?, ?, ?, ?)`,
			a.Address, a.Source, a.Destination, a.SrcUIDValidity, a.DstUIDValidity)
		if err != nil {
			return err
		}
		m.ID, err = result.LastInsertId()
		return err
	}
	if err != nil {
		return err
	}
	if stored.Destination == a.Destination && stored.SrcUIDValidity == a.SrcUIDValidity && stored.DstUIDValidity == a.DstUIDValidity {
		return nil
	}
	m.Fresh, m.Reanchored, m.State = true, true, State{}
	m.Generation++
	_, err = tx.Exec(`UPDATE mailboxes SET generation = ?, dst_name = ?, src_uidvalidity = ?, dst_uidvalidity = ?,
		src_uidnext = 0, src_messages = 0, src_modseq = 0 WHERE id = ?`,
		m.Generation, a.Destination, a.SrcUIDValidity, a.DstUIDValidity, m.ID)
	return err
}

// States returns anchor and state of every mailbox of an account by source name, so that a pass can
// tell from one listing of each end which of them need to be opened at all. A mailbox with open
// intents or refusals is left out: it has to be opened.
func (l *Ledger) States(ctx context.Context, address string) (map[string]Mailbox, error) {
	states := map[string]Mailbox{}
	err := l.read(ctx, func(rows *sql.Rows) error {
		m := Mailbox{Anchor: Anchor{Address: address}}
		var modSeq int64
		err := rows.Scan(&m.ID, &m.Generation, &m.Anchor.Source, &m.Anchor.Destination, &m.Anchor.SrcUIDValidity, &m.Anchor.DstUIDValidity,
			&m.State.SrcUIDNext, &m.State.SrcMessages, &modSeq)
		m.State.SrcModSeq = uint64(modSeq)
		states[m.Anchor.Source] = m
		return err
	}, `SELECT m.id, m.generation, m.src_name, m.dst_name, m.src_uidvalidity, m.dst_uidvalidity,
		m.src_uidnext, m.src_messages, m.src_modseq FROM mailboxes m WHERE m.address = ?
		AND NOT EXISTS (SELECT 1 FROM batches b WHERE b.mailbox_id = m.id AND b.generation = m.generation AND b.state = 'intent')
		AND NOT EXISTS (SELECT 1 FROM refusals r WHERE r.mailbox_id = m.id AND r.generation = m.generation)`, address)
	return states, err
}

// Settle notes that a pass over the mailbox is complete and what both ends looked like.
func (l *Ledger) Settle(ctx context.Context, m *Mailbox, state State) error {
	err := l.write(ctx, func(tx *sql.Tx) error {
		// A mod-sequence has 64 bits in RFC 4551, section 3.1, and SQL's integers have a sign.
		_, err := tx.Exec(`UPDATE mailboxes SET src_uidnext = ?, src_messages = ?, src_modseq = ? WHERE id = ? AND generation = ?`,
			state.SrcUIDNext, state.SrcMessages, int64(state.SrcModSeq), m.ID, m.Generation)
		return err
	})
	if err == nil {
		m.State = state
	}
	return err
}
