// SPDX-License-Identifier: Apache-2.0

package dav

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// tokenIn finds the sync-token that a report asks with; not ok if the request is none.
func tokenIn(r *http.Request) (token string, ok bool) {
	body, _ := io.ReadAll(r.Body)
	_, rest, ok := strings.Cut(string(body), "<D:sync-token>")
	token, _, _ = strings.Cut(rest, "</")
	return token, ok && r.Method == "REPORT"
}

const truncated = `<d:response><d:href>/cal/</d:href><d:status>HTTP/1.1 507 Insufficient Storage</d:status><d:error>` +
	`<d:number-of-matches-within-limits/></d:error></d:response>`

// syncing plays a server with two pages behind each start, and the listing of PROPFIND.
func syncing(refuseAll bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		token, isReport := tokenIn(r)
		switch {
		case !isReport:
			answerXML(w, `<d:response><d:href>/cal</d:href><d:propstat><d:prop><d:resourcetype><d:collection/></d:resourcetype></d:prop>`+
				`<d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>`,
				listedAs("/cal/a.ics", "1"), listedAs("/cal/b.ics", "2"), listedAs("http://"+r.Host+"/cal/c.ics", "3"))
		case refuseAll || token == "old":
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, `<d:error xmlns:d="DAV:"><d:valid-sync-token/></d:error>`)
		case token == "circle":
			answerXML(w, truncated, `<d:sync-token>circle</d:sync-token>`)
		case token == "end":
			answerXML(w, listedAs("/cal/a.ics", "1"))
		case strings.HasPrefix(token, "p-"):
			answerXML(w, `<d:response><d:href>/cal/gone.ics</d:href><d:status>HTTP/1.1 404 Not Found</d:status></d:response>`, listedAs("/cal/c.ics",
				"3"), `<d:sync-token> end </d:sync-token>`)
		default:
			answerXML(w, listedAs("/cal/a.ics", "1"), listedAs("/cal/b.ics", "2"), truncated, `<d:sync-token>p-`+token+`</d:sync-token>`)
		}
	}
}

func TestChanges_pagesExpiryAndFallback(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, token string
		refuse      bool
		reports     []string
		want        string
		full        bool
		mark        string
	}{
		{"from nothing", "", false, []string{"sync-collection"}, "a=1 b=2 gone- c=3", true, "end"},
		{"from a token", "t", false, []string{"sync-collection"}, "a=1 b=2 gone- c=3", false, "end"},
		{"from an expired token", "old", false, []string{"sync-collection"}, "a=1 b=2 gone- c=3", true, "end"},
		{"report refused", "t", true, []string{"sync-collection"}, "a=1 b=2 c=3", true, "now"},
		{"report without a token", "end", false, []string{"sync-collection"}, "a=1 a=1 b=2 c=3", true, "now"},
		{"report in circles", "circle", false, []string{"sync-collection"}, "a=1 b=2 c=3", true, "now"},
		{"no report", "t", false, []string{"calendar-multiget"}, "a=1 b=2 c=3", true, "now"},
		{"reports unknown", "t", false, nil, "a=1 b=2 c=3", true, "now"},
	} {
		server := serve(t, syncing(c.refuse))
		collection := &Collection{Href: "/cal/", Kind: Calendars, Reports: c.reports, SyncToken: "now", CTag: "ctag"}
		listing, items := changes(t.Context(), t, newClient(t, Options{URL: server.URL}), collection, Mark{SyncToken: c.token})
		var got []string
		for _, i := range items {
			text := strings.TrimSuffix(Name(i.Href), ".ics") + "=" + i.ETag
			if i.Removed {
				text = strings.TrimSuffix(Name(i.Href), ".ics") + "-"
			}
			got = append(got, text)
		}
		// A full listing after a broken one may name an object twice.
		if strings.Join(got, " ") != c.want || listing.Full != c.full || listing.Mark != (Mark{SyncToken: c.mark, CTag: "ctag"}) || listing.Unchanged {
			t.Errorf("%s: %s %+v, want %s", c.name, got, listing, c.want)
		}
	}
}

// Of what somebody has renamed, changed or removed between the two listings the later one counts, and what is not in that one has
// to be read before anybody knows. A listing that breaks off says nothing.
func TestChanges_betweenTwoListings(t *testing.T) {
	t.Parallel()
	for want, later := range map[string][]string{
		"a=1 b=2 c=3 a=9 d=1 b=": {listedAs("/cal/a.ics", "9"), listedAs("/cal/d.ics", "1"), listedAs("/cal/c.ics", "")},
		"a=1 b=2 c=3 d=1":        {listedAs("/cal/d.ics", "1"), truncated},
	} {
		server := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if _, report := tokenIn(r); report {
				answerXML(w, listedAs("/cal/a.ics", "1"), listedAs("/cal/b.ics", "2"), listedAs("/cal/c.ics", "3"), `<d:sync-token>end</d:sync-token>`)
				return
			}
			answerXML(w, later...)
		})
		collection := &Collection{Href: "/cal/", Kind: Calendars, Reports: []string{"sync-collection"}}
		_, items := changes(t.Context(), t, newClient(t, Options{URL: server.URL}), collection, Mark{})
		var got []string
		for _, i := range items {
			got = append(got, strings.TrimSuffix(Name(i.Href), ".ics")+"="+i.ETag)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestMark_same(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b Mark
		want bool
	}{
		{Mark{}, Mark{}, false},
		{Mark{"t", "c"}, Mark{"t", "c"}, true},
		{Mark{"t", "c"}, Mark{"t", "d"}, false},
		{Mark{"t", "c"}, Mark{"u", "c"}, false},
		{Mark{"", "c"}, Mark{"u", "c"}, true},
		{Mark{"t", "c"}, Mark{"t", ""}, true},
		{Mark{"t", ""}, Mark{"", "c"}, false},
	} {
		if got := c.a.same(c.b); got != c.want {
			t.Errorf("%+v and %+v: %v, want %v", c.a, c.b, got, c.want)
		}
	}
}

// Only what is dealt with counts: the error of each ends the listing and nothing is tried instead.
func TestChanges_ownErrorComesBack(t *testing.T) {
	t.Parallel()
	server := serve(t, syncing(false))
	own := &StatusError{Status: http.StatusForbidden}
	for _, reports := range [][]string{{"sync-collection"}, nil} {
		count := 0
		collection := &Collection{Href: "/cal/", Kind: Calendars, Reports: reports}
		_, err := newClient(t, Options{URL: server.URL}).Changes(t.Context(), collection, Mark{SyncToken: "t"}, func(Item) error {
			count++
			return own
		})
		if !errors.Is(err, own) || count != 1 {
			t.Errorf("got %v after %d calls", err, count)
		}
	}
}

// multigetServer answers like SabreDAV 1.x, with a poisoned object: any report with it fails.
type multigetServer struct {
	mu      sync.Mutex
	poison  func(w http.ResponseWriter)
	objects map[string]string
	reports int
	gets    int
	mangle  func(string) string // of data in XML
	etag    func(data string) string
}

func (s *multigetServer) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.Method == http.MethodGet {
		s.gets++
		data, ok := s.objects[r.URL.Path]
		if !ok {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		w.Header().Set("ETag", s.etag(data))
		_, _ = io.WriteString(w, data)
		return
	}
	if r.Method == "PROPFIND" {
		answerXML(w, listedAs(r.URL.Path, ""))
		return
	}
	s.reports++
	body, _ := io.ReadAll(r.Body)
	var responses []string
	for part := range strings.SplitSeq(string(body), "<D:href>") {
		href, _, ok := strings.Cut(part, "</D:href>")
		if !ok {
			continue
		}
		if strings.Contains(href, "poison") {
			s.poison(w)
			return
		}
		data := s.objects[href]
		responses = append(responses, `<d:response><d:href>`+href+`</d:href><d:propstat><d:prop><d:getetag>`+s.etag(data)+`</d:getetag><c:calendar-data>`+
			s.mangle(data)+`</c:calendar-data></d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>`)
	}
	answerXML(w, responses...)
}

func same(data string) string { return data }

func TestMultiGet_isolatesPoison(t *testing.T) {
	t.Parallel()
	for name, poison := range map[string]func(http.ResponseWriter){
		"404":        func(w http.ResponseWriter) { w.WriteHeader(http.StatusNotFound) },
		"500":        func(w http.ResponseWriter) { w.WriteHeader(http.StatusInternalServerError) },
		"breaks off": func(http.ResponseWriter) { panic(http.ErrAbortHandler) },
		"broken XML": func(w http.ResponseWriter) { answerXML(w, `<d:response><d:href>/cal/1.ics</x>`) },
	} {
		s := &multigetServer{poison: poison, objects: map[string]string{}, mangle: same, etag: func(string) string { return `"1"` }}
		var items []Item
		for i := range 120 {
			href := fmt.Sprintf("/cal/%d.ics", i)
			if i == 77 {
				href = "/cal/poison.ics"
			}
			s.objects[href] = event(href, "x")
			items = append(items, Item{Href: href, Size: -1})
		}
		items = append(items, Item{Href: "/cal/gone.ics", Size: -1}, Item{Href: "/cal/big.ics", Size: 3 << 20})
		s.objects["/cal/big.ics"] = strings.Repeat("x", 3<<20)
		server := serve(t, s.serve)
		seen := map[string]int{}
		err := newClient(t, Options{URL: server.URL}).MultiGet(t.Context(), &Collection{Href: "/cal/", Kind: Calendars}, items, func(o Object) error {
			seen[o.Href]++
			if gone := o.Href == "/cal/gone.ics"; gone != IsStatus(o.Err, http.StatusNotFound) || !gone && string(o.Data) != s.objects[o.Href] {
				t.Errorf("%s: %s: %v", name, o.Href, o.Err)
			}
			return nil
		})
		if err != nil || len(seen) != len(items) {
			t.Errorf("%s: %d of %d items, %v", name, len(seen), len(items), err)
		}
		for href, count := range seen {
			if count != 1 {
				t.Errorf("%s: %s was handed out %d times", name, href, count)
			}
		}
		if s.reports > 24 || s.gets > 8 { // what breaks off, net/http sends again on its own
			t.Errorf("%s: %d reports and %d GETs", name, s.reports, s.gets)
		}
	}
}

func TestMultiGet_whatEndsAll(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusUnauthorized, http.StatusTooManyRequests, http.StatusServiceUnavailable} {
		count := 0
		server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			count++
			w.WriteHeader(status)
		})
		client := newClient(t, Options{URL: server.URL})
		err := client.MultiGet(t.Context(), &Collection{Href: "/cal/", Kind: Calendars}, []Item{{Href: "/cal/a"}, {Href: "/cal/b"},
			{Href: "/cal/c"}}, func(Object) error { return nil })
		if !IsStatus(err, status) || count != 2 { // one to see whether only these objects are meant
			t.Errorf("%d: %v after %d requests", status, err, count)
		}
	}
	own := errors.New("disk full")
	s := &multigetServer{objects: map[string]string{"/cal/a": "x", "/cal/b": "y"}, mangle: same, etag: func(string) string { return `"1"` }}
	server := serve(t, s.serve)
	err := newClient(t, Options{URL: server.URL}).MultiGet(t.Context(), &Collection{Href: "/cal/", Kind: Calendars}, []Item{{Href: "/cal/a"},
		{Href: "/cal/b"}}, func(Object) error { return own })
	if !errors.Is(err, own) {
		t.Errorf("got %v, want the error of each", err)
	}
}

// Whatever a server does to objects in XML, what comes out is what GET says.
func TestMultiGet_dataIsThatOfGet(t *testing.T) {
	t.Parallel()
	for name, mangle := range map[string]func(string) string{
		"true":           same,
		"line ends lost": func(data string) string { return strings.ReplaceAll(data, "\r", "") },
		"trimmed":        strings.TrimSpace,
		"reencoded":      func(data string) string { return strings.ReplaceAll(data, "ü", "\xfc") },
		"nothing":        func(string) string { return "" },
	} {
		s := &multigetServer{objects: map[string]string{}, mangle: mangle, etag: func(data string) string { return fmt.Sprintf(`"%d"`, len(data)) }}
		var items []Item
		for i := range 100 {
			href := fmt.Sprintf("/cal/%d.ics", i)
			s.objects[href] = event(href, fmt.Sprintf("für %d", i))
			items = append(items, Item{Href: href, Size: -1})
		}
		server := serve(t, s.serve)
		err := newClient(t, Options{URL: server.URL}).MultiGet(t.Context(), &Collection{Href: "/cal/", Kind: Calendars}, items, func(o Object) error {
			if string(o.Data) != s.objects[o.Href] || o.ETag != s.etag(s.objects[o.Href]) {
				t.Errorf("%s: %s %s: got %q", name, o.Href, o.ETag, o.Data)
			}
			return nil
		})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if name == "true" && s.gets != enoughEqual {
			t.Errorf("%d objects were read twice, want %d", s.gets, enoughEqual)
		}
	}
}

// SabreDAV 1.x takes the carriage returns out of calendars in XML. Its ETag proves what was there, without
// another request for each object.
func TestMultiGet_lineEndsProvenByETag(t *testing.T) {
	t.Parallel()
	s := &multigetServer{objects: map[string]string{}, mangle: func(data string) string { return strings.ReplaceAll(data, "\r", "") }, etag: md5Tag}
	var items []Item
	for i := range 100 {
		href := fmt.Sprintf("/cal/%d.ics", i)
		s.objects[href] = event(href, "lunch")
		if i < 10 { // mixed line ends cannot be guessed
			s.objects[href] = strings.Replace(s.objects[href], "\r\n", "\n", 2)
		}
		items = append(items, Item{Href: href, Size: -1})
	}
	server := serve(t, s.serve)
	err := newClient(t, Options{URL: server.URL}).MultiGet(t.Context(), &Collection{Href: "/cal/", Kind: Calendars}, items, func(o Object) error {
		if string(o.Data) != s.objects[o.Href] {
			t.Errorf("%s: got %q", o.Href, o.Data)
		}
		return nil
	})
	if err != nil || s.gets != 10 {
		t.Errorf("%d objects were read twice, want 10; %v", s.gets, err)
	}
}

// SabreDAV from 2.1 on hands out another version than it stores, unless it is asked for that.
func TestGet_storedVersionOfCard(t *testing.T) {
	t.Parallel()
	stored := crlf("BEGIN:VCARD", "VERSION:4.0", "UID:u", "FN:Four", "END:VCARD")
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", md5Tag(stored))
		if strings.Contains(r.Header.Get("Accept"), "version=4.0") {
			_, _ = io.WriteString(w, stored)
		} else {
			_, _ = io.WriteString(w, strings.Replace(stored, "4.0", "3.0", 1))
		}
	})
	o, err := newClient(t, Options{URL: server.URL}).Get(t.Context(), "/book/u.vcf", AddressBooks)
	if err != nil || string(o.Data) != stored {
		t.Errorf("got %q, %v", o.Data, err)
	}
}

// A large card is read but once where its listed length tells that it is the stored one.
func TestGet_largeCardOnce(t *testing.T) {
	t.Parallel()
	stored := crlf("BEGIN:VCARD", "VERSION:3.0", "UID:u", "FN:Large", "NOTE:"+strings.Repeat("x", largeCard), "END:VCARD")
	gets := 0
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			gets++
			w.Header().Set("ETag", `"1"`)
			_, _ = io.WriteString(w, stored)
			return
		}
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(http.StatusMultiStatus)
		_, _ = fmt.Fprintf(w, `<d:multistatus xmlns:d="DAV:"><d:response><d:href>/book/u.vcf</d:href><d:propstat><d:prop>`+
			`<d:getcontentlength>%d</d:getcontentlength></d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response></d:multistatus>`, len(stored))
	})
	o, err := newClient(t, Options{URL: server.URL}).Get(t.Context(), "/book/u.vcf", AddressBooks)
	if err != nil || string(o.Data) != stored || gets != 1 {
		t.Errorf("%d octets, read %d times, %v", len(o.Data), gets, err)
	}
}
