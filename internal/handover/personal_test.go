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
	"rehome/internal/protocol"
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
	options := PersonalOptions{Organisation: "Example Ltd", PasswordStays: true, Incoming: "imap.example.test:993", MakesAccounts: true,
		Outgoing: "smtp.example.test:587", OutgoingTLS: protocol.StartTLS, Webmail: "https://webmail.example.test/",
		SealTo: func() ([]string, error) { return input.SealTo, nil }}
	settings, err := WritePersonal(folder, SettingsOf(everybody.Moving, nil, nil), everybody, options, register)
	if err != nil || settings.Sheets != 3 || settings.Letters != 1 || settings.Folder != folder {
		t.Fatalf("got %+v, %v, want three sheets and a letter", settings, err)
	}
	letter, err := vault.Open(letterOf(folder, "b/b@a.test"), input.Identity)
	if err != nil || !strings.Contains(string(letter), "Your temporary password: made-for-bob\n") ||
		!strings.Contains(string(letter), "until you are told that the move is complete") {
		t.Errorf("got %q, %v", letter, err)
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
			if text := string(content); ending == ".html" && (!strings.Contains(text, "smtp.example.test, port 587, encrypted (STARTTLS), same") ||
				!strings.Contains(text, `<a href="https://webmail.example.test/">`)) {
				t.Errorf("%s%s does not say where mail is sent to and read:\n%s", name, ending, text)
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
	options := PersonalOptions{SealTo: func() ([]string, error) { return nil, broken }}
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

// The page reads as if a colleague had written it: to a person, with what happens, what to do and whom to ask.
func TestPersonalPage_readsLikeALetter(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("personal.html.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"Dear {{or .DisplayName .Account}}", "are copied for you", "tell whoever gave you this page"} {
		if !strings.Contains(string(page), part) {
			t.Errorf("the page does not say %q", part)
		}
	}
	if text := string(readme("Example Ltd", Bundle{Domains: 1})); strings.Contains(text, " 0 ") || !strings.HasPrefix(text, "Hello,") ||
		!strings.Contains(text, "1 domain (") {
		t.Errorf("a bundle without aliases and POP users asks for nothing about them:\n%s", text)
	}
}
