// SPDX-License-Identifier: Apache-2.0

package dav

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"
)

// Whatever a server says about one object, and however often, the others are read.
func TestMultiGet_anObjectsTroubleIsItsOwn(t *testing.T) {
	t.Parallel()
	for name, trouble := range map[string]http.HandlerFunc{
		"401": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) },
		"403": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) },
		"500": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) },
		"503": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) },
		"a web page": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			_, _ = io.WriteString(w, "<p>no")
		},
		"breaks off": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"silence":    nil,
		"too large":  func(w http.ResponseWriter, _ *http.Request) { _, _ = io.CopyN(w, endless("x"), 3<<20) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			release := make(chan struct{})
			if trouble == nil {
				trouble = func(http.ResponseWriter, *http.Request) { <-release }
			}
			s := &multigetServer{objects: map[string]string{}, mangle: same, etag: md5Tag}
			var items []Item
			for i := range 20 {
				href := fmt.Sprintf("/cal/%d.ics", i)
				if i == 7 {
					href = "/cal/poison.ics"
				}
				s.objects[href] = event(href, "x")
				items = append(items, Item{Href: href, Size: -1})
			}
			server := serve(t, func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				r.Body = io.NopCloser(bytes.NewReader(body))
				if strings.Contains(r.URL.Path+string(body), "poison") {
					trouble(w, r)
					return
				}
				s.serve(w, r)
			})
			t.Cleanup(func() { close(release) }) // before the server ends
			client := newClient(t, Options{URL: server.URL, Timeout: 300 * time.Millisecond, MaxBody: 2 << 20})
			client.firstWait = time.Millisecond
			read, troubled := 0, 0
			err := client.MultiGet(t.Context(), &Collection{Href: "/cal/", Kind: Calendars}, items, func(o Object) error {
				if o.Err == nil {
					read++
				} else if troubled++; o.Href != "/cal/poison.ics" {
					t.Errorf("%s: %v", o.Href, o.Err)
				}
				return nil
			})
			if err != nil || read != 19 || troubled != 1 {
				t.Errorf("%d read and %d in trouble, %v; want 19 and 1", read, troubled, err)
			}
		})
	}
}

// endless says the same for ever.
type endless string

func (e endless) Read(p []byte) (int, error) {
	n := 0
	for n+len(e) <= len(p) {
		n += copy(p[n:], e)
	}
	return max(n, copy(p[n:], e[:min(len(e), len(p)-n)])), nil
}

// A server that never ends what it says is left, in little memory.
func TestCost_ofAnswersThatDoNotEnd(t *testing.T) {
	t.Parallel()
	head := `<?xml version="1.0"?><d:multistatus xmlns:d="DAV:" xmlns:c="` + nsCalDAV + `">`
	numbered := func(w io.Writer) error {
		for i := 0; ; i++ {
			_, err := fmt.Fprintf(w, `<d:response><d:href>/cal/object-with-a-name-of-usual-length-%d.ics</d:href><d:propstat><d:prop>`+
				`<d:getetag>"0123456789abcdef0123456789abcdef"</d:getetag></d:prop></d:propstat></d:response>`, i)
			if err != nil {
				return err
			}
		}
	}
	for name, answer := range map[string]func(w io.Writer) error{
		"objects":    numbered,
		"one object": func(w io.Writer) error { _, err := io.Copy(w, endless(listedAs("/cal/a.ics", "1"))); return err },
		"nothing":    func(w io.Writer) error { _, err := io.Copy(w, endless("<d:x/>")); return err },
		"blanks":     func(w io.Writer) error { _, err := io.Copy(w, endless("          \n")); return err },
		"a text": func(w io.Writer) error {
			_, err := io.Copy(w, io.MultiReader(strings.NewReader("<d:response><d:href>"), endless("a")))
			return err
		},
		"attributes": func(w io.Writer) error {
			_, err := io.Copy(w, io.MultiReader(strings.NewReader("<d:response>"), endless(`<d:x a="`+strings.Repeat("y", 10<<10)+`"/>`)))
			return err
		},
		"depth":       func(w io.Writer) error { _, err := io.Copy(w, endless("<d:response>")); return err },
		"an error":    nil,
		"octet, rest": func(w io.Writer) error { return drip(w) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				if answer == nil {
					w.WriteHeader(http.StatusInternalServerError)
					_, _ = io.Copy(w, endless("trouble "))
					return
				}
				w.WriteHeader(http.StatusMultiStatus)
				_, _ = io.WriteString(w, head)
				_ = answer(w)
			})
			client := newClient(t, Options{URL: server.URL, Timeout: 5 * time.Second})
			kept := map[string]Item{}
			_, err := client.Changes(t.Context(), &Collection{Href: "/cal/", Kind: Calendars}, Mark{}, func(i Item) error {
				kept[i.Href] = i
				return nil
			})
			if err == nil {
				t.Errorf("%d objects, and no error", len(kept))
			}
			runtime.KeepAlive(kept)
		})
	}
}

// drip writes a blank now and then: more than silence, less than progress.
func drip(w io.Writer) error {
	for {
		if _, err := io.WriteString(w, " "); err != nil {
			return err
		}
		w.(http.Flusher).Flush()
		time.Sleep(700 * time.Millisecond)
	}
}

// A report that never comes to its end is no reason to forget what it has said, and pages that bring nothing are not
// followed for ever.
func TestCost_ofPagesWithoutEnd(t *testing.T) {
	t.Parallel()
	page := 0
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if _, isReport := tokenIn(r); isReport {
			page++
			answerXML(w, truncated, fmt.Sprintf(`<d:sync-token>%d</d:sync-token>`, page))
			return
		}
		answerXML(w, listedAs("/cal/a.ics", "1"))
	})
	listing, items := changes(t.Context(), t, newClient(t, Options{URL: server.URL}), &Collection{Href: "/cal/", Kind: Calendars,
		Reports: []string{"sync-collection"}}, Mark{})
	if !listing.Full || len(items) != 1 || page > maxPages+1 {
		t.Errorf("%+v with %d items after %d pages", listing, len(items), page)
	}
}

// A listing that the server cuts short by itself is none.
func TestList_cutShortByTheServer(t *testing.T) {
	t.Parallel()
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) { answerXML(w, listedAs("/cal/a.ics", "1"), truncated) })
	_, err := newClient(t, Options{URL: server.URL}).Changes(t.Context(), &Collection{Href: "/cal/", Kind: Calendars}, Mark{},
		func(Item) error { return nil })
	var refused *StatusError
	if !errors.As(err, &refused) || refused.Status != http.StatusInsufficientStorage {
		t.Errorf("got %v, want 507", err)
	}
}

// What a report does not name and PROPFIND does is there.
func TestChanges_twoListings(t *testing.T) {
	t.Parallel()
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if _, isReport := tokenIn(r); isReport {
			answerXML(w, listedAs("/cal/a.ics", "1"), `<d:sync-token>t</d:sync-token>`)
			return
		}
		answerXML(w, listedAs("/cal/a.ics", "1"), listedAs("/cal/b.ics", "2"))
	})
	_, items := changes(t.Context(), t, newClient(t, Options{URL: server.URL}), &Collection{Href: "/cal/", Kind: Calendars,
		Reports: []string{"sync-collection"}}, Mark{})
	if len(items) != 2 {
		t.Errorf("%d items, want both", len(items))
	}
}
