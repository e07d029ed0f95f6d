// SPDX-License-Identifier: Apache-2.0

package atmail7

import (
	"cmp"
	"context"
	"database/sql"
	"math"
	"slices"
	"strconv"
	"strings"

	"rehome"
)

// people is what the tables beside UserSession say, by address. Each table is read once, row by row,
// and joined here: accounts differ in letter case and collation from table to table, and a join in SQL
// would lose without a word what one table lacks.
type people struct {
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
	quota       int64
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

// session is a row of UserSession.
type session struct {
	address      string
	password     []byte
	passwordMD5  string
	calendarUser bool
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
	}}
	return a.read(ctx, sel, func(v []sql.RawBytes) error {
		address := key(v[0])
		if _, twice := a.people.users[address]; twice {
			a.find(accountTwice(address, "Users"))
			return nil
		}
		first, one := decode(v[5])
		last, two := decode(v[6])
		a.people.users[address] = user{
			disabled: !isZero(v[1]), quota: a.quota(address, v[2]), group: key(v[3]), forward: decodeExact(v[4]),
			first: tidy(first), last: tidy(last), recoded: cmp.Or(one, two),
		}
		return nil
	})
}

func (a *assembly) readSettings(ctx context.Context) error {
	sel := selection{role: roleSettings, fields: []string{"settings.account", "settings.real_name"}}
	return a.read(ctx, sel, func(v []sql.RawBytes) error {
		name, recoded := decode(v[1])
		a.people.settings[key(v[0])] = setting{realName: tidy(name), recoded: recoded}
		return nil
	})
}

// ownContacts narrows an address book, which may hold millions of records, to those that may be the
// users' own. Comparing bytes avoids an error where two columns have different collations.
func ownContacts(t *table) (string, bool) {
	if !t.has("contact.account") {
		return "", false
	}
	var any []string
	if t.has("contact.global") {
		any = append(any, quoted(t.columns["contact.global"].name)+" = 1")
	}
	if t.has("contact.email") {
		folded := func(field string) string {
			return "CAST(LOWER(TRIM(CONVERT(" + quoted(t.columns[field].name) + " USING utf8))) AS BINARY)"
		}
		any = append(any, folded("contact.email")+" = "+folded("contact.account"))
	}
	return " WHERE " + strings.Join(any, " OR "), len(any) > 0
}

func (a *assembly) readContacts(ctx context.Context) error {
	sel := selection{role: roleContact, where: ownContacts, fields: []string{
		"contact.account", "contact.email", "contact.global", "contact.first_name", "contact.last_name",
	}}
	return a.read(ctx, sel, func(v []sql.RawBytes) error {
		address, email := key(v[0]), key(v[1])
		first, one := decode(v[3])
		last, two := decode(v[4])
		c := contact{global: !isZero(v[2]), own: email == "" || email == address, first: tidy(first), last: tidy(last), recoded: cmp.Or(one, two)}
		if c.first == "" && c.last == "" {
			return nil
		}
		if known, given := a.people.contacts[address]; !given || c.better(known) {
			a.people.contacts[address] = c
		}
		return nil
	})
}

// readSessions makes an account of each row that is one.
func (a *assembly) readSessions(ctx context.Context) error {
	seen := map[string]bool{}
	sel := selection{role: roleSession, fields: []string{
		"session.account", "session.password", "session.password_md5", "session.calendar_user",
	}}
	err := a.read(ctx, sel, func(v []sql.RawBytes) error {
		s := session{address: key(v[0]), password: slices.Clone(v[1]), passwordMD5: string(v[2]), calendarUser: !isZero(v[3])}
		if seen[s.address] {
			a.find(accountTwice(s.address, "UserSession"))
			return nil
		}
		seen[s.address] = true
		if a.moves(s) {
			a.org.Accounts = append(a.org.Accounts, a.account(s))
		}
		return nil
	})
	if err != nil {
		return err
	}
	a.findLeftovers(seen)
	slices.SortFunc(a.org.Accounts, func(x, y rehome.Account) int { return cmp.Compare(x.Address, y.Address) })
	return nil
}

// moves reports whether the row is an account of the organisation, and says why if not.
func (a *assembly) moves(s session) bool {
	switch _, err := rehome.ParseAddress(s.address); {
	case err != nil:
		a.find(addressMalformed(s.address, err))
	case s.calendarUser:
		a.find(calendarUser(s.address))
	case !a.isLocal(s.address):
		a.find(externalAccount(s.address))
	default:
		return true
	}
	return false
}

func (a *assembly) account(s session) rehome.Account {
	u, isUser := a.people.users[s.address]
	_, isSet := a.people.settings[s.address]
	if !isUser || !isSet {
		a.find(accountIncomplete(s.address, isUser, isSet))
	}
	account := rehome.Account{
		Address:  s.address,
		Disabled: u.disabled,
		Quota:    u.quota,
		Services: a.services(u.group),
		Password: a.password(s),
	}
	account.FirstName, account.LastName = a.nameOf(s.address)
	if account.Password.Form == rehome.PasswordPlain {
		account.SourcePassword = account.Password.Stored
	}
	return account
}

// nameOf looks where a name may be: the address book, the display name, the user's profile, and at
// last the address itself.
func (a *assembly) nameOf(address string) (first, last string) {
	if c, ok := a.people.contacts[address]; ok {
		a.findRecoded(address, c.recoded)
		return c.first, c.last
	}
	if s := a.people.settings[address]; s.realName != "" && key([]byte(s.realName)) != address {
		a.findRecoded(address, s.recoded)
		return splitRealName(s.realName)
	}
	if u := a.people.users[address]; u.first != "" || u.last != "" {
		a.findRecoded(address, u.recoded)
		return u.first, u.last
	}
	a.find(nameFromAddress(address))
	local, _, _ := strings.Cut(address, "@")
	return local, ""
}

// password classifies what is stored, and says what an operator should look at.
func (a *assembly) password(s session) rehome.Password {
	stored := decodeExact(s.password)
	form := formOf(stored, a.people.regime)
	switch {
	case isHash(form) && (provenPlain(string(s.password), s.passwordMD5) || a.override(s.address)):
		form = rehome.PasswordPlain
	case isHash(form) && form != rehome.PasswordCrypt && a.people.regime == regimePlain:
		a.find(passwordLooksHashed(s.address)) // nobody chooses a password that looks like crypt's
	case form == rehome.PasswordPlain && a.people.regime.hashes():
		a.plainAgainstConfig++
	}
	if form == rehome.PasswordPlain && !isASCII(stored) {
		a.find(passwordNotASCII(s.address))
	}
	return rehome.Password{Form: form, Stored: rehome.NewSecret(stored)}
}

// override reports whether the operator says that this password is plain text.
func (a *assembly) override(address string) bool {
	if _, named := a.overrides[address]; named {
		a.overrides[address] = true
		return true
	}
	_, all := a.overrides[EveryAccount]
	return all
}

// quota turns the column into octets. What is no number counts as unlimited.
func (a *assembly) quota(address string, stored []byte) int64 {
	if len(stored) == 0 {
		return 0
	}
	n, err := strconv.ParseInt(string(stored), 10, 64)
	if err != nil || n < 0 || n > math.MaxInt64/a.quotaUnit {
		a.find(quotaUnreadable(address))
		return 0
	}
	return n * a.quotaUnit
}

// findLeftovers names users without a row in UserSession: nobody can log in as them.
func (a *assembly) findLeftovers(sessions map[string]bool) {
	leftOver := map[string]bool{}
	for address := range a.people.users {
		leftOver[address] = !sessions[address]
	}
	for address := range a.people.settings {
		leftOver[address] = !sessions[address]
	}
	for address, is := range leftOver {
		if is && a.isLocal(address) {
			a.find(userLeftOver(address))
		}
	}
}

// key is the form of an account by which tables are joined.
func key(stored []byte) string { return strings.ToLower(strings.TrimSpace(decodeExact(stored))) }

// isLocal reports whether the address is in one of the organisation's domains. A profile may say that
// no table has them; then every domain is.
func (a *assembly) isLocal(address string) bool {
	return a.people.domains == nil || a.people.domains[address[strings.LastIndex(address, "@")+1:]]
}

// isZero reads a switch: no value, 0 and nothing are off.
func isZero(stored []byte) bool {
	text := strings.TrimSpace(string(stored))
	return strings.Trim(text, "0") == ""
}

func isASCII(text string) bool {
	return strings.IndexFunc(text, func(c rune) bool { return c >= 0x80 }) < 0
}

func (a *assembly) findRecoded(address string, how recoding) {
	switch how {
	case fromCP1252:
		a.find(nameFromCP1252(address))
	case fromDoubled:
		a.find(nameFromDoubled(address))
	}
}
