// SPDX-License-Identifier: Apache-2.0

package xandikos

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"rehome/lab"
)

func TestStart_eachAccountHasItsOwn(t *testing.T) {
	t.Parallel()
	anna, bob := Account{"anna@example.test", "geheim: 1"}, Account{"bob@example.test", "other"}
	server, err := Start(lab.Open(t), Options{Accounts: []Account{anna, bob}})
	if err != nil {
		t.Fatal(err)
	}
	card := "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:1\r\nN:x;;;;\r\nFN:x\r\nEND:VCARD\r\n"
	event := "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20200101T000000Z\r\nDTSTART:20200101T000000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
	for _, test := range []struct {
		who         Account
		method, url string
		body        string
		status      int
		holds       string
	}{
		{anna, "PROPFIND", server.URL, "", http.StatusMultiStatus, "/anna%40example.test/"},
		{bob, "PROPFIND", server.URL, "", http.StatusMultiStatus, "/bob%40example.test/"},
		{anna, "PROPFIND", server.Calendar(anna.Address), "", http.StatusMultiStatus, ""},
		{anna, http.MethodPut, server.Book(anna.Address) + "1.vcf", card, http.StatusCreated, ""},
		{anna, http.MethodPut, server.Calendar(anna.Address) + "1.ics", event, http.StatusCreated, ""},
		{anna, http.MethodGet, server.Book(anna.Address) + "1.vcf", "", http.StatusOK, card},
		{bob, http.MethodGet, server.Book(anna.Address) + "1.vcf", "", http.StatusForbidden, ""},
		{bob, http.MethodGet, server.Book(bob.Address) + "1.vcf", "", http.StatusNotFound, ""},
		{Account{anna.Address, "wrong"}, "PROPFIND", server.URL, "", http.StatusUnauthorized, ""},
	} {
		status, body := request(t, test.who, test.method, test.url, test.body)
		if status != test.status || !strings.Contains(body, test.holds) {
			t.Errorf("%s %s as %s: got %d %s, want %d with %q", test.method, test.url, test.who.Address, status, body, test.status, test.holds)
		}
	}
}

// request asks for the principal, which is what a client does first.
func request(t *testing.T, who Account, method, url, body string) (int, string) {
	t.Helper()
	if method == "PROPFIND" {
		body = `<propfind xmlns="DAV:"><prop><current-user-principal/></prop></propfind>`
	}
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth(who.Address, who.Password)
	request.Header.Set("Depth", "0")
	request.Header.Set("Content-Type", map[bool]string{true: "text/vcard", false: "text/calendar"}[strings.HasSuffix(url, ".vcf")])
	if method == "PROPFIND" {
		request.Header.Set("Content-Type", "application/xml")
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}
