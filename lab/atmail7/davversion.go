// SPDX-License-Identifier: Apache-2.0

package atmail7

import (
	"context"
	"fmt"
	"slices"
)

// DAVVersion is a shape that the tables of contacts and calendars have had. They are in order of
// time: a later one has what an earlier one had, unless a column says otherwise.
type DAVVersion int

// The versions of SabreDAV whose tables differ, and atmail's own.
const (
	DAV15     DAVVersion = iota + 1 // names may be there twice, bodies in TEXT that cuts at 64 KB
	DAV16                           // names are unique in a calendar
	DAV17                           // etag, size and component of an object
	DAV18                           // names compared octet by octet
	DAV20                           // sync tokens, changes, subscriptions
	DAV21                           // uid of an object, inbox of invitations
	DAV30                           // utf8mb4
	DAV32                           // calendars shared as instances
	DAVAtmail                       // calendarObjects, principals/users/, delegates, contacts in Abook
)

// DAVVersions returns all of them.
func DAVVersions() []DAVVersion {
	return []DAVVersion{DAV15, DAV16, DAV17, DAV18, DAV20, DAV21, DAV30, DAV32, DAVAtmail}
}

// String names the version.
func (v DAVVersion) String() string {
	names := []string{"1.5", "1.6", "1.7", "1.8", "2.0", "2.1", "3.0", "3.2", "atmail"}
	if v < DAV15 || v > DAVAtmail {
		return fmt.Sprintf("DAVVersion(%d)", int(v))
	}
	return names[v-DAV15]
}

// shape is the version of SabreDAV whose columns the tables have: atmail's are those of an early
// fork of 1.6.
func (v DAVVersion) shape() DAVVersion {
	if v == DAVAtmail {
		return DAV16
	}
	return v
}

// LoadDAV replaces the tables of contacts and calendars by empty ones of that version, fills them
// with a small sample and returns what a reader has to find in it. The accounts are DAVAnna,
// DAVBob and DAVCarol; LoadDAV does not add them. The server's own SabreDAV no longer works
// afterwards: start the server without it.
func (s *Server) LoadDAV(ctx context.Context, version DAVVersion) (DAVContent, error) {
	sample := newDAVSample(version)
	if err := s.replaceDAVTables(ctx, version); err != nil {
		return DAVContent{}, fmt.Errorf("make the DAV tables of version %s: %w", version, err)
	}
	for _, row := range sample.rows {
		if err := s.insertDAV(ctx, version, row); err != nil {
			return DAVContent{}, fmt.Errorf("fill %s of version %s: %w", row.table, version, err)
		}
	}
	return sample.content, nil
}

func (s *Server) replaceDAVTables(ctx context.Context, version DAVVersion) error {
	names := []string{"calendarObjects"}
	for _, table := range davTables() {
		names = append(names, table.name)
	}
	for _, name := range names {
		if _, err := s.db.ExecContext(ctx, "DROP TABLE IF EXISTS "+name); err != nil {
			return err
		}
	}
	for _, table := range davTables() {
		if !table.in(version) {
			continue
		}
		if _, err := s.db.ExecContext(ctx, table.create(version)); err != nil {
			return err
		}
	}
	return nil
}

// insertDAV writes what the version's table has room for.
func (s *Server) insertDAV(ctx context.Context, version DAVVersion, r davRow) error {
	tables := davTables()
	at := slices.IndexFunc(tables, func(t davTable) bool { return t.name == r.table })
	if at < 0 { // one of atmail's, which has all columns
		return s.insertRow(ctx, r.table, r.values, func(string) bool { return true })
	}
	if !tables[at].in(version) {
		return nil
	}
	return s.insertRow(ctx, tables[at].nameIn(version), r.values, func(column string) bool { return tables[at].has(column, version) })
}
