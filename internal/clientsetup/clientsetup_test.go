// SPDX-License-Identifier: Apache-2.0

package clientsetup

import (
	"os"
	"strings"
	"testing"

	"rehome"
	"rehome/internal/protocol"

	"github.com/google/go-cmp/cmp"
)

// sample is an end with everything.
func sample(side rehome.Side) End {
	host := map[rehome.Side]string{rehome.Source: "old.example.net", rehome.Destination: "new.example.net"}[side]
	return End{
		Side: side, IMAP: Address{host + ":993", protocol.ImplicitTLS}, POP3: Address{host + ":995", protocol.ImplicitTLS},
		Submission: Address{host + ":465", protocol.ImplicitTLS}, Sieve: Address{host + ":4190", protocol.StartTLS},
		DAV: "https://dav." + host + "/dav/", Webmail: "https://webmail." + host + "/",
	}
}

// sampleService is the destination's of a domain.
func sampleService(t *testing.T, domain string) Service {
	t.Helper()
	s, left := Describe(sample(rehome.Destination), Naming{Organisation: `Müller & Söhne <"مرحبا">`, Help: "https://example.com/help?a=1&b=2"}, domain)
	if len(left) > 0 {
		t.Fatalf("left out: %v", left)
	}
	return s
}

func TestDescribe_hosts(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name     string
		hostPort string
		hosts    map[string]string
		want     string // "" is left out
	}{
		{"as it is", "Mail.Example.NET:993", nil, "mail.example.net"},
		{"an inner name", "imap-1.lan:993", map[string]string{"imap-1.lan": "mail.example.net"}, "mail.example.net"},
		{"a name for each domain", "10.0.0.5:993", map[string]string{"10.0.0.5": "mail.{domain}"}, "mail.example.com"},
		{"an address", "10.0.0.5:993", nil, ""},
		{"an address of IPv6", "[2001:db8::1]:993", nil, ""},
		{"this machine", "localhost:993", nil, ""},
		{"another script", "bücher.example:993", nil, "xn--bcher-kva.example"},
		{"no host name", "-x-.example:993", nil, ""},
	} {
		end := sample(rehome.Destination)
		end.IMAP.HostPort = test.hostPort
		s, left := Describe(end, Naming{Hosts: test.hosts}, "example.com")
		if s.IMAP.Host != test.want {
			t.Errorf("%s: got %q, want %q", test.name, s.IMAP.Host, test.want)
		}
		if (test.want == "") != (len(left) == 1) {
			t.Errorf("%s: left out: %v", test.name, left)
		}
		if test.want == "" && (left[0].NextStep == "" || left[0].Needed) { // POP3 is there
			t.Errorf("%s: got %+v", test.name, left[0])
		}
	}
}

// No document sends a password in clear text, whatever the settings say.
func TestDescribe_withoutEncryptionLeftOut(t *testing.T) {
	t.Parallel()
	end := sample(rehome.Source)
	end.IMAP.Security, end.POP3.Security, end.Submission.Security = protocol.NoTLS, protocol.NoTLS, protocol.NoTLS
	end.Sieve.Security = protocol.NoTLS
	end.DAV = "http://dav.example.net/"
	s, left := Describe(end, Naming{}, "example.com")
	want := Service{Domain: "example.com", Side: rehome.Source, Login: LoginAddress, Webmail: end.Webmail}
	if !cmp.Equal(s, want) {
		t.Errorf("got %+v", s)
	}
	needed := map[string]bool{}
	for _, one := range left {
		needed[one.Service] = one.Needed
	}
	if got := map[string]bool{"imap": true, "pop3": false, "submission": true, "sieve": false, "dav": false}; !cmp.Equal(needed, got) {
		t.Errorf("got %v", needed)
	}
	for name, give := range map[string]func() ([]byte, bool){
		"autoconfig":   func() ([]byte, bool) { return s.Autoconfig("1.1") },
		"autodiscover": func() ([]byte, bool) { return s.Autodiscover("anna@example.com") },
		"profile":      func() ([]byte, bool) { return s.Profile(Person{Address: "anna@example.com"}) },
		"code":         func() ([]byte, bool) { return s.AndroidCode(Person{Address: "anna@example.com"}) },
		"pacc":         s.PACC,
	} {
		if document, ok := give(); ok {
			t.Errorf("%s: %s", name, document)
		}
	}
}

func TestSplitAddress(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"anna@example.com":                       "anna|example.com",
		" Anna@Example.COM. ":                    "Anna|example.com",
		"a/b@x":                                  "a/b|x",
		"a@b@example.com":                        "a@b|example.com",
		"anna@Bücher.example":                    "anna|xn--bcher-kva.example",
		"אנה@דוגמה.example":                      "אנה|xn--6dbbec0c.example",
		`"a b"@example.com`:                      "",
		"anna@":                                  "",
		"@example.com":                           "",
		"anna":                                   "",
		"anna@exa mple.com":                      "",
		"anna@-example.com":                      "",
		"an\nna@example.com":                     "",
		"an\u202ena@example.com":                 "",
		"anna@\x80.example.com":                  "",
		"\xff@example.com":                       "",
		strings.Repeat("a", 65) + "@example.com": "",
		"anna@example.com/../../x":               "",
	} {
		local, domain, ok := splitAddress(address)
		got := ""
		if ok {
			got = local + "|" + domain
		}
		if got != want {
			t.Errorf("%q: got %q, want %q", address, got, want)
		}
	}
}

// golden compares with a file in testdata; UPDATE=1 writes it.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := "testdata/" + name
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s: -want +got\n%s", file, diff)
	}
}
