// SPDX-License-Identifier: Apache-2.0

package signon

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
	"unicode"

	"rehome"
)

// The bounds of a conversation with an issuer: how long an answer may take, and its size.
const (
	answerWithin  = 15 * time.Second
	longestAnswer = 1 << 20
)

// newClient asks an issuer, and follows no redirect: a secret would go along.
func newClient(options Options) *http.Client {
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: options.TLS, TLSHandshakeTimeout: answerWithin,
		ForceAttemptHTTP2: true, MaxIdleConns: 4, IdleConnTimeout: time.Minute}
	return &http.Client{Timeout: answerWithin, Transport: &bounded{transport, options},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// bounded lets nothing go out without TLS, and no answer in that has no end.
type bounded struct {
	next    http.RoundTripper
	options Options
}

func (b *bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	if !b.options.allows(r.URL.String()) {
		return nil, errors.New("it names an address that is not https: " + shown(r.URL.Redacted()))
	}
	response, err := b.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	response.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(response.Body, longestAnswer), response.Body}
	return response, nil
}

// allows reports whether an address is https, or of an issuer on this machine.
func (o Options) allows(address string) bool {
	at, err := url.Parse(address)
	if err != nil || at.Host == "" || at.User != nil {
		return false
	}
	if at.Scheme == "https" {
		return true
	}
	issuer, err := url.Parse(o.Issuer)
	return err == nil && at.Scheme == "http" && issuer.Scheme == "http" && OnThisMachine(issuer) && OnThisMachine(at)
}

// OnThisMachine reports whether an address can only be of this machine.
func OnThisMachine(at *url.URL) bool {
	if at.Hostname() == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(at.Hostname())
	return err == nil && ip.IsLoopback()
}

func (p *Provider) fault(class rehome.Class, cause error, hint string) *rehome.Fault {
	return &rehome.Fault{Class: class, Op: "sign in by", Object: p.options.Issuer, Cause: cause, Hint: hint}
}

// refused is what this end does not take.
func (p *Provider) refused(why, hint string) error {
	return p.fault(rehome.ClassUntrusted, errors.New(why), hint)
}

// said is what the issuer has refused, in its own words.
func (p *Provider) said(class rehome.Class, code, description, hint string) error {
	fault := p.fault(class, nil, hint)
	fault.Server = shown(strings.TrimSpace(code + " " + description))
	return fault
}

// unreachable is what cannot be asked.
func (p *Provider) unreachable(err error) error {
	var network net.Error
	hint := "look whether " + strings.TrimSuffix(p.options.Issuer, "/") + "/.well-known/openid-configuration answers from this machine"
	if errors.As(err, &network) {
		return p.fault(rehome.ClassTemporary, err, hint)
	}
	return p.fault(rehome.ClassTemporary, errors.New(shown(err.Error())), hint)
}

// hintFor says what to do about a refusal (RFC 6749, sections 4.1.2.1 and 5.2; OpenID Connect Core 1.0, section 3.1.2.6).
func hintFor(code string) string {
	switch code {
	case "invalid_client", "unauthorized_client":
		return "compare serve.oidc.client_id and client_secret with what is set at the issuer, and allow the authorization code flow to this client"
	case "invalid_request", "invalid_grant":
		return "sign in again; if that repeats, register the address of this page followed by /sign-in/oidc/back at the issuer"
	case "invalid_scope":
		return "allow the scopes of serve.oidc.scopes to this client at the issuer"
	case "access_denied":
		return "ask whoever runs the issuer to let you use this client"
	}
	return "sign in again"
}

// longestWords bounds what is said of an answer.
const longestWords = 300

// shown makes foreign words fit a sentence.
func shown(words string) string {
	words = strings.Join(strings.FieldsFunc(words, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsGraphic(r) }), " ")
	words = strings.TrimSuffix(words, ":") // of an answer without a text
	if letters := []rune(words); len(letters) > longestWords {
		return string(letters[:longestWords]) + "..."
	}
	return words
}
