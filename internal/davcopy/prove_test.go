// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rehome"
	"rehome/internal/content/pim"
	"rehome/lab"
	"rehome/lab/atmail7"
	"rehome/lab/corpus"
	"rehome/lab/cyrus"
)

// resource is a case of testdata as the source holds it.
func resource(t *testing.T, name string) corpus.Resource {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return corpus.Resource{Name: name, Data: data}
}

func personWith(contacts, events []corpus.Resource) corpus.Person {
	person := corpus.PIMPerson(address, password, 1, 1)
	person.AddressBooks[0].Resources = slices.Concat(person.AddressBooks[0].Resources, contacts)
	person.Calendars[0].Resources = slices.Concat(person.Calendars[0].Resources, events)
	return person
}

// mender stands before a server and does what SabreDAV 4 does to a card without FN: it adds one, writes the lists of N
// as texts on the way, and gives no etag for what it keeps.
func mender(t *testing.T, server string) string {
	t.Helper()
	target, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	forward := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host
	}}
	forward.ModifyResponse = func(r *http.Response) error {
		if r.Request.Header.Get("X-Mended") != "" {
			r.Header.Del("ETag")
		}
		return nil
	}
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Del("X-Mended")
		// Whole, before it goes on: a server that answers without reading it would end the copying of both bodies.
		body, err := io.ReadAll(r.Body)
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		if r.Method == http.MethodPut {
			if bytes.HasPrefix(body, []byte("BEGIN:VCARD")) && !bytes.Contains(body, []byte("\nFN:")) {
				mended := strings.NewReplacer("Maria,Luise", `Maria\,Luise`, "Dr.,Prof.", `Dr.\,Prof.`, "END:VCARD",
					"FN:Anna Muster\r\nEND:VCARD").Replace(string(body))
				body = []byte(mended)
				r.Header.Set("X-Mended", "yes")
			}
		}
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		forward.ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close)
	return front.URL + target.EscapedPath()
}

// What the destination mends in a way of its own is written again repaired, and what it then keeps to the octet is
// there: it is no difference in this pass or a later one.
func TestProve_repairThatIsKeptToTheOctet(t *testing.T) {
	t.Parallel()
	l := lab.Open(t)
	person := personWith([]corpus.Resource{resource(t, "d2-no-fn.vcf")}, nil)
	dst, err := atmail7.Start(l, atmail7.Options{Name: "destination"})
	if err != nil {
		t.Fatal(err)
	}
	if err := corpus.SeedPerson(t.Context(), dst, corpus.PIMPerson(address, password, 0, 0)); err != nil {
		t.Fatal(err)
	}
	p := pairTo(t, l, person, mender(t, dst.DAV))
	for i, want := range []Tally{{Objects: 2, Copied: 2, Repaired: 1}, {Objects: 2}} {
		r := p.pass(t)
		wantTally(t, "contacts", r.Tallies[rehome.KindContacts], want)
		for _, f := range r.Findings {
			if f.Severity == rehome.SeverityError || f.Severity == rehome.SeverityWarning {
				t.Errorf("pass %d: %+v", i+1, f)
			}
		}
	}
	kept := p.holding(t, p.dst, kindOf(rehome.KindContacts))["d2@example.com"]
	if len(kept) != 1 || pim.Compare(person.AddressBooks[0].Resources[1].Data, kept[0], pim.KindContact).State != pim.StateRepaired {
		t.Errorf("the destination keeps %q", kept)
	}
}

// Cyrus keeps a position with six decimals, which is the same, and takes a category with a comma apart, which is not.
func TestProve_cyrus(t *testing.T) {
	t.Parallel()
	l := lab.Open(t)
	server, err := cyrus.Start(l, cyrus.Options{Accounts: []cyrus.Account{{Address: address, Password: password}}})
	if err != nil {
		t.Fatal(err)
	}
	names := []string{"m1-geo.ics", "e1-control.ics", "g1-category-with-comma.ics"}
	var events []corpus.Resource
	for _, name := range names {
		events = append(events, resource(t, name))
	}
	p := pairTo(t, l, personWith(nil, events), server.DAV())
	r := p.pass(t)
	wantTally(t, "calendars", r.Tallies[rehome.KindCalendars], Tally{Objects: 4, Copied: 3, Repaired: 1, Quarantined: 1})
	var said []string
	for _, f := range r.Findings {
		if f.Severity == rehome.SeverityError {
			said = append(said, f.Sentence)
		}
	}
	if want := "stores it differently: CATEGORIES of the event was one text with a comma and is split"; len(said) != 1 ||
		!strings.Contains(said[0], want) {
		t.Errorf("findings %q, want one with %q", said, want)
	}
	p.options.Repairs = pim.Every()
	p.loseLedger(t)
	wantTally(t, "with every repair", p.pass(t).Tallies[rehome.KindCalendars], Tally{Objects: 4, Adopted: 4})
}

// Of two that are the same one is enough only if the destination keeps it as it was given: where it keeps something
// else, both are named.
func TestProve_whatIsSpoiltStandsForNoOther(t *testing.T) {
	t.Parallel()
	l := lab.Open(t)
	data := event("twice", "the same under two names")
	person := personWith(nil, []corpus.Resource{{Name: "twice.ics", Data: data}, {Name: "twice-copy.ics", Data: data}})
	dst, err := atmail7.Start(l, atmail7.Options{Name: "destination"})
	if err != nil {
		t.Fatal(err)
	}
	if err := corpus.SeedPerson(t.Context(), dst, corpus.PIMPerson(address, password, 0, 0)); err != nil {
		t.Fatal(err)
	}
	front := before(t, dst.DAV)
	front.set(func(_ http.ResponseWriter, r *http.Request, body string) bool {
		if r.Method == http.MethodPut {
			body = strings.Replace(body, "DTEND:20150301T110000Z\r\n", "", 1)
			r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
		}
		return false
	})
	p := pairTo(t, l, person, front.URL)
	for _, want := range []Tally{{Objects: 3, Copied: 1, Quarantined: 2}, {Objects: 3, Quarantined: 2}} {
		wantTally(t, "calendars", p.pass(t).Tallies[rehome.KindCalendars], want)
		if e := p.exceptions(t); e["twice.ics"].Code != "object_spoilt" || e["twice-copy.ics"].Code != "object_spoilt" {
			t.Errorf("%+v, want both named", e)
		}
	}
}

// A large contact that the destination spoils is read once more to say what is lost: its first reading is not whole any more.
func TestCost_ofALargeContactThatIsSpoilt(t *testing.T) {
	t.Parallel()
	large := corpus.PhotoContact(largeObject)
	p, _, dst := troubled(t, personWith([]corpus.Resource{large}, nil))
	dst.set(func(_ http.ResponseWriter, r *http.Request, body string) bool {
		if r.Method == http.MethodPut {
			body = strings.Replace(body, "FN:Laura Large\r\n", "FN:Somebody\r\n", 1)
			r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
		}
		return false
	})
	r := p.pass(t)
	wantTally(t, "contacts", r.Tallies[rehome.KindContacts], Tally{Objects: 2, Copied: 1, Quarantined: 1})
	if e := p.exceptions(t)[large.Name]; !strings.Contains(e.Words, "FN") || strings.Contains(e.Words, "PHOTO") {
		t.Errorf("%+v, want the name alone to be missing", e)
	}
}
