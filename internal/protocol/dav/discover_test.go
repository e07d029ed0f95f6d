// SPDX-License-Identifier: Apache-2.0

package dav

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
)

// records is a DNS with the records of one domain.
type records struct {
	srv map[string][]*net.SRV
	txt map[string][]string
}

func (r records) LookupSRV(_ context.Context, service, _, _ string) (string, []*net.SRV, error) {
	if found := r.srv[service]; found != nil {
		return "", found, nil
	}
	return "", nil, &net.DNSError{Err: "no such host", IsNotFound: true}
}

func (r records) LookupTXT(_ context.Context, name string) ([]string, error) { return r.txt[name], nil }

// principalAt answers as a server with the principal's place and its home.
func principalAt(w http.ResponseWriter, r *http.Request, principal, homes string) {
	if r.Method == http.MethodOptions {
		w.Header().Set("DAV", "1, 3, Calendar-Access, calendar-auto-schedule")
		return
	}
	found := `<d:current-user-principal><d:href>` + principal + `</d:href></d:current-user-principal>`
	if r.URL.Path == principal {
		found += homes
	}
	answerXML(w, `<d:response><d:href>`+r.URL.Path+`</d:href><d:propstat><d:prop>`+found+
		`</d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>`)
}

const oneHome = `<c:calendar-home-set><d:href>/homes/anna/</d:href></c:calendar-home-set>`

func own(address string) func(context.Context) (string, error) {
	return func(context.Context) (string, error) { return address, nil }
}

func TestDiscover_places(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		how    string
		works  string // the only path that does
		search Search
		srv    bool
		txt    []string
	}{
		{how: "given URL", works: "/given/"},
		{how: "the user's own URL", works: "/own/", search: Search{UserURL: own("/own/")}},
		{how: "well-known", works: "/.well-known/caldav"},
		{how: "root", works: "/"},
		{how: "path of a known product", works: "/calendars/anna@example.test/", search: Search{Account: anna}},
		{how: "path of a known product", works: "/caldav.php/anna@example.test/", search: Search{Account: anna}},
		{how: "SRV record", works: "/swapped", srv: true, txt: []string{"v=1", "path=/swapped"}},
	} {
		var mu sync.Mutex
		var asked []string
		server := serve(t, func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			asked = append(asked, r.URL.Path)
			mu.Unlock()
			switch r.URL.Path {
			case c.works, "/principal/", "/homes/anna/":
				principalAt(w, r, "/principal/", oneHome)
			default:
				w.WriteHeader(http.StatusNotFound)
			}
		})
		if c.srv {
			c.search.Domain = "example.test"
			host, port, _ := strings.Cut(strings.TrimPrefix(server.URL, "http://"), ":")
			var number uint16
			fmt.Sscan(port, &number)
			c.search.Resolver = records{
				srv: map[string][]*net.SRV{"caldavs": {{Target: "evil.example.test.", Port: 443}}, "caldav": {{Target: host + ".", Port: number}}},
				txt: map[string][]string{"_caldav._tcp.example.test": c.txt},
			}
		}
		home, err := newClient(t, Options{URL: server.URL + "/given/"}).Discover(t.Context(), Calendars, c.search)
		if err != nil {
			t.Errorf("%s: %v", c.how, err)
			continue
		}
		if home.How != c.how || home.Principal != "/principal/" || !slices.Equal(home.HomeSets, []string{"/homes/anna/"}) ||
			!home.Capabilities.Schedules() {
			t.Errorf("%s: %+v", c.how, home)
		}
		if asked[0] != "/given/" {
			t.Errorf("%s: asked %v, want the given URL first", c.how, asked)
		}
	}
}

// A remembered principal is a hint: the server has to say there that it is the user's. Otherwise the whole way is gone.
func TestFind_rememberedPrincipal(t *testing.T) {
	t.Parallel()
	is := func(href, kind string) string {
		return `<d:current-user-principal><d:href>` + href + `</d:href></d:current-user-principal><d:resourcetype><d:` + kind + `/></d:resourcetype>`
	}
	for name, c := range map[string]struct {
		said      string // at the remembered place; "" is 404
		confirmed bool
	}{
		"still the user's":     {is("/old/", "principal") + oneHome, true},
		"somebody else's":      {is("/principal/", "principal") + oneHome, false},
		"no principal":         {is("/old/", "collection") + oneHome, false},
		"names no home":        {is("/old/", "principal"), false},
		"does not say who":     {oneHome, false},
		"is there no more":     {"", false},
		"of a stranger's page": {`<d:current-user-principal><d:unauthenticated/></d:current-user-principal>` + oneHome, false},
	} {
		var asked []string
		server := serve(t, func(w http.ResponseWriter, r *http.Request) {
			asked = append(asked, r.URL.Path)
			switch {
			case r.URL.Path != "/old/":
				principalAt(w, r, "/principal/", oneHome)
			case c.said == "":
				w.WriteHeader(http.StatusNotFound)
			default:
				answerXML(w, `<d:response><d:href>/old/</d:href><d:propstat><d:prop>`+c.said+
					`</d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>`)
			}
		})
		home, err := newClient(t, Options{URL: server.URL + "/"}).Find(t.Context(), Calendars, Search{Principal: "/old/"})
		if err != nil || !home.Named || home.HomeSets[0] != "/homes/anna/" {
			t.Errorf("%s: %+v, %v", name, home, err)
			continue
		}
		want := []string{"/old/"}
		if !c.confirmed {
			want = append(want, "/", "/principal/")
		}
		if !slices.Equal(asked, want) || (home.How == HowRemembered) != c.confirmed {
			t.Errorf("%s: asked %v, want %v; found by %s", name, asked, want, home.How)
		}
	}
}

// The default that an inbox names is told with the collections, where the inbox is among them.
func TestDefaultOf_listedInbox(t *testing.T) {
	t.Parallel()
	for listed, want := range map[bool]string{true: "PROPFIND /homes/anna/", false: "PROPFIND /homes/anna/ PROPFIND /in/"} {
		var asked []string
		server := serve(t, func(w http.ResponseWriter, r *http.Request) {
			asked = append(asked, r.Method+" "+r.URL.Path)
			inbox := `<d:response><d:href>/in/</d:href><d:propstat><d:prop><c:schedule-default-calendar-URL><d:href>/homes/anna/b/</d:href>` +
				`</c:schedule-default-calendar-URL></d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>`
			if !listed && r.URL.Path != "/in/" {
				inbox = ""
			}
			answerXML(w, inbox, listedAs("/homes/anna/", "x"))
		})
		client := newClient(t, Options{URL: server.URL})
		home := &Home{Kind: Calendars, HomeSets: []string{"/homes/anna/"}, Inbox: "/in/"}
		if _, err := client.Collections(t.Context(), home); err != nil {
			t.Fatal(err)
		}
		href, err := client.DefaultOf(t.Context(), home)
		if got := strings.Join(asked, " "); err != nil || href != "/homes/anna/b/" || got != want {
			t.Errorf("listed %t: %s, %v; asked %s, want %s", listed, href, err, got, want)
		}
	}
}

// A log-in that is refused at the remembered place is tried nowhere else.
func TestFind_rememberedPrincipalRefused(t *testing.T) {
	t.Parallel()
	asked := 0
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		asked++
		w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
		w.WriteHeader(http.StatusUnauthorized)
	})
	client := newClient(t, Options{URL: server.URL, User: anna, Password: secret(password), AllowPlaintextBasic: true})
	if _, err := client.Find(t.Context(), Calendars, Search{Principal: "/old/"}); !IsStatus(err, http.StatusUnauthorized) || asked != 2 {
		t.Errorf("%d requests, %v; want the challenge and one try", asked, err)
	}
}

func TestDiscover_nothingFound(t *testing.T) {
	t.Parallel()
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) })
	_, err := newClient(t, Options{URL: server.URL}).Discover(t.Context(), AddressBooks, Search{UserURL: own("https://elsewhere.example/"),
		Account: anna})
	var none *NotOfferedError
	if !errors.As(err, &none) {
		t.Fatalf("got %v", err)
	}
	if len(none.Attempts) != 10 || none.Attempts[1].URL != "https://elsewhere.example/" || !strings.Contains(none.Attempts[1].Err.Error(),
		"another one") {
		t.Errorf("%d attempts: %v", len(none.Attempts), err)
	}
	dead := newClient(t, Options{URL: "http://127.0.0.1:1/x/"})
	if _, err := dead.Discover(t.Context(), Calendars, Search{Account: anna}); !errors.As(err, &none) || len(none.Attempts) != 1 ||
		troubleOf(err) != Unreachable {
		t.Errorf("a dead host: %v, want it asked once", err)
	}
}

func TestDiscover_askedToWait(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusTooManyRequests, http.StatusServiceUnavailable} {
		count := 0
		server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			count++
			w.Header().Set("Retry-After", "60")
			w.WriteHeader(status)
		})
		_, err := newClient(t, Options{URL: server.URL}).Discover(t.Context(), Calendars, Search{Account: anna})
		if !IsStatus(err, status) || count != 1 {
			t.Errorf("%d: %v after %d requests", status, err, count)
		}
	}
}

// A server may show itself to strangers and never ask for a log-in.
func TestDiscover_strangerLogsInUnasked(t *testing.T) {
	t.Parallel()
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if user, given, ok := r.BasicAuth(); !ok || user != anna || given != password {
			answerXML(w, `<d:response><d:href>/</d:href><d:propstat><d:prop><d:current-user-principal><d:unauthenticated/>`+
				`</d:current-user-principal></d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>`)
			return
		}
		principalAt(w, r, "/principal/", oneHome)
	})
	client := newClient(t, Options{URL: server.URL, User: anna, Password: secret(password), AllowPlaintextBasic: true})
	if home, err := client.Discover(t.Context(), Calendars, Search{}); err != nil || home.Principal != "/principal/" {
		t.Errorf("%+v, %v", home, err)
	}
	careful := newClient(t, Options{URL: server.URL, User: anna, Password: secret(password)})
	if home, err := careful.Discover(t.Context(), Calendars, Search{}); err == nil {
		t.Errorf("without leave the password was sent: %+v", home)
	}
}

func TestCollections_severalHomes(t *testing.T) {
	t.Parallel()
	calendar := func(href, more string) string {
		return `<d:response><d:href>` + href + `</d:href><d:propstat><d:prop><d:resourcetype><d:collection/>` + more + `</d:resourcetype>` +
			`<d:displayname> Work </d:displayname><x:calendar-color xmlns:x="http://apple.com/ns/ical/">#FF0000FF</x:calendar-color>` +
			`<d:current-user-privilege-set><d:privilege><d:read/></d:privilege></d:current-user-privilege-set>` +
			`<s:source><d:href>webcal://x/y.ics</d:href></s:source><c:max-resource-size>1000</c:max-resource-size>` +
			`</d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat><d:propstat><d:prop><s:getctag/></d:prop>` +
			`<d:status>HTTP/1.1 404 Not Found</d:status></d:propstat></d:response>`
	}
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/one/":
			answerXML(w, calendar("/one/", ""), calendar("/one/a%40b/", "<c:calendar/>"), calendar("/one/in/", "<c:schedule-inbox/>"),
				calendar("/one/book/", "<r:addressbook/>"))
		case "/two/":
			answerXML(w, calendar("/one/a@b/", "<c:calendar/>"), calendar("http://"+r.Host+"/two/s/", "<s:subscribed/>"),
				`<d:response><d:href>/two/x/</d:href><d:status>HTTP/1.1 404 Not Found</d:status></d:response>`)
		default:
			principalAt(w, r, "/principal/", `<c:calendar-home-set><d:href>/one/</d:href><d:href>http://`+r.Host+`/two/</d:href></c:calendar-home-set>`)
		}
	})
	home, collections := discover(t, newClient(t, Options{URL: server.URL}), Calendars)
	if !slices.Equal(home.HomeSets, []string{"/one/", "/two/"}) || len(collections) != 2 {
		t.Fatalf("%+v: %+v", home, collections)
	}
	first, second := collections["a@b"], collections["s"]
	if first.Href != "/one/a%40b/" || first.Name != "Work" || first.Color != "#FF0000FF" || first.Writable() || first.CTag != "" ||
		first.MaxSize != 1000 {
		t.Errorf("%+v", first)
	}
	if second.Href != "/two/s/" || !second.Is("subscribed") || second.Source != "webcal://x/y.ics" {
		t.Errorf("%+v", second)
	}
}

// Only who answers as a server for calendars and does not announce scheduling has said that it sends nothing.
func TestCapabilities_maySchedule(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		said []string
		want bool
	}{{nil, true}, {[]string{"1", "3"}, true}, {[]string{"1", "calendar-access"}, false}, {[]string{"calendar-access",
		"calendar-auto-schedule"}, true}} {
		if got := (Capabilities{Known: true, DAV: c.said}).MaySchedule(); got != c.want {
			t.Errorf("%q: %v, want %v", c.said, got, c.want)
		}
	}
}
