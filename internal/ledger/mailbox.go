// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"

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
	SrcUIDNext   imap.UID
	SrcMessages  int64
	SrcModSeq    uint64
	SrcSize      int64  // octets of all messages; 0 when not told
	SrcMailboxID string // "" where the source has none (RFC 8474)
	SrcNewest    string // what it has shown of its newest message; "" when not told
}

// Sight is what a mailbox of the destination looked like when what is in it was last held against the
// ledger. Zero means never.
type Sight struct {
	UIDNext  imap.UID
	Messages int64 // Outdated when something was brought there since
	ModSeq   uint64
	Size     int64  // octets of all messages; 0 when not told
	Newest   string // what it has shown of its newest message; "" when not told
}

// Outdated is a number of messages that no mailbox has.
const Outdated = -1

// Mailbox is the row of one source mailbox with what is known of its messages.
type Mailbox struct {
	ID         int64
	Generation int64
	Anchor     Anchor
	State      State
	Seen       Sight
	Doubted    imap.UID             // see Doubt
	Untold     imap.UIDSet          // see NoteUntold
	Restored   imap.UIDSet          // see NoteRestored
	Done       imap.UIDSet          // source UIDs that were brought to the destination, see Fate for what became of them
	Ours       imap.UIDSet          // destination UIDs that Done stands for, without those that are lost
	Fate                            // of Done
	Created    bool                 // the destination's mailbox was made by us
	Open       bool                 // intents, refusals or gaps are left of an earlier pass, or a batch was given up lately; only of Mailboxes
	Removing   bool                 // removals are; only of Mailboxes
	Theirs     imap.UIDSet          // destination UIDs that came from other source mailboxes
	Refused    map[imap.UID]Refusal // what the destination did not take, by source UID
	Suspects   map[imap.UID]int     // source UIDs at which the source broke off, and how often
	Intents    []Intent             // begun and never answered, oldest first
	Gaps       imap.UIDSet          // destination UIDs between ours, not looked at yet
	Voids      []Voided             // given up not long ago, oldest first
	Removals   []Removal            // begun and never ended, oldest first
	Formerly   imap.UIDSet          // destination UIDs that earlier generations have written there, see ForgetFormer
	FoundThen  imap.UIDSet          // likewise, that they have found there and adopted
	Withdrawn  map[imap.UID]Item    // copies that were taken back, by destination UIDs, with flags and digests, see NoteWithdrawn
	Fresh      bool                 // the row, or its generation, was made by this call
	Reanchored bool                 // a UIDVALIDITY or the destination's name had changed: what was done is void
}

// Mailbox returns the row for anchor and makes it when it is missing. When a UIDVALIDITY differs
// from the stored one, or the mailbox now goes elsewhere, a new generation begins: the UIDs of the
// old one mean nothing any more (RFC 9051, section 2.3.1.1).
func (l *mailboxes) Mailbox(ctx context.Context, anchor Anchor) (*Mailbox, error) {
	m := &Mailbox{Anchor: anchor, Refused: map[imap.UID]Refusal{}, Suspects: map[imap.UID]int{}}
	k, err := l.anchored(ctx, m)
	if err != nil {
		return nil, fmt.Errorf("ledger row of %s %q: %w", anchor.Address, anchor.Source, err)
	}
	if err := l.load(ctx, m, k); err != nil {
		return nil, fmt.Errorf("ledger rows of %s %q: %w", anchor.Address, anchor.Source, err)
	}
	return m, nil
}

// anchorRow finds, makes or re-anchors the row.
func (m *Mailbox) anchorRow(tx *sql.Tx) error {
	a := m.Anchor
	row := tx.QueryRow(`SELECT `+mailboxColumns+` FROM mailboxes m WHERE address = ? AND src_name = ?`, a.Address, a.Source)
	stored, err := scanMailbox(row.Scan)
	if errors.Is(err, sql.ErrNoRows) {
		m.Fresh = true
		m.Generation = 1
		return tx.QueryRow(`INSERT INTO mailboxes (address, src_name, dst_name, src_uidvalidity, dst_uidvalidity)
			VALUES (?, ?, ?, ?, ?) RETURNING id`, a.Address, a.Source, a.Destination, a.SrcUIDValidity, a.DstUIDValidity).Scan(&m.ID)
	}
	if err != nil {
		return err
	}
	m.ID = stored.ID
	m.Generation = stored.Generation
	if stored.Anchor.DstUIDValidity == 0 { // dropped: it may be made anew
		stored.Anchor.Destination, stored.Anchor.DstUIDValidity = a.Destination, a.DstUIDValidity
		_, err := tx.Exec(`UPDATE mailboxes SET dst_name = ?, dst_uidvalidity = ? WHERE id = ?`, a.Destination, a.DstUIDValidity, m.ID)
		if err != nil {
			return err
		}
	}
	if stored.Anchor == a {
		m.State = stored.State
		m.Seen = stored.Seen
		m.Doubted = stored.Doubted
		m.Untold = stored.Untold
		m.Restored = stored.Restored
		m.Fate = stored.Fate
		return nil
	}
	m.Fresh = true
	m.Reanchored = stored.Anchor.SrcUIDValidity != 0 // 0: forgotten on purpose
	if stored.Anchor.Destination != a.Destination || stored.Anchor.DstUIDValidity != a.DstUIDValidity {
		// UIDs of another incarnation
		if err := errors.Join(m.forgetFormer(tx, m.Generation), lowerFloors(tx, m.ID, 1), forgetWithdrawn(tx, m.ID)); err != nil {
			return err
		}
	}
	m.Generation++
	_, err = tx.Exec(`UPDATE mailboxes SET generation = ?, dst_name = ?, src_uidvalidity = ?, dst_uidvalidity = ?,
		src_uidnext = 0, src_messages = 0, src_modseq = 0, src_size = 0, src_mailboxid = '', src_newest = '',
		dst_uidnext = 0, dst_messages = 0, dst_modseq = 0, dst_size = 0, dst_newest = '', dst_doubted = 0, src_untold = '', src_restored = '',
		gone = '', lost = '', changed = '' WHERE id = ?`,
		m.Generation, a.Destination, a.SrcUIDValidity, a.DstUIDValidity, m.ID)
	return err
}

// mailboxColumns are what scanMailbox reads, of mailboxes as m.
const mailboxColumns = `m.id, m.generation, m.address, m.src_name, m.dst_name, m.src_uidvalidity, m.dst_uidvalidity,
	m.src_uidnext, m.src_messages, m.src_modseq, m.src_size, m.src_mailboxid, m.src_newest,
	m.dst_uidnext, m.dst_messages, m.dst_modseq, m.dst_size, m.dst_newest, m.dst_doubted, m.src_untold, m.src_restored, m.gone, m.lost, m.changed`

// scanMailbox reads one row, and into more what the query selects behind the columns.
func scanMailbox(scan func(...any) error, more ...any) (Mailbox, error) {
	var m Mailbox
	var modSeq, seenModSeq int64
	var untold, restored, gone, lost, changed string
	err := scan(append([]any{&m.ID, &m.Generation, &m.Anchor.Address, &m.Anchor.Source, &m.Anchor.Destination, &m.Anchor.SrcUIDValidity,
		&m.Anchor.DstUIDValidity, &m.State.SrcUIDNext, &m.State.SrcMessages, &modSeq, &m.State.SrcSize, &m.State.SrcMailboxID,
		&m.State.SrcNewest, &m.Seen.UIDNext, &m.Seen.Messages, &seenModSeq, &m.Seen.Size, &m.Seen.Newest, &m.Doubted, &untold,
		&restored, &gone, &lost, &changed}, more...)...)
	if err != nil {
		return m, err
	}
	m.State.SrcModSeq, m.Seen.ModSeq = uint64(modSeq), uint64(seenModSeq)
	return m, errors.Join(readSet(untold, &m.Untold), readSet(restored, &m.Restored),
		readSet(gone, &m.Gone), readSet(lost, &m.Lost), readSet(changed, &m.Changed))
}

// Mailboxes returns every mailbox of an account by source name, with what is done and its fate, so that
// a pass can tell from one listing of each end what has happened since. The destination's UIDs and what
// was left open are not loaded: Open says that there is something.
func (l *mailboxes) Mailboxes(ctx context.Context, address string) (map[string]Mailbox, error) {
	all := map[string]Mailbox{}
	byID := map[int64]string{}
	err := l.read(ctx, func(rows *sql.Rows) error {
		var created, open, removing bool
		m, err := scanMailbox(rows.Scan, &created, &open, &removing)
		m.Created = created
		m.Open = open
		m.Removing = removing
		all[m.Anchor.Source], byID[m.ID] = m, m.Anchor.Source
		return err
	}, `SELECT `+mailboxColumns+`,
		EXISTS (SELECT 1 FROM creations c WHERE c.address = m.address AND c.dst_name = m.dst_name AND c.dst_uidvalidity = m.dst_uidvalidity),
		EXISTS (SELECT 1 FROM batches b WHERE b.mailbox_id = m.id AND b.state = 'intent')
		OR EXISTS (SELECT 1 FROM gaps g WHERE g.mailbox_id = m.id AND g.generation = m.generation)
		OR EXISTS (SELECT 1 FROM voids d WHERE d.mailbox_id = m.id AND d.created_nano > ?)
		OR EXISTS (SELECT 1 FROM refusals r WHERE r.mailbox_id = m.id AND r.generation = m.generation),
		EXISTS (SELECT 1 FROM removals v WHERE v.mailbox_id = m.id AND v.generation = m.generation)
		FROM mailboxes m WHERE m.address = ?`, l.now().Add(-voidsKept).UnixNano(), address)
	if err != nil {
		return nil, err
	}
	return all, l.read(ctx, func(rows *sql.Rows) error {
		var id int64
		var state, uids string
		if err := rows.Scan(&id, &state, &uids); err != nil {
			return err
		}
		m := all[byID[id]]
		err := m.noteFate(state, uids)
		all[byID[id]] = m
		return err
	}, `SELECT m.id, b.state, b.src_uids FROM batches b JOIN mailboxes m ON m.id = b.mailbox_id AND m.generation = b.generation
		WHERE m.address = ? AND b.state <> 'intent' ORDER BY b.id`, address)
}

// Settle notes that a pass over the mailbox is complete and what both ends looked like.
func (l *mailboxes) Settle(ctx context.Context, m *Mailbox, state State) error {
	err := l.write(ctx, func(tx *sql.Tx) error {
		// A mod-sequence has 64 bits in RFC 4551, section 3.1, and SQL's integers have a sign.
		_, err := tx.Exec(`UPDATE mailboxes SET src_uidnext = ?, src_messages = ?, src_modseq = ?, src_size = ?, src_mailboxid = ?, src_newest = ?
			WHERE id = ? AND generation = ?`,
			state.SrcUIDNext, state.SrcMessages, int64(state.SrcModSeq), state.SrcSize, state.SrcMailboxID, state.SrcNewest, m.ID, m.Generation)
		return err
	})
	if err == nil {
		m.State = state
	}
	return err
}

// Fallen is the SrcModSeq of a mailbox that the source has shown in an earlier state than the last complete pass has left:
// above any that it can have, so that this is known until the mailbox was looked through.
const Fallen = math.MaxUint64

// Unsettle lets the next job look into mailboxes, whatever their numbers are: modSeq is 0, or Fallen.
func (l *mailboxes) Unsettle(ctx context.Context, modSeq uint64, ids ...int64) error {
	if len(ids) == 0 {
		return nil
	}
	return l.write(ctx, func(tx *sql.Tx) error {
		for _, id := range ids {
			if _, err := tx.Exec(`UPDATE mailboxes SET src_modseq = ? WHERE id = ?`, int64(modSeq), id); err != nil {
				return err
			}
		}
		return nil
	})
}

// Sighted notes what destination mailboxes look like, by the rows that fill them.
func (l *mailboxes) Sighted(ctx context.Context, sights map[int64]Sight) error {
	if len(sights) == 0 {
		return nil
	}
	return l.write(ctx, func(tx *sql.Tx) error {
		for id, s := range sights {
			if _, err := tx.Exec(`UPDATE mailboxes SET dst_uidnext = ?, dst_messages = ?, dst_modseq = ?, dst_size = ?, dst_newest = ? WHERE id = ?`,
				s.UIDNext, s.Messages, int64(s.ModSeq), s.Size, s.Newest, id); err != nil {
				return err
			}
		}
		return nil
	})
}
