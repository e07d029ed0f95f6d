// SPDX-License-Identifier: Apache-2.0

package atmail7

import (
	"crypto/md5"
	"encoding/hex"
	"strings"

	"rehome"
	"rehome/internal/passhash"
)

// regime is what the server's configuration says about stored passwords. It holds for those that
// are set from now on: a table may have others from before it was changed.
type regime string

const (
	regimeUnknown regime = ""
	regimePlain   regime = "plain"
	regimeMD5     regime = "md5"
	regimeCrypt   regime = "crypt"
	regimeSealed  regime = "sealed"
	regimeLDAP    regime = "ldap"
)

// regimeOf reads the rows of Config: section, key, value. Neither the spelling of the values nor
// their letter case is documented.
func regimeOf(rows [][3]string) regime {
	found := regimeUnknown
	for _, row := range rows {
		section := strings.ToLower(row[0])
		key := strings.ToLower(row[1])
		value := bare(row[2])
		switch {
		case section == "dovecot" && key == "authtype" && value == "ldap":
			return regimeLDAP
		case key == "userpasswordencryptiontype":
			found = encryptionTypes[value]
		case key == "crypt" && value == "1" && found == regimeUnknown: // atmail 5
			found = regimeCrypt
		}
	}
	return found
}

var encryptionTypes = map[string]regime{
	"plain": regimePlain, "plaintext": regimePlain, "none": regimePlain,
	"md5": regimeMD5, "md5crypt": regimeCrypt, "crypt": regimeCrypt,
	"encrypted": regimeSealed, "aes": regimeSealed, "hexaes": regimeSealed,
}

// bare keeps the letters and digits of a value: "MD5 Crypt" and "md5-crypt" are one.
func bare(value string) string {
	return strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' {
			return c
		}
		return -1
	}, strings.ToLower(value))
}

// formOf classifies a stored password by its shape, with the regime where the shape leaves it open.
func formOf(stored string, now regime) rehome.PasswordForm {
	switch {
	case now == regimeLDAP:
		return rehome.PasswordLDAP
	case stored == "":
		return rehome.PasswordNone
	case passhash.LooksCrypt(stored), passhash.SurelyDES(stored), now == regimeCrypt && passhash.LooksDES(stored):
		return rehome.PasswordCrypt
	case passhash.LooksHex(stored):
		return formOfHex(stored, now)
	case passhash.LooksLabelled(stored), passhash.LooksForeign(stored), passhash.Locked(stored):
		return rehome.PasswordOther
	}
	return rehome.PasswordPlain
}

// formOfHex tells hexadecimal values by their length. Sealed ones are whole AES blocks, and one block
// is as long as an MD5.
func formOfHex(stored string, now regime) rehome.PasswordForm {
	switch digits := len(stored); {
	case now == regimeSealed && digits%32 == 0:
		return rehome.PasswordSealed
	case digits == 32:
		return rehome.PasswordMD5
	case digits == 40, digits >= 56 && digits%8 == 0: // SHA-1; SHA-224 and longer, or sealed
		return rehome.PasswordOther
	case digits == 16 && strings.ContainsAny(stored, "0123456789") && strings.ContainsAny(stored, "abcdefABCDEF"):
		return rehome.PasswordOther // MySQL's OLD_PASSWORD()
	}
	return rehome.PasswordPlain // a number, a date, a short word of a to f
}

// isHash reports whether the form is told by a shape that a plain password may have too.
func isHash(form rehome.PasswordForm) bool {
	switch form {
	case rehome.PasswordMD5, rehome.PasswordCrypt, rehome.PasswordSealed, rehome.PasswordOther:
		return true
	}
	return false
}

// expects is the form of new passwords; "" if the configuration does not say.
func (r regime) expects() rehome.PasswordForm {
	switch r {
	case regimePlain:
		return rehome.PasswordPlain
	case regimeMD5:
		return rehome.PasswordMD5
	case regimeCrypt:
		return rehome.PasswordCrypt
	case regimeSealed:
		return rehome.PasswordSealed
	}
	return ""
}

// contradicted reports whether the digest that atmail 5 writes beside a password is of another one. That it is of this one
// proves nothing: with crypt switched on it is the digest of the hash.
func contradicted(stored, md5Column string) bool {
	sum := md5.Sum([]byte(stored))
	return len(md5Column) == md5.Size*2 && passhash.LooksHex(md5Column) && !strings.EqualFold(hex.EncodeToString(sum[:]), md5Column)
}

// classified is what a stored password was taken for.
type classified struct {
	address string
	form    rehome.PasswordForm
	sure    bool // nobody chooses a password that looks like this
}

// findDoubtful names each account whose password was taken for something else than what the server is set to store or, if
// that is not known, than most of the table holds: a mistake in either direction locks somebody out.
func (a *assembly) findDoubtful() {
	usual := a.people.regime.expects()
	if usual == "" {
		counts := map[rehome.PasswordForm]int{}
		for _, c := range a.classified {
			counts[c.form]++
		}
		for form, n := range counts {
			if 2*n > len(a.classified) {
				usual = form
			}
		}
	}
	for _, c := range a.classified {
		switch {
		case c.form == usual:
		case isHash(c.form) && !c.sure:
			a.find(passwordLooksHashed, c.address, "", nil)
		case c.form == rehome.PasswordPlain && isHash(usual):
			a.find(passwordLooksPlain, c.address, "", nil)
		}
	}
}
