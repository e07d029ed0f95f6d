// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"database/sql"

	"rehome/internal/protocol/imap"
)

// Identifier is how POP3 programs know a message of the source (RFC 1939, section 7).
type Identifier struct {
	UID   imap.UID // at the source
	ID    string   // as the server gives it
	Place uint32   // in the order of the maildrop, from 1 on: it rises and has gaps
}

// NoteIdentifiers keeps the identifiers of messages. The first one that was kept of a message stays: a program knows it by that.
func (l *fates) NoteIdentifiers(ctx context.Context, m *Mailbox, all []Identifier) error {
	return l.write(ctx, func(tx *sql.Tx) error {
		insert, err := tx.Prepare(`INSERT INTO identifiers (mailbox_id, generation, src_uid, uidl, place) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (mailbox_id, generation, src_uid) DO NOTHING`)
		if err != nil {
			return err
		}
		defer insert.Close()
		for _, i := range all {
			if _, err := insert.Exec(m.ID, m.Generation, i.UID, i.ID, i.Place); err != nil {
				return err
			}
		}
		return nil
	})
}

// Identifiers returns those that are kept of the mailbox as it is numbered now, by UID.
func (l *fates) Identifiers(ctx context.Context, m *Mailbox) (map[imap.UID]Identifier, error) {
	all := map[imap.UID]Identifier{}
	err := l.read(ctx, func(rows *sql.Rows) error {
		var i Identifier
		err := rows.Scan(&i.UID, &i.ID, &i.Place)
		all[i.UID] = i
		return err
	}, `SELECT src_uid, uidl, place FROM identifiers WHERE mailbox_id = ? AND generation = ?`, m.ID, m.Generation)
	return all, err
}
