// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"database/sql"
)

// Annotation is what is known of one annotation of a mailbox (IMAP METADATA, RFC 5464), by digests of its values. The one without
// an entry only says that the mailbox was asked for its annotations.
type Annotation struct {
	Source, Entry  string // of the mailbox at the source; "" is the server
	Destination    string
	DstUIDValidity uint32 // 0 is not told
	Seen           []byte // the source's value when it was last decided about
	Wrote          []byte // what the destination has from us; nil when its value is its user's, or it has none
	Writing        []byte // what may be on its way there; nil for nothing
}

// Annotations returns all that is known of an account, sorted by mailbox and entry.
func (l *fates) Annotations(ctx context.Context, address string) (all []Annotation, err error) {
	err = l.read(ctx, func(rows *sql.Rows) error {
		var a Annotation
		err := rows.Scan(&a.Source, &a.Entry, &a.Destination, &a.DstUIDValidity, &a.Seen, &a.Wrote, &a.Writing)
		all = append(all, a)
		return err
	}, `SELECT src_name, entry, dst_name, dst_uidvalidity, seen, wrote, writing FROM annotations WHERE address = ? ORDER BY src_name, entry`, address)
	return all, err
}

// NoteAnnotations replaces what is known of some annotations, and forgets others by mailbox and entry, in one commit.
func (l *fates) NoteAnnotations(ctx context.Context, address string, notes, forget []Annotation) error {
	if len(notes)+len(forget) == 0 {
		return nil
	}
	return l.write(ctx, func(tx *sql.Tx) error {
		for _, a := range forget {
			if _, err := tx.Exec(`DELETE FROM annotations WHERE address = ? AND src_name = ? AND entry = ?`, address, a.Source, a.Entry); err != nil {
				return err
			}
		}
		for _, a := range notes {
			if _, err := tx.Exec(`INSERT INTO annotations (address, src_name, entry, dst_name, dst_uidvalidity, seen, wrote, writing)
				VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (address, src_name, entry) DO UPDATE SET dst_name = excluded.dst_name,
				dst_uidvalidity = excluded.dst_uidvalidity, seen = excluded.seen, wrote = excluded.wrote, writing = excluded.writing`,
				address, a.Source, a.Entry, a.Destination, a.DstUIDValidity, a.Seen, a.Wrote, a.Writing); err != nil {
				return err
			}
		}
		return nil
	})
}

// setAnnotationsAside and relocateAnnotations let them follow a mailbox that has another name, see Relocate.
func setAnnotationsAside(tx *sql.Tx, address string, m Renaming) error {
	_, err := tx.Exec(`UPDATE annotations SET src_name = ? WHERE address = ? AND src_name = (SELECT src_name FROM mailboxes WHERE id = ?)`,
		asideName(m.ID), address, m.ID)
	return err
}

func relocateAnnotations(tx *sql.Tx, address string, m Renaming) error {
	if _, err := tx.Exec(`DELETE FROM annotations WHERE address = ? AND src_name = ?`, address, m.Source); err != nil {
		return err
	}
	_, err := tx.Exec(`UPDATE annotations SET src_name = ?, dst_name = ? WHERE address = ? AND src_name = ?`, m.Source, m.Destination,
		address, asideName(m.ID))
	return err
}
