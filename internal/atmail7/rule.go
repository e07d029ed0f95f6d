// SPDX-License-Identifier: Apache-2.0

package atmail7

import (
	"context"
	"database/sql"
	"slices"
	"strings"

	"rehome/internal/people"
)

// ruleTable is a table of rules with its columns in the order in which row takes them. Any may be
// missing: servers of every age differ here.
type ruleTable struct {
	name    string // as in a profile, with shards
	columns []string
	row     func(rules map[string]*people.Rule, v []sql.RawBytes)
}

var ruleTables = []ruleTable{
	{"Users", []string{"Account", "AutoReply"}, func(rules map[string]*people.Rule, v []sql.RawBytes) {
		if away := strings.TrimSpace(string(v[1])); away != "" {
			ruleOf(rules, v[0]).Away = away
		}
	}},
	{"SpamSettings", []string{"username", "preference", "value"}, func(rules map[string]*people.Rule, v []sql.RawBytes) {
		senders := strings.Fields(strings.ToLower(string(v[2]))) // SpamAssassin takes several in one row
		switch strings.ToLower(string(v[1])) {
		case "whitelist_from":
			ruleOf(rules, v[0]).Allow = append(ruleOf(rules, v[0]).Allow, senders...)
		case "blacklist_from":
			ruleOf(rules, v[0]).Block = append(ruleOf(rules, v[0]).Block, senders...)
		}
	}},
	{"SpamDB", []string{"Account", "SpamEmail"}, addBlocked},
	{"SpamDB_*", []string{"Account", "SpamEmail"}, addBlocked},
	{"MailSort", []string{"Account", "EmailAddress", "EmailSubject", "EmailFolder"}, addSort},
	{"MailSort_*", []string{"Account", "EmailAddress", "EmailSubject", "EmailFolder"}, addSort},
}

func addSort(rules map[string]*people.Rule, v []sql.RawBytes) {
	s := people.Sort{From: tidy(string(v[1])), Subject: tidy(string(v[2])), Mailbox: strings.TrimSpace(string(v[3]))}
	if s.Mailbox != "" && (s.From != "" || s.Subject != "") {
		ruleOf(rules, v[0]).Sorts = append(ruleOf(rules, v[0]).Sorts, s)
	}
}

func ruleOf(rules map[string]*people.Rule, account []byte) *people.Rule {
	address := key(account)
	if rules[address] == nil {
		rules[address] = &people.Rule{}
	}
	return rules[address]
}

// Rules reads the rules of all accounts that have any, by address. A table or column that the database
// does not have holds no rules.
func (d *Database) Rules(ctx context.Context) (map[string]*people.Rule, error) {
	rules := map[string]*people.Rule{}
	err := d.snapshot(ctx, func(r *reading) error {
		found, err := r.introspect(ctx)
		if err != nil {
			return err
		}
		for _, table := range ruleTables {
			for _, name := range found.matching(table.name) {
				if err := r.rules(ctx, found, name, table, rules); err != nil {
					return err
				}
			}
		}
		return nil
	})
	for _, rule := range rules {
		slices.Sort(rule.Allow)
		slices.Sort(rule.Block)
		rule.Allow, rule.Block = slices.Compact(rule.Allow), slices.Compact(rule.Block)
	}
	return rules, err
}

func (r *reading) rules(ctx context.Context, found catalogue, name string, table ruleTable, rules map[string]*people.Rule) error {
	columns := make([]string, len(table.columns))
	for i, wanted := range table.columns {
		c, has := found[name][strings.ToLower(wanted)]
		if !has {
			return nil
		}
		columns[i] = quoted(c.name)
	}
	texts := placesOf(columns[1:], func(string) bool { return true })
	for i := range texts {
		texts[i]++ // behind the account
	}
	query := "SELECT " + strings.Join(columns, ", ") + " FROM " + quoted(name)
	return r.eachText(ctx, "table "+name, query, texts, func(v []sql.RawBytes, _ []recoding) error {
		table.row(rules, v)
		return nil
	})
}
