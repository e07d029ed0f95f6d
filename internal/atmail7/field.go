// SPDX-License-Identifier: Apache-2.0

package atmail7

import "strings"

// role is what the rows of a table are: the part of a field's name before the dot. All fields of a
// role stand in one table.
type role string

const (
	roleSession  role = "session"
	roleUser     role = "user"
	roleSettings role = "settings"
	// The same table for what people have set up: a database may lack it, and nothing else suffers.
	rolePreference role = "preference"
	roleContact    role = "contact"
	roleDomain     role = "domain"
	roleAlias      role = "alias"
	roleGroup      role = "group"
	roleConfig     role = "config"
)

// field is one logical column. The names are those of a profile file.
type field struct {
	name     string
	optional bool
	purpose  string // what it is needed for, in the list of what is missing
}

func (f field) role() role {
	name, _, _ := strings.Cut(f.name, ".")
	return role(name)
}

// fields are all that is ever read, by role.
var fields = []field{
	{"session.account", false, "the address of every account"},
	{"session.password", false, "the stored passwords"},
	{"session.password_md5", true, "telling passwords that are not what they seem (atmail 5)"},
	{"session.calendar_user", true, "telling internal calendar users from people"},

	{"user.account", false, "joining the user's state to the account"},
	{"user.status", false, "telling disabled accounts"},
	{"user.quota", true, "quotas"},
	{"user.group", true, "the feature switches of the user's group"},
	{"user.forward", true, "forwards"},
	{"user.first_name", true, "names, where the address book has none"},
	{"user.last_name", true, "names, where the address book has none"},

	{"settings.account", false, "telling accounts that the source itself refuses to load"},
	{"settings.real_name", true, "names, where the address book has none"},

	{"preference.account", true, "what people have set up"},
	{"preference.display_name", true, "the names in front of people's addresses"},
	{"preference.reply_to", true, "the address that people want answers at"},
	{"preference.signature", true, "signatures"},
	{"preference.time_zone", true, "time zones"},
	{"preference.language", true, "languages"},
	{"preference.caldav_url", true, "where the webmail finds people's calendars"},
	{"preference.carddav_url", true, "where the webmail finds people's contacts"},

	{"contact.account", true, "names from the users' own address book records"},
	{"contact.email", true, "telling a user's own address book record"},
	{"contact.first_name", true, "names from the users' own address book records"},
	{"contact.last_name", true, "names from the users' own address book records"},
	{"contact.global", true, "telling records of the global address book (atmail 6 and 7)"},

	{"domain.name", false, "telling local accounts from external ones"},
	{"domain.enabled", true, "telling disabled domains"},

	{"alias.name", false, "aliases"},
	{"alias.target", false, "aliases"},
	{"alias.domain", true, "aliases whose name has no domain"},
	{"alias.maildir", true, "aliases that deliver into a folder"},
	{"alias.id", true, "keeping the order of an alias's targets"},

	{"group.name", true, "feature switches"},
	{"group.imap", true, "telling accounts that may not log in by IMAP"},
	{"group.pop3", true, "telling accounts that may not log in by POP3"},
	{"group.caldav", true, "telling accounts without calendars"},
	{"group.carddav", true, "telling accounts without contacts over CardDAV"},

	{"config.section", true, "how the server says that it stores passwords"},
	{"config.key", true, "how the server says that it stores passwords"},
	{"config.value", true, "how the server says that it stores passwords"},
}

func fieldNamed(name string) (field, bool) {
	for _, f := range fields {
		if f.name == name {
			return f, true
		}
	}
	return field{}, false
}
