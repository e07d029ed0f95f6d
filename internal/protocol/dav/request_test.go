// SPDX-License-Identifier: Apache-2.0

package dav

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestSend_redirectsKeepMethodAndBody(t *testing.T) {
	t.Parallel()
	for _, status := range []int{301, 302, 303, 307, 308} {
		server := serve(t, func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			if r.URL.Path != "/new/" {
				w.Header().Set("Location", "new/")
				w.WriteHeader(status)
				return
			}
			if r.Method != "PROPFIND" || !strings.Contains(string(body), "getetag") || r.Header.Get("Depth") != "1" {
				t.Errorf("after %d came %s with %q", status, r.Method, body)
			}
			answerXML(w, listedAs("a.ics", "1"))
		})
		client := newClient(t, Options{URL: server.URL})
		var got []string
		err := client.List(t.Context(), &Collection{Href: "/old"}, func(i Item) error {
			got = append(got, i.Href)
			return nil
		})
		if err != nil || len(got) != 1 || got[0] != "/new/a.ics" {
			t.Errorf("%d: %v, %v", status, got, err)
		}
	}
}

func TestSend_credentialsStayAtTheHost(t *testing.T) {
	t.Parallel()
	stranger := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("a stranger was sent %s with %q", r.Method, r.Header.Get("Authorization"))
	})
	_, port, err := net.SplitHostPort(strings.TrimPrefix(stranger.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	for _, target := range []string{stranger.URL + "/", "http://localhost:" + port + "/", "//127.0.0.1:" + port + "/", "/loop"} {
		server := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") == "" {
				w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			w.Header().Set("Location", target)
			w.WriteHeader(http.StatusFound)
		})
		client := newClient(t, Options{URL: server.URL, User: anna, Password: secret(password), AllowPlaintextBasic: true})
		var redirect *RedirectError
		if _, err := client.Get(t.Context(), "/a.ics", Calendars); !errors.As(err, &redirect) {
			t.Errorf("redirected to %s: %v, want a *RedirectError", target, err)
		}
		if _, err := client.Get(t.Context(), stranger.URL+"/a.ics", Calendars); !errors.As(err, &redirect) {
			t.Errorf("href elsewhere: %v, want a *RedirectError", err)
		}
	}
}

func TestTrusts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		base, target string
		trusted      []string
		want         bool
	}{
		{"https://dav.example.org/", "https://DAV.example.org:443/x", nil, true},
		{"https://dav.example.org/", "https://dav.example.org:8443/", nil, true},
		{"https://dav.example.org/", "http://dav.example.org/", nil, false},
		{"https://dav.example.org/", "https://example.org/", nil, false},
		{"https://dav.example.org/", "https://dav.example.org.evil.test/", nil, false},
		{"https://dav.example.org/", "https://p42-caldav.example.net/", []string{"P42-caldav.example.net"}, true},
		{"https://dav.example.org/", "https://p42-caldav.example.net:444/", []string{"p42-caldav.example.net:443"}, false},
		{"https://dav.example.org/", "http://p42-caldav.example.net/", []string{"p42-caldav.example.net"}, false},
		{"http://dav.example.org:8008/", "https://dav.example.org:8443/", nil, true},
		{"http://dav.example.org:8008/", "http://dav.example.org:8008/x", nil, true},
		{"http://dav.example.org:8008/", "http://dav.example.org/", nil, false},
	} {
		client := newClient(t, Options{URL: c.base, TrustedHosts: c.trusted})
		target, err := url.Parse(c.target)
		if err != nil {
			t.Fatal(err)
		}
		if got := client.trusts(target); got != c.want {
			t.Errorf("%s trusts %s with %v: %v, want %v", c.base, c.target, c.trusted, got, c.want)
		}
	}
}

func TestNew_refusesURLs(t *testing.T) {
	t.Parallel()
	for _, given := range []string{"", "dav.example.org", "ftp://dav.example.org/", "https:///x", "https://anna:geheim@dav.example.org/",
		"https://anna:geheim@dav.example.org:x/"} {
		_, err := New(Options{URL: given})
		if err == nil || strings.Contains(err.Error(), "geheim") {
			t.Errorf("%q: got %v", given, err)
		}
	}
}

func TestRefusal_serverWords(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, contentType, body string
		text, condition, href   string
	}{
		{"SabreDAV", "application/xml", `<?xml version="1.0"?><d:error xmlns:d="DAV:" xmlns:s="http://sabredav.org/ns"><s:exception>Sabre\DAV\Exception\Forbidden</s:exception><s:message>This service is not part of your plan</s:message><s:sabredav-version>1.8.12</s:sabredav-version></d:error>`, "This service is not part of your plan", "", ""},
		{"condition with href", "text/xml", `<error xmlns="DAV:"><C:no-uid-conflict xmlns:C="urn:ietf:params:xml:ns:caldav"><href>/cal/b.ics</href></C:no-uid-conflict></error>`, "", "no-uid-conflict", "/cal/b.ics"},
		{"web page", "text/html", "<!DOCTYPE html><html><head><title>413 Request\n Entity Too Large</title></head><body>nginx</body></html>",
			"413 Request Entity Too Large", "", ""},
		{"web page without title", "text/html", "<html><style>b{}</style><body><h1>No</h1> <p>go away</p></body></html>", "No go away", "", ""},
		{"plain", "text/plain", "Access denied.\r\n\x07\x1b[31m", "Access denied. [31m", "", ""},
		{"long", "text/plain", strings.Repeat("é", 100000), strings.Repeat("é", 200) + "...", "", ""},
		{"empty", "", "", "", "", ""},
	} {
		server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", c.contentType)
			w.Header().Set("Retry-After", "17")
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(w, c.body)
		})
		_, err := newClient(t, Options{URL: server.URL}).Put(t.Context(), "/a b.ics", Upload{Kind: Calendars, Data: []byte("x")})
		var refused *StatusError
		if !errors.As(err, &refused) || refused.Status != 403 || refused.Text != c.text || refused.Href != c.href || refused.RetryAfter != 17*time.Second {
			t.Errorf("%s: got %+v", c.name, err)
			continue
		}
		if refused.Method != http.MethodPut || refused.URL != server.URL+"/a%20b.ics" || c.condition != "" && !refused.Failed(c.condition) {
			t.Errorf("%s: got %+v", c.name, refused)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"": 0, "30": 30 * time.Second, " 5 ": 5 * time.Second, "-1": 0, "soon": 0, "99999999": 24 * time.Hour,
		"Sun, 01 Nov 2026 12:00:10 GMT": 10 * time.Second, "Sun, 01 Nov 2026 11:00:00 GMT": 0,
	} {
		if got := retryAfter(value, now); got != want {
			t.Errorf("%q: got %v, want %v", value, got, want)
		}
	}
}

func TestAnswer_thatIsNotWebDAV(t *testing.T) {
	t.Parallel()
	var format *FormatError
	for name, handler := range map[string]http.HandlerFunc{
		"web page": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			_, _ = io.WriteString(w, "<html><title>Sign in</title>")
		},
		"web page as 207": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusMultiStatus)
			_, _ = io.WriteString(w, "<!DOCTYPE html><html>")
		},
		"other XML": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusMultiStatus)
			_, _ = io.WriteString(w, "<a/>")
		},
		"text": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusMultiStatus)
			_, _ = io.WriteString(w, "Deprecated: x in y.php <b>")
		},
		"nothing said": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) },
	} {
		server := serve(t, handler)
		err := newClient(t, Options{URL: server.URL}).List(t.Context(), &Collection{Href: "/"}, func(Item) error { return nil })
		if !errors.As(err, &format) || strings.Contains(name, "page") && !strings.Contains(err.Error(), "web page") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestConnection_silenceEnds(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/slow": // slower as a whole than the limit, but never silent
			for range 8 {
				_, _ = io.WriteString(w, "x")
				w.(http.Flusher).Flush()
				time.Sleep(200 * time.Millisecond)
			}
			return
		case "/half":
			_, _ = io.WriteString(w, "half")
			w.(http.Flusher).Flush()
		}
		<-release
	})
	defer close(release)
	client := newClient(t, Options{URL: server.URL, Timeout: time.Second})
	for _, path := range []string{"/head", "/half"} {
		begin := time.Now()
		_, err := client.Get(t.Context(), path, Calendars)
		if troubleOf(err) != Stalled || time.Since(begin) > 15*time.Second {
			t.Errorf("%s: %v after %v", path, err, time.Since(begin))
		}
	}
	if o, err := client.Get(t.Context(), "/slow", Calendars); err != nil || string(o.Data) != "xxxxxxxx" {
		t.Errorf("slow: %q, %v", o.Data, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := client.Get(ctx, "/head", Calendars); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("cancelled: %v", err)
	}
}

// The caller may take longer than the timeout over what it is given.
func TestConnection_slowCallerIsNoSilence(t *testing.T) {
	t.Parallel()
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		answerXML(w, listedAs("/a", "1"), strings.Repeat(" ", 200<<10), listedAs("/b", "2"))
	})
	client := newClient(t, Options{URL: server.URL, Timeout: 500 * time.Millisecond})
	count := 0
	err := client.List(t.Context(), &Collection{Href: "/c/"}, func(Item) error {
		count++
		time.Sleep(700 * time.Millisecond)
		return nil
	})
	if err != nil || count != 2 {
		t.Errorf("%d items, %v", count, err)
	}
}

func serveTLS(t *testing.T, config *tls.Config) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.TLS = config
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // refused handshakes are what is tested
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

func TestConnection_troublesAreToldApart(t *testing.T) {
	t.Parallel()
	plain := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	secured := serveTLS(t, &tls.Config{MinVersion: tls.VersionTLS12})
	old := serveTLS(t, &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11})
	cut := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, "half")
		panic(http.ErrAbortHandler)
	})
	pinned := &tls.Config{InsecureSkipVerify: true, VerifyConnection: func(tls.ConnectionState) error { return errors.New("another key than pinned") }}
	for _, c := range []struct {
		name, url string
		config    *tls.Config
		want      Trouble
	}{
		{"nobody listens", "http://127.0.0.1:1/", nil, Unreachable},
		{"no such host", "http://host.invalid/", nil, Unreachable},
		{"unknown authority", secured.URL, nil, Untrusted},
		{"another key", secured.URL, pinned, Untrusted},
		{"http behind https", strings.Replace(plain.URL, "http:", "https:", 1), nil, NoTLS},
		{"old TLS only", old.URL, &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12}, NoTLS},
		{"cut", cut.URL, nil, Broken},
	} {
		transport := NewTransport(c.config, nil)
		t.Cleanup(transport.CloseIdleConnections)
		_, err := newClient(t, Options{URL: c.url, Transport: transport}).Get(t.Context(), "/x", Calendars)
		if got := troubleOf(err); got != c.want {
			t.Errorf("%s: %q (%v), want %q", c.name, got, err, c.want)
		}
	}
}

func TestGet_isBounded(t *testing.T) {
	t.Parallel()
	var large *TooLargeError
	for _, path := range []string{"/announced", "/chunked"} {
		server := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/announced" {
				w.Header().Set("Content-Length", "1001")
			}
			_, _ = io.WriteString(w, strings.Repeat("x", 600))
			w.(http.Flusher).Flush()
			_, _ = io.WriteString(w, strings.Repeat("x", 401))
		})
		if _, err := newClient(t, Options{URL: server.URL, MaxBody: 1000}).Get(t.Context(), path, Calendars); !errors.As(err, &large) ||
			large.Limit != 1000 {
			t.Errorf("%s: %v, want too large", path, err)
		}
		if o, err := newClient(t, Options{URL: server.URL, MaxBody: 1001}).Get(t.Context(), path, Calendars); err != nil || len(o.Data) != 1001 {
			t.Errorf("%s within the limit: %d octets, %v", path, len(o.Data), err)
		}
	}
}
