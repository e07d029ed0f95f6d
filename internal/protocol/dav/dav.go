// SPDX-License-Identifier: Apache-2.0

// Package dav is a client for calendars and address books on WebDAV servers (RFC 4918, CalDAV
// RFC 4791, CardDAV RFC 6352, sync RFC 6578) that carries objects as the bytes that the server
// keeps, whatever they are, and survives what old servers put on the wire.
//
// It does not parse iCalendar or vCard, keep anything between calls but how to log in and who the user is, try a
// failed request again, or limit its own concurrency. A caller
//
//  1. makes a Client for one log-in with New; several clients may share one Transport;
//  2. finds the home with Discover and its collections with Collections;
//  3. lists what is there or has changed with Changes;
//  4. reads objects with MultiGet, Fetch or Get;
//  5. writes with MakeCollection, SetProperty, Put and Delete;
//  6. ends with Close.
//
// Hrefs are strings. One that comes out of this package is the path exactly as the server wrote it,
// or an absolute URL where it lies outside the origin of the client's URL; both go back in as they
// are. Two hrefs name the same thing if their Key is the same: servers write "@" and "%40" as they
// like. An error of a request is a *StatusError where the server refused, a *ConnectionError where
// it could not be reached or fell silent, a *FormatError where its answer makes no sense, a
// *TooLargeError, a *RedirectError or an *AuthError; none holds a password.
//
// caldav.go and carddav.go hold the words in which the two dialects differ, and nothing else does.
package dav

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Kind says which of the two dialects is spoken.
type Kind string

// The two kinds of collection.
const (
	Calendars    Kind = "calendars"
	AddressBooks Kind = "address_books"
)

// DialFunc opens a network connection; net.Dialer.DialContext is one.
type DialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// Options of New.
type Options struct {
	// URL is the server, or anything on it: "https://dav.example.org/", a principal, a home, a
	// collection. Requests with credentials go to its host only, see TrustedHosts.
	URL string

	// Transport is what several clients share; nil means one of the client's own.
	Transport *http.Transport

	// User and Password log in. Password is called each time that it is needed; nil means none.
	User     string
	Password func() string
	// HA1 is used instead of Password: hex MD5(user:realm:password), as SabreDAV keeps it in
	// users.digesta1. It works with Digest and MD5 only. Realm, if known, is checked against the
	// server's.
	HA1   func() string
	Realm string
	// AllowPlaintextBasic lets a password travel readable over http.
	AllowPlaintextBasic bool
	// TrustedHosts are further hosts, "name" or "name:port", that get the credentials over https if
	// the server sends us there. Other ports of the URL's own host need no entry if they speak https.
	TrustedHosts []string

	// Logins, if given, is shared by clients that ask the same servers: each profits from what the others were asked for.
	Logins *Logins

	UserAgent string
	// WriteHeaders go with every PUT, DELETE and collection that is made or changed: the guard
	// against invitations.
	WriteHeaders http.Header

	Timeout time.Duration // longest time without progress; 0 means two minutes
	MaxBody int64         // largest object that is read, in octets; 0 means 32 MiB

	// Answered is told of every request whose answer was read, by whoever reads it: it must be quick. It may be nil.
	Answered func(Exchange)
}

// Exchange is one request and its answer without anything that either holds: it may be logged, whatever they carry.
type Exchange struct {
	Method   string
	Status   int
	Took     time.Duration // until the answer was read
	Sent     int64         // octets of the body
	Received int64         // octets of the answer's body, as far as it was read
}

const (
	defaultTimeout = 2 * time.Minute
	defaultMaxBody = 32 << 20 // a photo of 20 MB is 27 of text
	connectTimeout = 30 * time.Second
	idlePerHost    = 16
)

// NewTransport returns a transport that speaks HTTP/1.1 with kept connections: HTTP/2 is fragile
// in front of several DAV servers. config nil means verified by the system's roots, dial nil a
// plain net.Dialer.
func NewTransport(config *tls.Config, dial DialFunc) *http.Transport {
	if dial == nil {
		dial = (&net.Dialer{Timeout: connectTimeout}).DialContext
	}
	if config == nil {
		config = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	config = config.Clone()
	markPinned(config)
	return &http.Transport{
		DialContext:         dial,
		TLSClientConfig:     config,
		TLSHandshakeTimeout: connectTimeout,
		TLSNextProto:        map[string]func(string, *tls.Conn) http.RoundTripper{},
		MaxIdleConnsPerHost: idlePerHost,
		IdleConnTimeout:     time.Minute,

		MaxResponseHeaderBytes: 1 << 20,
	}
}

// Client speaks to one server as one user. Its methods may be called from several goroutines.
type Client struct {
	base      *url.URL
	options   Options
	transport *http.Transport
	owned     bool // the transport is this client's own
	login     *login
	fidelity  fidelity
	firstWait time.Duration // before a request that was put off is sent again

	mu       sync.Mutex
	met      map[string]acquaintance // what places have said of the user
	defaults map[string]string       // hrefs of default collections that inboxes have named in a listing, by key of the inbox
}

// New makes a client. Nothing is sent yet. Close ends it.
func New(options Options) (*Client, error) {
	given, err := url.Parse(strings.TrimSpace(options.URL))
	if err != nil {
		return nil, fmt.Errorf("URL: %w", errors.Unwrap(err)) // without the URL, which may hold a password
	}
	if given.Scheme != "http" && given.Scheme != "https" || given.Hostname() == "" {
		return nil, errors.New("URL: it must begin with https:// or http:// and name a host")
	}
	if given.User != nil {
		return nil, errors.New("URL: a name or password in it is not used, give them as such")
	}
	base := &url.URL{Scheme: given.Scheme, Host: strings.ToLower(given.Host), RawQuery: given.RawQuery}
	setPath(base, cmp.Or(given.EscapedPath(), "/"))
	if options.Logins == nil {
		options.Logins = &Logins{}
	}
	if options.Timeout <= 0 {
		options.Timeout = defaultTimeout
	}
	if options.MaxBody <= 0 {
		options.MaxBody = defaultMaxBody
	}
	c := &Client{base: base, options: options, transport: options.Transport, firstWait: firstWait, met: map[string]acquaintance{},
		defaults: map[string]string{}}
	c.login = &login{options: &c.options, origins: map[string]*scheme{}}
	if c.transport == nil {
		c.transport, c.owned = NewTransport(nil, nil), true
	}
	return c, nil
}

// Close closes what connections the client holds for itself. It may be called twice.
func (c *Client) Close() {
	if c.owned {
		c.transport.CloseIdleConnections()
	}
}
