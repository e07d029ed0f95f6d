// SPDX-License-Identifier: Apache-2.0

package clientcheck

import (
	"slices"
	"strings"
	"testing"

	"rehome"
	"rehome/internal/checkup"
	"rehome/internal/clientsetup"
	"rehome/internal/protocol"
)

// right are the servers of the destination as a document names them.
func right(edit func(*settings)) settings {
	s := settings{servers: []Server{
		{IMAP, "new.example.net", 993, protocol.ImplicitTLS, "moved@a.example"},
		{Submission, "new.example.net", 465, protocol.ImplicitTLS, "moved@a.example"},
	}}
	if edit != nil {
		edit(&s)
	}
	return s
}

func TestJudge_verdicts(t *testing.T) {
	t.Parallel()
	const domainItself = "https://a.example/autodiscover/autodiscover.xml"
	for _, test := range []struct {
		name   string
		client string
		person func(*Person)
		found  *settings
		passed []Passed
		at     string // where it was found; "" is the provider's place
		code   string // "" is right
		words  string // part of the sentence or of the next step
	}{
		{name: "right", found: ptr(right(nil))},
		{name: "another spelling of the user name", found: ptr(right(func(s *settings) { s.servers[0].User = "Moved@A.example" }))},
		{name: "another port", found: ptr(right(func(s *settings) { s.servers[0].Port = 143 })), code: "client_finds_other_servers",
			words: "imap is new.example.net:143 (implicit) instead of new.example.net:993 (implicit)"},
		{name: "a server that nobody named", found: ptr(right(func(s *settings) { s.servers[1].Host = "evil.example" })),
			code: "client_finds_other_servers", words: "evil.example"},
		{name: "without the domain", found: ptr(right(func(s *settings) { s.servers[0].User = "moved" })), code: "client_finds_other_servers",
			words: "the user name is moved instead of moved@a.example"},
		{name: "a user name of one's own", person: func(p *Person) { p.Login = "m.oved" }, found: ptr(right(nil)), code: "client_finds_other_servers",
			words: "instead of m.oved"},
		{name: "SPA", client: "outlook", found: ptr(right(func(s *settings) { s.trouble = &hindrance{what: "SPA is on", step: "x"} })),
			code: "client_takes_wrongly", words: "SPA is on"},
		{name: "a place before is silent", found: ptr(right(nil)), passed: []Passed{{Asked: "https://x/", Why: "no answer in time", unknown: true}},
			code: "client_waits", words: "https://x/"},
		{name: "Outlook sees another certificate", client: "outlook", found: ptr(right(nil)),
			passed: []Passed{{Asked: domainItself, Why: "its certificate", trouble: Certificate}},
			code:   "client_certificate_prompt", words: domainItself},
		{name: "Thunderbird says nothing of it", found: ptr(right(nil)), passed: []Passed{{Asked: domainItself, trouble: Certificate}}},
		{name: "calendars elsewhere", client: "apple", found: ptr(right(func(s *settings) { s.calendars = "https://dav.old.example.net/dav/" })),
			code: "client_finds_other_servers", words: "calendars are at dav.old.example.net instead of dav.new.example.net"},
		{name: "Mozilla's entry is old", found: ptr(settings{servers: []Server{
			{IMAP, "old.example.net", 993, protocol.ImplicitTLS, "moved@a.example"},
			{Submission, "old.example.net", 465, protocol.ImplicitTLS, "moved@a.example"},
		}}), at: "https://live.thunderbird.net/autoconfig/v1.1/a.example", code: "client_finds_other_side", words: "github.com/thunderbird/autoconfig"},
	} {
		s := subject("a.example", rehome.Destination)
		p := s.People[0]
		if test.person != nil {
			test.person(&p)
		}
		key, at := test.client, test.at
		if key == "" {
			key = "thunderbird"
		}
		if at == "" {
			at = "https://autoconfig.a.example/mail/config-v1.1.xml"
		}
		v := visit{client: clients()[slices.IndexFunc(clients(), func(c client) bool { return c.key == key })], person: p,
			end: conclusion{found: &found{at: at, settings: *test.found}, passed: test.passed}}
		domain, findings := judge(s, []visit{v}, nil)
		line, code := domain.Clients[0], ""
		if len(findings) > 0 {
			code = findings[0].Code
		}
		if code != test.code || (line.Level == checkup.LevelOK) != (code == "") || !strings.Contains(line.Sentence+line.NextStep, test.words) {
			t.Errorf("%s: got %q, %+v", test.name, code, line)
		}
		if code != "" && (line.NextStep == "" || line.Who == "") {
			t.Errorf("%s: nobody can act on %+v", test.name, line)
		}
	}
}

// What the settings do not describe cannot be compared, and is not taken for right.
func TestJudge_notDescribed(t *testing.T) {
	t.Parallel()
	s := subject("a.example", rehome.Destination)
	s.Services.Destination.Submission = clientsetup.Server{}
	v := visit{client: clients()[0], person: s.People[0], end: conclusion{found: &found{at: "https://x/", settings: right(nil)}}}
	domain, findings := judge(s, []visit{v}, nil)
	if len(findings) != 1 || !notDescribed.Is(findings[0]) || domain.Clients[0].Level != checkup.LevelError {
		t.Errorf("got %+v", domain.Clients[0])
	}
}

func ptr[T any](value T) *T { return &value }
