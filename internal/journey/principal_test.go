// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"rehome"
	"rehome/internal/endpoint"
	"rehome/internal/ledger"
	"rehome/internal/ledger/sqlite"
)

// A run asks who an account is where an earlier run has found it, but not of another server, by another log-in, or long after.
func TestRemembering_whoAnAccountIs(t *testing.T) {
	t.Parallel()
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Path)
		principal := ""
		if r.URL.Path == "/p/" {
			principal = `<d:resourcetype><d:principal/></d:resourcetype><c:calendar-home-set><d:href>/c/</d:href></c:calendar-home-set>
				<r:addressbook-home-set><d:href>/a/</d:href></r:addressbook-home-set>`
		}
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(http.StatusMultiStatus)
		fmt.Fprintf(w, `<d:multistatus xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav" xmlns:r="urn:ietf:params:xml:ns:carddav">
			<d:response><d:href>%s</d:href><d:propstat><d:prop>
			<d:current-user-principal><d:href>/p/</d:href></d:current-user-principal>%s
			</d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response></d:multistatus>`, r.URL.Path, principal)
	}))
	t.Cleanup(server.Close)
	now := time.Now()
	file, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "rehome.db"))
	if err != nil {
		t.Fatal(err)
	}
	store, err := ledger.NewAt(t.Context(), file, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	anna := rehome.Account{Address: "anna@example.test", SourceUser: "anna", SourcePassword: rehome.NewSecret("x")}
	other := anna
	other.SourceUser = "annie"
	for _, step := range []struct {
		what    string
		account rehome.Account
		path    string
		noted   time.Time
		whole   bool
	}{
		{"at first", anna, "/", now.Add(-2 * principalKept), true},
		{"long after", anna, "/", now, true},
		{"again", anna, "/", now, false},
		{"another log-in", other, "/", now, true},
		{"another server", other, "/dav/", now, true},
		{"that one again", other, "/dav/", now.Add(-time.Hour), false},
	} {
		asked, now = nil, step.noted
		host := endpoint.NewDAV(endpoint.DAVSettings{Host: endpoint.NewHost(endpoint.HostSettings{Side: rehome.Source}), URL: server.URL + step.path,
			AllowPlaintext: true})
		session, err := remembering(store.Objects, host)(t.Context(), step.account)
		if err != nil {
			t.Fatalf("%s: %v", step.what, err)
		}
		session.Close()
		host.Close()
		if whole := slices.Contains(asked, step.path); whole != step.whole || !slices.Contains(asked, "/p/") {
			t.Errorf("%s: asked %v; the whole way is %t, want %t", step.what, asked, whole, step.whole)
		}
	}
}
