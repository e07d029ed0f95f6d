// SPDX-License-Identifier: Apache-2.0

package handover

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rehome"
	"rehome/internal/atmail8"
	"rehome/internal/people"
	"rehome/internal/vault"
)

// threePeople are one who keeps the password, one with a temporary one, and one whose is still to be made.
func threePeople() *people.Everybody {
	account := func(address string) rehome.Account {
		return rehome.Account{Address: address, FirstName: "F", LastName: "L", Services: rehome.AllServices}
	}
	return &people.Everybody{
		Moving: []rehome.Account{account("anna@a.test"), account("b/b@a.test"), account("carl@a.test")},
		Decisions: []atmail8.Decision{
			{Address: "anna@a.test", Origin: atmail8.OriginOwn, Password: rehome.NewSecret("her-own-secret")},
			{Address: "b/b@a.test", Origin: atmail8.OriginTemporary, Reason: atmail8.ReasonHashed, Password: rehome.NewSecret("made-for-bob")},
			{Address: "carl@a.test", Origin: atmail8.OriginTemporary, Reason: atmail8.ReasonNone},
		},
	}
}

func page(account rehome.Account) ([]byte, error) { return []byte("page of " + account.Address), nil }

func letter(account rehome.Account, password rehome.Secret) ([]byte, error) {
	return []byte(account.Address + ": " + password.Reveal()), nil
}

func TestSettingsOf_hasEverybody(t *testing.T) {
	t.Parallel()
	known := map[string]people.Preference{"anna@a.test": {Account: "anna@a.test", DisplayName: "Anna A.", Signature: "bye"}}
	forwards := []rehome.Forward{{Account: "carl@a.test", Target: "x@b.test"}, {Account: "carl@a.test", Target: "y@b.test"}}
	got := SettingsOf(threePeople().Moving, known, forwards).People
	if len(got) != 3 || got[0].DisplayName != "Anna A." || got[1].DisplayName != "F L" || got[1].Account != "b/b@a.test" {
		t.Errorf("got %+v", got)
	}
	if strings.Join(got[2].Forwards, " ") != "x@b.test y@b.test" || got[0].Forwards != nil {
		t.Errorf("forwards: got %+v", got)
	}
}

func TestWritePersonal_lettersOnlyForTemporaryPasswords(t *testing.T) {
	t.Parallel()
	input := newVendorInput(t)
	folder := filepath.Join(t.TempDir(), "people")
	register := vault.NewRegister(filepath.Dir(folder))
	everybody := threePeople()
	options := PersonalOptions{MakesAccounts: true, Page: page, Letter: letter, SealTo: func() ([]string, error) { return input.SealTo, nil }}
	settings, err := WritePersonal(folder, SettingsOf(everybody.Moving, nil, nil), everybody, options, register)
	if err != nil || settings.Sheets != 3 || settings.Letters != 1 || settings.Folder != folder {
		t.Fatalf("got %+v, %v, want three sheets and a letter", settings, err)
	}
	sealed, err := vault.Open(letterOf(folder, "b/b@a.test"), input.Identity)
	if err != nil || string(sealed) != "b/b@a.test: made-for-bob" {
		t.Errorf("got %q, %v", sealed, err)
	}
	if files, err := register.Files(); err != nil || len(files) != 1 || files[0].What != vault.SecretLetter {
		t.Errorf("got %+v, %v, want the letter noted", files, err)
	}
	for _, name := range []string{"anna@a.test", rehome.FileName("b/b@a.test"), "carl@a.test"} {
		for _, ending := range []string{".html", ".json"} {
			content, err := os.ReadFile(filepath.Join(folder, name+ending))
			if err != nil {
				t.Fatal(err)
			}
			if text := string(content); strings.Contains(text, "her-own-secret") || strings.Contains(text, "made-for-bob") {
				t.Errorf("%s%s shows a password", name, ending)
			}
		}
	}
}

func TestWritePersonal_asksForNoIdentityWithoutNeed(t *testing.T) {
	t.Parallel()
	everybody := threePeople()
	broken := errors.New("no identity")
	options := PersonalOptions{Page: page, Letter: letter, SealTo: func() ([]string, error) { return nil, broken }}
	folder := t.TempDir()
	settings := SettingsOf(everybody.Moving, nil, nil)
	if got, err := WritePersonal(folder, settings, everybody, options, vault.NewRegister(folder)); err != nil || got.Letters != 0 {
		t.Errorf("a destination that rehome makes no accounts for: got %+v, %v", got, err)
	}
	options.MakesAccounts = true
	if _, err := WritePersonal(folder, settings, everybody, options, vault.NewRegister(folder)); !errors.Is(err, broken) {
		t.Errorf("got %v, want %v", err, broken)
	}
}

// The letter of one was the letter of both.
func TestLetterOf_twoAddressesNeverShareOne(t *testing.T) {
	t.Parallel()
	names := map[string]string{}
	for _, address := range []string{"a/b@x.test", "a_b@x.test", "a*b@x.test", "a?b@x.test", "ab@x.test"} {
		name := letterOf("people", address)
		if other, taken := names[name]; taken || filepath.Dir(name) != "people" {
			t.Errorf("%s gets %s, which is of %q", address, name, other)
		}
		names[name] = address
	}
	if got := letterOf("people", "a_b@x.test"); got != filepath.Join("people", "a_b@x.test.letter.txt.age") {
		t.Errorf("got %s, want an address that needs no change to stay as it is", got)
	}
}

func TestWriteShares(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if file, err := WriteShares(folder, nil); err != nil || file != "" {
		t.Errorf("nobody shares: got %q, %v", file, err)
	}
	file, err := WriteShares(folder, []people.Share{
		{Owner: "a@a.test", Collection: "work, mine", To: "b@a.test", Write: true}, {Owner: "a@a.test", To: "c@a.test"},
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(file)
	want := "\xef\xbb\xbfOwner;Calendar;SharedWith;Access\r\na@a.test;\"work, mine\";b@a.test;write\r\na@a.test;;c@a.test;read\r\n"
	if err != nil || string(got) != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}

// A bundle asks for nothing that there is nothing of.
func TestReadme_asksForWhatThereIs(t *testing.T) {
	t.Parallel()
	if text := string(readme("Example Ltd", Bundle{Domains: 1})); strings.Contains(text, " 0 ") || !strings.HasPrefix(text, "Hello,") ||
		!strings.Contains(text, "1 domain (") {
		t.Errorf("a bundle without aliases and POP users asks for nothing about them:\n%s", text)
	}
}
