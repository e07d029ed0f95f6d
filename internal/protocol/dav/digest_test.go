// SPDX-License-Identifier: Apache-2.0

package dav

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// The examples of the RFCs.
func TestDigest_publishedExamples(t *testing.T) {
	t.Parallel()
	modern := `realm="http-auth@example.org", qop="auth, auth-int", nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`
	for _, c := range []struct{ name, field, cnonce, password, want string }{
		{"RFC 7616 section 3.9.1, MD5", "Digest " + modern + ", algorithm=MD5", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", "Circle of Life",
			"8ca523f5e9506fed4657c9700eebdbec"},
		{"RFC 7616 section 3.9.1, SHA-256", "Digest " + modern + ", algorithm=SHA-256", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
			"Circle of Life", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"},
		{"RFC 2617 section 3.5", `Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"`, "0a4f113b", "Circle Of Life", "6629fae49393a05397450978507c4ef1"},
		{"RFC 2069 section 2.4, corrected", `Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"`, "", "CircleOfLife", "1949323746fe6a43ef61f9606e7febea"},
	} {
		d := newDigest(parseChallenges([]string{c.field})[0])
		d.cnonce = c.cnonce
		got := d.header("Mufasa", d.sum("Mufasa", d.realm, c.password), http.MethodGet, "/dir/index.html", nil)
		if !strings.Contains(got, `response="`+c.want+`"`) {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}

func TestParseChallenges(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		fields []string
		want   string
	}{
		{[]string{`Basic realm="x"`}, `basic map[realm:x]`},
		{[]string{`Digest realm="a \"b\", c", nonce=abc,qop="auth" , stale=TRUE, Basic realm="d"`},
			`digest map[nonce:abc qop:auth realm:a "b", c stale:TRUE] basic map[realm:d]`},
		{[]string{`Negotiate`, `NTLM TlRM==, Basic realm = "x"`}, `negotiate map[] ntlm map[tlrm:=] basic map[realm:x]`},
		{[]string{`Bearer`, ``, ` , ,`, `="`, `realm="one list in two fields"`}, `bearer map[realm:one list in two fields]`},
		{[]string{`Digest realm="never closed, nonce="`}, `digest map[realm:never closed, nonce=]`},
	} {
		var got []string
		for _, found := range parseChallenges(c.fields) {
			got = append(got, found.scheme+" "+fmt.Sprint(found.params))
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%q\n got %s\nwant %s", c.fields, strings.Join(got, " "), c.want)
		}
	}
}

func FuzzParseChallenges(f *testing.F) {
	f.Add(`Digest realm="a", nonce="b", qop="auth", algorithm=SHA-256-sess, Basic realm="x"`)
	f.Add(`Digest nonce="\", x=`)
	f.Fuzz(func(t *testing.T, field string) {
		for _, c := range parseChallenges([]string{field}) {
			if d := newDigest(c); d != nil {
				header := d.header("u", d.sum("u", d.realm, "p"), "GET", "/", nil)
				if strings.ContainsAny(header, "\r\n\x00") {
					t.Errorf("%q is no header", header)
				}
			}
		}
	})
}

// digestServer checks digests the strict way: each count of a nonce once, three uses for a nonce.
type digestServer struct {
	mu       sync.Mutex
	ha1      string
	nonces   int
	uses     int
	unproven int // requests without a usable digest
	silent   bool
	seen     map[string]bool
}

func (s *digestServer) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	nonce := fmt.Sprintf("nonce-%d", s.nonces)
	right, current := s.check(r, nonce)
	if right && current && s.uses < 3 {
		s.uses++
		answerXML(w, listedAs("/cal/a.ics", `"1"`))
		return
	}
	s.unproven++
	stale := ""
	if right && !s.silent {
		stale = ", stale=true"
	}
	s.nonces, s.uses = s.nonces+1, 0
	w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Digest realm="SabreDAV", qop="auth", nonce="nonce-%d", opaque="o"%s`, s.nonces, stale))
	w.WriteHeader(http.StatusUnauthorized)
}

func (s *digestServer) check(r *http.Request, nonce string) (right, current bool) {
	challenges := parseChallenges(r.Header.Values("Authorization"))
	if len(challenges) != 1 || challenges[0].scheme != "digest" {
		return false, false
	}
	p := challenges[0].params
	sum := func(parts ...string) string {
		h := md5.Sum([]byte(strings.Join(parts, ":")))
		return hex.EncodeToString(h[:])
	}
	once := p["nonce"] + p["nc"]
	right = p["response"] == sum(s.ha1, p["nonce"], p["nc"], p["cnonce"], p["qop"], sum(r.Method, r.RequestURI)) && p["uri"] == r.RequestURI &&
		!s.seen[once]
	s.seen[once] = right
	return right, p["nonce"] == nonce
}

func TestDigest_noncesRunOut(t *testing.T) {
	t.Parallel()
	for _, silent := range []bool{false, true} {
		for _, known := range []string{"password", "hash"} {
			sum := md5.Sum([]byte(anna + ":SabreDAV:" + password))
			state := &digestServer{ha1: hex.EncodeToString(sum[:]), seen: map[string]bool{}, silent: silent}
			server := serve(t, state.serve)
			options := Options{URL: server.URL, User: anna, Password: secret(password)}
			if known == "hash" {
				options.Password, options.HA1 = nil, secret(strings.ToUpper(state.ha1))
			}
			client := newClient(t, options)
			collection := &Collection{Href: "/cal ü/?x=1", Kind: Calendars}
			for i := range 10 {
				if err := client.List(t.Context(), collection, func(Item) error { return nil }); err != nil {
					t.Fatalf("request %d with %s: %v", i, known, err)
				}
			}
			if state.unproven != 4 { // the first, and one for each nonce that ran out
				t.Errorf("%d challenges for 10 requests with 3 to a nonce, want 4", state.unproven)
			}
		}
	}
}

func TestLogin_whatIsNotSent(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, challenge string
		options         Options
		want            string
	}{
		{"Basic over http", `Basic realm="x"`, Options{Password: secret(password)}, "unencrypted over http"},
		{"only a hash for Basic", `Basic realm="x"`, Options{HA1: secret("00")}, "only the hash"},
		{"only a hash for SHA-256", `Digest realm="x", nonce="y", qop="auth", algorithm=SHA-256`, Options{HA1: secret("00")}, "SHA-256"},
		{"another realm", `Digest realm="BaikalDAV", nonce="y", qop="auth"`, Options{HA1: secret("00"), Realm: "SabreDAV"}, "BaikalDAV"},
		{"unknown scheme", `Negotiate`, Options{Password: secret(password)}, "negotiate"},
		{"unknown algorithm", `Digest realm="x", nonce="y", algorithm=ROT13`, Options{Password: secret(password)}, "digest"},
		{"no challenge", ``, Options{Password: secret(password)}, "does not say"},
	} {
		server := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "" {
				t.Errorf("%s: credentials were sent", c.name)
			}
			w.Header()["Www-Authenticate"] = []string{c.challenge}
			w.WriteHeader(http.StatusUnauthorized)
		})
		c.options.URL, c.options.User = server.URL, anna
		_, err := newClient(t, c.options).Discover(t.Context(), Calendars, Search{})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q in it", c.name, err, c.want)
		}
	}
}

// A wrong password is tried once, not at every place of the discovery: servers lock users out.
func TestLogin_refusedIsAskedOnce(t *testing.T) {
	t.Parallel()
	for _, challenge := range []string{`Basic realm="x"`, `Digest realm="x", nonce="%d", qop="auth"`} {
		var mu sync.Mutex
		tried := 0
		server := serve(t, func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			if sent := r.Header.Get("Authorization"); sent != "" {
				tried++
				w.Header().Set("X-Sent", sent)
			}
			w.Header().Set("WWW-Authenticate", strings.ReplaceAll(challenge, "%d", fmt.Sprint(tried)))
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprintf(w, "wrong password %s (%s)", password, r.Header.Get("Authorization"))
		})
		client := newClient(t, Options{URL: server.URL, User: anna, Password: secret(password), AllowPlaintextBasic: true})
		_, err := client.Discover(t.Context(), Calendars, Search{Account: anna})
		if !IsStatus(err, http.StatusUnauthorized) || tried != 1 {
			t.Errorf("%s: %v after %d tries, want 401 after one", challenge, err, tried)
		}
		if text := fmt.Sprint(err); strings.Contains(text, password) || strings.Contains(text, client.login.basicToken()) ||
			!strings.Contains(text, "wrong password ***") {
			t.Errorf("the server's words: %s", text)
		}
	}
}
