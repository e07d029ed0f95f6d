// SPDX-License-Identifier: Apache-2.0

package endpoint

import (
	"errors"

	"rehome"
	"rehome/internal/protocol/imap"
)

// logInFault explains a refused or interrupted log-in.
func (h *IMAP) logInFault(account rehome.Account, err error) error {
	fault := Fault(err, "log in at the "+string(h.settings.Side)+" as", loginAt(h.settings.Side, account))
	var f *rehome.Fault
	if !errors.As(fault, &f) {
		return fault
	}
	if f.Class == rehome.ClassPermanent {
		f.Class = rehome.ClassAuth // whatever words a server chooses for "no" to a log-in
	}
	var missing *imap.UnsupportedError
	switch {
	case errors.As(err, &missing):
		f.Hint = "name another mechanism, or another kind of login, for the " + string(h.settings.Side)
	case imap.IsCode(err, "PRIVACYREQUIRED"): // RFC 5530, section 3
		f.Hint = "the server takes no password in the clear: set tls: implicit or tls: starttls"
	case f.Class == rehome.ClassAuth:
		f.Hint = h.refusedHint()
	}
	return f
}

func (h *IMAP) refusedHint() string {
	switch {
	case h.settings.Token != nil:
		return tokenHint
	case h.settings.MasterUser != "":
		return "check the master user's password and rights, and that the account exists and may use IMAP at the " + string(h.settings.Side)
	case h.settings.Side == rehome.Destination:
		return "check that the account was imported with the password of accounts.csv, and that it needs no second factor or app password"
	}
	return "check the password in the roster, and that the account is enabled and may use IMAP"
}
