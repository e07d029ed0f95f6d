// SPDX-License-Identifier: Apache-2.0

package cyrus

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"rehome/lab"
)

const (
	address  = "anna@example.test"
	password = `a:b Ä"`
)

func start(t *testing.T, opts Options) *Server {
	t.Helper()
	opts.Accounts = append(opts.Accounts, Account{Address: address, Password: password})
	server, err := Start(lab.Open(t), opts)
	if err != nil {
		t.Fatal(err)
	}
	return server
}

// logIn opens a session of address, with TLS or without.
func logIn(t *testing.T, server *Server, tls bool) *lab.Dialogue {
	t.Helper()
	addr, config := server.IMAP, server.lab.ClientTLS("localhost")
	if tls {
		addr = server.IMAPS
	} else {
		config = nil
	}
	imap, err := lab.Dial(t.Context(), addr, config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = imap.Close() })
	if _, err := imap.Hear("* OK"); err != nil {
		t.Fatal(err)
	}
	answer, _, err := imap.Ask(fmt.Sprintf("a LOGIN %s {%d+}\r\n%s", address, len(password), password), "a ")
	if err != nil || !strings.HasPrefix(answer, "a OK") {
		t.Fatalf("login: %s %v", answer, err)
	}
	return imap
}

func TestStart_separatorsAndPrefixes(t *testing.T) {
	t.Parallel()
	mailboxes := []Mailbox{{Name: "Sent Items", SpecialUse: `\Sent`, Subscribed: true}, {Name: "Spam"}}
	for name, test := range map[string]struct {
		options Options
		want    []string
	}{
		"as it comes": {Options{Mailboxes: mailboxes}, []string{`"/" INBOX`, `"/" "Sent Items"`, `"/" Spam`}},
		"old":         {Options{Mailboxes: mailboxes, Dots: true, InboxPrefix: true}, []string{`"." INBOX`, `"." "INBOX.Sent Items"`, `"." INBOX.Spam`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := start(t, test.options)
			_, list, err := logIn(t, server, true).Ask(`b LIST "" "*"`, "b OK")
			text := strings.Join(list, "\n")
			for _, want := range test.want {
				if !strings.Contains(text, want) {
					t.Errorf("no %s in\n%s\n%v", want, text, err)
				}
			}
			if !strings.Contains(text, `\sent`) { // in small letters, from a key of the configuration
				t.Errorf("no special use in\n%s", text)
			}
		})
	}
}

func TestLimits_messageSizeAndQuota(t *testing.T) {
	t.Parallel()
	server := start(t, Options{MaxMessageSize: 10_000, QuotaMB: 7, Accounts: []Account{{Address: "b@example.test", Password: "x", QuotaMB: 3}}})
	imap := logIn(t, server, false)
	_, quota, err := imap.Ask("b GETQUOTAROOT INBOX", "b OK")
	if err != nil || !strings.Contains(strings.Join(quota, "\n"), "STORAGE 0 7168") {
		t.Errorf("GETQUOTAROOT: %q %v", quota, err)
	}
	answer, _, err := imap.Ask("c APPEND INBOX {10001+}\r\n"+strings.Repeat("x", 10_001), "c ", "* BYE")
	if err != nil || strings.HasPrefix(answer, "c OK") {
		t.Errorf("APPEND of a message that is too large: %s %v", answer, err)
	}
	if err := server.talk(t.Context(), server.Admin, server.AdminPassword, `b GETQUOTA "user/b@example.test"`); err != nil {
		t.Error(err)
	}
}

func TestLMTP_delivers(t *testing.T) {
	t.Parallel()
	server := start(t, Options{})
	talk, err := lab.Dial(t.Context(), server.LMTP, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer talk.Close()
	for _, line := range [][2]string{{"LHLO x", "250 "}, {"MAIL FROM:<>", "250"}, {"RCPT TO:<" + address + ">", "250"}, {"DATA", "354"},
		{"Subject: x\r\n\r\nhello\r\n.", "250"}} {
		if last, before, err := talk.Ask(line[0], line[1], "5", "4"); err != nil || !strings.HasPrefix(last, line[1]) {
			t.Fatalf("%q: %q %q %v", line[0], before, last, err)
		}
	}
	_, status, err := logIn(t, server, false).Ask("b STATUS INBOX (MESSAGES)", "b OK")
	if err != nil || !strings.Contains(strings.Join(status, "\n"), "MESSAGES 1") {
		t.Errorf("after the delivery: %q %v", status, err)
	}
}

// request asks the DAV side as address.
func request(t *testing.T, server *Server, method, path, contentType, body string) (int, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, "https://"+server.HTTPS+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Depth", "1")
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(address+":"+password)))
	transport := &http.Transport{TLSClientConfig: server.lab.ClientTLS("localhost")}
	defer transport.CloseIdleConnections()
	response, err := transport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

const meeting = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//lab//EN\r\nBEGIN:VEVENT\r\nUID:meeting-1\r\n" +
	"DTSTAMP:20300101T000000Z\r\nDTSTART:20300102T100000Z\r\nDTEND:20300102T110000Z\r\nSUMMARY:Meeting\r\n" +
	"ORGANIZER:mailto:anna@example.test\r\nATTENDEE:mailto:anna@example.test\r\n" +
	"ATTENDEE;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:guest@elsewhere.test\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"

func TestDAV_invitationsGoToTheOutboxOnlyWithScheduling(t *testing.T) {
	t.Parallel()
	for _, scheduling := range []bool{false, true} {
		t.Run(fmt.Sprint(scheduling), func(t *testing.T) {
			t.Parallel()
			server := start(t, Options{Scheduling: scheduling})
			code, text := request(t, server, "PROPFIND", "/dav/calendars/user/"+address+"/", "application/xml", "")
			if code != http.StatusMultiStatus || !strings.Contains(text, "/Default/") {
				t.Fatalf("calendars: %d\n%s", code, text)
			}
			code, text = request(t, server, "PROPFIND", "/dav/addressbooks/user/"+address+"/", "application/xml", "")
			if code != http.StatusMultiStatus || !strings.Contains(text, "/Default/") {
				t.Fatalf("address books: %d\n%s", code, text)
			}
			code, text = request(t, server, http.MethodPut, "/dav/calendars/user/"+address+"/Default/meeting.ics", "text/calendar; charset=utf-8", meeting)
			if code != http.StatusCreated {
				t.Fatalf("PUT: %d\n%s", code, text)
			}
			mails, err := server.Outbox.Messages()
			if err != nil {
				t.Fatal(err)
			}
			if !scheduling && len(mails) != 0 || scheduling && (len(mails) != 1 || mails[0].Method() != "REQUEST" || !slices.Equal(mails[0].To,
				[]string{"guest@elsewhere.test"})) {
				t.Errorf("scheduling %v, mails %+v", scheduling, mails)
			}
		})
	}
}

func TestClose_leavesNothingRunning(t *testing.T) {
	t.Parallel()
	server := start(t, Options{})
	logIn(t, server, false)
	group := server.process.Pid()
	if err := server.lab.Close(); err != nil {
		t.Fatal(err)
	}
	if after, err := lab.Running(group); err != nil || len(after) > 0 {
		t.Errorf("still running after Close: %v %v", after, err)
	}
}
