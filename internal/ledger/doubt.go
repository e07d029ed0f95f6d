// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"database/sql"

	"rehome/internal/protocol/imap"
)

// Doubt notes from which destination UID on nobody knows what has become of our messages that are missing there; 0 says
// that it is known again. What could have told is written over by whatever happens next in the mailbox, so the question
// stays open until somebody has answered it. What is under way may arrive from there on.
func (l *mailboxes) Doubt(ctx context.Context, m *Mailbox, from imap.UID) error {
	if m.Doubted == from {
		return nil
	}
	err := l.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.Exec(`UPDATE mailboxes SET dst_doubted = ? WHERE id = ?`, from, m.ID)
		if err == nil && from != 0 {
			err = lowerFloors(tx, m.ID, from)
		}
		return err
	})
	if err != nil {
		return err
	}
	if m.Doubted = from; from != 0 {
		for i := range m.Intents {
			m.Intents[i].Floor = min(m.Intents[i].Floor, from)
		}
		for i := range m.Voids {
			m.Voids[i].Floor = min(m.Voids[i].Floor, from)
		}
	}
	return nil
}

// NoteUntold replaces the source UIDs of messages that are done, and did not say what they are when a change of the mailbox
// had made that doubtful: others may have their UIDs by now. What is copied next is the newest then, and would confirm them,
// so they stay doubtful until each has said what it is.
func (l *mailboxes) NoteUntold(ctx context.Context, m *Mailbox, untold imap.UIDSet) error {
	if m.Untold.String() == untold.String() {
		return nil
	}
	err := l.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.Exec(`UPDATE mailboxes SET src_untold = ? WHERE id = ? AND generation = ?`, untold.String(), m.ID, m.Generation)
		return err
	})
	if err == nil {
		m.Untold = untold
	}
	return err
}

// NoteRestored replaces the destination UIDs of copies whose originals the source has lost, or has replaced, in a restore. It
// is booked before they are disowned, and ends when it was told: a pass may break off in between.
func (l *mailboxes) NoteRestored(ctx context.Context, m *Mailbox, restored imap.UIDSet) error {
	if m.Restored.String() == restored.String() {
		return nil
	}
	err := l.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.Exec(`UPDATE mailboxes SET src_restored = ? WHERE id = ? AND generation = ?`, restored.String(), m.ID, m.Generation)
		return err
	})
	if err == nil {
		m.Restored = restored
	}
	return err
}
