// SPDX-License-Identifier: Apache-2.0

package atmail7

import (
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"rehome"
	"rehome/internal/passhash"
	labatmail7 "rehome/lab/atmail7"
)

// dovecotPassword has Dovecot make a stored password, label and all.
func dovecotPassword(t *testing.T, scheme, clear string) string {
	t.Helper()
	out, err := exec.Command("doveadm", "pw", "-s", scheme, "-p", clear).Output()
	if err != nil {
		t.Fatalf("doveadm of the package dovecot-core makes no %s: %v", scheme, err)
	}
	return strings.TrimSpace(string(out))
}

// classifiedAs is what reading a row makes of a stored value.
func classifiedAs(stored string, now regime) rehome.Password {
	a := assembly{people: peopleTables{regime: now}, overrides: map[string]bool{}}
	return a.password(session{address: "anna@example.test", password: []byte(stored)})
}

func TestMatches_whatDovecotMakes(t *testing.T) {
	t.Parallel()
	const clear = `Sol,"y" Luna7!`
	for _, scheme := range []string{
		"PLAIN", "CLEARTEXT", "PLAIN-MD5", "LDAP-MD5", "SMD5", "SHA", "SHA1", "SSHA", "SHA256", "SSHA256", "SHA512", "SSHA512",
		"SSHA512.HEX", "SHA256.HEX", "SHA.B64", "MD5-CRYPT", "CRYPT", "BLF-CRYPT", "SHA256-CRYPT", "SHA512-CRYPT", "ARGON2ID", "ARGON2I",
	} {
		password := classifiedAs(dovecotPassword(t, scheme, clear), regimeUnknown)
		for candidate, want := range map[string]bool{clear: true, clear + " ": false, "": false, strings.ToLower(clear): false} {
			got, err := passhash.Matches(password, rehome.NewSecret(candidate))
			if err != nil || got != want {
				t.Errorf("%s with %q: got %v, %v, want %v", scheme, candidate, got, err, want)
			}
		}
	}
}

// Without the label the crypt families and the digests in hex are told by their shape.
func TestMatches_withoutLabel(t *testing.T) {
	t.Parallel()
	const clear = "Tulpen&Rosen-47"
	for _, scheme := range []string{"PLAIN-MD5", "SHA.HEX", "SHA256.HEX", "SHA512.HEX", "MD5-CRYPT", "BLF-CRYPT", "SHA256-CRYPT", "SHA512-CRYPT"} {
		_, bare, _ := strings.Cut(dovecotPassword(t, scheme, clear), "}")
		password := classifiedAs(bare, regimeUnknown)
		if password.Form == rehome.PasswordPlain {
			t.Errorf("%s without label: got plain", scheme)
		}
		if got, err := passhash.Matches(password, rehome.NewSecret(clear)); err != nil || !got {
			t.Errorf("%s without label: got %v, %v", scheme, got, err)
		}
		if name, value, ok := passhash.Scheme(password); !ok || name != scheme || !strings.EqualFold(value.Reveal(), bare) {
			t.Errorf("Hash of %s without label: got %s, %v, same value %v", scheme, name, ok, value.Reveal() == bare)
		}
	}
}

func TestMatches_cannotTell(t *testing.T) {
	t.Parallel()
	sha512 := dovecotPassword(t, "SHA512-CRYPT", "x")
	cut := strings.TrimPrefix(sha512, "{SHA512-CRYPT}")[:64]
	for name, password := range map[string]rehome.Password{
		"cut":       classifiedAs(cut, regimeUnknown),
		"cut, with": classifiedAs(sha512[:64], regimeUnknown),
		"cram":      classifiedAs(dovecotPassword(t, "CRAM-MD5", "x"), regimeUnknown),
		"des":       classifiedAs("ab1FDAhKYjv2s", regimeCrypt),
		"sealed":    classifiedAs(strings.Repeat("0f", 16), regimeSealed),
		"ldap":      classifiedAs("x", regimeLDAP),
		"none":      classifiedAs("", regimeUnknown),
		"broken":    {Form: rehome.PasswordOther, Stored: rehome.NewSecret("{SSHA}no base64 at all")},
		"short":     {Form: rehome.PasswordOther, Stored: rehome.NewSecret("{SHA}YWJj")},
	} {
		got, err := passhash.Matches(password, rehome.NewSecret("x"))
		var untestable *passhash.UntestableError
		if got || !errors.As(err, &untestable) {
			t.Errorf("%s: got %v, %v, want a reason", name, got, err)
		}
	}
	if _, _, ok := passhash.Scheme(classifiedAs(cut, regimeUnknown)); ok {
		t.Error("Hash hands over what the table has cut off")
	}
}

// A plain password keeps its meaning whatever it looks like, if the operator says so.
func TestPassword_overriddenAsPlain(t *testing.T) {
	t.Parallel()
	for _, stored := range []string{"{SSHA}really-my-password", "{PLAIN}x", strings.Repeat("ab", 16), "$1$abc$PG9f9DF7TtRhFWHKmgy..1"} {
		a := assembly{overrides: map[string]bool{EveryAccount: false}}
		got := a.password(session{address: "anna@example.test", password: []byte(stored)})
		if got.Form != rehome.PasswordPlain || got.Stored.Reveal() != stored {
			t.Errorf("%q: got form %q, same text %v", stored, got.Form, got.Stored.Reveal() == stored)
		}
	}
}

// What MariaDB itself seals opens with the key, and with no other.
func TestUnseal_ofMariaDB(t *testing.T) {
	t.Parallel()
	b := startBench(t, labatmail7.Options{})
	for _, key := range []string{"short", "exactly 16 bytes", "a master key that is a good deal longer than one block"} {
		for _, clear := range []string{"x", "Belye-nochi 7", "sixteen octets!!", "пароль", strings.Repeat("long", 20)} {
			var sealed string
			if err := b.DB().QueryRowContext(t.Context(), "SELECT HEX(AES_ENCRYPT(?, ?))", clear, key).Scan(&sealed); err != nil {
				t.Fatal(err)
			}
			for _, stored := range []string{sealed, strings.ToLower(sealed)} {
				if got, ok := unseal(stored, rehome.NewSecret(key)); !ok || got != clear {
					t.Errorf("key of %d octets: got %q, %v, want %q", len(key), got, ok, clear)
				}
			}
			if got, ok := unseal(sealed, rehome.NewSecret("another key")); ok {
				t.Errorf("another key opens it as %q", got)
			}
		}
	}
	b.exec(t, fmt.Sprintf(`UPDATE Config SET value = 'encrypted' WHERE %s = 'userPasswordEncryptionType'
		INSERT INTO UserSession (Account, Password) VALUES ('anna@example.test', HEX(AES_ENCRYPT('Tulpen&Rosen-47', 'the key')))
		INSERT INTO UserSession (Account, Password) VALUES ('bjorn@example.test', HEX(AES_ENCRYPT('Smorgasbord!8', 'an older key')))`, "`key`"))
	b.settings.MasterKey = rehome.NewSecret("the key")
	org, findings := b.organisation(t)
	if got := org.Accounts[0]; got.Password.Form != rehome.PasswordPlain || got.SourcePassword.Reveal() != "Tulpen&Rosen-47" {
		t.Errorf("got form %q, right password %v", got.Password.Form, got.SourcePassword.Reveal() == "Tulpen&Rosen-47")
	}
	if got := org.Accounts[1].Password.Form; got != rehome.PasswordSealed {
		t.Errorf("sealed with another key: got %q", got)
	}
	all := strings.Join(codes(findings), "\n")
	for _, want := range []string{"password_unsealed UserSession", "password_stays_sealed bjorn@example.test"} {
		if !strings.Contains(all, want) {
			t.Errorf("no finding %q in\n%s", want, all)
		}
	}
}

func FuzzPassword(f *testing.F) {
	for _, seed := range []string{"", "x", "{SSHA}0c0blFTXXNuAMHECS4uxrj3ZieMoWImr", "{PLAIN}", "$6$", "$2y$10$",
		"$1$q7Lr2Pwx$PG9f9DF7TtRhFWHKmgy..1", "$argon2id$v=19$m=1$x", "$pbkdf2-sha256$1$aaaa$bbbbbbbbbbbbbbbbbbbbbb"} {
		f.Add(seed, "candidate")
	}
	f.Fuzz(func(t *testing.T, stored, candidate string) {
		password := classifiedAs(stored, regimeUnknown)
		if password.Form == rehome.PasswordCrypt || strings.Contains(stored, "$") {
			return // the library computes as many rounds as it is told
		}
		matches, err := passhash.Matches(password, rehome.NewSecret(candidate))
		if err != nil && stored != "" && len(stored) > 8 && strings.Contains(err.Error(), stored) {
			t.Errorf("the error repeats what is stored: %v", err)
		}
		if matches && password.Form == rehome.PasswordPlain && candidate != password.Stored.Reveal() {
			t.Errorf("%q passes for %q", candidate, stored)
		}
	})
}
