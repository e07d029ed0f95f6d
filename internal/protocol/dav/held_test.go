// SPDX-License-Identifier: Apache-2.0

package dav

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"rehome/lab"
	"rehome/lab/atmail7"
	"rehome/lab/corpus"
	"rehome/lab/cyrus"
)

// The database of an old SabreDAV takes two names for one that differ only in case or accents. GET and multiget then
// answer both with one body; the listing tells, and has both.
func TestSabre_namesThatDifferInCaseAndAccent(t *testing.T) {
	t.Parallel()
	server, err := atmail7.Start(lab.Open(t), atmail7.Options{})
	if err != nil {
		t.Fatal(err)
	}
	person := corpus.PIMPerson(anna, password, 3, 0)
	want := map[string][]byte{}
	for _, name := range []string{"ABCD-01.vcf", "abcd-01.vcf", "müller.vcf", "muller.vcf", "plain.vcf"} {
		data := []byte(card("uid of "+name, "Card "+name))
		person.AddressBooks[0].Resources = append(person.AddressBooks[0].Resources, corpus.Resource{Name: name, Data: data})
	}
	for _, r := range person.AddressBooks[0].Resources {
		want[r.Name] = r.Data
	}
	if err := corpus.SeedPerson(t.Context(), server, person); err != nil {
		t.Fatal(err)
	}
	client := newClient(t, Options{URL: server.DAV, User: anna, Password: secret(password), AllowPlaintextBasic: true})
	_, collections := discover(t, client, AddressBooks)
	book := collections["default"]
	sameObjects(t, "by multiget", everything(t, client, book), want)
	_, items := changes(t.Context(), t, client, &book, Mark{})
	sameObjects(t, "for a proof", read(t, func(each func(Object) error) error { return client.Fetch(t.Context(), &book, items, each) }), want)
}

// A card of version 4.0 comes out as it went in, with its photo, and one of 3.0 stays one: by multiget, for a proof, and alone.
func TestCyrus_cardsInTheirOwnVersion(t *testing.T) {
	t.Parallel()
	server, err := cyrus.Start(lab.Open(t), cyrus.Options{Accounts: []cyrus.Account{{Address: anna, Password: password}}})
	if err != nil {
		t.Fatal(err)
	}
	client := newClient(t, Options{URL: server.DAV(), User: anna, Password: secret(password), AllowPlaintextBasic: true})
	_, collections := discover(t, client, AddressBooks)
	book := collections["Default"]
	photo, err := os.ReadFile("testdata/l1-vcard4-photo.vcf")
	if err != nil {
		t.Fatal(err)
	}
	put(t, client, Child(book.Href, "four.vcf"), AddressBooks, string(photo))
	put(t, client, Child(book.Href, "three.vcf"), AddressBooks, card("three", "Three"))
	_, items := changes(t.Context(), t, client, &book, Mark{})
	alone := func(each func(Object) error) error {
		for _, item := range items {
			o, err := client.Get(t.Context(), item.Href, AddressBooks)
			if err != nil {
				return err
			}
			if err := each(o); err != nil {
				return err
			}
		}
		return nil
	}
	for how, by := range map[string]func(each func(Object) error) error{
		"multiget": func(each func(Object) error) error { return client.MultiGet(t.Context(), &book, items, each) },
		"proof":    func(each func(Object) error) error { return client.Fetch(t.Context(), &book, items, each) },
		"alone":    alone,
	} {
		got := read(t, by)
		if four := string(got["four.vcf"]); !isFour([]byte(four)) || !strings.Contains(strings.ReplaceAll(four, "\r\n ", ""), "AAABJRU5ErkJggg==") {
			t.Errorf("%s: the card of version 4.0 came as %q", how, four)
		}
		if three := string(got["three.vcf"]); three != card("three", "Three") {
			t.Errorf("%s: the card of version 3.0 came as %q", how, three)
		}
	}
}

// heldServer lists objects and gives the bodies of others, as its answers say.
type heldServer struct {
	listed func(pass int) []string               // responses of a listing
	body   func(name string) (etag, data string) // by GET and by report
	lists  int
}

func (s *heldServer) serve(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet {
		etag, data := s.body(Name(r.URL.Path))
		w.Header().Set("ETag", etag)
		_, _ = io.WriteString(w, data)
		return
	}
	body, _ := io.ReadAll(r.Body)
	if r.Method == "PROPFIND" {
		if r.Header.Get("Depth") == "1" && !strings.Contains(string(body), "calendar-data") {
			s.lists++
			answerXML(w, s.listed(s.lists)...)
			return
		}
		answerXML(w, listedAs(r.URL.Path, ""))
		return
	}
	var responses []string
	for part := range strings.SplitSeq(string(body), "<D:href>") {
		if href, _, ok := strings.Cut(part, "</D:href>"); ok {
			etag, data := s.body(Name(href))
			responses = append(responses, withData(href, etag, data))
		}
	}
	answerXML(w, responses...)
}

func withData(href, etag, data string) string {
	return `<d:response><d:href>` + href + `</d:href><d:propstat><d:prop><d:getetag>` + etag + `</d:getetag><c:calendar-data>` +
		data + `</c:calendar-data></d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>`
}

func TestMultiGet_bodiesAreHeldAgainstTheListing(t *testing.T) {
	t.Parallel()
	usual := func(int) []string {
		return []string{listedAs("/cal/A.ics", "1"), listedAs("/cal/a.ics", "2"), listedAs("/cal/b.ics", "3")}
	}
	for name, c := range map[string]struct {
		server heldServer
		want   string // by name: data, or the kind of error
	}{
		"one for two names": {heldServer{listed: usual, body: func(name string) (string, string) {
			return map[string]string{"A.ics": "1", "a.ics": "1", "b.ics": "3"}[name], strings.ToUpper(name)
		}}, "A.ics=A.ICS a.ics=stray of A.ics b.ics=B.ICS"},
		"changed meanwhile": {heldServer{
			listed: func(pass int) []string {
				if pass == 1 {
					return usual(1)
				}
				return []string{listedAs("/cal/A.ics", "1"), listedAs("/cal/a.ics", "4")}
			},
			body: func(name string) (string, string) {
				return map[string]string{"A.ics": "1", "a.ics": "4", "b.ics": "5"}[name], name
			},
		}, "A.ics=A.ics a.ics=a.ics b.ics=gone"},
		"etags of two kinds": {heldServer{listed: usual, body: func(name string) (string, string) { return "other " + name, name }},
			"A.ics=A.ics a.ics=a.ics b.ics=b.ics"},
		"no etags": {heldServer{listed: func(int) []string {
			return []string{listedAs("/cal/A.ics", ""), listedAs("/cal/a.ics", ""), listedAs("/cal/b.ics", "")}
		}, body: func(name string) (string, string) { return "", name }}, "A.ics=A.ics a.ics=a.ics b.ics=b.ics"},
	} {
		for how, way := range map[string]func(*Client) func(*Collection, []Item, func(Object) error) error{
			"multiget": func(cl *Client) func(*Collection, []Item, func(Object) error) error {
				return func(at *Collection, items []Item, each func(Object) error) error {
					return cl.MultiGet(t.Context(), at, items, each)
				}
			},
			"proof": func(cl *Client) func(*Collection, []Item, func(Object) error) error {
				return func(at *Collection, items []Item, each func(Object) error) error {
					return cl.Fetch(t.Context(), at, items, each)
				}
			},
		} {
			server := c.server
			client := newClient(t, Options{URL: serve(t, server.serve).URL})
			at := &Collection{Href: "/cal/", Kind: Calendars}
			_, items := changes(t.Context(), t, client, at, Mark{})
			got := map[string]string{}
			err := way(client)(at, items, func(o Object) error {
				got[Name(o.Href)] = string(o.Data)
				var stray *StrayError
				switch {
				case errors.As(o.Err, &stray):
					got[Name(o.Href)] = "stray of " + Name(stray.Other)
				case IsStatus(o.Err, http.StatusNotFound):
					got[Name(o.Href)] = "gone"
				case o.Err != nil:
					t.Error(o.Err)
				}
				return nil
			})
			if said := fmt.Sprintf("A.ics=%s a.ics=%s b.ics=%s", got["A.ics"], got["a.ics"], got["b.ics"]); err != nil || said != c.want {
				t.Errorf("%s, %s: got %s, want %s; %v", name, how, said, c.want, err)
			}
		}
	}
}
