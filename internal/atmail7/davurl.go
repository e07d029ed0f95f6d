// SPDX-License-Identifier: Apache-2.0

package atmail7

import (
	"cmp"
	"context"
	"database/sql"
	"strings"

	"rehome/internal/people"
)

// DAVPlaces reads where the webmail, which is a DAV client itself, finds the account's calendars and contacts: its own
// URLs, and those that the server gives everybody who has none.
func (d *Database) DAVPlaces(ctx context.Context, account string) (people.DAVPlaces, error) {
	var own, common people.DAVPlaces
	err := d.snapshot(ctx, func(r *reading) error {
		mine := selection{
			role: rolePreference, fields: []string{"preference.caldav_url", "preference.carddav_url"}, args: []any{account},
			where: func(t *table) (string, bool) {
				return " WHERE " + t.expression("preference.account") + " = ?", t.has("preference.account")
			},
		}
		err := d.schema.read(ctx, r, mine, func(v []sql.RawBytes) error {
			own = people.DAVPlaces{Calendars: tidy(decodeExact(v[0])), Contacts: tidy(decodeExact(v[1]))}
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
	return people.DAVPlaces{Calendars: cmp.Or(own.Calendars, common.Calendars), Contacts: cmp.Or(own.Contacts, common.Contacts)}, err
}
