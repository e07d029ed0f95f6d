// SPDX-License-Identifier: Apache-2.0

package rehome

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// Account is one user's whole mail presence.
type Account struct {
	Address   string // full e-mail address, lower case: the join key everywhere
	FirstName string
	LastName  string
	Disabled  bool     // the source refuses this user's log-in
	Quota     int64    // octets allowed at the source; 0 is unlimited or unknown
	Services  Services // what the source lets this user reach
	Password  Password // as the source keeps it

	// How to log in at either end. An empty user means the address; an empty secret means that no
	// password is known there.
	SourceUser          string
	SourcePassword      Secret
	DestinationUser     string
	DestinationPassword Secret
}

// SourceLogin returns the name that logs in at the source.
func (a Account) SourceLogin() string { return firstNonEmpty(a.SourceUser, a.Address) }

// DestinationLogin returns the name that logs in at the destination.
func (a Account) DestinationLogin() string { return firstNonEmpty(a.DestinationUser, a.Address) }

// Domain returns the part of the address behind the last "@", or "".
func (a Account) Domain() string {
	_, domain, _ := cutLast(a.Address, "@")
	return domain
}

// The longest address and local part that a mail server must accept, RFC 5321 section 4.5.3.1.
const (
	maxAddress   = 254
	maxLocalPart = 64
)

// ParseAddress returns s in the one form by which everything is joined: without white space
// around it, in lower case. The error is a clause that fits behind the address: "has no @".
// Quoted local parts and characters outside ASCII are refused; a domain of another script is
// written in its xn-- form.
func ParseAddress(s string) (string, error) {
	s = strings.ToLower(strings.TrimSpace(s))
	local, domain, found := cutLast(s, "@")
	switch {
	case s == "":
		return "", errors.New("is empty")
	case !found:
		return "", errors.New("has no @")
	case local == "":
		return "", errors.New("has nothing before the @")
	case len(s) > maxAddress || len(local) > maxLocalPart:
		return "", errors.New("is too long")
	}
	for _, c := range local {
		if !isAtomText(c) && c != '.' {
			return "", fmt.Errorf("has the character %q before the @", c)
		}
	}
	if !isHostName(domain) {
		return "", errors.New("has no valid domain behind the @")
	}
	return s, nil
}

// FileName makes a name of an address that every file system takes: an address may hold a slash. Two addresses never share
// a name, or one person's letter would be another's: a name that had to be altered says whose it is by a digest.
func FileName(address string) string {
	safe := strings.Map(func(r rune) rune {
		if strings.ContainsRune(`/\:*?"<>|`, r) || r < ' ' {
			return '_'
		}
		return r
	}, address)
	if safe == address {
		return safe
	}
	digest := sha256.Sum256([]byte(address))
	return safe + "-" + hex.EncodeToString(digest[:])[:8]
}

// isAtomText tells the characters of an unquoted local part, RFC 5322 section 3.2.3.
func isAtomText(c rune) bool {
	return isAlphanumeric(c) || c < 0x80 && strings.ContainsRune("!#$%&'*+-/=?^_`{|}~", c)
}

func isAlphanumeric(c rune) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

// isHostName accepts one label too, because a company's inner network may have just that.
func isHostName(s string) bool {
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for _, c := range label {
			if !isAlphanumeric(c) && c != '-' && c != '_' {
				return false
			}
		}
	}
	return true
}

// Services says which protocols the source's group switches allow. A log-in that fails with the
// right password is often a switch that is off.
type Services struct {
	IMAP, POP3, CalDAV, CardDAV bool
}

// AllServices is the answer of a source that has no such switches.
var AllServices = Services{IMAP: true, POP3: true, CalDAV: true, CardDAV: true}

// PasswordForm says how a password is stored at the source, and so what can be done with it.
type PasswordForm string

// The forms that a mail server's user table holds.
const (
	PasswordPlain  PasswordForm = "plain"  // readable: can go into the destination's import file
	PasswordMD5    PasswordForm = "md5"    // 32 hex digits, unsalted
	PasswordCrypt  PasswordForm = "crypt"  // crypt(3): $1$, $2y$, $5$, $6$ and kin
	PasswordSealed PasswordForm = "sealed" // reversible with the server's master key
	PasswordLDAP   PasswordForm = "ldap"   // kept in a directory, the table's value means nothing
	PasswordNone   PasswordForm = "none"   // nothing stored
	PasswordOther  PasswordForm = "other"  // a hash of a kind that none of these names
)

// Password is one stored password with its form. Stored is the raw value, hash or plain alike,
// and is a secret in every case.
type Password struct {
	Form   PasswordForm
	Stored Secret
}

// AliasKind says what an alias row means at the source.
type AliasKind string

// The kinds of alias that the source's administration screen offers.
const (
	AliasLocal    AliasKind = "local"     // address to an address of the same organisation
	AliasDeliver  AliasKind = "deliver"   // address to one or more addresses, some of them elsewhere
	AliasDomain   AliasKind = "domain"    // a whole domain to another
	AliasCatchAll AliasKind = "catch_all" // everything else of a domain to an address
	AliasMaildir  AliasKind = "maildir"   // address to a path on the source's disk
	AliasUnparsed AliasKind = "unparsed"  // a shape nobody foresaw: listed, never dropped
)

// Alias is an address or domain that receives for others.
type Alias struct {
	Name    string // address, or "@domain" for a domain alias or a catch-all
	Kind    AliasKind
	Targets []string
	Raw     string // the row as the source holds it, for the list of the unparsed
}

// Forward is one account's own forwarding.
type Forward struct {
	Account   string
	Target    string
	KeepCopy  bool
	CopyKnown bool // the source says so; otherwise KeepCopy is a guess that loses nothing
}

func firstNonEmpty(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}
