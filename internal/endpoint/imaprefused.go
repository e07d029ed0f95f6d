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
	fault := Fault(err, "log in at the "+string(h.side)+" as", h.lockout.name(account))
	var f *rehome.Fault
	if !errors.As(fault, &f) {
		return fault
	}
	f.Side = h.side
	if f.Class == rehome.ClassPermanent {
		f.Class = rehome.ClassAuth // whatever words a server chooses for "no" to a log-in
	}
	var missing *imap.UnsupportedError
	switch {
	case errors.As(err, &missing):
		f.Hint = "set another mechanism, or another kind of login, for the " + string(h.side)
	case imap.IsCode(err, "PRIVACYREQUIRED"): // RFC 5530, section 3
		f.Hint = "the server accepts no unencrypted password: set tls: implicit or tls: starttls"
	case h.settings.MasterUser != "" && imap.IsCode(err, "AUTHORIZATIONFAILED"): // RFC 5530, section 3: the password was right
		f.Hint = "the master user's login works; check that this account exists at the " + string(h.side) + " and may use IMAP"
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
		side := string(h.side)
		return fmt.Sprintf("check %s.imap.master_user and master_password, and that this user may open accounts; "+
			"if the password is right, the account does not exist at the %[1]s or may not use IMAP", side)
	case h.side == rehome.Destination:
		return "check that the account was imported with the password of accounts.csv, and that it needs no second factor or app password"
	}
	return "check the password in the roster, and that the account is enabled and may use IMAP"
}
