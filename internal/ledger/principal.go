// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"database/sql"
	"time"

	"rehome"
)

// Principal is who an account is on a WebDAV server, as the server has said (RFC 5397). It is a hint and no more: the server has to
// say it again.
type Principal struct {
	Address string
	Side    rehome.Side
	Server  string // URL in the settings
	Login   string
	Href    string
	Noted   time.Time // set by NotePrincipal, to the second
}

// NotePrincipal keeps who an account is at one end, instead of what was known of that end.
func (l *Objects) NotePrincipal(ctx context.Context, p Principal) error {
	return l.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.Exec(`INSERT INTO principals (address, side, server, login, href, noted_unix) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (address, side) DO UPDATE SET server = excluded.server, login = excluded.login, href = excluded.href,
			noted_unix = excluded.noted_unix`, p.Address, string(p.Side), p.Server, p.Login, p.Href, l.now().Unix())
		return err
	})
}

// Principal returns who an account is at one end; the zero value where nothing is known.
func (l *Objects) Principal(ctx context.Context, address string, side rehome.Side) (p Principal, err error) {
	err = l.read(ctx, func(rows *sql.Rows) error {
		var noted int64
		err := rows.Scan(&p.Server, &p.Login, &p.Href, &noted)
		p.Address, p.Side, p.Noted = address, side, fromUnix(noted)
		return err
	}, `SELECT server, login, href, noted_unix FROM principals WHERE address = ? AND side = ?`, address, string(side))
	return p, err
}
