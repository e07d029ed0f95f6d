// SPDX-License-Identifier: Apache-2.0

package endpoint

import (
	"encoding/base64"
	"errors"
	"strings"

	"rehome"
	"rehome/internal/protocol/imap"
)

// credentials is what a log-in sends.
type credentials struct {
	identity string // SASL authorization identity, "" for none
	user     string
	password rehome.Secret
}

// credentials chooses by the end's rule: the master user where there is one, else the account's own.
func (h *IMAP) credentials(account rehome.Account) (credentials, error) {
	login, own := account.SourceLogin(), account.SourcePassword
	if h.settings.Side == rehome.Destination {
		login, own = account.DestinationLogin(), account.DestinationPassword
	}
	switch {
	case h.settings.MasterUser != "" && h.settings.MasterStyle == MasterAuthzid:
		return credentials{identity: login, user: h.settings.MasterUser, password: h.settings.MasterPassword}, nil
	case h.settings.MasterUser != "":
		return credentials{user: login + h.settings.MasterSeparator + h.settings.MasterUser, password: h.settings.MasterPassword}, nil
	case own.Empty():
		return credentials{}, &rehome.Fault{
			Class: rehome.ClassAuth, Op: "log in at the " + string(h.settings.Side) + " as", Object: login,
			Cause: errors.New("no password is known for this account"),
			Hint:  h.noPasswordHint(),
		}
	}
	return credentials{user: login, password: own}, nil
}

func (h *IMAP) noPasswordHint() string {
	if h.settings.Side == rehome.Destination {
		return `run "rehome accounts export" and import its accounts.csv, or give a DestinationPassword in the roster`
	}
	return "set a master user for the source, or give a SourcePassword in the roster"
}

// hide takes the password out of what went wrong with a log-in: some servers repeat the command that
// they did not like, and their words go into errors and reports.
func (c credentials) hide(err error) error {
	if err == nil || c.password.Empty() {
		return err
	}
	const mask = "***"
	password := c.password.Reveal()
	quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(password)
	response := base64.StdEncoding.EncodeToString([]byte(c.identity + "\x00" + c.user + "\x00" + password)) // RFC 4616, section 2
	hider := strings.NewReplacer(response, mask, quoted, mask, password, mask)
	clean := hider.Replace(err.Error())
	if clean == err.Error() {
		return err
	}
	var status *imap.StatusError
	if !errors.As(err, &status) {
		return errors.New(clean)
	}
	hidden := *status
	hidden.Text = hider.Replace(status.Text)
	return &hidden
}
