// SPDX-License-Identifier: Apache-2.0

package corpus

import (
	"bytes"
	"context"
	"crypto/md5"
	"database/sql"
	"encoding/hex"
	"math"
	"strings"
)

// principal is what the tables of collections know an account by.
func principal(address string) string { return "principals/users/" + address }

// seedCollections writes the person's collections into SabreDAV's tables. Those that the server has
// made for the account already are filled.
func seedCollections(ctx context.Context, tx *sql.Tx, p Person) error {
	for _, c := range p.AddressBooks {
		if err := seedBook(ctx, tx, p.Address, c); err != nil {
			return err
		}
	}
	for i, c := range p.Calendars {
		if err := seedCalendar(ctx, tx, p.Address, i, c); err != nil {
			return err
		}
	}
	return nil
}

// makeRoom widens the column of cards for a person who has one that does not fit. MariaDB would cut
// it at 16 MB without a word, as it does on a real server.
func makeRoom(ctx context.Context, db *sql.DB, p Person) error {
	const mediumBlob = 1<<24 - 1
	for _, c := range p.AddressBooks {
		for _, r := range c.Resources {
			if len(r.Data) > mediumBlob {
				_, err := db.ExecContext(ctx, "ALTER TABLE cards MODIFY carddata LONGBLOB")
				return err
			}
		}
	}
	return nil
}

func seedBook(ctx context.Context, tx *sql.Tx, address string, c Collection) error {
	done, err := tx.ExecContext(ctx, `INSERT INTO addressbooks (principaluri, uri, displayname, description, ctag) VALUES (?, ?, ?, ?, 1)
		ON DUPLICATE KEY UPDATE id = LAST_INSERT_ID(id), displayname = VALUES(displayname), description = VALUES(description)`,
		principal(address), c.Name, c.DisplayName, c.Description)
	if err != nil {
		return err
	}
	id, err := done.LastInsertId()
	if err != nil {
		return err
	}
	for _, r := range c.Resources {
		_, err := tx.ExecContext(ctx, "INSERT INTO cards (addressbookid, carddata, uri, lastmodified) VALUES (?, ?, ?, ?)", id, r.Data, r.Name,
			r.Modified.Unix())
		if err != nil {
			return err
		}
	}
	_, err = tx.ExecContext(ctx, "UPDATE addressbooks SET ctag = ctag + ? WHERE id = ?", len(c.Resources), id)
	return err
}

func seedCalendar(ctx context.Context, tx *sql.Tx, address string, order int, c Collection) error {
	done, err := tx.ExecContext(ctx, `INSERT INTO calendars (principaluri, uri, displayname, description, calendarcolor, calendarorder, components, ctag)
		VALUES (?, ?, ?, ?, ?, ?, ?, 1)
		ON DUPLICATE KEY UPDATE id = LAST_INSERT_ID(id), displayname = VALUES(displayname), description = VALUES(description),
			calendarcolor = VALUES(calendarcolor), calendarorder = VALUES(calendarorder), components = VALUES(components)`,
		principal(address), c.Name, c.DisplayName, c.Description, c.Color, order, strings.Join(c.Components, ","))
	if err != nil {
		return err
	}
	id, err := done.LastInsertId()
	if err != nil {
		return err
	}
	for _, r := range c.Resources {
		// The widest span, so that a time-range query never hides an object.
		_, err := tx.ExecContext(ctx, `INSERT INTO calendarObjects
			(calendarid, calendardata, uri, lastmodified, etag, size, componenttype, firstoccurence, lastoccurence)
			VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?)`, id, r.Data, r.Name, r.Modified.Unix(), r.ETag(), len(r.Data), r.Component(), math.MaxInt32)
		if err != nil {
			return err
		}
	}
	_, err = tx.ExecContext(ctx, "UPDATE calendars SET ctag = ctag + ? WHERE id = ?", len(c.Resources), id)
	return err
}

// ETag is what SabreDAV shows for the resource, without the quotes around it.
func (r Resource) ETag() string {
	sum := md5.Sum(r.Data)
	return hex.EncodeToString(sum[:])
}

// Component is VTODO or VEVENT, for calendar objects.
func (r Resource) Component() string {
	if bytes.Contains(r.Data, []byte("BEGIN:VTODO")) {
		return "VTODO"
	}
	return "VEVENT"
}
