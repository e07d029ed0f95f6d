// SPDX-License-Identifier: Apache-2.0

package atmail7

import (
	"strings"

	"rehome"
)

// contact is one address book record that may hold a user's own name.
type contact struct {
	global      bool
	own         bool // its e-mail address is the user's, or empty
	first, last string
	recoded     recoding
}

// better reports whether a record says more surely than another what the user is called: the global
// list's record of the user, then the user's own record, then a global record with another address,
// which the user may have made of somebody else.
func (c contact) better(than contact) bool { return c.rank() < than.rank() }

func (c contact) rank() int {
	switch {
	case c.global && c.own:
		return 0
	case c.own:
		return 1
	}
	return 2
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
		return rehome.SplitName(s.realName)
	}
	if u := a.people.users[address]; u.first != "" || u.last != "" {
		a.findRecoded(address, u.recoded)
		return u.first, u.last
	}
	a.find(nameUnknown, address, "", nil)
	local, _, _ := strings.Cut(address, "@")
	return local, ""
}

func (a *assembly) findRecoded(address string, how recoding) {
	switch how {
	case fromCP1252:
		a.find(nameRecoded, address, "", nil)
	case fromUnknown:
		a.find(nameCharsetUnknown, address, "", nil)
	case fromDoubled:
		a.find(nameRecodedTwice, address, "", nil)
	case looksDoubled:
		a.find(nameLooksDoubled, address, "", nil)
	}
}
