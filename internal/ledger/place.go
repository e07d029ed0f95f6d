// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// IntendCreations writes down which destination mailboxes are about to be made.
func (l *mailboxes) IntendCreations(ctx context.Context, address string, names []string) error {
	return l.writeIntent(ctx, func(tx *sql.Tx) error {
		for _, name := range names {
			if _, err := tx.Exec(`INSERT INTO creations (address, dst_name) VALUES (?, ?)
				ON CONFLICT (address, dst_name) DO UPDATE SET dst_uidvalidity = 0`, address, name); err != nil {
				return err
			}
		}
		return nil
	})
}

// ForgetCreations takes back what was not made, or exists no longer.
func (l *mailboxes) ForgetCreations(ctx context.Context, address string, names ...string) error {
	return l.write(ctx, func(tx *sql.Tx) error {
		for _, name := range names {
			if _, err := tx.Exec(`DELETE FROM creations WHERE address = ? AND dst_name = ?`, address, name); err != nil {
				return err
			}
		}
		return nil
	})
}

// noteCreated completes a creation when the mailbox is opened for the first time.
func noteCreated(tx *sql.Tx, a Anchor) error {
	_, err := tx.Exec(`UPDATE creations SET dst_uidvalidity = ? WHERE address = ? AND dst_name = ? AND dst_uidvalidity = 0`,
		a.DstUIDValidity, a.Address, a.Destination)
	return err
}

// Renaming is a mailbox that has another name now, at the source, at the destination or at both.
type Renaming struct {
	ID                  int64
	Source, Destination string // the new names
}

// Relocate gives mailboxes of one account their new names, all in one commit: two may have swapped
// theirs. A row that already has the new source name and is not among the moves keeps what it knows
// under a name that no server has.
func (l *mailboxes) Relocate(ctx context.Context, address string, moves []Renaming) error {
	return l.writeIntent(ctx, func(tx *sql.Tx) error {
		for _, m := range moves { // clear the way, and keep the marks of what we have made
			if err := setAside(tx, address, m); err != nil {
				return err
			}
		}
		for _, m := range moves {
			if err := relocate(tx, address, m); err != nil {
				return err
			}
		}
		return nil
	})
}

// asideName is where a row waits.
func asideName(id int64) string { return fmt.Sprintf("%s%d", aside, id) }

// aside begins it: a line end cannot be in a mailbox name.
const aside = "\n"

func setAside(tx *sql.Tx, address string, m Renaming) error {
	_, err := tx.Exec(`UPDATE creations SET dst_name = ? WHERE address = ? AND EXISTS (SELECT 1 FROM mailboxes m
		WHERE m.id = ? AND m.address = creations.address AND m.dst_name = creations.dst_name)`, asideName(m.ID), address, m.ID)
	if err != nil {
		return err
	}
	if err := setAnnotationsAside(tx, address, m); err != nil {
		return err
	}
	_, err = tx.Exec(`UPDATE mailboxes SET src_name = ? || id WHERE id = ? OR address = ? AND src_name = ?`,
		aside, m.ID, address, m.Source)
	return err
}

func relocate(tx *sql.Tx, address string, m Renaming) error {
	if err := relocateAnnotations(tx, address, m); err != nil {
		return err
	}
	if _, err := tx.Exec(`UPDATE mailboxes SET src_name = ?, dst_name = ? WHERE id = ?`, m.Source, m.Destination, m.ID); err != nil {
		return err
	}
	if _, err := tx.Exec(`DELETE FROM creations WHERE address = ? AND dst_name = ? AND EXISTS
		(SELECT 1 FROM creations c WHERE c.address = ? AND c.dst_name = ?)`, address, m.Destination, address, asideName(m.ID)); err != nil {
		return err
	}
	_, err := tx.Exec(`UPDATE creations SET dst_name = ? WHERE address = ? AND dst_name = ?`, m.Destination, address, asideName(m.ID))
	return err
}

// Drop notes that the destination's mailbox is gone and is to stay so: what was brought there counts as
// done and lost. Should the mailbox be made anew for later messages, the row goes on with it. What is under way may
// arrive in that one, which begins to count anew.
func (l *mailboxes) Drop(ctx context.Context, id int64) error {
	return l.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.Exec(`UPDATE batches SET state = 'dropped' WHERE mailbox_id = ? AND state <> 'intent'
			AND generation = (SELECT generation FROM mailboxes WHERE id = ?)`, id, id)
		if err != nil {
			return err
		}
		for _, query := range []string{
			`DELETE FROM batches WHERE mailbox_id = ? AND state NOT IN ('intent', 'dropped')`, // of earlier generations
			`DELETE FROM removals WHERE mailbox_id = ?`,
			`UPDATE mailboxes SET dst_uidvalidity = 0 WHERE id = ?`,
		} {
			if _, err := tx.Exec(query, id); err != nil {
				return err
			}
		}
		return errors.Join(forgetWithdrawn(tx, id), lowerFloors(tx, id, 1))
	})
}

// Forget lets the next opening of a mailbox begin a new generation, so that everything is compared
// and, where it is missing, copied again.
func (l *mailboxes) Forget(ctx context.Context, id int64) error {
	return l.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.Exec(`UPDATE mailboxes SET src_uidvalidity = 0, src_uidnext = 0, src_messages = 0, src_modseq = 0, src_newest = ''
			WHERE id = ?`, id)
		return err
	})
}
