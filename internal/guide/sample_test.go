// SPDX-License-Identifier: Apache-2.0

package guide

import (
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"rehome/internal/clientsetup"
	"rehome/internal/devices"
	"rehome/internal/people"
	"rehome/internal/protocol"
)

// sampleOrganisation moves everything.
func sampleOrganisation() Organisation {
	return Organisation{Name: "Musterhaus & Söhne <GmbH>", Contact: "IT-Service, it@example.com, +49 30 1234-56", Help: "https://www.example.com/mail",
		RulesCopied: true, DAVCopied: true}
}

func service(host string, dav string) clientsetup.Service {
	s := clientsetup.Service{Domain: "example.com", Login: clientsetup.LoginAddress, Webmail: "https://webmail." + host + "/",
		IMAP:       clientsetup.Server{Host: "imap." + host, Port: 993, Security: protocol.ImplicitTLS},
		POP3:       clientsetup.Server{Host: "pop." + host, Port: 995, Security: protocol.ImplicitTLS},
		Submission: clientsetup.Server{Host: "smtp." + host, Port: 587, Security: protocol.StartTLS}}
	if dav != "" {
		s.DAV, _ = url.Parse(dav)
		s.DAVAddress = dav
	}
	return s
}

// samples are people with much, with nothing, and with odd data.
func samples() map[string]Person {
	day := time.Date(2026, 12, 4, 22, 0, 0, 0, time.FixedZone("", 3600))
	seen := time.Date(2026, 11, 25, 8, 0, 0, 0, time.UTC)
	old, now := service("old.example.com", "https://old.example.com/dav/"), service("cloud.example.net", "https://dav.cloud.example.net/")
	anna := Person{Address: "anna@example.com", Login: "anna@example.com", OldLogin: "anna", Password: PasswordTemporary, Day: day,
		Source: old, Destination: now,
		Preference: people.Preference{DisplayName: "Anna Beispiel", ReplyTo: "office@example.com", TimeZone: "Europe/Berlin",
			Signature: "Mit freundlichen Grüßen\nAnna Beispiel\nEinkauf"},
		Forwards: []string{"anna.privat@example.org"}, ProfileLink: "https://setup.example.com/mail/apple.mobileconfig?emailaddress=anna%40example.com",
		Devices: []devices.Device{{Program: devices.Thunderbird, Name: "Thunderbird 128 (Windows)", Protocols: []string{"imap", "smtp"}, Last: seen},
			{Program: devices.IPhone, Name: "iOS 18.1 (iPhone, iPad)", Protocols: []string{"dav", "imap"}, Last: seen}},
		Collections: []Collection{{Name: "🎂 Geburtstage", Objects: 31}, {Name: "📅 Team", Objects: 1204}, {Name: "🏖️", Objects: 1},
			{Name: "Persönliches Adressbuch", Contacts: true, Objects: 2000}}}
	odd := Person{Address: "a/b@example.com", Login: "a/b@example.com", OldLogin: "a/b@example.com", Password: PasswordTold, Source: old,
		Destination: service("cloud.example.net", ""),
		Devices:     []devices.Device{{Program: devices.Other, Protocols: []string{"pop3"}, Last: seen}}}
	leila := anna
	leila.Preference = people.Preference{DisplayName: "ليلى الأحمد", Signature: `<script>alert("x")</script>`, HTML: true, Language: "ar"}
	leila.Password, leila.ProfileLink, leila.ProfileFile, leila.Switched = PasswordKept, "", "anna@example.com.mobileconfig", true
	leila.Devices, leila.Collections = nil, []Collection{{Name: "\u202egnissim", Objects: 3}, {Name: "", Contacts: true, Objects: 1}}
	same := anna
	same.Source, same.OldLogin, same.Password = now, anna.Login, PasswordKept
	return map[string]Person{"anna": anna, "odd": odd, "leila": leila, "same": same}
}

// With REHOME_PAGES=FOLDER it leaves the pages there, to be looked at: see "make pages".
func TestPage_samples(t *testing.T) {
	t.Parallel()
	book := open(t, "")
	for name, p := range samples() {
		for _, code := range book.Languages() {
			p.Language = code
			page, err := book.Make(sampleOrganisation(), p)
			if err != nil {
				t.Fatal(err)
			}
			html, err := page.HTML(nil)
			if err != nil {
				t.Fatal(err)
			}
			folder := os.Getenv("REHOME_PAGES")
			if folder == "" {
				continue
			}
			for ending, text := range map[string][]byte{".html": html, ".txt": page.Text()} {
				if err := os.WriteFile(filepath.Join(folder, name+"."+code+ending), text, 0o600); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}

// openShipped reads the languages that come with the binary, once: a book does not change.
var openShipped = sync.OnceValues(func() (*Book, error) { return Open("", "en") })

func open(t testing.TB, folder string) *Book {
	t.Helper()
	book, err := openShipped()
	if folder != "" {
		book, err = Open(folder, "en")
	}
	if err != nil {
		t.Fatal(err)
	}
	return book
}
