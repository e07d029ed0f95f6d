// SPDX-License-Identifier: Apache-2.0

package atmail7

import (
	"context"
	"strings"
)

// davTable is a table of contacts and calendars as it is in this database. SabreDAV has changed them
// from version to version, and atmail has changed SabreDAV: a column that is not there is NULL.
type davTable struct {
	name    string
	columns map[string]column // by lower-case name
}

func (t *davTable) has(name string) bool {
	if t == nil {
		return false
	}
	_, found := t.columns[name]
	return found
}

// col is an expression for a column, NULL where the table lacks it.
func (t *davTable) col(alias, name string) string {
	if !t.has(name) {
		return "NULL"
	}
	return alias + "." + quoted(t.columns[name].name)
}

// davTables are those that matter; nil ones are not there.
type davTables struct {
	principals, members                       *davTable
	calendars, instances, objects, subscribed *davTable
	delegates                                 *davTable // atmail's own
	books, cards                              *davTable
	contacts, groups, permissions             *davTable // atmail's own address book
	users                                     *davTable
}

// davTables looks them up, once.
func (d *Database) davTables(ctx context.Context, r *reading) (*davTables, error) {
	d.dav.mu.Lock()
	defer d.dav.mu.Unlock()
	if d.dav.tables != nil {
		return d.dav.tables, nil
	}
	found, err := r.introspect(ctx)
	if err != nil {
		return nil, err
	}
	table := func(name string) *davTable {
		names := found.matching(name)
		if len(names) == 0 {
			return nil
		}
		return &davTable{name: names[0], columns: found[names[0]]}
	}
	d.dav.tables = &davTables{
		principals: table("principals"), members: table("groupmembers"),
		// atmail's spelling first: beside it a table of the stock name is an empty leftover.
		calendars: table("calendars"), instances: table("calendarinstances"), objects: table("calendarObjects"), subscribed: table("calendarsubscriptions"),
		delegates: table("calendarDelegates"), books: table("addressbooks"), cards: table("cards"),
		contacts: table("Abook"), groups: table("AbookGroup"), permissions: table("AbookPermissions"), users: table("users"),
	}
	return d.dav.tables, nil
}

// ofPrincipal is a condition on a column that holds principals: "principals/anna", or with more in
// front, as atmail has it. Its argument is the account.
func ofPrincipal(expression string) string {
	return "CONVERT(SUBSTRING_INDEX(" + expression + ", '/', -1) USING utf8) = CONVERT(? USING utf8)"
}

// lastPart is the account of a principal's name; of "principals/anna/calendar-proxy-write" that of its
// owner.
func lastPart(principal []byte) (account, group string) {
	name := decodeExact(principal)
	if before, last, found := cutLast(name, "/"); found && strings.HasPrefix(last, "calendar-proxy-") {
		name = before
		group = last
	}
	if _, last, found := cutLast(name, "/"); found {
		name = last
	}
	return strings.ToLower(name), group
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}
