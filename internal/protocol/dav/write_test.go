// SPDX-License-Identifier: Apache-2.0

package dav

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// oddity is what a server does to a new collection beside what it is told.
type oddity int

const (
	exact      oddity = iota
	nameOnly          // Xandikos keeps the name and nothing else
	escapes           // DAViCal keeps "&" and "<" as "&amp;" and "&lt;"
	plainNames        // Cyrus refuses what has to be percent-encoded in the path
)

// checkWrites makes a collection and walks an object through its life, on any real server.
func checkWrites(t *testing.T, client *Client, home *Home, odd oddity) {
	t.Helper()
	segment, title, description := "rehome äö", "Größe & Maß", "<Beschreibung>"
	switch odd {
	case escapes:
		title, description = "Größe und Maß", "Beschreibung"
	case plainNames:
		segment = "rehome"
	}
	href := Child(home.HomeSets[0], segment) + "/"
	want := NewCollection{Kind: home.Kind, Name: title}
	first, second := card("u-1", "One"), card("u-1", "Two")
	name := "u 1@x.vcf"
	if home.Kind == Calendars {
		want.Components = []string{"VEVENT"}
		first, second, name = event("u-1", "one"), event("u-1", "two"), "u 1@x.ics"
	}
	if err := client.MakeCollection(t.Context(), href, want); err != nil {
		t.Fatal(err)
	}
	if err := client.MakeCollection(t.Context(), href, want); err == nil {
		t.Error("the same collection can be made twice")
	}
	collection, err := client.Collection(t.Context(), href, home.Kind)
	if err != nil {
		t.Fatal(err)
	}
	if collection.Name != want.Name || !collection.Is(dialectOf(home.Kind).resource) || Key(collection.Href) != Key(href) {
		t.Errorf("made %+v, want the name %q", collection, want.Name)
	}
	if home.Kind == Calendars && odd != nameOnly && (len(collection.Components) != 1 || collection.Components[0] != "VEVENT") {
		t.Errorf("components %v, want VEVENT", collection.Components)
	}
	if err := client.SetProperty(t.Context(), href, home.Kind, PropertyName, "Anders"); err != nil {
		t.Error(err)
	}
	if err := client.SetProperty(t.Context(), href, home.Kind, PropertyDescription, description); err != nil {
		if description = ""; odd != nameOnly {
			t.Error(err)
		}
	}
	if collection, err = client.Collection(t.Context(), href, home.Kind); err != nil || collection.Name != "Anders" ||
		collection.Description != description {
		t.Errorf("after the change: %+v, %v", collection, err)
	}
	checkObject(t, client, home.Kind, Child(href, name), first, second)
	if err := client.Delete(t.Context(), href, ""); err != nil {
		t.Errorf("delete the collection: %v", err)
	}
	if _, err := client.Collection(t.Context(), href, home.Kind); !IsStatus(err, http.StatusNotFound) {
		t.Errorf("after its removal: %v, want 404", err)
	}
}

func checkObject(t *testing.T, client *Client, kind Kind, object, first, second string) {
	t.Helper()
	put(t, client, object, kind, first)
	if _, err := client.Put(t.Context(), object, Upload{Kind: kind, Data: []byte(second)}); !IsStatus(err, http.StatusPreconditionFailed) {
		t.Errorf("put again as new: %v, want 412", err)
	}
	before, err := client.Get(t.Context(), object, kind)
	if err != nil || before.ETag == "" {
		t.Fatalf("get: etag %q, %v", before.ETag, err)
	}
	if _, err := client.Put(t.Context(), object, Upload{Kind: kind, Data: []byte(second), IfMatch: `"other"`}); !IsStatus(err,
		http.StatusPreconditionFailed) {
		t.Errorf("put over another etag: %v, want 412", err)
	}
	if _, err := client.Put(t.Context(), object, Upload{Kind: kind, Data: []byte(second), IfMatch: before.ETag}); err != nil {
		t.Errorf("put over its etag: %v", err)
	}
	after, err := client.Get(t.Context(), object, kind)
	if err != nil || SameETag(before.ETag, after.ETag) {
		t.Errorf("etag %q after %q, %v", after.ETag, before.ETag, err)
	}
	if err := client.Delete(t.Context(), object, before.ETag); !IsStatus(err, http.StatusPreconditionFailed) {
		t.Errorf("delete with an old etag: %v, want 412", err)
	}
	if err := client.Delete(t.Context(), object, after.ETag); err != nil {
		t.Errorf("delete: %v", err)
	}
	if _, err := client.Get(t.Context(), object, kind); !IsStatus(err, http.StatusNotFound) {
		t.Errorf("get of what is gone: %v, want 404", err)
	}
}

func TestPut_sendsGuards(t *testing.T) {
	t.Parallel()
	seen := make(chan *http.Request, 1)
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		seen <- r
		w.Header().Set("ETag", `"new"`)
		w.Header().Set("Location", "/cal/other.ics")
		w.WriteHeader(http.StatusCreated)
	})
	client := newClient(t, Options{URL: server.URL, UserAgent: "rehome/1", WriteHeaders: http.Header{"Schedule-Reply": {"F"},
		"Scheduling-Enabled": {"F"}}})
	stored, err := client.Put(t.Context(), "/cal/%40%2fä.ics", Upload{Kind: Calendars, Data: []byte("x")})
	if err != nil || stored.ETag != `"new"` || stored.Href != "/cal/other.ics" {
		t.Errorf("stored %+v, %v", stored, err)
	}
	r := <-seen
	got := fmt.Sprint(r.RequestURI, r.Header["Schedule-Reply"], r.Header["Scheduling-Enabled"], r.Header["If-None-Match"],
		r.Header["Content-Type"], r.ContentLength, r.Header["User-Agent"], r.TransferEncoding)
	if want := "/cal/%40%2f%C3%A4.ics[F] [F] [*] [text/calendar; charset=utf-8] 1 [rehome/1] []"; got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	if _, err := client.Put(t.Context(), "/x", Upload{Kind: AddressBooks, Data: []byte("x"), IfMatch: `W/"1"`}); err != nil {
		t.Error(err)
	}
	if r := <-seen; r.Header.Get("If-Match") != `"1", W/"1"` || r.Header.Get("If-None-Match") != "" ||
		r.Header.Get("Content-Type") != "text/vcard; charset=utf-8" {
		t.Errorf("update with %v", r.Header)
	}
}

// A gateway that answers everything with its log-in page has stored nothing.
func TestWrites_loginPageIsNoSuccess(t *testing.T) {
	t.Parallel()
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, "<html><title>Sign in</title>")
	})
	client := newClient(t, Options{URL: server.URL})
	_, put := client.Put(t.Context(), "/a.ics", Upload{Kind: Calendars, Data: []byte("x")})
	_, get := client.Get(t.Context(), "/a.ics", Calendars)
	for what, err := range map[string]error{
		"put": put, "get": get, "delete": client.Delete(t.Context(), "/a.ics", ""),
		"make": client.MakeCollection(t.Context(), "/c/", NewCollection{Kind: Calendars}),
		"set":  client.SetProperty(t.Context(), "/c/", Calendars, PropertyName, "x"),
	} {
		var format *FormatError
		if !errors.As(err, &format) || !strings.Contains(err.Error(), "Sign in") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// A server that refuses a large object before it has read it says why.
func TestPut_refusedEarly(t *testing.T) {
	t.Parallel()
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Connection", "close")
		w.WriteHeader(http.StatusRequestEntityTooLarge)
	})
	for range 5 {
		_, err := newClient(t, Options{URL: server.URL}).Put(t.Context(), "/a.ics", Upload{Kind: Calendars, Data: make([]byte, 4<<20)})
		if !IsStatus(err, http.StatusRequestEntityTooLarge) {
			t.Errorf("got %v, want 413", err)
		}
	}
}

func TestSetProperty_verdicts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, answer string
		want         int
	}{
		{"set", `<d:propstat><d:prop><d:displayname/></d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat>`, 0},
		{"set, told as a whole", `<d:status>HTTP/1.1 200 OK</d:status>`, 0},
		{"refused", `<d:propstat><d:prop><d:displayname/></d:prop><d:status>HTTP/1.1 403 Forbidden</d:status><d:responsedescription>read-only</d:responsedescription></d:propstat>`, 403},
		{"refused beside what depends on it", `<d:propstat><d:prop><d:x/></d:prop><d:status>HTTP/1.1 424 Failed Dependency</d:status></d:propstat><d:propstat><d:prop><d:displayname/></d:prop><d:status>HTTP/1.1 507 Full</d:status></d:propstat>`, 507},
		{"nothing said", ``, -1},
	} {
		server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			answerXML(w, `<d:response><d:href>/c/</d:href>`+c.answer+`</d:response>`)
		})
		err := newClient(t, Options{URL: server.URL}).SetProperty(t.Context(), "/c/", Calendars, PropertyName, "x")
		var format *FormatError
		if c.want == 0 && err != nil || c.want > 0 && !IsStatus(err, c.want) || c.want < 0 && !errors.As(err, &format) {
			t.Errorf("%s: %v, want %d", c.name, err, c.want)
		}
	}
	client := newClient(t, Options{URL: "http://127.0.0.1:1/"})
	if err := client.SetProperty(t.Context(), "/c/", Calendars, PropertyTransparency, "x/><evil"); err == nil || troubleOf(err) != "" {
		t.Errorf("a value that does not exist was sent: %v", err)
	}
}

// What a server cannot make in one way is made in another; the first refusal is what is told.
func TestMakeCollection_fallbacks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		takes string // method and what its body must not hold
		kind  Kind
		want  string
	}{
		{"MKCOL ", Calendars, "MKCOL"},
		{"MKCALENDAR ", Calendars, "MKCOL MKCALENDAR"},
		{"MKCOL displayname", AddressBooks, "MKCOL MKCOL"},
		{"MKCALENDAR displayname", Calendars, "MKCOL MKCALENDAR MKCOL MKCALENDAR"},
		{"nothing ", AddressBooks, "MKCOL MKCOL"},
	} {
		var asked []string
		server := serve(t, func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			asked = append(asked, r.Method)
			method, without, _ := strings.Cut(c.takes, " ")
			if r.Method == method && (without == "" || !strings.Contains(string(body), without)) {
				w.WriteHeader(http.StatusCreated)
				return
			}
			w.WriteHeader([]int{400, 415, 403, 405}[len(asked)-1])
		})
		err := newClient(t, Options{URL: server.URL}).MakeCollection(t.Context(), "/c/", NewCollection{Kind: c.kind, Name: "x"})
		if got := strings.Join(asked, " "); got != c.want || (err == nil) != (c.takes != "nothing ") || err != nil && !IsStatus(err, 400) {
			t.Errorf("%q: asked %s, %v, want %s", c.takes, got, err, c.want)
		}
	}
}
