// SPDX-License-Identifier: Apache-2.0

// Package passhash reads stored passwords in the forms that mail servers share: crypt(3), plain digests and Dovecot's
// {SCHEME} before either. It names the scheme under which another server takes a hash over, and holds a candidate against
// one. It knows no table and no server, and guesses nothing: what it does not know for sure it says it does not know.
package passhash

import (
	"regexp"
	"strings"

	"rehome"
)

// The shapes of stored passwords. None of them proves anything, as a plain password may have any shape; but a hash that goes
// out as somebody's password locks that person out, and a password that is taken for a hash costs a temporary one. So what
// has a hash's shape is one unless somebody says otherwise.
var (
	hexShape = regexp.MustCompile(`^(?:[0-9a-f]+|[0-9A-F]+)$`)
	// Modular crypt: $id$... of the families of crypt(3), whole or cut, and BSD's extended DES.
	cryptShape = regexp.MustCompile(`^\$(?:1|2[abxy]?|3|5|6|7|y|gy|sm3|md5|sha1|apr1|argon2id?|argon2i|scrypt|pbkdf2[a-z0-9-]*)[$,].` +
		`|^_[./0-9A-Za-z]{19}$`)
	// crypt(3) with DES: two characters of salt, eleven of hash. The last one holds four bits, so there are sixteen of it.
	desShape      = regexp.MustCompile(`^[./0-9A-Za-z]{13}$`)
	desWholeShape = regexp.MustCompile(`^[./0-9A-Za-z]{12}[.26AEIMQUYcgkosw]$`)
	wordShape     = regexp.MustCompile(`^(?:[A-Z]?[a-z]+[0-9]*|[0-9]+)$`)
	// Dovecot's {SCHEME} before the value.
	schemeShape = regexp.MustCompile(`^\{[A-Z][A-Z0-9.-]{2,}\}.`)
	// What other programs keep: phpass, Drupal, Django, Werkzeug, Joomla, MediaWiki, MySQL's PASSWORD(), and digests in Base64.
	otherShapes = regexp.MustCompile(`^\$[PHSQB]\$.|^\$[a-z0-9_-]+\$[^ ]{30,}$` +
		`|^(?:pbkdf2_[a-z0-9]+|pbkdf2|sha1|sha256|sha512|md5|unsalted_md5|bcrypt|bcrypt_sha256|argon2|scrypt|crypt)[$:][^ ]{16,}$` +
		`|^[0-9a-f]{32}:[^ ]+$|^:[AB]:[0-9a-f:]{32,}$|^\*[0-9A-Fa-f]{40}$` +
		`|^[A-Za-z0-9+/]{22}==$|^[A-Za-z0-9+/]{27}=$|^[A-Za-z0-9+/]{43}=$|^[A-Za-z0-9+/]{86}==$`)
)

// LooksHex reports whether a stored password has the shape of a digest in hexadecimal digits of one case.
func LooksHex(stored string) bool { return hexShape.MatchString(stored) }

// LooksCrypt reports whether it has the shape of crypt(3) with a family's mark: $6$...
func LooksCrypt(stored string) bool { return cryptShape.MatchString(stored) }

// LooksDES reports whether it has the shape of the old crypt(3), which any word of 13 characters has too.
func LooksDES(stored string) bool { return desShape.MatchString(stored) }

// SurelyDES leaves out of those the ones that the old crypt(3) never makes, and words with a number behind them, which it
// makes once in a hundred thousand times.
func SurelyDES(stored string) bool {
	return desWholeShape.MatchString(stored) && !wordShape.MatchString(stored)
}

// LooksLabelled reports whether it begins as with Dovecot's {SCHEME}: one that Dovecot has, in any letter case, or one in
// capitals that it does not have.
func LooksLabelled(stored string) bool {
	_, _, known := label(stored)
	return known || schemeShape.MatchString(stored)
}

// LooksForeign reports whether it has the shape of a hash that web programs and databases keep.
func LooksForeign(stored string) bool { return otherShapes.MatchString(stored) }

// Locked reports whether a stored password is one with which nobody can log in: behind "!" or "*" stands a hash, as
// usermod(8) and others lock an account, or nothing.
func Locked(stored string) bool {
	rest := strings.TrimLeft(stored, "!*")
	if rest == stored || LooksForeign(stored) {
		return false
	}
	return rest == "" || strings.Trim(rest, "*") == "LK" || LooksCrypt(rest) || LooksLabelled(rest) || LooksForeign(rest) || SurelyDES(rest) ||
		len(rest) >= 32 && LooksHex(rest)
}

// IsProof reports whether a shape is one that nobody chooses as a password: a whole hash of crypt(3), or one that Dovecot's
// label announces.
func IsProof(stored string) bool {
	if _, _, known := label(stored); known {
		return true
	}
	for prefix, shape := range whole {
		if strings.HasPrefix(stored, prefix) {
			return shape.MatchString(stored)
		}
	}
	return LooksCrypt(stored) && len(stored) > 30
}

// label splits Dovecot's {SCHEME} off a stored password. Of labels that Dovecot does not have nothing is
// split off: a plain password may begin with a brace.
func label(stored string) (scheme, value string, ok bool) {
	scheme, value, closed := strings.Cut(strings.TrimPrefix(stored, "{"), "}")
	if !closed || value == "" || !strings.HasPrefix(stored, "{") {
		return "", stored, false
	}
	scheme = strings.ToUpper(scheme) // Dovecot does not mind the case
	base, encoding, _ := strings.Cut(scheme, ".")
	if !dovecotSchemes[base] || encoding != "" && encoding != "HEX" && encoding != "B64" && encoding != "BASE64" {
		return "", stored, false
	}
	return scheme, value, true
}

// dovecotSchemes are those of "doveadm pw -l" in 2.2 to 2.4, and the names of theirs that LDAP uses.
var dovecotSchemes = map[string]bool{
	"PLAIN": true, "CLEAR": true, "CLEARTEXT": true, "PLAIN-TRUNC": true,
	"MD5": true, "MD5-CRYPT": true, "CRYPT": true, "DES-CRYPT": true, "BLF-CRYPT": true, "SHA256-CRYPT": true, "SHA512-CRYPT": true,
	"ARGON2I": true, "ARGON2ID": true, "PBKDF2": true,
	"PLAIN-MD5": true, "LDAP-MD5": true, "SMD5": true, "SHA": true, "SHA1": true, "SSHA": true, "SHA256": true, "SSHA256": true,
	"SHA512": true, "SSHA512": true, "CRAM-MD5": true, "HMAC-MD5": true, "DIGEST-MD5": true, "LANMAN": true, "NTLM": true,
	"OTP": true, "SKEY": true, "RPA": true, "SCRAM-SHA-1": true, "SCRAM-SHA-256": true,
}

// Unlabelled returns what a labelled password means where the label says no more than the shape.
func Unlabelled(stored string) (rehome.PasswordForm, string, bool) {
	scheme, value, ok := label(stored)
	switch {
	case !ok:
		return "", stored, false
	case scheme == "PLAIN", scheme == "CLEAR", scheme == "CLEARTEXT":
		return rehome.PasswordPlain, value, true
	case scheme == "PLAIN-MD5" && len(value) == 32 && hexShape.MatchString(value):
		return rehome.PasswordMD5, value, true
	case cryptFamilies[scheme] != "" && cryptShape.MatchString(value) && strings.HasPrefix(value, cryptFamilies[scheme]):
		return rehome.PasswordCrypt, value, true
	}
	return "", stored, false
}

// cryptFamilies are labels of crypt(3) and how their values begin.
var cryptFamilies = map[string]string{
	"CRYPT": "$", "MD5": "$1$", "MD5-CRYPT": "$1$", "BLF-CRYPT": "$2", "SHA256-CRYPT": "$5$", "SHA512-CRYPT": "$6$",
	"ARGON2I": "$argon2i$", "ARGON2ID": "$argon2id$",
}

// schemeOfCrypt names the crypt families by what they begin with; all others are {CRYPT}, which leaves
// the choice to the system's own library.
var schemeOfCrypt = []struct{ prefix, scheme string }{
	{"$1$", "MD5-CRYPT"}, {"$2", "BLF-CRYPT"}, {"$5$", "SHA256-CRYPT"}, {"$6$", "SHA512-CRYPT"},
	{"$argon2id$", "ARGON2ID"}, {"$argon2i$", "ARGON2I"},
}

// schemeOfHex names plain digests by the number of their digits.
var schemeOfHex = map[int]string{32: "PLAIN-MD5", 40: "SHA.HEX", 64: "SHA256.HEX", 128: "SHA512.HEX"}

// Scheme returns a stored password as another server can take it over: the name of Dovecot's scheme and
// the value that belongs behind it. It is not ok where there is nothing to hand over: no hash, one whose
// kind is not known, or one that the table has cut off.
func Scheme(password rehome.Password) (scheme string, value rehome.Secret, ok bool) {
	stored := password.Stored.Reveal()
	switch password.Form {
	case rehome.PasswordMD5:
		return "PLAIN-MD5", rehome.NewSecret(strings.ToLower(stored)), true
	case rehome.PasswordCrypt:
		if IsCut(stored) {
			return "", rehome.Secret{}, false
		}
		for _, family := range schemeOfCrypt {
			if strings.HasPrefix(stored, family.prefix) {
				return family.scheme, password.Stored, true
			}
		}
		return "CRYPT", password.Stored, true
	case rehome.PasswordOther:
		if scheme, value, ok := label(stored); ok {
			return scheme, rehome.NewSecret(value), !IsCut(value)
		}
		if scheme := schemeOfHex[len(stored)]; scheme != "" && hexShape.MatchString(stored) {
			return scheme, rehome.NewSecret(strings.ToLower(stored)), true
		}
	}
	return "", rehome.Secret{}, false
}

// whole are the crypt families whose hashes have one length. Password columns of 64 characters cut
// SHA-512's in half, and a database that is not strict says nothing.
var whole = map[string]*regexp.Regexp{
	"$1$": regexp.MustCompile(`^\$1\$[^$]{0,8}\$[./0-9A-Za-z]{22}$`),
	"$2":  regexp.MustCompile(`^\$2[abxy]?\$\d\d\$[./0-9A-Za-z]{53}$`),
	"$5$": regexp.MustCompile(`^\$5\$(?:rounds=\d+\$)?[^$]{0,16}\$[./0-9A-Za-z]{43}$`),
	"$6$": regexp.MustCompile(`^\$6\$(?:rounds=\d+\$)?[^$]{0,16}\$[./0-9A-Za-z]{86}$`),
}

// IsCut reports whether a crypt hash does not have the length of its family.
func IsCut(stored string) bool {
	for prefix, shape := range whole {
		if strings.HasPrefix(stored, prefix) {
			return !shape.MatchString(stored)
		}
	}
	return false
}
