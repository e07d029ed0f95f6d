// SPDX-License-Identifier: Apache-2.0

package clientsetup

import (
	"net/http"
	"strings"
	"time"

	"rehome"
)

// The methods by which a client of calendars and contacts looks around. Only these are sent on from where discovery begins:
// nothing that writes or removes must end somewhere else than at the object that was meant.
const lookingMethods = "GET, HEAD, OPTIONS, PROPFIND, REPORT"

// dav sends clients of calendars and contacts on to the side that is live: from /.well-known (RFC 6764 section 5), from the
// root and from where the other side's server began; and, once the domain has switched, from paths of the old server whose
// place on the new one is known. The redirect is one that keeps the method and that no client remembers (307, RFC 9110
// section 15.4.8), as the way back must stay open.
func (r *Responder) dav(request *http.Request, now time.Time) answer {
	a, ok := r.asker(request.Host, "", now)
	if !ok {
		return notFound("other")
	}
	services := r.options.Domains[a.domain]
	there := services.Of(a.side).DAV
	path := request.URL.EscapedPath()
	if there == nil {
		return r.noDAV(a, path)
	}
	switch {
	case path == "/.well-known/caldav" || path == "/.well-known/carddav" || isStart(path, services):
		if !strings.Contains(", "+lookingMethods+",", ", "+request.Method+",") {
			return notAllowed("dav", lookingMethods)
		}
		if path == "/" && readsOnly(request) {
			return r.noDAV(a, path)
		}
		return redirect(a, request, there.Host, there.EscapedPath())
	case a.side == rehome.Destination:
		if old, ok := longestPrefix(path, r.options.Paths); ok && !strings.Contains(path, "/../") {
			return redirect(a, request, there.Host, r.options.Paths[old]+strings.TrimPrefix(path, old))
		}
	}
	return r.noDAV(a, path)
}

// noDAV answers what is neither a document nor the beginning of calendars and contacts; for somebody with a browser.
func (r *Responder) noDAV(a asker, path string) answer {
	if path == "/" {
		return a.given("root", http.StatusOK, mediaText, []byte("This host tells mail programs how to set themselves up.\n"))
	}
	given := notFound("other")
	given.domain = a.domain
	return given
}

// isStart reports whether clients have begun at this path, at either side.
func isStart(path string, services Services) bool {
	if path == "/" {
		return true
	}
	for _, side := range []rehome.Side{rehome.Source, rehome.Destination} {
		if u := services.Of(side).DAV; u != nil && strings.Trim(u.EscapedPath(), "/") == strings.Trim(path, "/") {
			return true
		}
	}
	return false
}

// redirect sends a client to a host; it refuses to send it where it is.
func redirect(a asker, request *http.Request, host, path string) answer {
	if asked, ok := asciiHost(withoutPort(request.Host)); ok && asked == withoutPort(host) {
		return notFound("dav")
	}
	given := a.given("dav", http.StatusTemporaryRedirect, "", nil)
	given.location = "https://" + host + path
	return given
}

// longestPrefix returns the longest key that a path begins with.
func longestPrefix(path string, paths map[string]string) (string, bool) {
	longest, found := "", false
	for prefix := range paths {
		if strings.HasPrefix(path, prefix) && len(prefix) >= len(longest) {
			longest, found = prefix, true
		}
	}
	return longest, found
}
