// SPDX-License-Identifier: Apache-2.0

package atmail7

import (
	"context"
	"database/sql"
	"slices"
	"strings"

	"rehome"
	"rehome/internal/people"
)

// Preferences reads what the people have set up, sorted by account. Rows that are no account are left
// out; whether an account moves is not asked.
func (d *Database) Preferences(ctx context.Context) ([]people.Preference, error) {
	var all []people.Preference
	sel := selection{role: rolePreference, where: having("preference.account"), fields: []string{
		"preference.account", "preference.display_name", "preference.reply_to", "preference.signature", "preference.time_zone", "preference.language",
	}, texts: []string{"preference.display_name", "preference.reply_to", "preference.signature"}}
	err := d.snapshot(ctx, func(r *reading) error {
		return d.schema.read(ctx, r, sel, func(v []sql.RawBytes) error {
			if p, ok := preference(v); ok {
				all = append(all, p)
			}
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(all, func(x, y people.Preference) int { return strings.Compare(x.Account, y.Account) })
	return slices.CompactFunc(all, func(x, y people.Preference) bool { return x.Account == y.Account }), nil
}

func preference(v []sql.RawBytes) (people.Preference, bool) {
	address, err := rehome.ParseAddress(key(v[0]))
	p := people.Preference{
		Account: address, DisplayName: tidy(string(v[1])), ReplyTo: tidy(string(v[2])), Signature: strings.TrimSpace(string(v[3])),
		TimeZone: tidy(decodeExact(v[4])), Language: tidy(decodeExact(v[5])),
	}
	if strings.EqualFold(p.ReplyTo, p.Account) {
		p.ReplyTo = "" // every client's default
	}
	p.HTML = looksLikeHTML(p.Signature)
	return p, err == nil
}

// looksLikeHTML knows an element when it sees one: a sign such as "<3" or an address in angle brackets
// is text.
func looksLikeHTML(text string) bool {
	lower := strings.ToLower(text)
	for _, tag := range []string{"<p", "<br", "<div", "<span", "<b>", "<i>", "<a ", "<img", "<table", "<font", "<html", "<strong", "<em>", "</"} {
		if strings.Contains(lower, tag) {
			return true
		}
	}
	return false
}
