// SPDX-License-Identifier: Apache-2.0

package atmail7

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"strings"

	"rehome/internal/people"
)

// Shares lists who may see whose data: members of the calendar-proxy groups, atmail's own delegates,
// instances of shared calendars, and shared contacts. It is sorted, and each share is there once.
func (d *Database) Shares(ctx context.Context) ([]people.Share, error) {
	var all []people.Share
	err := d.snapshot(ctx, func(r *reading) error {
		tables, err := d.davTables(ctx, r)
		if err != nil {
			return err
		}
		for _, read := range []func(context.Context, *reading, *[]people.Share) error{
			tables.proxies, tables.delegated, tables.instanced, tables.permitted,
		} {
			if err := read(ctx, r, &all); err != nil {
				return err
			}
		}
		return nil
	})
	slices.SortFunc(all, func(a, b people.Share) int {
		return cmp.Or(cmp.Compare(a.Owner, b.Owner), cmp.Compare(a.Collection, b.Collection), cmp.Compare(a.To, b.To))
	})
	return slices.Compact(all), err
}

func (t *davTables) proxies(ctx context.Context, r *reading, all *[]people.Share) error {
	if t.members == nil || t.principals == nil {
		return nil
	}
	p := quoted(t.principals.name)
	query := "SELECT o.uri, m.uri FROM " + quoted(t.members.name) + " g JOIN " + p + " o ON o.id = g.principal_id JOIN " + p + " m ON m.id = g.member_id"
	return r.each(ctx, "table "+t.members.name, query, func(v []sql.RawBytes) error {
		owner, group := lastPart(v[0])
		to, _ := lastPart(v[1])
		if group != "" {
			*all = append(*all, people.Share{Owner: owner, To: to, Write: strings.HasSuffix(group, "write")})
		}
		return nil
	})
}

func (t *davTables) delegated(ctx context.Context, r *reading, all *[]people.Share) error {
	if t.delegates == nil || t.principals == nil || !t.calendars.has("principaluri") {
		return nil
	}
	query := "SELECT c.principaluri, c.uri, p.uri, " + t.delegates.col("d",
		"mode") + " FROM " + quoted(t.delegates.name) + " d JOIN " + quoted(t.calendars.name) +
		" c ON c.id = d.calendarid JOIN " + quoted(t.principals.name) + " p ON p.id = d.principalid"
	return r.each(ctx, "table "+t.delegates.name, query, func(v []sql.RawBytes) error {
		owner, _ := lastPart(v[0])
		to, _ := lastPart(v[2])
		*all = append(*all, people.Share{Owner: owner, Collection: string(v[1]), To: to, Write: !isZero(v[3])})
		return nil
	})
}

func (t *davTables) instanced(ctx context.Context, r *reading, all *[]people.Share) error {
	if !t.instances.has("access") {
		return nil
	}
	i := quoted(t.instances.name)
	query := "SELECT o.principaluri, o.uri, s.principaluri, s.access FROM " +
		"" + i + " s JOIN " + i + " o ON o.calendarid = s.calendarid AND o.access = 1 WHERE s.access <> 1"
	return r.each(ctx, "table "+t.instances.name, query, func(v []sql.RawBytes) error {
		owner, _ := lastPart(v[0])
		to, _ := lastPart(v[2])
		*all = append(*all, people.Share{Owner: owner, Collection: string(v[1]), To: to, Write: string(v[3]) == "3"})
		return nil
	})
}

func (t *davTables) permitted(ctx context.Context, r *reading, all *[]people.Share) error {
	if !t.permissions.has("abookid") || !t.contacts.has("account") {
		return nil
	}
	query := "SELECT b." + quoted(t.contacts.columns["account"].name) + ", p." + quoted(t.permissions.columns["account"].name) +
		", " + t.permissions.col("p", "permissions") +
		" FROM " + quoted(t.permissions.name) + " p JOIN " + quoted(t.contacts.name) + " b ON b.id = p.abookid"
	return r.each(ctx, "table "+t.permissions.name, query, func(v []sql.RawBytes) error {
		*all = append(*all, people.Share{Owner: key(v[0]), Collection: "contact", To: decodeExact(v[1]), Write: !isZero(v[2])})
		return nil
	})
}
