// SPDX-License-Identifier: Apache-2.0

package dav

import (
	"errors"
	"net/http"
	"slices"
	"testing"
)

// What a home lists and does not show is unknown: it is told, and costs no other collection.
func TestCollections_tellsWhatIsNotShown(t *testing.T) {
	t.Parallel()
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/homes/anna/" && r.Method == "PROPFIND" {
			answerXML(w, `<d:response><d:href>/homes/anna/broken/</d:href><d:status>HTTP/1.1 500 Internal Server Error</d:status></d:response>`+
				`<d:response><d:href>http://[/</d:href><d:status>HTTP/1.1 200 OK</d:status></d:response>`+
				`<d:response><d:href>/homes/anna/gone/</d:href><d:status>HTTP/1.1 404 Not Found</d:status></d:response>`+
				`<d:response><d:href>/homes/anna/work/</d:href><d:propstat><d:prop><d:resourcetype><d:collection/><c:calendar/></d:resourcetype>`+
				`</d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>`)
			return
		}
		principalAt(w, r, "/p/anna/", oneHome)
	})
	client := newClient(t, Options{URL: server.URL + "/"})
	home, err := client.Discover(t.Context(), Calendars, Search{})
	if err != nil {
		t.Fatal(err)
	}
	all, err := client.Collections(t.Context(), home)
	var unshown *UnshownError
	if !errors.As(err, &unshown) || !IsStatus(err, http.StatusInternalServerError) {
		t.Fatalf("got %v", err)
	}
	if want := []string{"/homes/anna/broken/", "http://[/"}; !slices.Equal(unshown.Hrefs, want) {
		t.Errorf("not shown: %q, want %q", unshown.Hrefs, want)
	}
	if len(all) != 1 || all[0].Href != "/homes/anna/work/" {
		t.Errorf("shown: %+v, want the one that is", all)
	}
}
