// SPDX-License-Identifier: Apache-2.0

package atmail7

import (
	"context"
	"maps"
	"slices"
	"strings"
)

// davTable is a table over all versions. A version of zero is no bound.
type davTable struct {
	name         string // as SabreDAV spells it
	atmail       string // as atmail spells it; "-" where atmail has no such table
	atmailOnly   bool
	since, until DAVVersion
	columns      []davColumn
}

// davColumn is a column, or a key, over all versions.
type davColumn struct {
	definition   string
	since, until DAVVersion
}

func within(version, since, until DAVVersion) bool {
	return version >= since && (until == 0 || version <= until)
}

func (t davTable) in(version DAVVersion) bool {
	if t.atmailOnly || t.atmail == "-" {
		return (version == DAVAtmail) == t.atmailOnly && within(version.shape(), t.since, t.until)
	}
	return within(version.shape(), t.since, t.until)
}

func (t davTable) nameIn(version DAVVersion) string {
	if version == DAVAtmail && t.atmail != "" {
		return t.atmail
	}
	return t.name
}

func (t davTable) has(column string, version DAVVersion) bool {
	return column == "id" || slices.ContainsFunc(t.columns, func(c davColumn) bool {
		name, _, _ := strings.Cut(c.definition, " ")
		return name == column && within(version.shape(), c.since, c.until)
	})
}

func (t davTable) create(version DAVVersion) string {
	var columns []string
	for _, c := range t.columns {
		if within(version.shape(), c.since, c.until) {
			columns = append(columns, c.definition)
		}
	}
	charset := "utf8"
	if version.shape() >= DAV30 {
		charset = "utf8mb4"
	}
	return "CREATE TABLE " + t.nameIn(version) + " (id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, " +
		strings.Join(columns, ", ") + ") ENGINE=InnoDB DEFAULT CHARSET=" + charset
}

func (s *Server) insertRow(ctx context.Context, table string, values map[string]any, has func(column string) bool) error {
	var columns []string
	var args []any
	for _, column := range slices.Sorted(maps.Keys(values)) {
		if has(column) {
			columns, args = append(columns, "`"+column+"`"), append(args, values[column])
		}
	}
	marks := strings.TrimSuffix(strings.Repeat("?, ", len(args)), ", ")
	_, err := s.db.ExecContext(ctx, "INSERT INTO `"+table+"` ("+strings.Join(columns, ", ")+") VALUES ("+marks+")", args...)
	return err
}

// davTables are SabreDAV's tables for MySQL from 1.5 to 4.7, with the column id left out.
func davTables() []davTable {
	return slices.Concat(calendarTables(), calendarSideTables(), bookTables(), principalTables())
}

func calendarTables() []davTable {
	return []davTable{
		{name: "calendarobjects", atmail: "calendarObjects", columns: []davColumn{
			{definition: "calendardata TEXT", until: DAV15}, {definition: "calendardata MEDIUMBLOB", since: DAV16},
			{definition: "uri VARCHAR(100)", until: DAV15}, {definition: "uri VARCHAR(200)", since: DAV16, until: DAV17},
			{definition: "uri VARBINARY(200)", since: DAV18},
			{definition: "calendarid INT UNSIGNED NOT NULL"}, {definition: "lastmodified INT UNSIGNED"},
			{definition: "etag VARBINARY(32)", since: DAV17}, {definition: "size INT UNSIGNED NOT NULL", since: DAV17},
			{definition: "componenttype VARBINARY(8)", since: DAV17},
			{definition: "firstoccurence INT UNSIGNED", since: DAV17}, {definition: "lastoccurence INT UNSIGNED", since: DAV17},
			{definition: "uid VARBINARY(200)", since: DAV21},
			{definition: "UNIQUE (calendarid, uri)", since: DAV16},
			{definition: "INDEX (calendarid, firstoccurence)", since: DAV32},
		}},
		{name: "calendars", columns: []davColumn{
			{definition: "principaluri VARBINARY(100)", until: DAV30}, {definition: "displayname VARCHAR(100)", until: DAV30},
			{definition: "uri VARBINARY(200)", until: DAV30},
			{definition: "ctag INT UNSIGNED NOT NULL DEFAULT 0", until: DAV18},
			{definition: "synctoken INT UNSIGNED NOT NULL DEFAULT 1", since: DAV20},
			{definition: "description TEXT", until: DAV30}, {definition: "calendarorder INT UNSIGNED NOT NULL DEFAULT 0", until: DAV30},
			{definition: "calendarcolor VARBINARY(10)", until: DAV30}, {definition: "timezone TEXT", until: DAV30},
			{definition: "components VARBINARY(20)", until: DAV20}, {definition: "components VARBINARY(21)", since: DAV21},
			{definition: "transparent TINYINT(1) NOT NULL DEFAULT 0", since: DAV17, until: DAV30},
			{definition: "UNIQUE (principaluri, uri)", since: DAV16, until: DAV30},
		}},
		{name: "calendarinstances", since: DAV32, columns: []davColumn{
			{definition: "calendarid INT UNSIGNED NOT NULL"}, {definition: "principaluri VARBINARY(100)"},
			{definition: "access TINYINT(1) NOT NULL DEFAULT 1"}, {definition: "displayname VARCHAR(100)"}, {definition: "uri VARBINARY(200)"},
			{definition: "description TEXT"}, {definition: "calendarorder INT UNSIGNED NOT NULL DEFAULT 0"},
			{definition: "calendarcolor VARBINARY(10)"}, {definition: "timezone TEXT"}, {definition: "transparent TINYINT(1) NOT NULL DEFAULT 0"},
			{definition: "share_href VARBINARY(100)"}, {definition: "share_displayname VARCHAR(100)"},
			{definition: "share_invitestatus TINYINT(1) NOT NULL DEFAULT 2"},
			{definition: "UNIQUE (principaluri, uri)"}, {definition: "UNIQUE (calendarid, principaluri)"},
		}},
	}
}

func calendarSideTables() []davTable {
	return []davTable{
		{name: "calendarchanges", since: DAV20, columns: []davColumn{
			{definition: "uri VARBINARY(200) NOT NULL"}, {definition: "synctoken INT UNSIGNED NOT NULL"},
			{definition: "calendarid INT UNSIGNED NOT NULL"}, {definition: "operation TINYINT(1) NOT NULL"},
		}},
		{name: "calendarsubscriptions", since: DAV20, columns: []davColumn{
			{definition: "uri VARBINARY(200) NOT NULL"}, {definition: "principaluri VARBINARY(100) NOT NULL"}, {definition: "source TEXT"},
			{definition: "displayname VARCHAR(100)"}, {definition: "refreshrate VARCHAR(10)"},
			{definition: "calendarorder INT UNSIGNED NOT NULL DEFAULT 0"}, {definition: "calendarcolor VARBINARY(10)"},
			{definition: "striptodos TINYINT(1)"}, {definition: "stripalarms TINYINT(1)"}, {definition: "stripattachments TINYINT(1)"},
			{definition: "lastmodified INT UNSIGNED"}, {definition: "UNIQUE (principaluri, uri)"},
		}},
		{name: "schedulingobjects", since: DAV21, columns: []davColumn{
			{definition: "principaluri VARBINARY(255)"}, {definition: "calendardata MEDIUMBLOB"}, {definition: "uri VARBINARY(200)"},
			{definition: "lastmodified INT UNSIGNED"}, {definition: "etag VARBINARY(32)"}, {definition: "size INT UNSIGNED NOT NULL"},
		}},
	}
}

func bookTables() []davTable {
	return []davTable{
		{name: "addressbooks", atmail: "-", columns: []davColumn{
			{definition: "principaluri VARCHAR(255)"}, {definition: "displayname VARCHAR(255)"},
			{definition: "uri VARCHAR(100)", until: DAV15}, {definition: "uri VARCHAR(200)", since: DAV16},
			{definition: "description TEXT"},
			{definition: "ctag INT UNSIGNED NOT NULL DEFAULT 1", until: DAV18},
			{definition: "synctoken INT UNSIGNED NOT NULL DEFAULT 1", since: DAV20},
			{definition: "UNIQUE (principaluri(100), uri(100))", since: DAV16},
		}},
		{name: "cards", atmail: "-", columns: []davColumn{
			{definition: "addressbookid INT UNSIGNED NOT NULL"},
			{definition: "carddata TEXT", until: DAV15}, {definition: "carddata MEDIUMBLOB", since: DAV16},
			{definition: "uri VARCHAR(200)"}, {definition: "lastmodified INT UNSIGNED"},
			{definition: "etag VARBINARY(32)", since: DAV20}, {definition: "size INT UNSIGNED NOT NULL", since: DAV20},
		}},
		{name: "addressbookchanges", atmail: "-", since: DAV20, columns: []davColumn{
			{definition: "uri VARCHAR(200) NOT NULL"}, {definition: "synctoken INT UNSIGNED NOT NULL"},
			{definition: "addressbookid INT UNSIGNED NOT NULL"}, {definition: "operation TINYINT(1) NOT NULL"},
		}},
	}
}

func principalTables() []davTable {
	return []davTable{
		{name: "principals", columns: []davColumn{
			{definition: "uri VARCHAR(200) NOT NULL UNIQUE"}, {definition: "email VARCHAR(80)"}, {definition: "displayname VARCHAR(80)"},
			{definition: "vcardurl VARCHAR(255)", since: DAV16, until: DAV30},
		}},
		{name: "groupmembers", columns: []davColumn{
			{definition: "principal_id INT UNSIGNED NOT NULL"}, {definition: "member_id INT UNSIGNED NOT NULL"},
			{definition: "UNIQUE (principal_id, member_id)"},
		}},
		{name: "users", columns: []davColumn{{definition: "username VARCHAR(50) UNIQUE"}, {definition: "digesta1 VARCHAR(32)"}}},
		{name: "propertystorage", since: DAV20, columns: []davColumn{
			{definition: "path VARBINARY(1024) NOT NULL"}, {definition: "name VARBINARY(100) NOT NULL"},
			{definition: "valuetype INT UNSIGNED", since: DAV32}, {definition: "value MEDIUMBLOB"},
		}},
		{name: "calendarDelegates", atmailOnly: true, columns: []davColumn{
			{definition: "calendarid INT UNSIGNED NOT NULL"}, {definition: "principalid INT UNSIGNED NOT NULL"},
			{definition: "mode TINYINT(1) DEFAULT 0"},
		}},
	}
}
