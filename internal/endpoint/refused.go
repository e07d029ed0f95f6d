// SPDX-License-Identifier: Apache-2.0

package endpoint

import (
	"errors"
	"fmt"

	"rehome"
	"rehome/internal/protocol/imap"
)

// logInFault explains a refused or interrupted log-in.
func (h *IMAP) logInFault(account rehome.Account, err error) error {
	login := account.SourceLogin()
	if h.settings.Side == rehome.Destination {
		login = account.DestinationLogin()
	}
	fault := Fault(err, "log in at the "+string(h.settings.Side)+" as", login)
	var f *rehome.Fault
	if !errors.As(fault, &f) {
		return fault
	}
	if f.Class == rehome.ClassPermanent {
		f.Class = rehome.ClassAuth // whatever words a server chooses for "no" to a log-in
	}
	switch {
	case imap.IsCode(err, "PRIVACYREQUIRED"): // RFC 5530, section 3
		f.Hint = "the server takes no password in the clear: set tls: implicit or tls: starttls"
	case f.Class == rehome.ClassAuth:
		f.Hint = h.refusedHint()
	}
	return f
}

// manyRefusals is how many accounts a host may refuse before the first that it lets in; then the
// fault is not theirs.
const manyRefusals = 3

// giveUpFault says that an account was not tried.
func (h *IMAP) giveUpFault(account rehome.Account) error {
	login := account.SourceLogin()
	if h.settings.Side == rehome.Destination {
		login = account.DestinationLogin()
	}
	return &rehome.Fault{
		Class: rehome.ClassAuth, Op: "log in at the " + string(h.settings.Side) + " as", Object: login,
		Cause: fmt.Errorf("not tried: the host has refused the first %d accounts, and would lock this machine out", manyRefusals),
		Hint:  h.refusedHint(),
	}
}

func (h *IMAP) refusedHint() string {
	switch {
	case h.settings.MasterUser != "":
		return "check the master user's password and rights, and that the account exists and may use IMAP at the " + string(h.settings.Side)
	case h.settings.Side == rehome.Destination:
		return "check that the account was imported with the password of accounts.csv, and that it needs no second factor or app password"
	}
	return "check the password in the roster, and that the account is enabled and may use IMAP"
}
