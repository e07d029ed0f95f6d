// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"rehome"
)

// ObjectState is how far an object has come.
type ObjectState string

// The states.
const (
	ObjectIntent      ObjectState = "intent"      // begun: nobody knows whether the destination has it
	ObjectStored      ObjectState = "stored"      // written by us
	ObjectAdopted     ObjectState = "adopted"     // was at the destination before us
	ObjectMerged      ObjectState = "merged"      // is the same as another object of the source, which is there
	ObjectQuarantined ObjectState = "quarantined" // the destination does not take it
	ObjectConflict    ObjectState = "conflict"    // was edited at both ends: the destination's edit stands
	ObjectHeld        ObjectState = "held"        // would make the destination send invitations
	ObjectGone        ObjectState = "gone"        // vanished from the source, and was left at the destination
)

// There reports whether the destination has the object, edited or not.
func (s ObjectState) There() bool {
	return s == ObjectStored || s == ObjectAdopted || s == ObjectMerged || s == ObjectConflict || s == ObjectGone
}

// Object is the row of one contact or calendar object. Names are hrefs without that of their
// collection.
type Object struct {
	Source      string
	State       ObjectState
	SrcETag     string
	SrcDigest   []byte // SHA-256 of the octets that the source served last: by them it is known under another name
	Anew        bool   // the destination may lack the version of these octets: should it be met again, the two are compared
	Destination string
	DstETag     string
	Form        []byte // SHA-256 of the normal form of what the destination was given
	Kept        []byte // the same of what it keeps instead, where that is another one and harmless; else nil
	Tried       []byte // the same of versions that were sent and never answered, one behind the other
	Earlier     []byte // the same of versions that the destination had before, one behind the other
	UID         string
	MadeUID     string // that was given to an object without one when it was first written with one; "" for none
	Repairs     []Repair
	Code        string // of the finding, while it is not there or damaged
	Words       string // the server's own
	Escrow      string // file that keeps the original
	Updated     time.Time
}

// Spoilt reports whether the destination has taken the object and keeps something else.
func (o Object) Spoilt() bool {
	written := o.State == ObjectStored || o.State == ObjectAdopted
	return written && o.Code != "" && !o.Missing() && !o.Reverted() && !o.Behind()
}

// CodeMissing is that of an object that was at the destination and is there no more, whoever removed it.
const CodeMissing = "gone_at_destination"

// Missing reports whether the source has the object, and the destination has lost it after it was copied. It is not
// copied again unless somebody asks for that.
func (o Object) Missing() bool {
	return o.Code == CodeMissing && o.State.There() && o.State != ObjectGone
}

// CodeReverted is that of an object of which the destination has an earlier version than the one that was copied last.
const CodeReverted = "older_at_destination"

// Reverted reports whether the destination shows again what it was given before: it was put back from a backup, or its
// user has undone the change. The version of the source is not copied again unless somebody asks for that.
func (o Object) Reverted() bool {
	return o.Code == CodeReverted && o.State.There() && o.State != ObjectGone
}

// The codes of an object that the destination has in an older version, and has to get the newer one of yet. All
// begin alike.
const (
	UpdateRefused    = "update_refused"
	UpdateUnreadable = "update_unreadable" // the source does not serve it
	UpdateHeld       = "update_held"       // would make the destination send invitations
)

// Behind reports whether the destination has an older version of the object: its newer one could not be read, was
// refused, or is held back. It is tried again in each pass.
func (o Object) Behind() bool {
	return o.State.There() && o.State != ObjectGone && strings.HasPrefix(o.Code, "update_")
}

// Updating reports whether an update of the object was begun and nobody knows yet what the destination has of it.
func (o Object) Updating() bool {
	return o.Anew && o.State.There() && o.State != ObjectGone && !o.Behind()
}

// Repair is a change that was made to an object before it was written.
type Repair struct {
	Code     string `json:"code"`
	Sentence string `json:"sentence"`
}

// SaveObjects writes rows, all or none. Updated is set here.
func (l *Objects) SaveObjects(ctx context.Context, c *Collection, objects ...Object) error {
	now := l.now().UnixNano()
	write := l.write
	if slices.ContainsFunc(objects, func(o Object) bool { return o.State == ObjectIntent || len(o.Tried) > 0 }) {
		write = l.writeIntent
	}
	return write(ctx, func(tx *sql.Tx) error {
		for _, o := range objects {
			if err := saveObject(tx, c.ID, o, now); err != nil {
				return fmt.Errorf("ledger row of %q in %s %q: %w", o.Source, c.Address, c.Source, err)
			}
		}
		return nil
	})
}

func saveObject(tx *sql.Tx, collection int64, o Object, now int64) error {
	repairs := ""
	if len(o.Repairs) > 0 {
		encoded, err := json.Marshal(o.Repairs)
		if err != nil {
			return err
		}
		repairs = string(encoded)
	}
	if o.SrcDigest == nil {
		o.SrcDigest = []byte{}
	}
	_, err := tx.Exec(`INSERT INTO objects (collection_id, `+objectColumns+`)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (collection_id, src_name) DO UPDATE SET state = excluded.state, src_etag = excluded.src_etag,
		src_digest = excluded.src_digest, anew = excluded.anew, dst_name = excluded.dst_name, dst_etag = excluded.dst_etag,
		form = excluded.form, kept = excluded.kept, tried = excluded.tried, earlier = excluded.earlier, uid = excluded.uid,
		made_uid = excluded.made_uid, repairs = excluded.repairs, code = excluded.code, words = excluded.words, escrow = excluded.escrow,
		updated_nano = excluded.updated_nano`,
		collection, o.Source, o.State, o.SrcETag, o.SrcDigest, bit(o.Anew), o.Destination, o.DstETag, o.Form, o.Kept, o.Tried, o.Earlier,
		o.UID, o.MadeUID, repairs, o.Code, o.Words, o.Escrow, now)
	return err
}

// DropObjects forgets objects that are at neither end any more.
func (l *Objects) DropObjects(ctx context.Context, c *Collection, names ...string) error {
	return l.write(ctx, func(tx *sql.Tx) error {
		for _, name := range names {
			if _, err := tx.Exec(`DELETE FROM objects WHERE collection_id = ? AND src_name = ?`, c.ID, name); err != nil {
				return err
			}
		}
		return nil
	})
}

// RenameObject gives the row of an object the name that it has at the source now, which is o.Source, in one
// commit. A row that had the name before is replaced.
func (l *Objects) RenameObject(ctx context.Context, c *Collection, from string, o Object) error {
	now := l.now().UnixNano()
	return l.write(ctx, func(tx *sql.Tx) error {
		if _, err := tx.Exec(`DELETE FROM objects WHERE collection_id = ? AND src_name = ?`, c.ID, from); err != nil {
			return err
		}
		return saveObject(tx, c.ID, o, now)
	})
}

const objectColumns = `src_name, state, src_etag, src_digest, anew, dst_name, dst_etag, form, kept, tried, earlier,
	uid, made_uid, repairs, code, words, escrow, updated_nano`

func scanObject(rows *sql.Rows, before ...any) (Object, error) {
	var o Object
	var repairs string
	var updated int64
	err := rows.Scan(append(before, &o.Source, &o.State, &o.SrcETag, &o.SrcDigest, &o.Anew, &o.Destination, &o.DstETag, &o.Form, &o.Kept, &o.Tried,
		&o.Earlier, &o.UID, &o.MadeUID, &repairs, &o.Code, &o.Words, &o.Escrow, &updated)...)
	o.Updated = time.Unix(0, updated)
	if len(o.SrcDigest) == 0 { // not known: the column is never NULL, and databases read what has no octets in two ways
		o.SrcDigest = nil
	}
	if err == nil && repairs != "" {
		if json.Unmarshal([]byte(repairs), &o.Repairs) != nil {
			err = fmt.Errorf("repairs of object %q: %w", o.Source, errDamaged)
		}
	}
	return o, err
}

// Objects returns the rows of a collection by source name.
func (l *Objects) Objects(ctx context.Context, c *Collection) (map[string]Object, error) {
	all := map[string]Object{}
	err := l.read(ctx, func(rows *sql.Rows) error {
		o, err := scanObject(rows)
		all[o.Source] = o
		return err
	}, `SELECT `+objectColumns+` FROM objects WHERE collection_id = ?`, c.ID)
	return all, err
}

// Exception is an object of which more is to be said than that it was copied: it was repaired, or the
// destination has not got what the source has, or keeps it damaged, or has what the source has no more.
type Exception struct {
	Kind       rehome.Kind
	Collection string // href at the source
	Target     string // href of that at the destination
	Object
}

// Exceptions returns those of an account, collection by collection.
func (l *Objects) Exceptions(ctx context.Context, address string) ([]Exception, error) {
	var all []Exception
	err := l.read(ctx, func(rows *sql.Rows) error {
		var e Exception
		var err error
		e.Object, err = scanObject(rows, &e.Kind, &e.Collection, &e.Target)
		all = append(all, e)
		return err
	}, `SELECT c.kind, c.src_href, c.dst_href, `+objectColumns+` FROM objects o JOIN collections c ON c.id = o.collection_id
		WHERE c.address = ? AND (o.repairs <> '' OR o.code <> '' OR o.state IN ('merged', 'quarantined', 'conflict', 'held', 'gone'))
		ORDER BY c.src_href, o.src_name`, address)
	return all, err
}

// ObjectCounts is where the objects of an account stand.
type ObjectCounts struct {
	Collections int64
	Objects     int64 // at the source, when last seen
	There       int64 // of those that the ledger knows
	Quarantined int64 // with those that the destination keeps damaged, or has lost
	Conflicts   int64
	Held        int64
}

// counted is the query of what is counted of each collection.
const counted = `SELECT c.address, c.kind, c.src_href, c.dst_href, c.src_objects,
	(SELECT COUNT(*) FROM objects o WHERE o.collection_id = c.id
		AND (o.state IN ('stored', 'adopted') AND o.code = '' OR o.state IN ('merged', 'conflict') AND o.code NOT LIKE 'update%'
		AND o.code NOT IN ('gone_at_destination', 'older_at_destination'))) AS there,
	(SELECT COUNT(*) FROM objects o WHERE o.collection_id = c.id AND o.code <> 'update_held'
		AND (o.state = 'quarantined' OR o.state IN ('stored', 'adopted') AND o.code <> ''
		OR o.state <> 'gone' AND o.code IN ('gone_at_destination', 'older_at_destination') OR o.code LIKE 'update%')) AS quarantined,
	(SELECT COUNT(*) FROM objects o WHERE o.collection_id = c.id AND o.state = 'conflict'
		AND o.code NOT LIKE 'update%' AND o.code NOT IN ('gone_at_destination', 'older_at_destination')) AS conflicts,
	(SELECT COUNT(*) FROM objects o WHERE o.collection_id = c.id AND (o.state = 'held' OR o.code = 'update_held')) AS held
	FROM collections c`

// CollectionCounts is where the objects of one collection stand.
type CollectionCounts struct {
	ObjectCounts

	Kind                rehome.Kind
	Source, Destination string // hrefs
}

// CountsOf returns the counts of one account's collections, by kind and source.
func (l *Objects) CountsOf(ctx context.Context, address string) (all []CollectionCounts, err error) {
	err = l.read(ctx, func(rows *sql.Rows) error {
		c := CollectionCounts{ObjectCounts: ObjectCounts{Collections: 1}}
		err := rows.Scan(&address, &c.Kind, &c.Source, &c.Destination, &c.Objects, &c.There, &c.Quarantined, &c.Conflicts, &c.Held)
		all = append(all, c)
		return err
	}, counted+` WHERE c.address = ? ORDER BY c.kind, c.src_href`, address)
	return all, err
}

// Counts returns the counts of all accounts, by address and kind.
func (l *Objects) Counts(ctx context.Context) (map[string]map[rehome.Kind]ObjectCounts, error) {
	all := map[string]map[rehome.Kind]ObjectCounts{}
	err := l.read(ctx, func(rows *sql.Rows) error {
		var address string
		var kind rehome.Kind
		var n ObjectCounts
		err := rows.Scan(&address, &kind, &n.Collections, &n.Objects, &n.There, &n.Quarantined, &n.Conflicts, &n.Held)
		if all[address] == nil {
			all[address] = map[rehome.Kind]ObjectCounts{}
		}
		all[address][kind] = n
		return err
	}, `SELECT address, kind, COUNT(*), SUM(src_objects), SUM(there), SUM(quarantined), SUM(conflicts), SUM(held) FROM
		(`+counted+`) AS counted GROUP BY address, kind`)
	return all, err
}
