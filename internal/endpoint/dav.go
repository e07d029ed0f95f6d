// SPDX-License-Identifier: Apache-2.0

package endpoint

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/url"
	"time"

	"rehome"
	"rehome/internal/protocol/dav"
)

// DAVSettings of one end's contacts and calendars.
type DAVSettings struct {
	Host           *Host // nil is one of its own, with the defaults
	URL            string
	TLS            *tls.Config
	Timeout        time.Duration // longest time without progress; 0 takes the client's default
	AllowPlaintext bool          // Basic over http
	Trial          bool          // as that of Login

	// A master user opens every account, by its name behind the account's, as Login's MasterSeparator style. "" is none: then each
	// account's own password is used.
	MasterUser      string
	MasterPassword  rehome.Secret
	MasterSeparator string
	MasterWorked    bool // it has opened accounts in an earlier run

	UserAgent string

	// Digest, if given, returns the stored HA1 of an account without a password: hex
	// MD5(user:realm:password), which answers a Digest challenge of that realm.
	Digest func(ctx context.Context, account rehome.Account) (rehome.Secret, error)
	// UserURL, if given, returns where the account's own webmail finds its collections of a kind, "" if that is
	// not known. It is tried after URL, and gets the password only where URL's host would.
	UserURL  func(ctx context.Context, account rehome.Account, kind dav.Kind) (string, error)
	Dial     dav.DialFunc // nil is a plain dialer
	Resolver dav.Resolver // nil means net.DefaultResolver

	// Pace, if given, is called with what is asked, a word and an href, when a request is about to queue for the host, and with
	// ", in turn" behind that when its turn has come, by the goroutine that asks. Where each call takes a time of its own, as in a
	// simulation, what is done in which order hangs on what is asked, and not on which goroutine happens to run first.
	Pace func(request string)
}

// inTurn ends what Pace is told when the turn of a request has come.
const inTurn = ", in turn"

// DAV is one end's contacts and calendars: where they are and how to log in. A request is what takes a place at the host:
// connections that are kept without one cost it nothing.
type DAV struct {
	service
	settings  DAVSettings
	transport *http.Transport
	requests  *davGate
	logins    dav.Logins
}

// NewDAV returns the service that settings describe; nothing is opened yet.
func NewDAV(settings DAVSettings) *DAV {
	service := newService(settings.Host, "dav", hostOf(settings.URL), "requests", firstLimit)
	settings.Host = service.host
	h := &DAV{
		service: service, settings: settings, transport: dav.NewTransport(settings.TLS, service.host.permitted(settings.Dial)),
		requests: &davGate{gate: service.gate, waits: service.waits, patience: service.patience},
	}
	h.transport.DialContext = service.meter.dialing(h.transport.DialContext)
	h.lockout = Login{Trial: settings.Trial, MasterUser: settings.MasterUser, MasterWorked: settings.MasterWorked}.lockout(h.side, h.refusedHint())
	return h
}

// hostOf returns host and port of a URL, without what a person may have written in front of them.
func hostOf(text string) string {
	parsed, err := url.Parse(text)
	if err != nil {
		return ""
	}
	return parsed.Host
}

// Settings returns what the service was made with, defaults filled in.
func (h *DAV) Settings() DAVSettings { return h.settings }

// Close closes the kept connections.
func (h *DAV) Close() { h.transport.CloseIdleConnections() }

// guard asks a server in all known dialects not to send invitations for what is written: SabreDAV,
// Cyrus, Nextcloud. Unknown headers are ignored. RFC 6638 section 8.1 defines the first one for an
// attendee's DELETE only, so whoever writes scheduling objects makes sure that it is heeded.
func guard() http.Header {
	return http.Header{"Schedule-Reply": {"F"}, "Scheduling-Enabled": {"F"}, "X-Nc-Scheduling": {"false"}}
}

// client makes a client for one account, or for nobody when the account is nil.
func (h *DAV) client(ctx context.Context, account *rehome.Account, log connectionLog) (*dav.Client, error) {
	options := dav.Options{
		URL: h.settings.URL, Transport: h.transport, Timeout: h.settings.Timeout, UserAgent: h.settings.UserAgent,
		AllowPlaintextBasic: h.settings.AllowPlaintext, Logins: &h.logins, WriteHeaders: guard(), Answered: log.dav(),
	}
	if account == nil {
		return dav.New(options)
	}
	password := passwordAt(h.side, *account)
	options.User = h.LoginOf(*account)
	switch {
	case h.settings.MasterUser != "":
		options.Password = h.settings.MasterPassword.Reveal
	case !password.Empty():
		options.Password = password.Reveal
	case h.settings.Digest == nil:
		return nil, h.noPasswordFault(options.User)
	default:
		digest, err := h.settings.Digest(ctx, *account)
		if err != nil {
			return nil, err
		}
		if digest.Empty() {
			return nil, h.noPasswordFault(options.User)
		}
		options.HA1 = digest.Reveal
	}
	return dav.New(options)
}

// LoginOf is the name that an account is opened by, with that of a master user where one opens it.
func (h *DAV) LoginOf(account rehome.Account) string {
	login := loginAt(h.side, account)
	if h.settings.MasterUser != "" {
		login += h.settings.MasterSeparator + h.settings.MasterUser
	}
	return login
}

func (h *DAV) noPasswordFault(login string) error {
	hint := "add a SourcePassword in the roster, or set source.dav.via: database"
	if h.side == rehome.Destination {
		hint = `run "rehome accounts export" and import its accounts.csv, or add a DestinationPassword in the roster`
	}
	return &rehome.Fault{
		Class: rehome.ClassAuth, Op: "log in at the " + string(h.side) + " as", Object: login, Side: h.side,
		Cause: errors.New("no password is known for the contacts and calendars of this account"), Hint: hint,
	}
}

// Open logs in as account and finds its contacts and calendars. An account may have but one of them; to
// have neither is an error. The error is a *rehome.Fault, or ctx's when that has ended.
func (h *DAV) Open(ctx context.Context, account rehome.Account) (*DAVSession, error) {
	return h.OpenAt(ctx, account, "")
}

// OpenAt is Open of an account whose principal is remembered, see DAVSession.Principal: it is asked first, and if it does not say that
// it is theirs, everything is found as without it.
func (h *DAV) OpenAt(ctx context.Context, account rehome.Account, principal string) (*DAVSession, error) {
	log, began := h.log.connection(account.Address), time.Now()
	client, err := h.client(ctx, &account, log)
	if err != nil {
		return nil, Fault(err, "connect to the "+string(h.side), h.settings.URL)
	}
	s := &DAVSession{account: account.Address, client: client, host: h, log: log, homes: map[dav.Kind]*dav.Home{}, troubles: map[dav.Kind]error{},
		told: map[dav.Kind]dav.Capabilities{}}
	err = h.attempt(ctx, account, func() error {
		if err := s.discover(ctx, account, principal); err != nil {
			return h.logInFault(account, err)
		}
		return nil
	})
	if err != nil {
		client.Close()
		return nil, err
	}
	log.opened(began)
	return s, nil
}

func (h *DAV) logInFault(account rehome.Account, err error) error {
	fault := Fault(err, "open the contacts and calendars at the "+string(h.side)+" of", loginAt(h.side, account))
	var f *rehome.Fault
	if errors.As(fault, &f) && dav.IsStatus(err, http.StatusUnauthorized) {
		f.Class, f.Side, f.Hint = rehome.ClassAuth, h.side, h.refusedHint()
	}
	return fault
}

func (h *DAV) refusedHint() string {
	if h.settings.MasterUser != "" {
		return "check the master user's password, and that this server lets it in too: many let it in for mail only; then set destination.dav.login: user"
	}
	if h.side == rehome.Destination {
		return "check that the account was imported with the password of accounts.csv, and that it needs no second factor or app password"
	}
	return "check the password in the roster, and that the account is enabled and may use calendars and contacts"
}

// Reach proves that the host answers, without logging in, and learns how it wants to be logged in to. An answer that refuses is an
// answer too.
func (h *DAV) Reach(ctx context.Context) error {
	client, err := h.client(ctx, nil, h.log.connection(""))
	if err != nil {
		return Fault(err, "connect to the "+string(h.side), h.settings.URL)
	}
	defer client.Close()
	err = h.requests.once(ctx, func() error { return client.Greet(ctx) })
	var refused *dav.StatusError
	if mistaken := errors.As(err, &refused) && refused.Status == http.StatusBadRequest; mistaken && h.schemeHint(ctx, err) == "" || err == nil {
		return nil
	}
	return h.connectFault(ctx, err)
}

// connectFault explains why nothing was reached at the address in the settings.
func (h *DAV) connectFault(ctx context.Context, err error) error {
	failure := Fault(err, "connect to the "+string(h.side), h.settings.URL)
	var fault *rehome.Fault
	var lost *dav.ConnectionError
	if ctx.Err() != nil || !errors.As(failure, &fault) {
		return failure
	}
	if errors.As(err, &lost) {
		fault.Cause = lost.Err // the request is our own business, and the address has been named
	}
	if hint := h.schemeHint(ctx, err); hint != "" {
		fault.Class, fault.Hint = rehome.ClassUntrusted, hint
	}
	return fault
}

// schemeHint finds out whether https and http were mistaken for each other.
func (h *DAV) schemeHint(ctx context.Context, err error) string {
	address, secure := hostPort(h.settings.URL)
	dial := dialFunc(h.settings.Dial)
	var lost *dav.ConnectionError
	var refused *dav.StatusError
	var format *dav.FormatError
	switch answered := errors.As(err, &refused) || errors.As(err, &format); {
	case address == "":
	case secure && errors.As(err, &lost) && lost.Trouble != dav.Untrusted && lost.Trouble != dav.Unreachable && speaksHTTP(ctx, dial, address):
		return "this port speaks http without TLS: use the port for https, or write http:// in dav.url if the connection is safe without it"
	case !secure && (answered || errors.As(err, &lost) && lost.Trouble != dav.Unreachable) && speaksTLS(ctx, dial, address):
		return "this port uses TLS: write https:// in dav.url"
	}
	return ""
}

// hostPort returns where a URL leads, "" if nowhere, and whether with TLS.
func hostPort(address string) (hostAndPort string, secure bool) {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" {
		return "", false
	}
	secure = u.Scheme == "https"
	port := u.Port()
	switch {
	case port != "":
	case secure:
		port = "443"
	default:
		port = "80"
	}
	return net.JoinHostPort(u.Hostname(), port), secure
}
