// SPDX-License-Identifier: Apache-2.0

package endpoint

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"math"
	"regexp"
	"strings"

	"rehome"
)

// MasterStyle says how a master user names the account that it opens.
type MasterStyle string

// The styles.
const (
	MasterSeparator MasterStyle = "separator" // user*master, as Dovecot does
	MasterAuthzid   MasterStyle = "authzid"   // a SASL authorization identity (RFC 4616, RFC 5802)
	MasterProxyAuth MasterStyle = "proxyauth" // the command PROXYAUTH behind the log-in, as on Sun and Oracle servers
)

// Login says how the accounts of an end are opened.
type Login struct {
	// Token, if set, returns an OAuth 2.0 access token for a log-in name, and takes the place of every
	// password. It is asked again when a token is refused, and may be called by several goroutines.
	Token func(ctx context.Context, login string) (rehome.Secret, error)

	// A master user opens every account. Without one each account's own password is used.
	MasterUser      string
	MasterPassword  rehome.Secret
	MasterSeparator string // "" means "*"
	MasterStyle     MasterStyle
	MasterWorked    bool // the master user has opened accounts in an earlier run

	// Trial makes each log-in one attempt, and the caller keep count of the refusals: a log-in is tried for its own sake.
	Trial bool
}

func (l Login) filledIn() Login {
	l.MasterSeparator = cmp.Or(l.MasterSeparator, "*")
	return l
}

// lockout is the rule by which accounts are let in.
func (l Login) lockout(side rehome.Side, hint string) *lockout {
	made := newMasterLockout(side, l.MasterUser, l.MasterWorked, hint)
	if l.Trial {
		made.most = math.MaxInt
	}
	return made
}

// credentials is what a log-in sends.
type credentials struct {
	identity string // SASL authorization identity, "" for none
	user     string
	become   string // whom to become by PROXYAUTH behind the log-in, "" for nobody
	password rehome.Secret
}

// credentials chooses by the end's rule: the master user where there is one, else the account's own.
func (l Login) credentials(side rehome.Side, account rehome.Account) (credentials, error) {
	login := loginAt(side, account)
	own := passwordAt(side, account)
	switch {
	case l.Token != nil:
		return credentials{user: login}, nil
	case l.MasterUser != "" && l.MasterStyle == MasterAuthzid:
		return credentials{identity: login, user: l.MasterUser, password: l.MasterPassword}, nil
	case l.MasterUser != "" && l.MasterStyle == MasterProxyAuth:
		return credentials{become: login, user: l.MasterUser, password: l.MasterPassword}, nil
	case l.MasterUser != "":
		return credentials{user: login + l.MasterSeparator + l.MasterUser, password: l.MasterPassword}, nil
	case own.Empty():
		return credentials{}, &rehome.Fault{
			Class: rehome.ClassAuth, Op: "log in at the " + string(side) + " as", Object: login, Side: side,
			Cause: errors.New("no password is known for this account"),
			Hint:  noPasswordHint(side),
		}
	}
	return credentials{user: login, password: own}, nil
}

func noPasswordHint(side rehome.Side) string {
	if side == rehome.Destination {
		return `run "rehome accounts export" and import its accounts.csv, or add a DestinationPassword in the roster`
	}
	return "set a master user for the source, or add a SourcePassword in the roster"
}

// loginAt is the name by which an account logs in at a side.
func loginAt(side rehome.Side, account rehome.Account) string {
	if side == rehome.Destination {
		return account.DestinationLogin()
	}
	return account.SourceLogin()
}

// passwordAt is an account's own password at a side.
func passwordAt(side rehome.Side, account rehome.Account) rehome.Secret {
	if side == rehome.Destination {
		return account.DestinationPassword
	}
	return account.SourcePassword
}

// base64Word is what may be a SASL message.
var base64Word = regexp.MustCompile(`[A-Za-z0-9+/]{4,}`)

// quoting puts a text into IMAP's quotes.
var quoting = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

// Mask returns what takes secrets out of a server's words.
func Mask(secrets ...rehome.Secret) func(words string) string {
	return func(words string) string { return withoutSecrets(words, secrets) }
}

// withoutSecrets masks each secret as it is, in IMAP's quotes, and inside of base64, where every SASL
// mechanism puts it.
func withoutSecrets(text string, secrets []rehome.Secret) string {
	const mask = "***"
	for _, secret := range secrets {
		if secret.Empty() {
			continue
		}
		clear := secret.Reveal()
		text = strings.ReplaceAll(strings.ReplaceAll(text, quoting.Replace(clear), mask), clear, mask)
		head := clear[:min(len(clear), recognisable)] // the server's words may be cut in the midst of a token
		if len(clear) > len(head) && strings.Contains(text, head) {
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
