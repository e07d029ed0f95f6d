// SPDX-License-Identifier: Apache-2.0

package passhash

import (
	"errors"
	"strings"
	"testing"

	"rehome"
)

// What Dovecot itself makes is held against this package where a table's values are classified: internal/atmail7.

func TestScheme(t *testing.T) {
	t.Parallel()
	whole := "$6$salt$" + strings.Repeat("a", 86)
	for _, c := range []struct {
		form   rehome.PasswordForm
		stored string
		scheme string // "" is nothing to hand over
		value  string
	}{
		{rehome.PasswordMD5, "0123456789ABCDEF0123456789ABCDEF", "PLAIN-MD5", "0123456789abcdef0123456789abcdef"},
		{rehome.PasswordCrypt, whole, "SHA512-CRYPT", whole},
		{rehome.PasswordCrypt, whole[:64], "", ""}, // cut off by a column of 64 characters
		{rehome.PasswordCrypt, "$y$j9T$abc$def", "CRYPT", "$y$j9T$abc$def"},
		{rehome.PasswordOther, "{SSHA256}abcd", "SSHA256", "abcd"},
		{rehome.PasswordOther, "{NOTHING}abcd", "", ""},
		{rehome.PasswordOther, strings.Repeat("AB", 20), "SHA.HEX", strings.Repeat("ab", 20)},
		{rehome.PasswordPlain, "secret", "", ""},
		{rehome.PasswordSealed, strings.Repeat("0", 32), "", ""},
		{rehome.PasswordNone, "", "", ""},
	} {
		scheme, value, ok := Scheme(rehome.Password{Form: c.form, Stored: rehome.NewSecret(c.stored)})
		if ok != (c.scheme != "") || ok && (scheme != c.scheme || value.Reveal() != c.value) {
			t.Errorf("%s %q: got %s, %q, %t, want %s", c.form, c.stored, scheme, value.Reveal(), ok, c.scheme)
		}
	}
}

func TestLocked(t *testing.T) {
	t.Parallel()
	const crypt = "$1$q7Lr2Pwx$PG9f9DF7TtRhFWHKmgy..1"
	for stored, want := range map[string]bool{
		"": false, "!": true, "!!": true, "*": true, "*LK*": true, "!" + crypt: true, "!!" + crypt: true, "!{SSHA}abcdefgh": true,
		"!5f4dcc3b5aa765d61d8327deb882cf99": true, crypt: false, "!Secret-1": false, "*Stern*": false, "!!ah": false,
		"*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19": false, // MySQL's own mark
	} {
		if got := Locked(stored); got != want {
			t.Errorf("%q: got %t, want %t", stored, got, want)
		}
	}
}

func TestIsProof(t *testing.T) {
	t.Parallel()
	for stored, want := range map[string]bool{
		"$1$q7Lr2Pwx$PG9f9DF7TtRhFWHKmgy..1": true, "$1$q7Lr2Pwx$PG9": false, "$1$money$x": false, "{SSHA}abcd": true, "{plain}x": true,
		"$y$j9T$F5Jx5fExrKuPp53xLKQ..1$tnSYvahCwPBHKZUspmcxMfb0.WiB9W.zEaKlOBL35rC": true, "{NOTHING}x": false,
		"5f4dcc3b5aa765d61d8327deb882cf99": false, "ab1FDAhKYjv2s": false, "": false,
	} {
		if got := IsProof(stored); got != want {
			t.Errorf("%q: got %t, want %t", stored, got, want)
		}
	}
}

func TestMatches_saysWhatCannotBeTold(t *testing.T) {
	t.Parallel()
	plain := rehome.Password{Form: rehome.PasswordPlain, Stored: rehome.NewSecret("secret")}
	for candidate, want := range map[string]bool{"secret": true, "secret ": false, "": false} {
		if got, err := Matches(plain, rehome.NewSecret(candidate)); err != nil || got != want {
			t.Errorf("%q: got %t, %v, want %t", candidate, got, err, want)
		}
	}
	for _, form := range []rehome.PasswordForm{rehome.PasswordSealed, rehome.PasswordLDAP, rehome.PasswordNone} {
		var untestable *UntestableError
		if _, err := Matches(rehome.Password{Form: form}, rehome.NewSecret("x")); !errors.As(err, &untestable) || untestable.Reason == "" {
			t.Errorf("%s: got %v, want a reason", form, err)
		}
	}
}
