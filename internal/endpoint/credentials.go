// SPDX-License-Identifier: Apache-2.0

package endpoint

import (
	"encoding/base64"
	"errors"
	"regexp"
	"strings"

	"rehome"
	"rehome/internal/protocol/imap"
)

// credentials is what a log-in sends.
type credentials struct {
	identity string // SASL authorization identity, "" for none
	user     string
	become   string // whom to become by PROXYAUTH behind the log-in, "" for nobody
	password rehome.Secret
}

// credentials chooses by the end's rule: the master user where there is one, else the account's own.
func (h *IMAP) credentials(account rehome.Account) (credentials, error) {
	login, own := account.SourceLogin(), account.SourcePassword
	if h.settings.Side == rehome.Destination {
		login, own = account.DestinationLogin(), account.DestinationPassword
	}
	switch {
	case h.settings.Token != nil:
		return credentials{user: login}, nil
	case h.settings.MasterUser != "" && h.settings.MasterStyle == MasterAuthzid:
		return credentials{identity: login, user: h.settings.MasterUser, password: h.settings.MasterPassword}, nil
	case h.settings.MasterUser != "" && h.settings.MasterStyle == MasterProxyAuth:
		return credentials{become: login, user: h.settings.MasterUser, password: h.settings.MasterPassword}, nil
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

// hide takes the secret out of what went wrong with a log-in: some servers repeat the command that
// they did not like, and their words go into errors and reports.
func (h *IMAP) hide(c credentials, err error) error {
	clean := h.mask(c, err.Error())
	if clean == err.Error() {
		return err
	}
	var status *imap.StatusError
	if !errors.As(err, &status) {
		return errors.New(clean)
	}
	hidden := *status
	hidden.Text = h.mask(c, status.Text)
	return &hidden
}

// mask takes the secret out of a server's words.
func (h *IMAP) mask(c credentials, words string) string {
	return withoutSecrets(words, []rehome.Secret{c.password, h.keptToken(c.user)})
}

// base64Word is what may be a SASL message.
var base64Word = regexp.MustCompile(`[A-Za-z0-9+/]{4,}`)

// withoutSecrets masks each secret as it is, in IMAP's quotes, and inside of base64, where every SASL
// mechanism puts it.
func withoutSecrets(text string, secrets []rehome.Secret) string {
	const mask = "***"
	for _, secret := range secrets {
		if secret.Empty() {
			continue
		}
		clear := secret.Reveal()
		quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(clear)
		text = strings.NewReplacer(quoted, mask, clear, mask).Replace(text)
		head := clear[:min(len(clear), recognisable)] // the server's words may be cut in the midst of a token
		if len(clear) > len(head) {
			text = regexp.MustCompile(regexp.QuoteMeta(head)+`\S*`).ReplaceAllLiteralString(text, mask)
		}
		text = base64Word.ReplaceAllStringFunc(text, func(word string) string {
			decoded, _ := base64.RawStdEncoding.DecodeString(word)
			if strings.Contains(string(decoded), head) {
				return mask
			}
			return word
		})
	}
	return text
}

// recognisable is how much of a long secret gives it away.
const recognisable = 16
