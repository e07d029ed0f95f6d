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
	"unicode/utf8"

	"rehome"
	"rehome/internal/passhash"
	"rehome/internal/people"
)

// session is a row of UserSession.
type session struct {
	address      string
	password     []byte
	passwordMD5  string
	calendarUser bool
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
			a.find(accountTwice, s.address, "UserSession", nil)
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
	a.findDoubtful()
	a.findLeftovers(seen)
	slices.SortFunc(a.org.Accounts, func(x, y rehome.Account) int { return cmp.Compare(x.Address, y.Address) })
	return nil
}

// moves reports whether the row is an account of the organisation, and says why if not.
func (a *assembly) moves(s session) bool {
	switch _, err := rehome.ParseAddress(s.address); {
	case err != nil:
		a.find(people.AddressUnfit, s.address, "UserSession", rehome.Values{"why": err})
	case s.calendarUser:
		a.find(people.CalendarUserSkipped, s.address, "", nil)
	case !a.isLocal(s.address):
		a.find(people.ExternalAccountSkipped, s.address, "", nil)
	default:
		return true
	}
	return false
}

func (a *assembly) account(s session) rehome.Account {
	u, isUser := a.people.users[s.address]
	if !isUser && a.schema.has(roleUser) {
		a.find(accountIncomplete, s.address, "Users", nil)
	}
	if _, isSet := a.people.settings[s.address]; !isSet && a.schema.has(roleSettings) {
		a.find(accountIncomplete, s.address, "UserSettings", nil)
	}
	account := rehome.Account{
		Address:  s.address,
		Disabled: u.disabled,
		Quota:    a.quota(s.address, u.quota),
		Services: a.services(u.group),
		Password: a.password(s),
	}
	account.FirstName, account.LastName = a.nameOf(s.address)
	if account.Password.Form == rehome.PasswordPlain {
		account.SourcePassword = account.Password.Stored
	}
	return account
}

// password classifies what is stored, and says what an operator should look at.
func (a *assembly) password(s session) rehome.Password {
	stored := a.exact(s.password)
	form := formOf(stored, a.people.regime)
	c := classified{address: s.address, form: form, sure: true}
	switch {
	case form == rehome.PasswordPlain && !contradicted(string(s.password), s.passwordMD5):
		a.classified = append(a.classified, c)
	case (form == rehome.PasswordPlain || isHash(form)) && a.override(s.address):
		form = rehome.PasswordPlain
	case form == rehome.PasswordPlain:
		a.find(passwordContradicted, s.address, "", nil)
		form = rehome.PasswordOther
	case passhash.Locked(stored):
		a.find(passwordLocked, s.address, "", nil)
	case isHash(form):
		c.sure = passhash.IsProof(stored)
		form, stored = a.hashed(s.address, form, stored)
		c.form = form
		a.classified = append(a.classified, c)
	}
	if form == rehome.PasswordPlain && !isASCII(stored) {
		a.find(passwordNotASCII, s.address, "", nil)
	}
	return rehome.Password{Form: form, Stored: rehome.NewSecret(stored)}
}

// exact is decodeExact in the character set of the settings.
func (a *assembly) exact(stored []byte) string {
	if a.reading != nil && a.reading.charset != nil && !utf8.Valid(stored) {
		return decodeWith(a.reading.charset, stored)
	}
	return decodeExact(stored)
}

// hashed looks closer at what has the shape of a hash: a label may say what it is, and the master key
// may open it.
func (a *assembly) hashed(address string, form rehome.PasswordForm, stored string) (rehome.PasswordForm, string) {
	if clear, ok := unseal(stored, a.masterKey); ok {
		a.unsealed++
		return rehome.PasswordPlain, clear
	}
	if meant, value, ok := passhash.Unlabelled(stored); ok {
		form = meant
		stored = value
	}
	switch {
	case form == rehome.PasswordSealed && !a.masterKey.Empty():
		a.find(passwordStaysSealed, address, "", nil)
	case form == rehome.PasswordCrypt && passhash.IsCut(stored):
		a.find(passwordCut, address, "", nil)
	}
	return form, stored
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
func (a *assembly) quota(address string, stored string) int64 {
	if stored == "" {
		return 0
	}
	n, err := strconv.ParseInt(stored, 10, 64)
	if err != nil || n < 0 || n > math.MaxInt64/a.quotaUnit {
		a.find(quotaUnreadable, address, "quota", nil)
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
			a.find(accountLeftOver, address, "UserSession", nil)
		}
	}
}

// isLocal reports whether the address is in one of the organisation's domains. A profile may say that
// no table has them; then every domain is.
func (a *assembly) isLocal(address string) bool {
	return a.people.domains == nil || a.people.domains[address[strings.LastIndex(address, "@")+1:]]
}
