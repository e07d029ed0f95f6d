// SPDX-License-Identifier: Apache-2.0

package clientsetup

import (
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"rehome"
)

// ResponderOptions say what a responder tells and to whom.
type ResponderOptions struct {
	Domains  map[string]Services // by name
	Switches Switches
	Signer   *Signer           // of profiles; nil leaves them unsigned
	Paths    map[string]string // where a path of the old server's calendars and contacts is on the new one, by its beginning

	RequestsPerMinute int  // of one peer
	BehindProxy       bool // the peer is the last one that X-Forwarded-For names
	LogAddresses      bool // e-mail and IP addresses too
	Log               *slog.Logger
	Now               func() time.Time // nil is time.Now
}

// Responder answers mail programs: it is a handler for HTTP. It holds nothing between two requests but the rate of each peer,
// so that a restart changes no answer.
//
//   - It never asks for a log-in, and looks at none that is sent.
//   - It has no list of people. The answer to an address that nobody has is the answer to one that somebody has, and differs
//     only for those whom the administrator lets switch at another time than their domain.
//   - An answer holds nothing of a request but the e-mail address and the host name, in the form in which they were
//     understood.
type Responder struct {
	options ResponderOptions
	fixed   map[string]map[rehome.Side]fixedDocuments // by domain
	peers   *peers
}

// fixedDocuments are those that fit everybody of a domain, or do with a few words put in; nil is none.
type fixedDocuments struct {
	autoconfig, pacc []byte
	autodiscover     *poxForm
}

// NewResponder returns a responder.
func NewResponder(options ResponderOptions) *Responder {
	if options.Now == nil {
		options.Now = time.Now
	}
	options.Log = rehome.Logger(options.Log)
	r := &Responder{options: options, fixed: map[string]map[rehome.Side]fixedDocuments{}, peers: newPeers(options.RequestsPerMinute)}
	for domain, services := range options.Domains {
		r.fixed[domain] = map[rehome.Side]fixedDocuments{}
		for _, side := range []rehome.Side{rehome.Source, rehome.Destination} {
			var documents fixedDocuments
			documents.autoconfig, _ = services.Of(side).Autoconfig(autoconfigOld)
			documents.pacc, _ = services.Of(side).PACC()
			documents.autodiscover = services.Of(side).autodiscoverForm()
			r.fixed[domain][side] = documents
		}
	}
	return r
}

// answer is what a request gets.
type answer struct {
	kind     string // of document, for the log
	status   int
	media    string
	body     []byte
	location string // of a redirect
	allow    string // methods, where another one was used
	file     string // name under which a browser keeps it

	domain  string
	side    rehome.Side
	address string // as it was understood
}

// ServeHTTP implements http.Handler.
func (r *Responder) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	began := r.options.Now()
	peer := r.peerOf(request)
	given := answer{kind: "limit", status: http.StatusTooManyRequests}
	defer func() {
		if recover() != nil { // a mistake of ours ends one answer
			given.kind, given.status = "mistake", http.StatusInternalServerError
			w.WriteHeader(given.status)
		}
		if r.options.Log.Enabled(request.Context(), slog.LevelInfo) {
			r.log(request, given, peer, r.options.Now().Sub(began))
		}
	}()
	if r.peers.allow(peer) {
		given = r.answer(request, began)
	}
	write(w, request, given)
}

// answer decides. It reads the body of a request only where one is expected.
func (r *Responder) answer(request *http.Request, now time.Time) answer {
	query := request.URL.Query()
	switch path := strings.ToLower(request.URL.Path); {
	case path == autoconfigPath || path == autoconfigWellKnown:
		return r.autoconfig(request, query.Get("emailaddress"), now)
	case path == autodiscoverPath:
		return r.autodiscover(request, now)
	case path == autodiscoverJSONPath || strings.HasPrefix(path, autodiscoverJSONPath+"/"):
		return r.autodiscoverJSON(request, now)
	case path == paccPath:
		return r.pacc(request, now)
	case path == profilePath:
		return r.profile(request, query.Get("emailaddress"), now)
	}
	return r.dav(request, now)
}

// readsOnly reports whether a request changes nothing and has no body.
func readsOnly(request *http.Request) bool {
	return request.Method == http.MethodGet || request.Method == http.MethodHead
}

// asker is whose answer is asked for.
type asker struct {
	domain, local string // local is "" where the client does not say who it is
	side          rehome.Side
}

func (a asker) address() string {
	if a.local == "" {
		return ""
	}
	return a.local + "@" + a.domain
}

// asker finds out who asks: by the address, or else by the host name that was asked. ok is false if it is nobody of ours.
// What is no address at all says nothing about who asks.
func (r *Responder) asker(host, address string, now time.Time) (a asker, ok bool) {
	if a.local, a.domain, ok = splitAddress(address); ok {
		_, ours := r.options.Domains[a.domain]
		if !ours {
			return asker{}, false
		}
	} else if a.domain, ok = r.domainOf(host); !ok {
		return asker{}, false
	}
	state := r.options.Switches.OfDomain(a.domain)
	if a.local != "" {
		if own, has := r.options.Switches.OfPerson(strings.ToLower(a.local) + "@" + a.domain); has {
			state = own
		}
	}
	a.side = state.At(now)
	return a, true
}

// domainOf returns the domain that a host name is or is in: autoconfig.example.com and mail.example.com are of example.com.
func (r *Responder) domainOf(host string) (string, bool) {
	name, ok := asciiHost(withoutPort(host))
	for ok {
		if _, ours := r.options.Domains[name]; ours {
			return name, true
		}
		_, name, ok = strings.Cut(name, ".")
	}
	return "", false
}

// withoutPort returns the host of a Host field, RFC 9110 section 7.2.
func withoutPort(host string) string {
	if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.HasSuffix(host, "]") {
		return host[:i]
	}
	return host
}

// given begins an answer to somebody.
func (a asker) given(kind string, status int, media string, body []byte) answer {
	return answer{kind: kind, status: status, media: media, body: body, domain: a.domain, side: a.side, address: a.address()}
}

func notFound(kind string) answer {
	return answer{kind: kind, status: http.StatusNotFound, media: mediaText, body: []byte("not found\n")}
}

func notAllowed(kind, allow string) answer {
	return answer{kind: kind, status: http.StatusMethodNotAllowed, media: mediaText, body: []byte("only " + allow + "\n"), allow: allow}
}

// peerOf returns the address of whoever asks.
func (r *Responder) peerOf(request *http.Request) netip.Addr {
	if r.options.BehindProxy {
		forwarded := strings.Join(request.Header.Values("X-Forwarded-For"), ",")
		last := strings.TrimSpace(forwarded[strings.LastIndexByte(forwarded, ',')+1:]) // the one that the proxy itself has seen
		if address, err := netip.ParseAddr(last); err == nil {
			return address
		}
	}
	return addressOf(request.RemoteAddr)
}
