// SPDX-License-Identifier: Apache-2.0

// Package mechanism holds the SASL mechanisms (RFC 4422) by which the clients of package protocol log in: those of go-sasl,
// and SCRAM, CRAM-MD5 and XOAUTH2, which it lacks. It sends nothing by itself.
//
// A caller asks New for a mechanism that the server offers, carries its messages, and at the end asks Complete whether
// the server has proved who it is, where the mechanism demands that.
package mechanism

import (
	"errors"
	"slices"
	"strings"

	"github.com/emersion/go-sasl"
)

// The mechanisms.
const (
	SCRAM256 = "SCRAM-SHA-256" // RFC 7677
	SCRAM1   = "SCRAM-SHA-1"   // RFC 5802
	Plain    = "PLAIN"         // RFC 4616
	Login    = "LOGIN"         // draft-murchison-sasl-login; in IMAP and POP3 also the commands of the protocol itself
	CRAM     = "CRAM-MD5"      // RFC 2195
	Bearer   = "OAUTHBEARER"   // RFC 7628
	XOAUTH2  = "XOAUTH2"       // https://developers.google.com/gmail/imap/xoauth2-protocol
)

// All returns the mechanisms, the strongest first; those with a token are last.
func All() []string { return []string{SCRAM256, SCRAM1, Plain, Login, CRAM, Bearer, XOAUTH2} }

// Credentials are what a mechanism sends or proves.
type Credentials struct {
	Identity string // who to act as (RFC 4616, section 2), "" for the user; LOGIN, CRAM-MD5 and XOAUTH2 cannot say it
	User     string
	Password string
	Token    string // an OAuth 2.0 access token, for those that take one
}

// New returns a mechanism by its name, for one exchange; nil for a name that is not among All.
func New(name string, c Credentials) sasl.Client {
	switch name {
	case SCRAM256, SCRAM1:
		return newSCRAM(name, c)
	case CRAM:
		return &cramMD5{user: c.User, password: c.Password}
	case Plain:
		return sasl.NewPlainClient(c.Identity, c.User, c.Password)
	case Login:
		return sasl.NewLoginClient(c.User, c.Password)
	case Bearer, XOAUTH2:
		return &oauth{name: name, Credentials: c}
	}
	return nil
}

// Reveals reports whether a mechanism sends the secret itself. A refusal of one that does not can come from the kind of hash
// that the server holds of a password, as servers announce them for all accounts.
func Reveals(name string) bool {
	switch name {
	case SCRAM256, SCRAM1, CRAM:
		return false
	}
	return true
}

// CarriesIdentity reports whether a mechanism can say who to act as.
func CarriesIdentity(name string) bool {
	return slices.Contains([]string{SCRAM256, SCRAM1, Plain, Bearer}, name)
}

// Complete returns ErrImpostor if the server has let us in without the proof that the mechanism demands of it.
func Complete(m sasl.Client) error {
	if mutual, ok := m.(interface{ Complete() error }); ok {
		return mutual.Complete()
	}
	return nil
}

// ErrUnfit says that credentials hold what a mechanism cannot carry.
var ErrUnfit = errors.New("the name, password or token holds a control character that cannot be sent")

// Check returns ErrUnfit for credentials that no mechanism can carry: a NUL separates the three parts of PLAIN.
func (c Credentials) Check() error {
	if strings.ContainsRune(c.Identity+c.User+c.Password, 0) {
		return ErrUnfit
	}
	return nil
}
