// SPDX-License-Identifier: Apache-2.0

package passhash

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"hash"
	"strings"

	"github.com/go-crypt/crypt"

	"rehome"
)

// UntestableError says why a stored password cannot be held against a candidate. Its text holds nothing
// of either.
type UntestableError struct{ Reason string }

func (e *UntestableError) Error() string { return e.Reason }

// Matches reports whether the candidate is the password that is stored. The error is *UntestableError.
func Matches(stored rehome.Password, candidate rehome.Secret) (bool, error) {
	value := stored.Stored.Reveal()
	switch stored.Form {
	case rehome.PasswordPlain:
		return same([]byte(value), []byte(candidate.Reveal())), nil
	case rehome.PasswordMD5:
		return matchesDigest("PLAIN-MD5", value, candidate)
	case rehome.PasswordCrypt:
		return matchesCrypt(value, candidate)
	case rehome.PasswordOther:
		scheme, hash, ok := Scheme(stored)
		if !ok {
			return false, &UntestableError{"the type of this hash is not known, or the table cut it off"}
		}
		if family := cryptFamilies[scheme]; family != "" {
			return matchesCrypt(hash.Reveal(), candidate)
		}
		return matchesDigest(scheme, hash.Reveal(), candidate)
	case rehome.PasswordSealed:
		return false, &UntestableError{"the password is encrypted with the server's master key: set it in source.database.master_key"}
	case rehome.PasswordLDAP:
		return false, &UntestableError{"the password is in a directory service; the value in the table means nothing"}
	}
	return false, &UntestableError{"no password is stored"}
}

// matchesCrypt leaves the families to a library.
func matchesCrypt(stored string, candidate rehome.Secret) (matches bool, err error) {
	switch {
	case IsCut(stored):
		return false, &UntestableError{"the hash is shorter than its type requires: the table cut it off"}
	case desShape.MatchString(stored):
		return false, &UntestableError{"this is the old DES crypt, which only the system's own library supports: try the password at the source"}
	}
	decoder, err := crypt.NewDecoderAll()
	if err != nil {
		return false, &UntestableError{"rehome cannot compute this type of hash"}
	}
	digest, err := decoder.Decode(asLibraryWrites(stored))
	if err != nil {
		return false, &UntestableError{"rehome cannot compute this type of hash: try the password at the source"}
	}
	matches, err = digest.MatchAdvanced(candidate.Reveal())
	if err != nil {
		return false, &UntestableError{"the hash could not be computed"}
	}
	return matches, nil
}

// asLibraryWrites spells bcrypt's variants alike: they differ for passwords that old implementations
// got wrong, not in their form.
func asLibraryWrites(stored string) string {
	if strings.HasPrefix(stored, "$2$") {
		return "$2a$" + stored[3:]
	}
	return stored
}

// digests are Dovecot's schemes of one round. A salt stands behind the digest.
var digests = map[string]func() hash.Hash{
	"PLAIN-MD5": md5.New, "LDAP-MD5": md5.New, "SMD5": md5.New,
	"SHA": sha1.New, "SHA1": sha1.New, "SSHA": sha1.New,
	"SHA256": sha256.New, "SSHA256": sha256.New, "SHA512": sha512.New, "SSHA512": sha512.New,
}

func matchesDigest(scheme, value string, candidate rehome.Secret) (bool, error) {
	name, encoding, _ := strings.Cut(scheme, ".")
	newDigest, known := digests[name]
	if !known {
		return false, &UntestableError{"the scheme " + scheme + " cannot be computed here: try the password at the source"}
	}
	raw, err := decodeDigest(value, encoding == "HEX" || encoding == "" && name == "PLAIN-MD5")
	digest := newDigest()
	salted := name == "SMD5" || strings.HasPrefix(name, "SSHA")
	if err != nil || len(raw) < digest.Size() || !salted && len(raw) != digest.Size() {
		return false, &UntestableError{"the value is no digest of the scheme " + scheme}
	}
	digest.Write([]byte(candidate.Reveal()))
	digest.Write(raw[digest.Size():])
	return same(digest.Sum(nil), raw[:digest.Size()]), nil
}

func decodeDigest(value string, isHex bool) ([]byte, error) {
	if isHex {
		return hex.DecodeString(value)
	}
	if raw, err := base64.StdEncoding.DecodeString(value); err == nil {
		return raw, nil
	}
	raw, err := base64.RawStdEncoding.DecodeString(value)
	if err != nil {
		return nil, errors.New("not base64") // the library's words show where in the value
	}
	return raw, nil
}

func same(a, b []byte) bool {
	return subtle.ConstantTimeCompare(a, b) == 1
}
