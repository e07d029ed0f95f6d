// SPDX-License-Identifier: Apache-2.0

package dav

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
)

// RFC 4918 section 8.3 lets a server write whole URLs where others write paths. Whatever is compared or handed
// on has one form.
func TestCollections_ownerInWholeURL(t *testing.T) {
	t.Parallel()
	var server *httptest.Server
	server = serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/homes/anna/" && r.Method == "PROPFIND" {
			answerXML(w, `<d:response><d:href>`+server.URL+`/homes/anna/work/</d:href><d:propstat><d:prop>`+
				`<d:resourcetype><d:collection/><c:calendar/></d:resourcetype><d:owner><d:href>`+server.URL+`/p/anna/</d:href></d:owner>`+
				`</d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>`)
			return
		}
		principalAt(w, r, "/p/anna/", oneHome)
	})
	client := newClient(t, Options{URL: server.URL + "/"})
	home, found := discover(t, client, Calendars)
	if got, want := found["work"].Owner, home.Principal; Key(got) != Key(want) || want == "" {
		t.Errorf("owner %q, want the principal %q", got, want)
	}
}

func TestPut_holderInWholeURL(t *testing.T) {
	t.Parallel()
	var server *httptest.Server
	server = serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(http.StatusConflict)
		_, _ = w.Write([]byte(`<d:error xmlns:d="DAV:" xmlns:c="` + nsCalDAV + `"><c:no-uid-conflict><d:href>` + server.URL + `/c/a.ics</d:href></c:no-uid-conflict></d:error>`))
	})
	client := newClient(t, Options{URL: server.URL + "/"})
	_, err := client.Put(t.Context(), "/c/b.ics", Upload{Kind: Calendars, Data: []byte("x")})
	var refused *StatusError
	if !errors.As(err, &refused) || refused.Href != "/c/a.ics" {
		t.Errorf("got %v with href %+v, want /c/a.ics", err, refused)
	}
}
