// SPDX-License-Identifier: Apache-2.0

package dav

import (
	"net/url"
	"testing"
)

func TestKey_sameAndDifferent(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"/calendars/anna@example.org/", "/calendars/anna%40example.org", true},
		{"/a/%7ex.ics", "/a/~x.ics", true},
		{"/a/ü.ics", "/a/%c3%BC.ics", true},
		{" /a/b.ics\n", "/a/b.ics", true},
		{"/a/b c.ics", "/a/b%20c.ics", true},
		{"/a/b%2Fc.ics", "/a/b/c.ics", false},
		{"/a/100%.ics", "/a/100%25.ics", true},
		{"/a/%2540.ics", "/a/%40.ics", false},
		{"/a/b+c.ics", "/a/b%20c.ics", false},
		{"/a/B.ics", "/a/b.ics", false},
		{"HTTPS://Dav.example.org/a", "https://dav.example.org/a/", true},
		{"https://dav.example.org/a", "/a", false},
		{"/a?x=1", "/a?x=2", false},
	} {
		if got := Key(c.a) == Key(c.b); got != c.same {
			t.Errorf("%q (%q) and %q (%q): same %v, want %v", c.a, Key(c.a), c.b, Key(c.b), got, c.same)
		}
	}
}

func TestResolve_sendsAsGiven(t *testing.T) {
	t.Parallel()
	base, err := url.Parse("https://dav.example.org:8443/calendars/anna%40example.org/")
	if err != nil {
		t.Fatal(err)
	}
	for href, want := range map[string]string{
		"/calendars/anna%40example.org/x.ics":  "/calendars/anna%40example.org/x.ics",
		"/calendars/anna@example.org/x.ics":    "/calendars/anna@example.org/x.ics",
		"x.ics":                                "/calendars/anna%40example.org/x.ics",
		"/a/b%2fc%2540.ics":                    "/a/b%2fc%2540.ics",
		"/a/100%.ics":                          "/a/100%25.ics",
		"/a/ü b\"<{}>#.ics":                    "/a/%C3%BC%20b%22%3C%7B%7D%3E%23.ics",
		"/a/M\xfcller.ics":                     "/a/M%FCller.ics",
		"//a//b.ics":                           "/a//b.ics",
		"/a.php?x=1&y=%20":                     "/a.php?x=1&y=%20",
		"/a/[1]$&'()*+,;=:@!.ics":              "/a/[1]$&'()*+,;=:@!.ics",
		"https://dav.example.org:8443/z":       "/z",
		"https://other.example.org":            "/",
		" \n/calendars/\t ":                    "/calendars/",
		"/a/20100101T000000:x@y.ics":           "/a/20100101T000000:x@y.ics",
		"weird:name.ics":                       "/calendars/anna%40example.org/weird:name.ics",
		"/redirect/https://example.org/p.ics":  "/redirect/https://example.org/p.ics",
		"/calendars/anna%40example.org/a/../b": "/calendars/anna%40example.org/a/../b",
	} {
		u, err := resolve(base, href)
		if err != nil {
			t.Errorf("%q: %v", href, err)
			continue
		}
		if got := u.RequestURI(); got != want {
			t.Errorf("%q: sent as %q, want %q", href, got, want)
		}
	}
}

func TestChild_roundTrip(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"a.ics", "ü@x y.ics", "100%.ics", "a/b.ics", "%40.ics", "#?;.vcf", ".."} {
		if got := Name(Child("/cal/anna@example.org", name)); got != name {
			t.Errorf("%q came back as %q", name, got)
		}
		if got := Name(Child("/cal/", name) + "/"); got != name {
			t.Errorf("collection %q came back as %q", name, got)
		}
	}
}

func TestSameETag(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{`"1"`, `"1"`, true}, {`W/"1"`, `"1"`, true}, {`1`, `"1"`, true}, {`"1"`, `"2"`, false}, {``, ``, false}, {`""`, `""`, false}, {` "1"`,
			`"1" `, true},
	} {
		if got := SameETag(c.a, c.b); got != c.want {
			t.Errorf("%s and %s: %v, want %v", c.a, c.b, got, c.want)
		}
	}
}

func FuzzResolve(f *testing.F) {
	f.Add("/a/%zz?x#y")
	f.Add("https://[::1]:x/%")
	f.Add("x\x00\r\n")
	f.Fuzz(func(t *testing.T, href string) {
		base := &url.URL{Scheme: "https", Host: "dav.example.org", Path: "/a/"}
		u, err := resolve(base, href)
		if err != nil {
			return
		}
		uri := u.RequestURI()
		if _, err := url.ParseRequestURI(u.EscapedPath()); err != nil || uri == "" || uri[0] != '/' {
			t.Errorf("%q is sent as %q: %v", href, uri, err)
		}
		if again, err := resolve(base, u.EscapedPath()); err != nil || again.EscapedPath() != u.EscapedPath() && u.EscapedPath()[:2] != "//" {
			t.Errorf("%q: %q changes to %q when it comes back", href, u.EscapedPath(), again.EscapedPath())
		}
	})
}
