// SPDX-License-Identifier: Apache-2.0

package atmail7

import (
	"cmp"
	"context"
	"database/sql"
	"strings"
)

// peopleTables is what the tables beside UserSession say, by address. Each table is read once, row by row,
// and joined here: accounts differ in letter case and collation from table to table, and a join in SQL
// would lose without a word what one table lacks.
type peopleTables struct {
	domains  map[string]bool
	users    map[string]user
	settings map[string]setting
	contacts map[string]contact
	groups   map[string]group
	regime   regime
}

// user is a row of Users.
type user struct {
	disabled    bool
	quota       string
	group       string
	forward     string
	first, last string
	recoded     recoding
}

// setting is a row of UserSettings.
type setting struct {
	realName string
	recoded  recoding
}

func (a *assembly) readConfig(ctx context.Context) error {
	var rows [][3]string
	sel := selection{role: roleConfig, fields: []string{"config.section", "config.key", "config.value"}, where: having("config.key", "config.value")}
	err := a.read(ctx, sel, func(v []sql.RawBytes) error {
		// Nothing but these keys: the table also holds the server's own passwords.
		switch key := strings.ToLower(string(v[1])); key {
		case "userpasswordencryptiontype", "authtype", "crypt":
			rows = append(rows, [3]string{string(v[0]), key, string(v[2])})
		}
		return nil
	})
	a.people.regime = regimeOf(rows)
	return err
}

func (a *assembly) readUsers(ctx context.Context) error {
	sel := selection{role: roleUser, fields: []string{
		"user.account", "user.status", "user.quota", "user.group", "user.forward", "user.first_name", "user.last_name",
	}, texts: []string{"user.forward", "user.first_name", "user.last_name"}}
	return a.readTexts(ctx, sel, func(v []sql.RawBytes, how []recoding) error {
		address := key(v[0])
		if _, twice := a.people.users[address]; twice {
			a.find(accountTwice, address, "Users", nil)
			return nil
		}
		a.people.users[address] = user{
			disabled: !isZero(v[1]), quota: string(v[2]), group: key(v[3]), forward: string(v[4]),
			first: tidy(string(v[5])), last: tidy(string(v[6])), recoded: cmp.Or(how[5], how[6]),
		}
		return nil
	})
}

func (a *assembly) readSettings(ctx context.Context) error {
	sel := selection{role: roleSettings, fields: []string{"settings.account", "settings.real_name"}, texts: []string{"settings.real_name"}}
	return a.readTexts(ctx, sel, func(v []sql.RawBytes, how []recoding) error {
		a.people.settings[key(v[0])] = setting{realName: tidy(string(v[1])), recoded: how[1]}
		return nil
	})
}

// ownContacts narrows an address book, which may hold millions of records, to those that may be the
// users' own. Comparing bytes avoids an error where two columns have different collations.
func ownContacts(t *table) (string, bool) {
	if !t.has("contact.account") {
		return "", false
	}
	var either []string
	if t.has("contact.global") {
		either = append(either, quoted(t.columns["contact.global"].name)+" = 1")
	}
	if t.has("contact.email") {
		folded := func(field string) string {
			return "CAST(LOWER(TRIM(CONVERT(" + quoted(t.columns[field].name) + " USING utf8))) AS BINARY)"
		}
		either = append(either, folded("contact.email")+" = "+folded("contact.account"))
	}
	return " WHERE " + strings.Join(either, " OR "), len(either) > 0
}

func (a *assembly) readContacts(ctx context.Context) error {
	sel := selection{role: roleContact, where: ownContacts, fields: []string{
		"contact.account", "contact.email", "contact.global", "contact.first_name", "contact.last_name",
	}, texts: []string{"contact.first_name", "contact.last_name"}}
	return a.readTexts(ctx, sel, func(v []sql.RawBytes, how []recoding) error {
		address := key(v[0])
		email := key(v[1])
		c := contact{global: !isZero(v[2]), own: email == "" || email == address, first: tidy(string(v[3])), last: tidy(string(v[4])),
			recoded: cmp.Or(how[3], how[4])}
		if c.first == "" && c.last == "" {
			return nil
		}
		if known, given := a.people.contacts[address]; !given || c.better(known) {
			a.people.contacts[address] = c
		}
		return nil
	})
}
