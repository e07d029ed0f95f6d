// SPDX-License-Identifier: Apache-2.0

package clientcheck

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"syscall"
	"time"

	"rehome/internal/protocol/dns"
)

// Names are what is asked of DNS. *dns.Client implements it: no resolver is asked, which may remember something old.
type Names interface {
	Resolve(ctx context.Context, name string, kind dns.Type) (dns.Answer, error)
	Addresses(ctx context.Context, host string) ([]netip.Addr, error)
}

// World is what a look from outside is made with.
type World struct {
	Names   Names
	Dial    func(ctx context.Context, network, address string) (net.Conn, error) // to an IP address; nil is a plain one
	TLS     *tls.Config                                                          // nil: what this machine trusts, as a device does
	Inner   bool                                                                 // addresses of inner networks can be reached by people too
	Timeout time.Duration                                                        // of one question; 0 is 15 s
}

// The bounds of one question.
const (
	maxDocument  = 64 << 10
	maxRedirects = 5
	maxAddresses = 4
	usualTimeout = 15 * time.Second
)

// asker asks, and remembers where hosts are.
type asker struct {
	world World

	mu    sync.Mutex
	hosts map[string]*whereabouts
}

type whereabouts struct {
	once  sync.Once
	addrs []netip.Addr
	err   error
}

func newAsker(world World) *asker {
	if world.Timeout == 0 {
		world.Timeout = usualTimeout
	}
	if world.Dial == nil {
		world.Dial = (&net.Dialer{}).DialContext
	}
	return &asker{world: world, hosts: map[string]*whereabouts{}}
}

// placeError is trouble with a host before anything was said to it.
type placeError struct {
	trouble Trouble
	why     string
}

func (e *placeError) Error() string { return e.why }

// addresses returns where a host can be reached from outside.
func (a *asker) addresses(ctx context.Context, host string) ([]netip.Addr, error) {
	a.mu.Lock()
	w := a.hosts[host]
	if w == nil {
		w = &whereabouts{}
		a.hosts[host] = w
	}
	a.mu.Unlock()
	w.once.Do(func() { w.addrs, w.err = a.lookUp(ctx, host) })
	return w.addrs, w.err
}

func (a *asker) lookUp(ctx context.Context, host string) ([]netip.Addr, error) {
	var all []netip.Addr
	if literal, err := netip.ParseAddr(host); err == nil {
		all = []netip.Addr{literal}
	} else if all, err = a.world.Names.Addresses(ctx, host); err != nil {
		return nil, &placeError{Unknown, "DNS does not say where " + host + " is: " + dnsWords(err)}
	}
	if len(all) == 0 {
		return nil, &placeError{NoName, host + " does not exist or has no address"}
	}
	var outside []netip.Addr
	for _, addr := range all {
		if a.world.Inner || !isInner(addr) {
			outside = append(outside, addr)
		}
	}
	if len(outside) == 0 {
		return nil, &placeError{Inner, fmt.Sprintf("%s is %s, an address that is not reached from outside", host, all[0])}
	}
	return outside[:min(len(outside), maxAddresses)], nil
}

// dnsWords leave out the name, which the sentence has.
func dnsWords(err error) string {
	var lookup *dns.LookupError
	if errors.As(err, &lookup) {
		return shortened(lookup.Why())
	}
	return shortened(err.Error())
}

// isInner tells addresses that lead nowhere from the Internet.
func isInner(addr netip.Addr) bool {
	addr = addr.Unmap()
	shared := netip.PrefixFrom(netip.AddrFrom4([4]byte{100, 64}), 10) // RFC 6598
	return addr.IsPrivate() || addr.IsLoopback() || addr.IsLinkLocalUnicast() || addr.IsUnspecified() || addr.IsMulticast() || shared.Contains(addr)
}

// dial connects to a host by what its own servers say of it.
func (a *asker) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	addrs, err := a.addresses(ctx, host)
	if err != nil {
		return nil, err
	}
	for _, addr := range addrs {
		var conn net.Conn
		if conn, err = a.world.Dial(ctx, network, net.JoinHostPort(addr.String(), port)); err == nil {
			return conn, nil
		}
	}
	return nil, err
}

// troubleOf tells what has kept an answer away.
func troubleOf(err error) (Trouble, string) {
	var (
		place  *placeError
		verify *tls.CertificateVerificationError
		record tls.RecordHeaderError
		alert  tls.AlertError
	)
	switch {
	case errors.As(err, &place):
		return place.trouble, place.why
	case errors.As(err, &verify):
		return Certificate, "its certificate is not one for this name that devices accept: " + shortened(verify.Err.Error())
	case errors.As(err, &alert), strings.Contains(err.Error(), "remote error: tls: "), strings.Contains(err.Error(), "tls: handshake failure"):
		return Certificate, "it gives no certificate for this name: " + shortened(rootOf(err).Error())
	case errors.As(err, &record), strings.Contains(err.Error(), "HTTP response to HTTPS client"):
		return Unusable, "it answers without TLS"
	case errors.Is(err, syscall.ECONNREFUSED):
		return Refused, "nothing listens there"
	case errors.Is(err, context.DeadlineExceeded), isTimeout(err):
		return Unknown, "no answer in time"
	}
	return Unknown, shortened(rootOf(err).Error())
}

func isTimeout(err error) bool {
	var network net.Error
	return errors.As(err, &network) && network.Timeout()
}

func rootOf(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}

// ask gets the answer to one question.
func (a *asker) ask(ctx context.Context, q question) answer {
	ctx, cancel := context.WithTimeout(ctx, a.world.Timeout)
	defer cancel()
	if q.how == record {
		said, err := a.world.Names.Resolve(ctx, q.where, q.kind)
		if err != nil {
			return answer{trouble: Unknown, why: "DNS does not answer: " + dnsWords(err)}
		}
		return answer{records: said.Records}
	}
	return a.askHTTP(ctx, q)
}

// askHTTP asks a place, and then wherever it redirects to, in the same way: a client of calendars or of Autodiscover that becomes a
// GET by a redirect would find nothing.
func (a *asker) askHTTP(ctx context.Context, q question) answer {
	transport := &http.Transport{DialContext: a.dial, TLSClientConfig: a.world.TLS, DisableKeepAlives: true, MaxResponseHeaderBytes: maxDocument}
	defer transport.CloseIdleConnections()
	place := q.where
	var via []string
	for {
		given, err := a.send(ctx, transport, q, place)
		if err != nil {
			trouble, why := troubleOf(err)
			if len(via) > 0 {
				why = "it redirects to " + shortened(place) + ": " + why
			}
			return answer{trouble: trouble, why: why}
		}
		switch {
		case given.location == "" || q.how == getOnce:
			given.via = via
			return given
		case len(via) == maxRedirects:
			return answer{trouble: Unusable, why: fmt.Sprintf("it redirects more than %d times", maxRedirects)}
		case strings.HasPrefix(place, "https:") && !strings.HasPrefix(given.location, "https:"):
			return answer{trouble: Unusable, why: "it redirects to an address without TLS: " + shortened(given.location)}
		}
		place = given.location
		via = append(via, place)
	}
}

// errTooLong is an answer that no client would have to read.
var errTooLong = &placeError{Unusable, "its answer is longer than any such document"}

// send makes one request. In the answer, location is where a redirect leads, in full.
func (a *asker) send(ctx context.Context, transport http.RoundTripper, q question, place string) (answer, error) {
	request, err := newRequest(ctx, q, place)
	if err != nil {
		return answer{}, &placeError{Unusable, "its address is not one: " + shortened(err.Error())}
	}
	response, err := transport.RoundTrip(request)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	given := answer{status: response.StatusCode, media: response.Header.Get("Content-Type")}
	for _, offer := range response.Header.Values("WWW-Authenticate") {
		scheme, _, _ := strings.Cut(strings.TrimSpace(offer), " ")
		given.schemes = append(given.schemes, strings.ToLower(scheme))
	}
	if to := response.Header.Get("Location"); to != "" && response.StatusCode/100 == 3 {
		given.location, err = redirectOf(request.URL, to)
		return given, err
	}
	given.body, err = io.ReadAll(io.LimitReader(response.Body, maxDocument+1))
	if err == nil && len(given.body) > maxDocument {
		err = errTooLong
	}
	return given, err
}

// redirectOf is where a Location leads (RFC 9110 section 10.2.2).
func redirectOf(from *url.URL, location string) (string, error) {
	to, err := from.Parse(location)
	if err != nil || to.Scheme != "https" && to.Scheme != "http" || to.User != nil || !isHost(to.Hostname()) || len(location) > 2048 {
		return "", &placeError{Unusable, "it redirects to " + shortened(location) + ", which is no address of a document"}
	}
	to.Fragment = ""
	if _, err := url.Parse(to.String()); err != nil {
		return "", &placeError{Unusable, "it redirects to " + shortened(location) + ", which is no address of a document"}
	}
	return to.String(), nil
}

// currentPrincipal is where clients of calendars and contacts begin (RFC 5397).
const currentPrincipal = `<?xml version="1.0" encoding="utf-8"?><propfind xmlns="DAV:"><prop><current-user-principal/></prop></propfind>`

func newRequest(ctx context.Context, q question, place string) (*http.Request, error) {
	verb, body := http.MethodGet, ""
	switch q.how {
	case post:
		verb, body = http.MethodPost, autodiscoverRequest(q.address)
	case propfind:
		verb, body = "PROPFIND", currentPrincipal
	}
	request, err := http.NewRequestWithContext(ctx, verb, place, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("User-Agent", "rehome clients check")
	if body != "" {
		request.Header.Set("Content-Type", "text/xml; charset=utf-8") // in this spelling, as Outlook sends it
	}
	if q.how == propfind {
		request.Header.Set("Depth", "0")
	}
	return request, nil
}

func autodiscoverRequest(address string) string {
	var escaped bytes.Buffer
	_ = xml.EscapeText(&escaped, []byte(address)) // a buffer takes all
	return `<?xml version="1.0" encoding="utf-8"?>
<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006"><Request><EMailAddress>` + escaped.String() +
		`</EMailAddress><AcceptableResponseSchema>http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a` +
		`</AcceptableResponseSchema></Request></Autodiscover>
`
}
