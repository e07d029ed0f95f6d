// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"rehome"
)

// Objects keeps what of an account's address books and calendars is at the destination.
type Objects struct{ *store }

// Collection is the row of one source collection: an address book or a calendar.
type Collection struct {
	ID          int64
	Address     string
	Kind        rehome.Kind // contacts or calendars
	Source      string      // href, as the source writes it
	Destination string      // href at the destination
	Made        bool        // the destination did not have it before us
	Properties  string      // the source's, when they were last carried over; "" for never
	State       CollectionState
	Target      CollectionMark // the destination's, before it was last looked through
	Pending     int64          // objects that need another look although the source did not change
	Removable   int64          // objects that the source has no more, and that a mirror of it would not have either
}

// CollectionState is what the source said of a collection when the last complete pass ended. Empty
// means that there was none.
type CollectionState struct {
	SyncToken string // RFC 6578
	CTag      string
	Objects   int64
}

// CollectionMark is what a server says of the state of a collection; another mark means that something has changed.
type CollectionMark struct {
	SyncToken string // RFC 6578
	CTag      string
}

// Collection returns the row of c.Address and c.Source and makes it when it is missing. When the
// collection now goes to another destination, all that is known of its objects is void.
func (l *Objects) Collection(ctx context.Context, c Collection) (*Collection, error) {
	row := c
	err := l.write(ctx, func(tx *sql.Tx) error { return row.find(tx) })
	if err != nil {
		return nil, fmt.Errorf("ledger row of %s %q: %w", c.Address, c.Source, err)
	}
	return &row, nil
}

func (c *Collection) find(tx *sql.Tx) error {
	destination := c.Destination
	err := tx.QueryRow(`SELECT id, dst_href, made, properties, src_token, src_ctag, src_objects, dst_token, dst_ctag
		FROM collections WHERE address = ? AND src_href = ?`, c.Address, c.Source).Scan(&c.ID, &c.Destination, &c.Made, &c.Properties,
		&c.State.SyncToken, &c.State.CTag, &c.State.Objects, &c.Target.SyncToken, &c.Target.CTag)
	if errors.Is(err, sql.ErrNoRows) {
		return tx.QueryRow(`INSERT INTO collections (address, kind, src_href, dst_href, made) VALUES (?, ?, ?, ?, ?) RETURNING id`,
			c.Address, c.Kind, c.Source, destination, bit(c.Made)).Scan(&c.ID)
	}
	if err != nil || c.Destination == destination {
		return err
	}
	return c.move(tx, destination)
}

// move voids all that is known of a collection that goes to another destination.
func (c *Collection) move(tx *sql.Tx, destination string) error {
	*c = Collection{ID: c.ID, Address: c.Address, Kind: c.Kind, Source: c.Source, Destination: destination}
	if _, err := tx.Exec(`DELETE FROM objects WHERE collection_id = ?`, c.ID); err != nil {
		return err
	}
	_, err := tx.Exec(`UPDATE collections SET dst_href = ?, made = 0, properties = '', src_token = '', src_ctag = '', src_objects = 0,
		dst_token = '', dst_ctag = '' WHERE id = ?`, destination, c.ID)
	return err
}

// MoveCollection notes that a collection goes to another destination from now on. All that is known of its objects is void but what
// is given.
func (l *Objects) MoveCollection(ctx context.Context, c *Collection, destination string, objects ...Object) error {
	now := l.now().UnixNano()
	moved := *c
	err := l.write(ctx, func(tx *sql.Tx) error {
		if err := moved.move(tx, destination); err != nil {
			return err
		}
		for _, o := range objects {
			if err := saveObject(tx, c.ID, o, now); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("ledger row of %s %q: %w", c.Address, c.Source, err)
	}
	*c = moved
	return nil
}

// Collections returns the rows of an account by source href, so that a pass can tell from one listing
// of the source which of them need to be looked into at all.
func (l *Objects) Collections(ctx context.Context, address string) (map[string]Collection, error) {
	all := map[string]Collection{}
	err := l.read(ctx, func(rows *sql.Rows) error {
		c := Collection{Address: address}
		err := rows.Scan(&c.ID, &c.Kind, &c.Source, &c.Destination, &c.Made, &c.Properties, &c.State.SyncToken, &c.State.CTag, &c.State.Objects,
			&c.Target.SyncToken, &c.Target.CTag, &c.Pending, &c.Removable)
		all[c.Source] = c
		return err
	}, `SELECT id, kind, src_href, dst_href, made, properties, src_token, src_ctag, src_objects, dst_token, dst_ctag,
		(SELECT COUNT(*) FROM objects o WHERE o.collection_id = c.id AND (o.state IN ('intent', 'quarantined', 'conflict', 'held')
			OR o.code LIKE 'update%' OR o.anew <> 0 AND o.state <> 'gone')),
		(SELECT COUNT(*) FROM objects o WHERE o.collection_id = c.id AND o.state = 'gone' AND o.form IS NOT NULL)
		FROM collections c WHERE address = ?`, address)
	return all, err
}

// RenameCollection gives the row of a collection the href that the source calls it by now. What the source
// said of its state counts no more.
func (l *Objects) RenameCollection(ctx context.Context, c *Collection, href string) error {
	err := l.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.Exec(`UPDATE collections SET src_href = ?, src_token = '', src_ctag = '' WHERE id = ?`, href, c.ID)
		return err
	})
	if err == nil {
		c.Source, c.State.SyncToken, c.State.CTag = href, "", ""
	}
	return err
}

// NoteProperties keeps what the destination's collection was given: its properties, and whether we
// made it.
func (l *Objects) NoteProperties(ctx context.Context, c *Collection) error {
	return l.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.Exec(`UPDATE collections SET made = ?, properties = ? WHERE id = ?`, bit(c.Made), c.Properties, c.ID)
		return err
	})
}

// SettleCollection notes that a pass over the collection is complete and what both ends looked like before it.
func (l *Objects) SettleCollection(ctx context.Context, c *Collection, state CollectionState, target CollectionMark) error {
	err := l.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.Exec(`UPDATE collections SET src_token = ?, src_ctag = ?, src_objects = ?, dst_token = ?, dst_ctag = ? WHERE id = ?`,
			state.SyncToken, state.CTag, state.Objects, target.SyncToken, target.CTag, c.ID)
		return err
	})
	if err == nil {
		c.State = state
		c.Target = target
	}
	return err
}
