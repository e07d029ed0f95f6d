// SPDX-License-Identifier: Apache-2.0

package atmail8

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"rehome/lab"
)

const (
	anna     = "anna@example.test"
	password = "Correct-Horse-1,2"
	oneRow   = "EmailAddress,FirstName,LastName,Password\nAnna@Example.test,Anna,Arnold,\"" + password + "\"\n"
)

func start(t *testing.T, opts Options) *Server {
	t.Helper()
	server, err := Start(lab.Open(t), opts)
	if err != nil {
		t.Fatal(err)
	}
	return server
}

func importOne(t *testing.T, server *Server) {
	t.Helper()
	result, err := server.ImportCSV(strings.NewReader(oneRow))
	if err != nil || !slices.Equal(result.Created, []string{anna}) {
		t.Fatalf("import: %+v %v", result, err)
	}
}

// logIn tries IMAP over TLS by the name in the certificate and returns the server's answer.
func logIn(t *testing.T, server *Server, user, password string) string {
	t.Helper()
	imap, err := lab.Dial(t.Context(), server.IMAPS, server.lab.ClientTLS(hostName))
	if err != nil {
		t.Fatal(err)
	}
	defer imap.Close()
	answer, _, err := imap.Ask(`a LOGIN "`+user+`" "`+password+`"`, "a ")
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// propfind asks for the members of a collection and returns status and body.
func propfind(t *testing.T, client *http.Client, url, user, password string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), "PROPFIND", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth(user, password)
	request.Header.Set("Depth", "1")
	answer, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var body strings.Builder
	if err := answer.Write(&body); err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, body.String()
}

func davClient(server *Server) *http.Client {
	return &http.Client{Transport: &http.Transport{TLSClientConfig: server.lab.ClientTLS("")}}
}

func TestImportCSV_rowsAreJudgedOneByOne(t *testing.T) {
	t.Parallel()
	server := start(t, Options{NoDAV: true, Domains: []string{"example.test", "example.org"}})
	importOne(t, server)
	file := "\ufeffEmailAddress,FirstName,LastName,Password\r\n" +
		"bob@example.org,Bob,\"Ber\r\nlin\",Good-Pass-1\r\n" + // lines 2 and 3
		"bob@example.org,Bob,Berlin,Good-Pass-1\r\n" +
		"BOB@example.org,Bob,Again,Good-Pass-1\r\n" +
		"anna@example.test,Anna,Arnold,Good-Pass-1\r\n" +
		"carl@elsewhere.test,Carl,C,Good-Pass-1\r\n" +
		"carl,Carl,C,Good-Pass-1\r\n" +
		"carl@example.test,Carl,Good-Pass-1\r\n" +
		"carl@example.test,Carl,C \"x\" y,Good-Pass-1\r\n" +
		"carl@example.test,C\xe4rl,C,Good-Pass-1\r\n" +
		"dora@example.test,Dora,D,simple\r\n" +
		"emil@example.test,,,\"Pass, \"\"quoted\"\" 1\"\r\n"
	got, err := server.ImportCSV(strings.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"bob@example.org", "emil@example.test"}; !slices.Equal(got.Created, want) {
		t.Errorf("created %q, want %q", got.Created, want)
	}
	want := []Rejection{
		{2, "bob@example.org", "the row has a control character"},
		{5, "BOB@example.org", "the account exists already"},
		{6, "anna@example.test", "the account exists already"},
		{7, "carl@elsewhere.test", "the domain elsewhere.test is not one of this account"},
		{8, "carl", "the address is not an e-mail address"},
		{9, "carl@example.test", "the row has 3 fields instead of 4"},
		{10, "", `the row cannot be read: bare " in non-quoted-field`},
		{11, "carl@example.test", "the row is not UTF-8"},
		{12, "dora@example.test", "password is shorter than 8 characters"},
	}
	if !slices.Equal(got.Rejected, want) {
		t.Errorf("rejected\n%+v, want\n%+v", got.Rejected, want)
	}
	if answer := logIn(t, server, "emil@example.test", `Pass, \"quoted\" 1`); !strings.HasPrefix(answer, "a OK") {
		t.Errorf("an imported account says %s", answer)
	}
}

func TestImportCSV_anotherHeader(t *testing.T) {
	t.Parallel()
	server := start(t, Options{NoDAV: true})
	for _, file := range []string{"", "Email,First,Last,Password\n", "EmailAddress,FirstName,LastName\n", "EmailAddress;FirstName;LastName;Password\n"} {
		if got, err := server.ImportCSV(strings.NewReader(file)); err == nil {
			t.Errorf("import of %q: %+v, want an error", file, got)
		}
	}
}

func FuzzJudge(f *testing.F) {
	f.Add(oneRow)
	f.Add(oneRow + "bob@example.test,B,\"x\ny\",Good-Pass-1\r\n\"")
	f.Add("\ufeff" + oneRow + oneRow)
	f.Fuzz(func(t *testing.T, file string) {
		server := &Server{Domains: []string{"example.test"}}
		passwords := map[string]string{}
		result, err := server.judge(strings.NewReader(file), passwords)
		if err != nil {
			return
		}
		if len(passwords) != len(result.Created) {
			t.Errorf("%d passwords for %q", len(passwords), result.Created)
		}
		for _, address := range result.Created {
			if !strings.HasSuffix(address, "@example.test") || strings.ContainsAny(address, ":/\n") || policyObjection(passwords[address]) != "" {
				t.Errorf("created %q with %q", address, passwords[address])
			}
		}
		line := 1
		for _, rejection := range result.Rejected {
			if rejection.Line <= line || rejection.Reason == "" {
				t.Errorf("after line %d: %+v", line, rejection)
			}
			line = rejection.Line
		}
	})
}

func TestPolicyObjection(t *testing.T) {
	t.Parallel()
	for password, want := range map[string]string{
		"Abcde-1f":                     "",
		"Aaaaa-1bc":                    "", // four times "a", and one "A"
		"Ab-1\u00e9\u00e9\u00e9\u00e9": "",
		"Abcde-1":                      "password is shorter than 8 characters",
		"ABCDE-1F":                     "password has no lower case letter",
		"abcde-1f":                     "password has no upper case letter",
		"Abcdef-g":                     "password has no digit",
		"Abcdef1g":                     "password has no character that is neither letter nor digit",
		"Abcdef1\u00e9":                "password has no character that is neither letter nor digit",
		"A-1abacadaea":                 "password has the same character more than 4 times",
	} {
		if got := policyObjection(password); got != want {
			t.Errorf("policyObjection(%q) = %q, want %q", password, got, want)
		}
	}
}

func TestServer_mailAsInTheCloud(t *testing.T) {
	t.Parallel()
	server := start(t, Options{NoDAV: true, Master: true})
	importOne(t, server)
	for _, test := range []struct{ user, password, want string }{
		{anna, password, "a OK"},
		{anna, "wrong", "a NO [AUTHENTICATIONFAILED]"},
		{anna + "*" + server.MasterUser, server.MasterPassword, "a OK"},
		{"nobody@example.test", password, "a NO [AUTHENTICATIONFAILED]"},
	} {
		if got := logIn(t, server, test.user, test.password); !strings.HasPrefix(got, test.want) {
			t.Errorf("login of %s: %s, want %s", test.user, got, test.want)
		}
	}
	imap, err := lab.Dial(t.Context(), server.IMAP, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer imap.Close()
	if _, _, err := imap.Ask("a LOGIN "+anna+` "`+password+`"`, "a OK"); err != nil {
		t.Fatal(err)
	}
	_, got, err := imap.Ask(`b LIST "" * RETURN (SPECIAL-USE SUBSCRIBED)`, "b OK")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`(\Subscribed \Sent) "/" Sent`, `(\Subscribed \Drafts) "/" Drafts`,
		`(\Subscribed \Trash) "/" Trash`, `(\Subscribed \Junk) "/" Spam`,
	} {
		if !strings.Contains(strings.Join(got, "\n"), want) {
			t.Errorf("LIST lacks %s: %q", want, got)
		}
	}
}

func TestRemoveAccount_refusesBothServices(t *testing.T) {
	t.Parallel()
	server := start(t, Options{})
	importOne(t, server)
	if err := server.RemoveAccount(context.Background(), anna); err != nil {
		t.Fatal(err)
	}
	if got := logIn(t, server, anna, password); !strings.HasPrefix(got, "a NO") {
		t.Errorf("IMAP after removal: %s", got)
	}
	if got, _ := propfind(t, davClient(server), server.DAV+anna+"/", anna, password); got != http.StatusUnauthorized {
		t.Errorf("DAV after removal: %d", got)
	}
	importOne(t, server)
}

func TestServer_davAsInTheCloud(t *testing.T) {
	t.Parallel()
	server := start(t, Options{})
	importOne(t, server)
	client := davClient(server)
	for _, base := range []string{server.DAV, server.DAVPlain} {
		status, body := propfind(t, client, base+anna+"/", anna, password)
		if status != http.StatusMultiStatus || !strings.Contains(body, "/calendar/") || !strings.Contains(body, "/contacts/") {
			t.Errorf("PROPFIND of the home at %s: %d\n%s", base, status, body)
		}
	}
	if status, _ := propfind(t, client, server.DAV+anna+"/", anna, "wrong"); status != http.StatusUnauthorized {
		t.Errorf("PROPFIND with a wrong password: %d", status)
	}
	event := "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y//\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20200101T000000Z\r\nDTSTART:20200101T000000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, server.DAV+anna+"/calendar/1.ics", strings.NewReader(event))
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth(anna, password)
	answer, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusCreated {
		t.Errorf("PUT: %s", answer.Status)
	}
}
