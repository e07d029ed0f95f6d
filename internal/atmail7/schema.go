// SPDX-License-Identifier: Apache-2.0

package atmail7

import (
	"cmp"
	"context"
	"database/sql"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// schema is where a profile's fields are in this database.
type schema struct {
	profile string
	tables  map[role][]*table // several only for a role that is in shards
	missing []Missing         // needed ones first
	stale   []string          // tables of another layout, which are not read
}

// has reports whether the rows of the role are anywhere; a profile may say that they are not.
func (s *schema) has(r role) bool { return len(s.tables[r]) > 0 }

// table is one real table.
type table struct {
	name    string
	columns map[string]column // by field
}

// column is one real column.
type column struct {
	name    string
	charset string // empty for numbers and bytes
}

func (t *table) has(field string) bool {
	_, ok := t.columns[field]
	return ok
}

// catalogue is information_schema: for each real table its columns by lower-case name.
type catalogue map[string]map[string]column

func (r *reading) introspect(ctx context.Context) (catalogue, error) {
	found := catalogue{}
	err := r.each(ctx, "the tables",
		"SELECT TABLE_NAME, COLUMN_NAME, CHARACTER_SET_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()",
		func(values []sql.RawBytes) error {
			name := string(values[0])
			columnName := string(values[1])
			if found[name] == nil {
				found[name] = map[string]column{}
			}
			found[name][strings.ToLower(columnName)] = column{name: columnName, charset: strings.ToLower(string(values[2]))}
			return nil
		})
	return found, err
}

// shardSuffix is what follows the name of a sharded table: one letter, two on large installations,
// or "other" (also for digits). Other suffixes, as in Abook_shared, are other tables.
var shardSuffix = regexp.MustCompile(`(?i)^_([a-z0-9]{1,2}|other)$`)

// matching returns the real names that a profile's table name means, whatever their letter case.
// Table names are case-sensitive on some servers only, and dumps from one to another changed them.
func (c catalogue) matching(pattern string) []string {
	base, sharded := strings.CutSuffix(pattern, shards)
	var exact, folded []string
	for _, name := range slices.Sorted(maps.Keys(c)) {
		switch {
		case sharded:
			if len(name) > len(base) && strings.EqualFold(name[:len(base)], base) && shardSuffix.MatchString(name[len(base):]) {
				folded = append(folded, name)
			}
		case name == pattern:
			exact = []string{name}
		case strings.EqualFold(name, pattern):
			folded = append(folded, name)
		}
	}
	if exact != nil {
		return exact
	}
	if !sharded && len(folded) > 1 {
		return folded[:1]
	}
	return folded
}

// bestFit resolves each profile and returns the one that lacks the least: first of what is needed,
// then of the rest. Of equals the first wins.
func bestFit(found catalogue, profiles []*profile) *schema {
	var all []*schema
	for _, p := range profiles {
		all = append(all, resolve(found, p))
	}
	return slices.MinFunc(all, func(a, b *schema) int {
		return cmp.Or(cmp.Compare(a.needed(), b.needed()), cmp.Compare(len(a.missing), len(b.missing)))
	})
}

func (s *schema) needed() int {
	n := 0
	for _, m := range s.missing {
		if !m.Optional {
			n++
		}
	}
	return n
}

// resolve finds the profile's tables and columns.
func resolve(found catalogue, p *profile) *schema {
	s := &schema{profile: p.name, tables: map[role][]*table{}}
	for _, inRole := range fieldsByRole(p) {
		wanted := p.places[inRole[0].name].table
		names := found.matching(wanted)
		if len(names) == 0 {
			s.missing = append(s.missing, missingTable(wanted, inRole))
		}
		for _, name := range names {
			t, lacks := resolveTable(found, p, name, inRole)
			s.tables[inRole[0].role()] = append(s.tables[inRole[0].role()], t)
			s.missing = append(s.missing, lacks...)
		}
		s.stale = append(s.stale, found.otherLayout(wanted)...)
	}
	slices.SortStableFunc(s.missing, func(a, b Missing) int { return optionalLast(a) - optionalLast(b) })
	return s
}

func optionalLast(m Missing) int {
	if m.Optional {
		return 1
	}
	return 0
}

// fieldsByRole returns the fields that the profile places somewhere, grouped.
func fieldsByRole(p *profile) [][]field {
	var groups [][]field
	for _, f := range fields {
		if p.places[f.name].isAbsent() {
			continue
		}
		if last := len(groups) - 1; last >= 0 && groups[last][0].role() == f.role() {
			groups[last] = append(groups[last], f)
		} else {
			groups = append(groups, []field{f})
		}
	}
	return groups
}

func resolveTable(found catalogue, p *profile, name string, inRole []field) (*table, []Missing) {
	t := &table{name: name, columns: map[string]column{}}
	var lacks []Missing
	for _, f := range inRole {
		wanted := p.places[f.name].column
		if c, ok := found[name][strings.ToLower(wanted)]; ok {
			t.columns[f.name] = c
			continue
		}
		lacks = append(lacks, Missing{Table: name, Column: wanted, Purpose: f.purpose, Optional: f.optional})
	}
	return t, lacks
}

// missingTable is one entry for all that the table is needed for.
func missingTable(name string, inRole []field) Missing {
	m := Missing{Table: name, Optional: true}
	var purposes []string
	for _, f := range inRole {
		m.Optional = m.Optional && f.optional
		if !slices.Contains(purposes, f.purpose) {
			purposes = append(purposes, f.purpose)
		}
	}
	m.Purpose = strings.Join(purposes, "; ")
	return m
}

// otherLayout returns the shards of a table that is read whole, or the whole one of shards: a server
// that was upgraded from atmail 5 may hold both, and one of them is years old.
func (c catalogue) otherLayout(wanted string) []string {
	if base, sharded := strings.CutSuffix(wanted, shards); sharded {
		return c.matching(base)
	}
	return c.matching(wanted + shards)
}
