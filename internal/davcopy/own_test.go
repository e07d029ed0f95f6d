// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"rehome"
	"rehome/internal/endpoint"
	"rehome/internal/ledger"
	"rehome/internal/protocol/dav"
	"rehome/lab"
	"rehome/lab/atmail8"
	"rehome/lab/corpus"
)

// trouble stands before a server and answers some requests in its place.
type trouble struct {
	answer atomic.Pointer[func(w http.ResponseWriter, r *http.Request, body string) bool]
	edit   func(r *http.Response) // of what the server answers; nil for nothing
	URL    string
}

// before starts it; nothing is answered yet.
func before(t *testing.T, server string) *trouble {
	t.Helper()
	target, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(&url.URL{Scheme: target.Scheme, Host: target.Host})
		r.Out.Host = target.Host
	}}
	tr := &trouble{}
	proxy.ModifyResponse = func(r *http.Response) error {
		if tr.edit != nil {
			tr.edit(r)
		}
		return nil
	}
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		if answer := tr.answer.Load(); answer != nil && (*answer)(w, r, string(body)) {
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close)
	tr.URL = front.URL + target.Path
	return tr
}

// set makes the answers; nil ends the trouble.
func (tr *trouble) set(answer func(w http.ResponseWriter, r *http.Request, body string) bool) {
	if answer == nil {
		tr.answer.Store(nil)
		return
	}
	tr.answer.Store(&answer)
}

// about answers every request about an object of that name, or with it in a report, with a status and words.
func about(name string, methods string, status int, words string) func(w http.ResponseWriter, r *http.Request, body string) bool {
	return func(w http.ResponseWriter, r *http.Request, body string) bool {
		if !strings.Contains(methods, r.Method) || !strings.Contains(r.URL.Path, name) && (r.Method != "REPORT" || !strings.Contains(body, name)) {
			return false
		}
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, `<d:error xmlns:d="DAV:" xmlns:s="http://sabredav.org/ns"><s:message>%s</s:message></d:error>`, words)
		return true
	}
}

// troubled is a pair with trouble before both ends.
func troubled(t *testing.T, person corpus.Person) (p *pair, src, dst *trouble) {
	t.Helper()
	l := lab.Open(t)
	destination, err := atmail8.Start(l, atmail8.Options{})
	if err != nil {
		t.Fatal(err)
	}
	addAccount(t, destination)
	dst = before(t, destination.DAVPlain)
	p = pairTo(t, l, person, dst.URL)
	src = before(t, p.source.DAV)
	p.src.Close()
	p.src = endpoint.NewDAV(endpoint.DAVSettings{Host: endpoint.NewHost(endpoint.HostSettings{Side: rehome.Source}), URL: src.URL, AllowPlaintext: true})
	t.Cleanup(p.src.Close)
	return p, src, dst
}

// names are those of the exceptions, by source name.
func (p *pair) exceptions(t *testing.T) map[string]ledger.Exception {
	t.Helper()
	all, err := p.ledger.Exceptions(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]ledger.Exception{}
	for _, e := range all {
		named[decodedName(e.Source)] = e
	}
	return named
}

func TestRunSlice_anObjectsTroubleIsItsOwn(t *testing.T) {
	t.Parallel()
	person := corpus.PIMPerson(address, password, 30, 30)
	book, calendar := &person.AddressBooks[0], &person.Calendars[0]
	book.Resources = append(book.Resources, corpus.Resource{Name: "bad-line.vcf",
		Data: []byte("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:bad\r\nFN:Bad\r\nN:Bad;;;;\r\nEND:VCARD\r\n")})
	for i := range 20 {
		name := fmt.Sprintf("long-daily-%d.ics", i)
		calendar.Resources = append(calendar.Resources, corpus.Resource{Name: name, Data: event(name, "daily")})
	}
	p, src, dst := troubled(t, person)
	src.set(about("bad-line", "GET REPORT", http.StatusInternalServerError, "Call to a member function on null"))
	dst.set(about("long-daily", "PUT", http.StatusInternalServerError, "more than 3,500 occurrences"))

	first := p.pass(t)
	wantTally(t, "contacts", first.Tallies[rehome.KindContacts], Tally{Objects: 31, Copied: 30, Quarantined: 1})
	wantTally(t, "calendars", first.Tallies[rehome.KindCalendars], Tally{Objects: 50, Copied: 30, Quarantined: 20})
	e := p.exceptions(t)
	if e["bad-line.vcf"].Code != "object_unserved" || !strings.Contains(e["bad-line.vcf"].Words, "Call to a member function") {
		t.Errorf("%+v does not say why", e["bad-line.vcf"])
	}
	if e["long-daily-7.ics"].Code != "object_failed" || !strings.Contains(e["long-daily-7.ics"].Words, "3,500") {
		t.Errorf("%+v does not say why", e["long-daily-7.ics"])
	}
	for _, kind := range []dav.Kind{dav.AddressBooks, dav.Calendars} {
		if got := p.holding(t, p.dst, kind); len(got) != 30 {
			t.Errorf("%d %s at the destination, want 30 and nothing of a test", len(got), kind)
		}
	}

	src.set(nil)
	dst.set(nil)
	second := p.pass(t)
	wantTally(t, "contacts afterwards", second.Tallies[rehome.KindContacts], Tally{Objects: 31, Copied: 1})
	wantTally(t, "calendars afterwards", second.Tallies[rehome.KindCalendars], Tally{Objects: 50, Copied: 20})
}

// A host that takes nothing any more is noticed after a few objects, and none of them is given up for good.
func TestRunSlice_aHostThatIsDown(t *testing.T) {
	t.Parallel()
	p, _, dst := troubled(t, corpus.PIMPerson(address, password, 0, 60))
	var puts atomic.Int64
	dst.set(func(w http.ResponseWriter, r *http.Request, _ string) bool {
		if r.Method == http.MethodPut {
			puts.Add(1)
			w.WriteHeader(http.StatusInternalServerError)
		}
		return r.Method == http.MethodPut
	})
	_, err := p.engine().RunSlice(t.Context(), account(), time.Now(), someTime)
	if rehome.ClassOf(err) != rehome.ClassTemporary || puts.Load() > 40 {
		t.Errorf("after %d requests: %v, want a temporary fault", puts.Load(), err)
	}
	dst.set(nil)
	p.pass(t)
	if got := p.holding(t, p.dst, dav.Calendars); len(got) != 60 {
		t.Errorf("%d events at the destination, want 60", len(got))
	}
}

// What is in the way of a collection, or of one kind as a whole, does not stop the others.
func TestRunSlice_aCollectionsTroubleIsItsOwn(t *testing.T) {
	t.Parallel()
	p, src, _ := troubled(t, corpus.PIMPerson(address, password, 10, 10))
	for name, answer := range map[string]func(w http.ResponseWriter, r *http.Request, body string) bool{
		"listing": func(w http.ResponseWriter, r *http.Request, body string) bool {
			return strings.Contains(body, "getetag") && about("/addressbooks/", "PROPFIND REPORT", http.StatusInternalServerError,
				"table is damaged")(w, r, body)
		},
		"home": about("/addressbooks/", "PROPFIND OPTIONS", http.StatusInternalServerError, "no such table"),
	} {
		p.loseLedger(t)
		src.set(answer)
		r, err := p.engine().RunSlice(t.Context(), account(), time.Now(), someTime)
		if rehome.ClassOf(err) != rehome.ClassTemporary || !r.Looked {
			t.Errorf("%s: looked %v, %v; want a temporary fault", name, r.Looked, err)
		}
		if got := p.holding(t, p.dst, dav.Calendars); len(got) != 10 || r.Counts.(Counts)[rehome.KindCalendars].Objects != 10 {
			t.Errorf("%s: %d events at the destination, %+v; want 10", name, len(got), r.Counts)
		}
	}
}

// A newer version that cannot be had, or is not taken, leaves the older one what it is, and is followed later.
func TestPasses_anUpdateThatFails(t *testing.T) {
	t.Parallel()
	p, src, dst := troubled(t, corpus.PIMPerson(address, password, 0, 5))
	p.put(t, "unread.ics", "first")
	p.put(t, "refused.ics", "first")
	p.pass(t)
	p.put(t, "unread.ics", "second")
	p.put(t, "refused.ics", "second")
	src.set(about("unread.ics", "GET REPORT", http.StatusInternalServerError, "broken"))
	dst.set(about("refused.ics", "PUT", http.StatusInternalServerError, "broken"))
	for range 2 { // and nothing is forgotten in between
		wantTally(t, "in trouble", p.pass(t).Tallies[rehome.KindCalendars], Tally{Objects: 7, Quarantined: 2})
	}
	if e := p.exceptions(t); e["unread.ics"].Code != ledger.UpdateUnreadable || e["refused.ics"].Code != ledger.UpdateRefused {
		t.Errorf("%+v", e)
	}
	if got := p.summary(t, "unread.ics") + p.summary(t, "refused.ics"); got != "firstfirst" {
		t.Errorf("the destination has %q", got)
	}
	src.set(nil)
	dst.set(nil)
	wantTally(t, "afterwards", p.pass(t).Tallies[rehome.KindCalendars], Tally{Objects: 7, Updated: 2})
	if got := p.summary(t, "unread.ics") + p.summary(t, "refused.ics"); got != "secondsecond" {
		t.Errorf("the destination has %q", got)
	}
}

// What the destination does not let us remove, or does not return to be looked at, stays and is named; all else that has vanished
// goes, and the next passes try it again.
func TestPasses_whatCannotBeRemoved(t *testing.T) {
	t.Parallel()
	for _, trouble := range []struct {
		name, methods string
		status        int
		edited        bool // by its user, so that it is looked at first
	}{
		{"refused", "DELETE", http.StatusForbidden, false},
		{"refused by an error", "DELETE", http.StatusInternalServerError, false},
		{"not returned", "GET", http.StatusForbidden, true},
	} {
		t.Run(trouble.name, func(t *testing.T) {
			t.Parallel()
			p, _, dst := troubled(t, corpus.PIMPerson(address, password, 0, 5))
			p.options.Deletions = rehome.DeletionsMirror
			for _, name := range []string{"a.ics", "b.ics"} {
				p.put(t, name, "first")
			}
			p.pass(t)
			there := ""
			if trouble.edited {
				there = "its user's own"
				p.write(t, p.dst, "a.ics", there)
			}
			p.remove(t, p.src, "a.ics")
			p.remove(t, p.src, "b.ics")
			dst.set(about("/a.ics", trouble.methods, trouble.status, "not this one"))
			for i := range 2 {
				r := p.pass(t)
				wantTally(t, "in trouble", r.Tallies[rehome.KindCalendars], Tally{Objects: 5, Removed: 1 - i})
				if f := findingOf(r.Findings, "object_not_removed"); !strings.HasSuffix(f.Object, "/a.ics") || !strings.Contains(f.Sentence, "not this one") {
					t.Errorf("findings %+v do not say what stays", r.Findings)
				}
			}
			dst.set(nil)
			if r := p.pass(t); len(r.Findings) > 0 {
				t.Errorf("findings %+v afterwards", r.Findings)
			}
			p.wantSummaries(t, "afterwards", map[string]string{"a.ics": there, "b.ics": ""})
		})
	}
}

// What is neither listed nor returned is unknown: neither lost nor there, and no trouble of its collection.
func TestPasses_neitherListedNorReturned(t *testing.T) {
	t.Parallel()
	p, _, dst := troubled(t, corpus.PIMPerson(address, password, 0, 5))
	p.put(t, "a.ics", "first")
	p.pass(t)
	p.remove(t, p.dst, "a.ics")
	p.put(t, "b.ics", "first")
	dst.set(about("/a.ics", "GET", http.StatusForbidden, "not this one"))
	wantTally(t, "in trouble", p.pass(t).Tallies[rehome.KindCalendars], Tally{Objects: 7, Copied: 1, Quarantined: 1})
	if e := p.exceptions(t)["a.ics"]; !objectUnproved.Has(e.Code) || !strings.Contains(e.Words, "not this one") {
		t.Errorf("%+v does not say that nobody knows", e)
	}
	dst.set(nil)
	wantTally(t, "afterwards", p.pass(t).Tallies[rehome.KindCalendars], Tally{Objects: 7, Deserted: 1})
}

// A property that a server fails at, or of which it does not say whether it has taken it, is no trouble of the objects, and is
// tried again.
func TestPasses_propertiesThatFail(t *testing.T) {
	t.Parallel()
	person := corpus.PIMPerson(address, password, 0, 3)
	person.Calendars = append(person.Calendars, corpus.Collection{Name: "trips", DisplayName: "Trips", Color: "#FF0000FF",
		Resources: []corpus.Resource{{Name: "one.ics", Data: event("one", "away")}}})
	p, _, dst := troubled(t, person)
	for i, status := range []int{http.StatusInternalServerError, http.StatusMultiStatus} {
		dst.set(about("", "PROPPATCH", status, "not this one"))
		r := p.pass(t)
		wantTally(t, "in trouble", r.Tallies[rehome.KindCalendars], Tally{Objects: 4, Copied: 4 - 4*i})
		if f := findingOf(r.Findings, "property_refused_color"); !strings.HasSuffix(f.Object, "/trips/") {
			t.Errorf("findings %+v do not name the property", r.Findings)
		}
	}
	dst.set(nil)
	for range 2 {
		if r := p.pass(t); len(r.Findings) > 0 {
			t.Errorf("findings %+v afterwards", r.Findings)
		}
	}
}
