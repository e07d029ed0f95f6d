// SPDX-License-Identifier: Apache-2.0

package corpus

import (
	"bytes"
	"encoding/xml"
	"io"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"testing"

	"rehome"
	"rehome/lab"
	"rehome/lab/atmail7"
)

func seeded(t *testing.T, org Organisation) *atmail7.Server {
	t.Helper()
	server, err := atmail7.Start(lab.Open(t), ServerOptions(org))
	if err != nil {
		t.Fatal(err)
	}
	if err := Seed(t.Context(), server, org); err != nil {
		t.Fatal(err)
	}
	return server
}

func TestSeed_serverShowsWhatWasPlanted(t *testing.T) {
	t.Parallel()
	org := Sample(Options{Scale: 0.02})
	server := seeded(t, org)
	t.Run("mail", func(t *testing.T) {
		for _, p := range org.People {
			if p.LogsIn() {
				checkMail(t, logIn(t, server.IMAP, p.Address+"*"+server.MasterUser, server.MasterPassword), p)
			}
		}
	})
	t.Run("passwords", func(t *testing.T) {
		for _, p := range org.People {
			// The server tells the form of a password by its shape, and so takes one for a digest.
			if p.LogsIn() && !looksLikeMD5(p) {
				logIn(t, server.IMAP, p.Address, p.Plain)
			}
		}
	})
	t.Run("dav", func(t *testing.T) {
		for _, p := range org.People {
			if p.LogsIn() && !looksLikeMD5(p) {
				checkResources(t, server, p, "addressbooks", p.AddressBooks)
				checkResources(t, server, p, "calendars", p.Calendars)
			}
		}
	})
	t.Run("rows", func(t *testing.T) { checkRows(t, server, org) })
}

func looksLikeMD5(p Person) bool { return p.Form == rehome.PasswordPlain && len(p.Stored) == 32 }

// checkResources lists each collection and reads every resource in it.
func checkResources(t *testing.T, server *atmail7.Server, p Person, root string, collections []Collection) {
	t.Helper()
	for _, c := range collections {
		home := strings.TrimSuffix(server.DAV, "/") + "/" + path.Join(root, url.PathEscape(p.Address), url.PathEscape(c.Name)) + "/"
		var want []string
		for _, r := range c.Resources {
			want = append(want, r.Name)
			status, got := request(t, http.MethodGet, home+url.PathEscape(r.Name), p)
			if status != http.StatusOK || !bytes.Equal(got, r.Data) {
				t.Errorf("%s %s/%s (%s): got status %d and %d octets, want %d octets", p.Address, c.Name, r.Name, r.Trap, status, len(got), len(r.Data))
			}
		}
		slices.Sort(want)
		if got := listed(t, home, p); !slices.Equal(got, want) {
			t.Errorf("%s %s: PROPFIND shows %q, want %q", p.Address, c.Name, got, want)
		}
	}
}

// listed returns the sorted names of the resources in a collection.
func listed(t *testing.T, home string, p Person) []string {
	t.Helper()
	status, body := request(t, "PROPFIND", home, p)
	var answer struct {
		Hrefs []string `xml:"response>href"`
	}
	if err := xml.Unmarshal(body, &answer); err != nil || status != http.StatusMultiStatus {
		t.Fatalf("PROPFIND %s: status %d, %v", home, status, err)
	}
	var names []string
	for _, href := range answer.Hrefs {
		if strings.HasSuffix(href, "/") {
			continue
		}
		name, err := url.PathUnescape(path.Base(href))
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func request(t *testing.T, method, address string, p Person) (status int, body []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth(p.Address, p.Plain)
	req.Header.Set("Depth", "1")
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if body, err = io.ReadAll(answer.Body); err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, body
}

// checkRows holds the tables that only a database reader sees against what was planted.
func checkRows(t *testing.T, server *atmail7.Server, org Organisation) {
	t.Helper()
	selfRecords := 0
	for _, p := range org.People {
		if !p.NoSelf {
			selfRecords++
		}
	}
	for query, want := range map[string]int{
		"SELECT COUNT(*) FROM MailAliases":                                        len(org.Aliases),
		"SELECT COUNT(*) FROM calendarDelegates WHERE mode = 1":                   len(org.Delegates),
		"SELECT COUNT(*) FROM UserSession":                                        len(org.People),
		"SELECT COUNT(*) FROM Abook WHERE Account = UserEmail":                    selfRecords,
		"SELECT COUNT(*) FROM `Groups`":                                           len(org.Groups),
		"SELECT COUNT(*) FROM calendarObjects WHERE etag <> MD5(calendardata)":    0,
		"SELECT COUNT(*) FROM Abook WHERE UserFirstName = ' Joe \"Jojo\" '":       1,
		"SELECT COUNT(*) FROM UserSettings WHERE RealName LIKE '%García, de la%'": 1,
		"SELECT COUNT(*) FROM SpamSettings WHERE preference = 'whitelist_from'":   2,
	} {
		var got int
		if err := server.DB().QueryRowContext(t.Context(), query).Scan(&got); err != nil {
			t.Errorf("%s: %v", query, err)
		} else if got != want {
			t.Errorf("%s: got %d, want %d", query, got, want)
		}
	}
}
