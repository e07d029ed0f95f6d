// SPDX-License-Identifier: Apache-2.0

package atmail7

import (
	"cmp"
	"context"
	"database/sql"
	"strings"
)

// DAVURLs are where the webmail, which is a DAV client itself, finds an account's calendars and contacts. "" is
// what it does not know.
type DAVURLs struct{ Calendars, Contacts string }

// DAVURLs reads the account's own, and what the server gives everybody who has none.
func (d *Database) DAVURLs(ctx context.Context, account string) (DAVURLs, error) {
	var own, common DAVURLs
	err := d.snapshot(ctx, func(r *reading) error {
		mine := selection{
			role: rolePreference, fields: []string{"preference.caldav_url", "preference.carddav_url"}, args: []any{account},
			where: func(t *table) (string, bool) {
				return " WHERE " + t.expression("preference.account") + " = ?", t.has("preference.account")
			},
		}
		err := d.schema.read(ctx, r, mine, func(v []sql.RawBytes) error {
			own = DAVURLs{Calendars: tidy(decodeExact(v[0])), Contacts: tidy(decodeExact(v[1]))}
			return nil
		})
		if err != nil {
			return err
		}
		everybodys := selection{
			role: roleConfig, fields: []string{"config.section", "config.key", "config.value"}, where: having("config.section", "config.key", "config.value"),
		}
		return d.schema.read(ctx, r, everybodys, func(v []sql.RawBytes) error {
			switch strings.ToLower(string(v[0]) + " " + string(v[1])) { // the table also holds the server's own passwords
			case "defaultusersettings caldavurl":
				common.Calendars = tidy(decodeExact(v[2]))
			case "defaultusersettings carddavurl":
				common.Contacts = tidy(decodeExact(v[2]))
			}
			return nil
		})
	})
	return DAVURLs{Calendars: cmp.Or(own.Calendars, common.Calendars), Contacts: cmp.Or(own.Contacts, common.Contacts)}, err
}
