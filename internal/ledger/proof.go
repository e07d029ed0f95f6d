// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"database/sql"
)

// Proofs keeps what the verifier has read, for its next comparison: no copier reads it, and none writes it.
type Proofs struct{ *store }

// Proved is whose proofs they are. What was read at other ends is no proof for these.
type Proved struct {
	Address, Kind string
	Ends          string // both as they are reached
}

// Proof is that of one mailbox or collection.
type Proof struct {
	Place         string
	Mark, Content []byte
}

// Marks returns the mark of each place, without the content.
func (l *Proofs) Marks(ctx context.Context, of Proved) (map[string][]byte, error) {
	all := map[string][]byte{}
	err := l.read(ctx, func(rows *sql.Rows) error {
		var p Proof
		err := rows.Scan(&p.Place, &p.Mark)
		all[p.Place] = p.Mark
		return err
	}, `SELECT place, mark FROM proofs WHERE address = ? AND kind = ? AND ends = ?`, of.Address, of.Kind, of.Ends)
	return all, err
}

// Content returns the content of one place, nil where there is no proof.
func (l *Proofs) Content(ctx context.Context, of Proved, place string) (content []byte, err error) {
	err = l.read(ctx, func(rows *sql.Rows) error { return rows.Scan(&content) },
		`SELECT content FROM proofs WHERE address = ? AND kind = ? AND ends = ? AND place = ?`, of.Address, of.Kind, of.Ends, place)
	return content, err
}

// Keep keeps a proof in the place of the one before, also of one of other ends.
func (l *Proofs) Keep(ctx context.Context, of Proved, p Proof) error {
	return l.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.Exec(`INSERT INTO proofs (address, kind, place, ends, mark, content) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (address, kind, place) DO UPDATE SET ends = excluded.ends, mark = excluded.mark, content = excluded.content`,
			of.Address, of.Kind, p.Place, of.Ends, p.Mark, p.Content)
		return err
	})
}

// Forget forgets the proofs of places, and those of other ends.
func (l *Proofs) Forget(ctx context.Context, of Proved, places ...string) error {
	return l.write(ctx, func(tx *sql.Tx) error {
		for _, place := range places {
			if _, err := tx.Exec(`DELETE FROM proofs WHERE address = ? AND kind = ? AND place = ?`, of.Address, of.Kind, place); err != nil {
				return err
			}
		}
		_, err := tx.Exec(`DELETE FROM proofs WHERE address = ? AND kind = ? AND ends <> ?`, of.Address, of.Kind, of.Ends)
		return err
	})
}
