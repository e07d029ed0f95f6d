// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"database/sql"
	"time"
)

// Tokens keeps with which words programs may use the interface of the screen. The words themselves are nowhere.
type Tokens struct{ *store }

// Token is what a program may use it with.
type Token struct {
	Name    string
	Role    Role
	Digest  string    // SHA-256 of the token, in hexadecimal
	Person  string    // who has made it
	Made    time.Time // to the second; set by the ledger
	Expires time.Time // to the second
	Used    time.Time // the last time, as Use was told; zero is never
}

// Add keeps a token; added is false where there is one of that name, which stays as it is.
func (l *Tokens) Add(ctx context.Context, t Token) (added bool, err error) {
	return l.changed(ctx, `INSERT INTO tokens (name, role, digest, person, made_unix, expires_unix) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (name) DO NOTHING`, t.Name, string(t.Role), t.Digest, t.Person, l.now().Unix(), t.Expires.Unix())
}

// Use notes that a token was used, if it still is that one. What is later stays.
func (l *Tokens) Use(ctx context.Context, t Token, at time.Time) error {
	_, err := l.changed(ctx, `UPDATE tokens SET used_unix = ? WHERE name = ? AND digest = ? AND used_unix < ?`, at.Unix(), t.Name, t.Digest, at.Unix())
	return err
}

// Remove forgets the token of a name, and reports whether there was one.
func (l *Tokens) Remove(ctx context.Context, name string) (was bool, err error) {
	return l.changed(ctx, `DELETE FROM tokens WHERE name = ?`, name)
}

// All returns all of them by name, those that have expired too.
func (l *Tokens) All(ctx context.Context) (all []Token, err error) {
	err = l.read(ctx, func(rows *sql.Rows) error {
		var t Token
		var made, expires, used int64
		err := rows.Scan(&t.Name, &t.Role, &t.Digest, &t.Person, &made, &expires, &used)
		t.Made, t.Expires, t.Used = fromUnix(made), fromUnix(expires), fromUnix(used)
		all = append(all, t)
		return err
	}, `SELECT name, role, digest, person, made_unix, expires_unix, used_unix FROM tokens ORDER BY name`)
	return all, err
}

// changed runs a statement that is on the disk when this returns, and reports whether it has changed a row.
func (s *store) changed(ctx context.Context, statement string, values ...any) (did bool, err error) {
	err = s.writeIntent(ctx, func(tx *sql.Tx) error {
		result, err := tx.Exec(statement, values...)
		if err != nil {
			return err
		}
		n, err := result.RowsAffected()
		did = n > 0
		return err
	})
	return did, err
}
