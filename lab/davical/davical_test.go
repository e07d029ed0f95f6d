// SPDX-License-Identifier: Apache-2.0

package davical

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"rehome/lab"
)

const password = "geheim: 'x'"

func start(t *testing.T, opts Options) *Server {
	t.Helper()
	for _, name := range []string{"anna", "bob"} {
		opts.Accounts = append(opts.Accounts, Account{name + "@example.test", password})
	}
	server, err := Start(lab.Open(t), opts)
	if err != nil {
		t.Fatal(err)
	}
	return server
}

func request(t *testing.T, who, method, url, body string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth(who+"@example.test", password)
	request.Header.Set("Depth", "1")
	request.Header.Set("Content-Type", map[bool]string{true: "text/vcard", false: "text/calendar; charset=utf-8"}[strings.HasSuffix(url, ".vcf")])
	answer, err := http.DefaultTransport.RoundTrip(request) // a client would follow the redirection
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, strings.Join(answer.Header.Values("DAV"), ", ") + "\n" + string(text)
}

// meeting is Anna's event with a guest.
func meeting(uid, guest, parameter string) string {
	return strings.ReplaceAll(fmt.Sprintf("BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nBEGIN:VEVENT\nUID:%s\nDTSTAMP:20200101T000000Z\nDTSTART:20350507T080000Z\nDTEND:20350507T090000Z\n"+
		"SUMMARY:Planning\nORGANIZER:mailto:anna@example.test\nATTENDEE;PARTSTAT=ACCEPTED:mailto:anna@example.test\n"+
		"ATTENDEE;PARTSTAT=NEEDS-ACTION%s:mailto:%s\nEND:VEVENT\nEND:VCALENDAR\n", uid, parameter, guest), "\n", "\r\n")
}

func TestStart_servesContactsAndEvents(t *testing.T) {
	t.Parallel()
	server := start(t, Options{})
	anna, bob := "anna", "bob"
	card := "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:1\r\nN:x;;;;\r\nFN:x\r\nEND:VCARD\r\n"
	for _, test := range []struct {
		who, method, url, body string
		status                 int
		holds                  string
	}{
		{anna, "PROPFIND", server.URL, "", http.StatusMultiStatus, "anna%40example.test"},
		{anna, http.MethodOptions, server.Calendar("anna@example.test"), "", http.StatusOK, "calendar-auto-schedule"},
		{anna, "PROPFIND", server.Base + ".well-known/caldav", "", http.StatusMovedPermanently, ""},
		{anna, http.MethodPut, server.Book("anna@example.test") + "1.vcf", card, http.StatusCreated, ""},
		{anna, http.MethodGet, server.Book("anna@example.test") + "1.vcf", "", http.StatusOK, "FN:x"},
		{bob, http.MethodPut, server.Book("anna@example.test") + "2.vcf", card, http.StatusForbidden, ""},
		{bob, "PROPFIND", server.Calendar("bob@example.test"), "", http.StatusMultiStatus, ""},
		{"carol", "PROPFIND", server.URL, "", http.StatusUnauthorized, ""},
	} {
		status, text := request(t, test.who, test.method, test.url, test.body)
		if status != test.status || !strings.Contains(text, test.holds) {
			t.Errorf("%s %s as %s: got %d %s, want %d with %q", test.method, test.url, test.who, status, text, test.status, test.holds)
		}
	}
}

// Without this test, a mail sink that stays empty would say nothing.
func TestScheduling_invitesAndCancelsUnlessGuarded(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, parameter string
		options         Options
		noise           bool
	}{
		{"unguarded", "", Options{}, true},
		{"agent is the client", ";SCHEDULE-AGENT=CLIENT", Options{}, false},
		{"switched off", "", Options{Quiet: true}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := start(t, test.options)
			calendar := server.Calendar("anna@example.test")
			for _, guest := range []string{"bob@example.test", "fiona@partner.example"} {
				if status, text := request(t, "anna", http.MethodPut, calendar+guest+".ics", meeting(guest, guest,
					test.parameter)); status != http.StatusCreated {
					t.Fatalf("PUT: %d %s", status, text)
				}
			}
			delivered, err := server.Delivered(t.Context())
			if err != nil || (delivered > 0) != test.noise {
				t.Errorf("%d invitations in inboxes, %v; want some: %v", delivered, err, test.noise)
			}
			if _, text := request(t, "bob", "PROPFIND", server.Calendar("bob@example.test"), ""); strings.Contains(text, ".ics") != test.noise {
				t.Errorf("Bob's calendar holds the meeting: %v, want %v", !test.noise, test.noise)
			}
			if status, text := request(t, "anna", http.MethodDelete, calendar+"fiona@partner.example.ics", ""); status != http.StatusNoContent {
				t.Fatalf("DELETE: %d %s", status, text)
			}
			checkMail(t, server, test.noise)
		})
	}
}

// checkMail expects the cancellation for the one attendee who is not here, or nothing. DAViCal mails
// before it answers, so that nothing is under way any more.
func checkMail(t *testing.T, server *Server, noise bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	want := map[bool]int{true: 1}[noise]
	all, err := server.Mail.Wait(ctx, want)
	if err != nil || len(all) != want {
		t.Fatalf("%d messages, %v; want %d", len(all), err, want)
	}
	for _, m := range all {
		if m.Header.Get("To") != "fiona@partner.example" || m.Method() != "CANCEL" {
			t.Errorf("got a mail to %q with the method %q", m.Header.Get("To"), m.Method())
		}
	}
}
