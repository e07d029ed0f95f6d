// SPDX-License-Identifier: Apache-2.0

package dav

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

const (
	anna     = "anna@example.test"
	password = "Geheim; 'Wort' {x}"
)

// newClient makes a client whose fields may be preset.
func newClient(t *testing.T, options Options) *Client {
	t.Helper()
	if options.Timeout == 0 {
		options.Timeout = 20 * time.Second
	}
	client, err := New(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

func secret(value string) func() string { return func() string { return value } }

// serve runs a handler that plays a server with a fault or a dialect.
func serve(t *testing.T, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server
}

// answerXML writes a multistatus with the responses given.
func answerXML(w http.ResponseWriter, responses ...string) {
	w.Header().Set("Content-Type", "application/xml; charset=utf-8")
	w.WriteHeader(http.StatusMultiStatus)
	fmt.Fprintf(w, `<?xml version="1.0" encoding="utf-8"?>`+"\n"+`<d:multistatus xmlns:d="DAV:" xmlns:c="%s" xmlns:r="%s" xmlns:s="%s">%s</d:multistatus>`,
		nsCalDAV, nsCardDAV, nsCS, strings.Join(responses, "\n"))
}

// listedAs is a response with an etag.
func listedAs(href, etag string) string {
	return `<d:response><d:href>` + href + `</d:href><d:propstat><d:prop><d:getetag>` + etag + `</d:getetag></d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>`
}

// discover finds a home and its collections by the last segment of their href.
func discover(t *testing.T, client *Client, kind Kind) (*Home, map[string]Collection) {
	t.Helper()
	home, err := client.Discover(t.Context(), kind, Search{})
	if err != nil {
		t.Fatal(err)
	}
	found, err := client.Collections(t.Context(), home)
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string]Collection{}
	for _, c := range found {
		byName[Name(c.Href)] = c
	}
	return home, byName
}

// everything lists a collection and reads it by MultiGet, as name to data.
func everything(t *testing.T, client *Client, collection Collection) map[string][]byte {
	t.Helper()
	var items []Item
	listing, err := client.Changes(t.Context(), &collection, Mark{}, func(i Item) error {
		items = append(items, i)
		return nil
	})
	if err != nil || !listing.Full || listing.Unchanged {
		t.Fatalf("listing of %s: %+v, %v", collection.Href, listing, err)
	}
	return read(t, func(each func(Object) error) error { return client.MultiGet(t.Context(), &collection, items, each) })
}

// read collects what a way of reading hands out, each object once.
func read(t *testing.T, by func(each func(Object) error) error) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	err := by(func(o Object) error {
		if o.Err != nil {
			t.Errorf("%s: %v", o.Href, o.Err)
		}
		if _, twice := all[Name(o.Href)]; twice {
			t.Errorf("%s was handed out twice", o.Href)
		}
		all[Name(o.Href)] = o.Data
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// sameObjects compares by octets.
func sameObjects(t *testing.T, how string, got, want map[string][]byte) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if data, ok := got[name]; !ok {
			t.Errorf("%s: %q is missing", how, name)
		} else if !bytes.Equal(data, want[name]) {
			t.Errorf("%s: %q\n got %q\nwant %q", how, name, data, want[name])
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("%s: %q was never stored", how, name)
		}
	}
}

// put stores an object and fails the test if it is refused.
func put(t *testing.T, client *Client, href string, kind Kind, data string) Stored {
	t.Helper()
	stored, err := client.Put(t.Context(), href, Upload{Kind: kind, Data: []byte(data)})
	if err != nil {
		t.Fatal(err)
	}
	return stored
}

func event(uid, summary string) string {
	return crlf("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//example//EN", "BEGIN:VEVENT", "UID:"+uid, "DTSTAMP:20200101T000000Z",
		"DTSTART:20300101T100000Z", "DTEND:20300101T110000Z", "SUMMARY:"+summary, "END:VEVENT", "END:VCALENDAR")
}

func card(uid, name string) string {
	return crlf("BEGIN:VCARD", "VERSION:3.0", "UID:"+uid, "N:"+name+";;;;", "FN:"+name, "END:VCARD")
}

func crlf(lines ...string) string { return strings.Join(lines, "\r\n") + "\r\n" }

// changes lists what has changed since a mark.
func changes(ctx context.Context, t *testing.T, client *Client, collection *Collection, since Mark) (Listing, []Item) {
	t.Helper()
	var items []Item
	listing, err := client.Changes(ctx, collection, since, func(i Item) error {
		items = append(items, i)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return listing, items
}

// troubleOf finds the connection's trouble in an error.
func troubleOf(err error) Trouble {
	var connection *ConnectionError
	if errors.As(err, &connection) {
		return connection.Trouble
	}
	return ""
}

// md5Tag is the ETag that SabreDAV gives.
func md5Tag(data string) string {
	sum := md5.Sum([]byte(data))
	return `"` + hex.EncodeToString(sum[:]) + `"`
}
