// SPDX-License-Identifier: Apache-2.0

package clientsetup

import (
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"rehome"
)

// The media types of answers.
const (
	mediaText = "text/plain; charset=utf-8"
	mediaXML  = "text/xml; charset=utf-8" // what Outlook wants to the letter
	mediaJSON = "application/json"
)

// The paths of ours that no other file names.
const (
	autodiscoverJSONPath = "/autodiscover/autodiscover.json"
	paccPath             = "/.well-known/user-agent-configuration.json"
	profilePath          = "/mail/apple.mobileconfig"
)

// profileType is the media type of a profile; devices go by it.
const profileType = "application/x-apple-aspen-config"

func (r *Responder) autoconfig(request *http.Request, address string, now time.Time) answer {
	if !readsOnly(request) {
		return notAllowed("autoconfig", "GET, HEAD")
	}
	a, ok := r.asker(request.Host, address, now)
	document := r.fixed[a.domain][a.side].autoconfig
	if !ok || document == nil {
		return notFound("autoconfig")
	}
	return a.given("autoconfig", http.StatusOK, mediaXML, document)
}

// autodiscover never answers 401: Office would come again with the password. A GET is refused by its status: Thunderbird, which turns
// into one by a redirect, then asks again as it should, and would take a document for the end.
func (r *Responder) autodiscover(request *http.Request, now time.Time) answer {
	refused := func(cause error) answer {
		return answer{kind: "autodiscover", status: http.StatusOK, media: mediaXML, body: autodiscoverError(cause, now)}
	}
	if request.Method != http.MethodPost {
		return notAllowed("autodiscover", http.MethodPost)
	}
	address, err := readAutodiscover(request.Body)
	if err != nil {
		return refused(err)
	}
	local, domain, ok := splitAddress(address)
	if !ok {
		return refused(errNoAddress)
	}
	a, ok := r.asker(request.Host, local+"@"+domain, now)
	if !ok {
		return refused(errNoSettings)
	}
	document, ok := r.fixed[a.domain][a.side].autodiscover.filledIn(a.address(), r.options.Domains[a.domain].Of(a.side).Login.of(a.local, a.domain))
	if !ok {
		return refused(errNoSettings)
	}
	return a.given("autodiscover", http.StatusOK, mediaXML, document)
}

// autodiscoverJSON points to the host that was asked: it is one that the client reaches.
func (r *Responder) autodiscoverJSON(request *http.Request, now time.Time) answer {
	if !readsOnly(request) {
		return notAllowed("autodiscover v2", "GET, HEAD")
	}
	asked := readAutodiscoverJSON(request.URL.Path, request.URL.Query())
	host, valid := asciiHost(withoutPort(request.Host))
	a, ok := r.asker(request.Host, asked.address, now)
	if !ok || !valid {
		return notFound("autodiscover v2")
	}
	if _, port, found := strings.Cut(request.Host, ":"); found && port != "443" {
		if number, err := strconv.ParseUint(port, 10, 16); err == nil {
			host += ":" + strconv.FormatUint(number, 10)
		}
	}
	status, document := asked.answer(host)
	return a.given("autodiscover v2", status, mediaJSON, document)
}

func (r *Responder) pacc(request *http.Request, now time.Time) answer {
	if !readsOnly(request) {
		return notAllowed("pacc", "GET, HEAD")
	}
	a, ok := r.asker(request.Host, "", now)
	document := r.fixed[a.domain][a.side].pacc
	if !ok || document == nil {
		return notFound("pacc")
	}
	return a.given("pacc", http.StatusOK, mediaJSON, document)
}

// profile is what a link on a person's page leads to.
func (r *Responder) profile(request *http.Request, address string, now time.Time) answer {
	if !readsOnly(request) {
		return notAllowed("profile", "GET, HEAD")
	}
	a, ok := r.asker(request.Host, address, now)
	if !ok || a.local == "" {
		return notFound("profile")
	}
	// Identifiers hang on the address: in the case in which a person happens to write it, it would be a second account.
	document, ok := r.options.Domains[a.domain].Of(a.side).Profile(Person{Address: strings.ToLower(a.address())})
	if !ok {
		return notFound("profile")
	}
	signed, err := r.options.Signer.Sign(document)
	if err != nil {
		return answer{kind: "profile", status: http.StatusInternalServerError}
	}
	given := a.given("profile", http.StatusOK, profileType, signed)
	given.file = "mail.mobileconfig"
	return given
}

// write sends an answer. Nothing of it may be kept: after the switch it would be wrong.
func write(w http.ResponseWriter, request *http.Request, given answer) {
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	header.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("X-Robots-Tag", "noindex")
	switch given.status {
	case http.StatusTemporaryRedirect, http.StatusFound:
		header.Set("Location", given.location)
	case http.StatusMethodNotAllowed:
		header.Set("Allow", given.allow)
	case http.StatusTooManyRequests:
		header.Set("Retry-After", "60")
	}
	if given.file != "" {
		header.Set("Content-Disposition", `attachment; filename="`+given.file+`"`)
	}
	if given.media != "" {
		header.Set("Content-Type", given.media)
	}
	header.Set("Content-Length", strconv.Itoa(len(given.body)))
	w.WriteHeader(given.status)
	if request.Method != http.MethodHead {
		_, _ = w.Write(given.body) // a client that has gone needs no answer
	}
}

// log tells of a request: what kind of document which program got. Who asked is told only if that was wished for.
func (r *Responder) log(request *http.Request, given answer, peer netip.Addr, took time.Duration) {
	attributes := []any{rehome.LogKind, given.kind, rehome.LogCommand, logged(request.Method), rehome.LogAnswer, given.status,
		rehome.LogDomain, given.domain, rehome.LogSide, given.side, rehome.LogClient, logged(request.UserAgent()), rehome.LogTook, took}
	if r.options.LogAddresses {
		attributes = append(attributes, rehome.LogAccount, given.address, rehome.LogPeer, peer.String())
	}
	r.options.Log.Info("answered a client", attributes...)
}

// logged is a text of a client as far as a line of a log needs it. A program may put its user's address into its name.
func logged(text string) string {
	const most = 120
	text = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, text)
	if strings.Contains(text, "@") {
		return "(with an address)"
	}
	return text[:min(len(text), most)]
}

// HostNames are the names that clients ask, whatever the settings, and for which they want a certificate; and that of the responder,
// to which the links on people's pages lead, if it has one.
func HostNames(domains map[string]Services, responder string) []string {
	var names []string
	if responder != "" {
		names = append(names, responder)
	}
	for domain, services := range domains {
		names = append(names, "autoconfig."+domain, "autodiscover."+domain)
		if _, ok := services.Destination.PACC(); ok {
			names = append(names, "ua-auto-config."+domain)
		}
	}
	slices.Sort(names)
	return names
}
