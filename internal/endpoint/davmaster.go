// SPDX-License-Identifier: Apache-2.0

package endpoint

import (
	"errors"
	"net/url"
	"slices"
	"strings"

	"rehome"
	"rehome/internal/protocol/dav"
)

// isTheirs proves that a home which a master user was shown is the account's. A server may take the whole name that was given at the
// log-in for that of a user of its own, and make an empty home for it: everything would then be copied where nobody looks.
func (h *DAV) isTheirs(home *dav.Home, account rehome.Account) error {
	if h.settings.MasterUser == "" || shownAs(home, account, loginAt(h.side, account), h.settings) {
		return nil
	}
	return &rehome.Fault{Class: rehome.ClassOperator, Op: "open the contacts and calendars at the " + string(h.side) + " of", Object: account.Address,
		Cause: errors.New("the server does not show that what the master user sees is theirs (" + strings.Join(home.HomeSets, ", ") + ")"),
		Hint:  "set destination.dav.login: user"}
}

// shownAs reports whether a server says that a home is an account's: by an address of the principal (RFC 6638 section 2.4.1), or
// because its path has the account's name, and the master user's nowhere.
func shownAs(home *dav.Home, account rehome.Account, login string, settings DAVSettings) bool {
	master := strings.ToLower(settings.MasterUser)
	for _, s := range segmentsOf(append(slices.Clone(home.HomeSets), home.Principal)) {
		if s == master || strings.HasSuffix(s, strings.ToLower(settings.MasterSeparator)+master) {
			return false
		}
	}
	for _, address := range home.Addresses {
		if strings.EqualFold(address, "mailto:"+account.Address) {
			return true
		}
	}
	names := []string{strings.ToLower(account.Address), strings.ToLower(login)}
	return len(home.HomeSets) > 0 && slices.ContainsFunc(segmentsOf(home.HomeSets), func(s string) bool { return slices.Contains(names, s) })
}

// segmentsOf are the parts of paths, in lower case.
func segmentsOf(hrefs []string) []string {
	var all []string
	for _, href := range hrefs {
		path := href
		if u, err := url.Parse(href); err == nil {
			path = u.Path
		}
		all = append(all, strings.Split(strings.ToLower(path), "/")...)
	}
	return all
}
