// SPDX-License-Identifier: Apache-2.0

package clientsetup

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"rehome"

	"github.com/google/go-cmp/cmp"
)

// The moment at which tests ask.
var noon = time.Date(2026, 12, 4, 12, 0, 0, 0, time.UTC)

// switched says who has switched, in the words of the file.
func switched(t testing.TB, text string) *table {
	t.Helper()
	said, err := parseSwitches("switched.txt", []byte(text), []string{"example.com", "xn--bcher-kva.example", "x"})
	if err != nil {
		t.Fatal(err)
	}
	return said
}

func newTestResponder(t testing.TB, says string, change func(*ResponderOptions)) *Responder {
	t.Helper()
	options := ResponderOptions{
		Domains: map[string]Services{}, Switches: switched(t, says), RequestsPerMinute: 1_000_000, Now: func() time.Time { return noon },
		Paths: map[string]string{"/calendars/": "/dav/cal/", "/calendars/users/": "/dav/cal/u/"},
	}
	for _, domain := range []string{"example.com", "xn--bcher-kva.example", "x"} {
		options.Domains[domain], _ = DescribeBoth(sample(rehome.Source), sample(rehome.Destination), Naming{Organisation: "Example"}, "", domain)
	}
	if change != nil {
		change(&options)
	}
	return NewResponder(options)
}

// ask sends one request, as a client with this host name in mind.
func ask(r http.Handler, method, address, body string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(method, address, strings.NewReader(body))
	answer := httptest.NewRecorder()
	r.ServeHTTP(answer, request)
	return answer
}

func pox(address string) string {
	return `<?xml version="1.0" encoding="utf-8"?><Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006">` +
		`<Request><EMailAddress>` + strings.NewReplacer("&", "&amp;", "<", "&lt;").Replace(address) + `</EMailAddress><AcceptableResponseSchema>` +
		autodiscoverInner + `</AcceptableResponseSchema></Request></Autodiscover>`
}

// Each client gets the servers of the side that is its person's, in its own form of asking.
func TestResponder_sideOfTheAsker(t *testing.T) {
	t.Parallel()
	r := newTestResponder(t, `
		example.com           destination 2026-12-04T13:00:00+02:00   # an hour ago
		stays@example.com     source
		later@example.com     destination 2026-12-05T00:00:00Z
		x                     destination 2026-12-04T12:00:01Z
		pilot@x               destination
	`, nil)
	for _, test := range []struct {
		domain, address string
		want            rehome.Side
	}{
		{"example.com", "", rehome.Destination},
		{"example.com", "anna@example.com", rehome.Destination},
		{"example.com", "Stays@Example.COM", rehome.Source},
		{"example.com", "later@example.com", rehome.Source},
		{"xn--bcher-kva.example", "x@bücher.example", rehome.Source},
		{"x", "", rehome.Source},
		{"x", "a/b@x", rehome.Source},
		{"x", "pilot@x", rehome.Destination},
	} {
		want := map[rehome.Side]string{rehome.Source: "old.example.net", rehome.Destination: "new.example.net"}[test.want]
		query := "?emailaddress=" + url.QueryEscape(test.address)
		for _, address := range []string{
			"https://autoconfig." + test.domain + autoconfigPath + query, "https://" + test.domain + autoconfigWellKnown + query,
		} {
			if got := ask(r, "GET", address, ""); got.Code != 200 || !strings.Contains(got.Body.String(), "<hostname>"+want+"<") {
				t.Errorf("%s: got %d %s, want %s", address, got.Code, got.Body, want)
			}
		}
		if test.address == "" {
			continue
		}
		got := ask(r, "POST", "https://autodiscover."+test.domain+"/Autodiscover/Autodiscover.xml", pox(test.address))
		if got.Code != 200 || !strings.Contains(got.Body.String(), "<Server>"+want+"<") || got.Header().Get("Content-Type") != mediaXML {
			t.Errorf("Outlook of %s: got %d %s, want %s", test.address, got.Code, got.Body, want)
		}
		got = ask(r, "GET", "https://autoconfig."+test.domain+profilePath+query, "")
		if got.Code != 200 || !strings.Contains(got.Body.String(), "<string>"+want+"<") || got.Header().Get("Content-Type") != profileType {
			t.Errorf("iPhone of %s: got %d %s, want %s", test.address, got.Code, got.Body, want)
		}
	}
}

// Nobody learns from an answer whether an address exists, and nothing asks for a password.
func TestResponder_noOracleNoLogin(t *testing.T) {
	t.Parallel()
	r := newTestResponder(t, "example.com destination\n", nil)
	for _, path := range []string{autoconfigPath + "?emailaddress=%s", "/autodiscover/autodiscover.json?Email=%s&Protocol=AutodiscoverV1",
		"/autodiscover/autodiscover.json?Email=%s&Protocol=ActiveSync", profilePath + "?emailaddress=%s", autodiscoverPath} {
		var first *httptest.ResponseRecorder
		for _, who := range []string{"anna", "nobody", "no-body-at-all"} {
			method, body, address := "GET", "", path
			if path == autodiscoverPath {
				method, body = "POST", pox(who+"@example.com")
			} else {
				address = fmt.Sprintf(path, who+"@example.com")
			}
			got := ask(r, method, "https://autodiscover.example.com"+address, body)
			if got.Code == 401 || got.Header().Get("WWW-Authenticate") != "" {
				t.Errorf("%s asks for a log-in", address)
			}
			if first == nil {
				first = got
			}
			neutral := func(a *httptest.ResponseRecorder) string {
				if path == profilePath+"?emailaddress=%s" {
					return "" // its identifiers are made of the address, and its length too
				}
				return strings.ReplaceAll(strings.ReplaceAll(a.Body.String(), who+"@example.com", "WHO"), "anna@example.com", "WHO")
			}
			if got.Code != first.Code || neutral(got) != neutral(first) || len(got.Header()) != len(first.Header()) {
				t.Errorf("%s: got %d %v %s, and for another %d %v %s", address, got.Code, got.Header(), got.Body, first.Code, first.Header(), first.Body)
			}
		}
	}
}

func TestResponder_whatItRefuses(t *testing.T) {
	t.Parallel()
	r := newTestResponder(t, "", nil)
	mobile := strings.Replace(pox("anna@example.com"), autodiscoverInner, autodiscoverMobile, 1)
	for _, test := range []struct {
		method, address, body string
		status                int
		says                  string
	}{
		{"GET", "https://autoconfig.example.org" + autoconfigPath, "", 404, "not found"},
		{"GET", "https://autoconfig.example.com" + autoconfigPath + "?emailaddress=anna@example.org", "", 404, "not found"},
		{"GET", "https://notexample.com" + autoconfigPath, "", 404, ""},
		{"POST", "https://autoconfig.example.com" + autoconfigPath, "", 405, "only GET, HEAD"},
		{"POST", "https://autodiscover.example.com" + autodiscoverPath, mobile, 200, "<ErrorCode>600</ErrorCode>"},
		{"POST", "https://autodiscover.example.com" + autodiscoverPath, pox("anna@example.org"), 200, "<ErrorCode>600</ErrorCode>"},
		{"POST", "https://autodiscover.example.com" + autodiscoverPath, "", 200, "<ErrorCode>600</ErrorCode>"},
		{"GET", "https://autodiscover.example.com" + autodiscoverPath, "", 405, "only POST"},
		{"GET", "https://autodiscover.example.com/autodiscover/autodiscover.json?Email=a@example.com&Protocol=Ews", "", 400, "InvalidProtocol"},
		{"GET", "https://autodiscover.example.com/autodiscover/autodiscover.json?Email=a@example.org&Protocol=AutodiscoverV1", "", 404, ""},
		{"GET", "https://autoconfig.example.com" + profilePath, "", 404, ""},
		{"GET", "https://example.com/wp-login.php", "", 404, ""},
		{"GET", "https://example.com/", "", 200, "mail programs"},
		{"DELETE", "https://example.com/", "", 405, "only GET"},
		{"DELETE", "https://example.com/.well-known/caldav", "", 405, "only GET"},
	} {
		got := ask(r, test.method, test.address, test.body)
		if got.Code != test.status || !strings.Contains(got.Body.String(), test.says) {
			t.Errorf("%s %s: got %d %s", test.method, test.address, got.Code, got.Body)
		}
		for _, header := range []string{"Cache-Control", "Content-Security-Policy", "X-Content-Type-Options", "Content-Length", "Referrer-Policy"} {
			if got.Header().Get(header) == "" {
				t.Errorf("%s %s: no %s", test.method, test.address, header)
			}
		}
	}
}

func TestResponder_sendsDAVOn(t *testing.T) {
	t.Parallel()
	before, after := newTestResponder(t, "", nil), newTestResponder(t, "example.com destination\n", nil)
	for _, test := range []struct {
		r               *Responder
		method, address string
		want            string // "" is a refusal
	}{
		{before, "PROPFIND", "https://example.com/.well-known/caldav", "https://dav.old.example.net/dav/"},
		{after, "PROPFIND", "https://example.com/.well-known/caldav", "https://dav.new.example.net/dav/"},
		{after, "GET", "https://example.com/.well-known/carddav", "https://dav.new.example.net/dav/"},
		{after, "OPTIONS", "https://dav.example.com/", "https://dav.new.example.net/dav/"},
		{after, "PROPFIND", "https://dav.example.com/dav", "https://dav.new.example.net/dav/"},
		{before, "PROPFIND", "https://dav.example.com/calendars/anna/", ""},
		{after, "PUT", "https://dav.example.com/calendars/anna/home/1%2F2.ics", "https://dav.new.example.net/dav/cal/anna/home/1%2F2.ics"},
		{after, "REPORT", "https://dav.example.com/calendars/users/anna/", "https://dav.new.example.net/dav/cal/u/anna/"},
		{after, "DELETE", "https://dav.example.com/calendars/../x", ""},
		{after, "PROPFIND", "https://dav.example.com/principals/anna/", ""},
		{after, "PUT", "https://dav.example.com/dav/", ""},
	} {
		got := ask(test.r, test.method, test.address, "")
		if location := got.Header().Get("Location"); location != test.want || (got.Code == 307) != (test.want != "") {
			t.Errorf("%s %s: got %d %q, want %q", test.method, test.address, got.Code, location, test.want)
		}
	}
}

// A name that leads here must not be sent to itself for ever.
func TestResponder_noLoop(t *testing.T) {
	t.Parallel()
	r := newTestResponder(t, "", func(o *ResponderOptions) {
		end := sample(rehome.Source)
		end.DAV = "https://dav.example.com/dav/"
		o.Domains["example.com"], _ = DescribeBoth(end, sample(rehome.Destination), Naming{}, "", "example.com")
	})
	if got := ask(r, "PROPFIND", "https://dav.example.com/.well-known/caldav", ""); got.Code != 404 {
		t.Errorf("got %d to %s", got.Code, got.Header().Get("Location"))
	}
}

func TestResponder_limitsEachPeer(t *testing.T) {
	t.Parallel()
	r := newTestResponder(t, "", func(o *ResponderOptions) { o.RequestsPerMinute = 20; o.BehindProxy = true })
	from := func(peer string) int {
		request := httptest.NewRequest(http.MethodGet, "https://autoconfig.example.com"+autoconfigPath, nil)
		request.Header.Set("X-Forwarded-For", "203.0.113.9, "+peer)
		answer := httptest.NewRecorder()
		r.ServeHTTP(answer, request)
		return answer.Code
	}
	codes := map[int]int{}
	for i := range 30 {
		codes[from(fmt.Sprintf("2001:db8::%x", i))]++ // one line
	}
	if codes[200] < 10 || codes[429] < 15 {
		t.Errorf("got %v", codes)
	}
	if code := from("2001:db8:0:1::1"); code != 200 {
		t.Errorf("another line got %d", code)
	}
}

// A log tells which programs ask, and whom they are only where that was asked for.
func TestResponder_logsWithoutAddresses(t *testing.T) {
	t.Parallel()
	for _, addresses := range []bool{false, true} {
		var log bytes.Buffer
		r := newTestResponder(t, "example.com destination\n", func(o *ResponderOptions) {
			o.Log, o.LogAddresses = slog.New(slog.NewTextHandler(&log, nil)), addresses
		})
		request := httptest.NewRequest(http.MethodPost, "https://autodiscover.example.com"+autodiscoverPath, strings.NewReader(pox("anna@example.com")))
		request.Header.Set("User-Agent", "Microsoft Office/16.0\n")
		request.SetBasicAuth("anna@example.com", "hunter2")
		r.ServeHTTP(httptest.NewRecorder(), request)
		for word, want := range map[string]bool{
			"anna@": addresses, "192.0.2.1": addresses, "hunter2": false, "kind=autodiscover": true, "domain=example.com": true,
			"side=destination": true, "Microsoft Office/16.0": true, "answer=200": true,
		} {
			if strings.Contains(log.String(), word) != want {
				t.Errorf("addresses %v: %q in %s", addresses, word, log.String())
			}
		}
	}
}

func TestParseSwitches_refuses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"example.com":                                "switched.txt:1: is not a domain or address",
		"\n# x\nexample.com new":                     `switched.txt:3: says "new" instead`,
		"example.com destination tomorrow":           "no time with a zone",
		"example.com destination 2026-12-04T22:00":   "no time with a zone",
		"example.com source now please":              "is not a domain or address",
		"example.org destination":                    "example.org is not a domain of this move",
		"anna@example.org destination":               "example.org is not a domain of this move",
		"exa_mple destination":                       "no domain and no address",
		"example.com source\nExample.COM. source":    "names example.com a second time",
		"a@example.com source\nA@example.com source": "names a@example.com a second time",
	} {
		_, err := parseSwitches("switched.txt", []byte(text), []string{"example.com"})
		if err == nil || !strings.Contains(err.Error(), want) || rehome.HintOf(err) == "" {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
	said := switched(t, "\ufeffBücher.example destination\r\n\n  x source # stays\n")
	want := map[string]Switch{"xn--bcher-kva.example": {Side: rehome.Destination}, "x": {Side: rehome.Source}}
	if diff := cmp.Diff(want, said.domains); diff != "" {
		t.Error(diff)
	}
}

func FuzzParseSwitches(f *testing.F) {
	f.Add([]byte("example.com destination 2026-12-04T22:00:00+01:00\nanna@example.com source\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		said, err := parseSwitches("f", text, []string{"example.com"})
		if err == nil {
			_ = said.difference(&table{})
			_ = said.OfDomain("example.com").At(noon)
		}
	})
}

func FuzzResponder(f *testing.F) {
	f.Add("GET", "autoconfig.example.com", autoconfigPath, "emailaddress=anna@example.com", []byte(""))
	f.Add("POST", "autodiscover.example.com:443", autodiscoverPath, "", []byte(pox("anna@example.com")))
	f.Add("GET", "x", "/autodiscover/autodiscover.json/v1.0/a@x", "Protocol=AutodiscoverV1", []byte(""))
	f.Add("PROPFIND", "[::1]:443", "/calendars/a", "", []byte(""))
	r := newTestResponder(f, "example.com destination\n", nil)
	f.Fuzz(func(t *testing.T, method, host, path, query string, body []byte) {
		request := &http.Request{
			Method: method, Host: host, URL: &url.URL{Path: path, RawQuery: query}, Header: http.Header{}, RemoteAddr: "192.0.2.1:1",
			Body: http.NoBody,
		}
		if len(body) > 0 {
			request.Body = struct {
				*bytes.Reader
				nothing
			}{bytes.NewReader(body), nothing{}}
		}
		answer := httptest.NewRecorder()
		r.ServeHTTP(answer, request)
		if answer.Code >= 500 || answer.Code == 401 || answer.Code == 429 {
			t.Errorf("got %d", answer.Code)
		}
		if location := answer.Header().Get("Location"); location != "" && !strings.HasPrefix(location, "https://dav.") {
			t.Errorf("sent on to %q", location)
		}
		plain := httptest.NewRecorder()
		r.toTLS(plain, request)
		location, err := url.Parse(plain.Header().Get("Location"))
		if err != nil || location.Host != "" && location.User != nil {
			t.Errorf("sent on to %q", plain.Header().Get("Location"))
		}
		if _, ours := r.domainOf(location.Host); location.Host != "" && !ours {
			t.Errorf("sent on to %q", location)
		}
	})
}

type nothing struct{}

func (nothing) Close() error { return nil }
