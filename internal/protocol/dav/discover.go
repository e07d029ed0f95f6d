// SPDX-License-Identifier: Apache-2.0

package dav

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"net/url"
)

// Home is where a user's collections of one kind are.
type Home struct {
	Kind         Kind
	How          string // which step of the discovery found it: "given URL", "well-known", ...
	Principal    string // href, "" if the server names none
	Named        bool   // the principal is the one that the server has named as the user's own
	DisplayName  string // of the principal
	HomeSets     []string
	Capabilities Capabilities // of the first home set
	Default      string       // href of the default calendar or address book, "" if the server names none
	Inbox        string       // scheduling, calendars only
	Outbox       string
	Addresses    []string // calendar-user-address-set: "mailto:anna@example.org" and others
	Groups       []string // group-membership: hrefs of principals, among them calendar-proxy groups
}

// HowRemembered is how a home was found by a principal that was given to the search.
const HowRemembered = "principal of before"

// Discover finds the home of the kind, and asks for its capabilities and its default. The error is as that of Find, or
// one that will be the same for whatever is asked next.
func (c *Client) Discover(ctx context.Context, kind Kind, search Search) (*Home, error) {
	home, err := c.Find(ctx, kind, search)
	if err != nil {
		return nil, err
	}
	if home.Default, err = c.DefaultOf(ctx, home); err != nil {
		return nil, err
	}
	if home.Capabilities, err = c.CapabilitiesOf(ctx, home); err != nil {
		return nil, err
	}
	return home, nil
}

// Find finds the home of the kind: by the principal that the search names, if the server confirms it;
// at the given URL, the user's own, by SRV and TXT records,
// at the well-known path, at the root, at the paths of known products. A refused log-in and a
// server that asks us to wait end it at once; otherwise the error is a *NotOfferedError that
// lists every place. What DefaultOf and CapabilitiesOf tell is not asked for yet.
func (c *Client) Find(ctx context.Context, kind Kind, search Search) (*Home, error) {
	d := dialectOf(kind)
	if home, err := c.homeFrom(ctx, d, search.Principal); home != nil || endsAll(err) {
		return home, err
	}
	failed := &NotOfferedError{Kind: kind}
	silent := map[string]bool{} // origins that do not answer
	for place := range c.places(ctx, d, search) {
		err := place.err
		if err == nil {
			if silent[originOf(place.url)] {
				continue
			}
			var home *Home
			if home, err = c.homeAt(ctx, d, place.url); err == nil {
				home.How = place.how
				return home, nil
			}
			var connection *ConnectionError
			silent[originOf(place.url)] = errors.As(err, &connection)
		}
		if endsAll(err) {
			return nil, err
		}
		failed.Attempts = append(failed.Attempts, Attempt{How: place.how, URL: place.shown, Err: err})
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return nil, failed
}

// endsAll reports whether an error will be the same for whatever is asked next: the caller has
// stopped, the log-in is refused, or the server wants to be left alone. More tries with a refused
// password would only lock the user out.
func endsAll(err error) bool {
	var auth *AuthError
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || errors.As(err, &auth) ||
		IsStatus(err, http.StatusUnauthorized) || IsStatus(err, http.StatusTooManyRequests) || IsStatus(err, http.StatusServiceUnavailable)
}

// homeAt asks one place.
func (c *Client) homeAt(ctx context.Context, d dialect, target *url.URL) (*Home, error) {
	r, at, err := c.introduce(ctx, target, introduction()...)
	if err != nil {
		return nil, err
	}
	principal := at
	named := r.found[davName("current-user-principal")].hrefs()
	isPrincipal := r.found[davName("resourcetype")].child(davName("principal")) != nil
	switch hasHome := len(r.found[d.homeSet].hrefs()) > 0; {
	case hasHome && (isPrincipal || len(named) == 0): // as given, also where it is another user's
	case len(named) == 0:
		return c.homeWithoutPrincipal(ctx, d, at)
	default: // DAViCal names the home at its root already, but collections name their owner
		if principal, err = resolve(at, named[0]); err != nil {
			return nil, err
		}
	}
	home, err := c.homeOf(ctx, d, principal)
	if home != nil {
		home.Named = len(named) > 0 && c.sameResource(principal, named[0])
	}
	return home, err
}

// Greet asks the client's URL who the user is, as a stranger too: clients that share its Logins know from then on whether it
// wants Basic. Every answer is good but 400, which is what a port for https says to http, and 5xx; otherwise there was none.
func (c *Client) Greet(ctx context.Context) error {
	_, _, err := c.introduce(ctx, c.base, introduction()...)
	var refused *StatusError
	var elsewhere *RedirectError
	var format *FormatError
	var login *AuthError
	answered := errors.As(err, &refused) && refused.Status != http.StatusBadRequest &&
		(refused.Status < http.StatusInternalServerError || refused.Status == http.StatusNotImplemented)
	if answered || errors.As(err, &elsewhere) || errors.As(err, &format) || errors.As(err, &login) {
		return nil
	}
	return err
}

// homeFrom asks a principal that is but remembered. It is the user's if the server says there that it is (RFC 5397 section 3);
// otherwise, and if it has no home of the kind, nil is returned and the whole way has to be gone.
func (c *Client) homeFrom(ctx context.Context, d dialect, remembered string) (*Home, error) {
	principal, err := c.target(remembered)
	if remembered == "" || err != nil || !c.trusts(principal) {
		return nil, nil //nolint:nilerr // nothing is remembered that could be asked
	}
	r, at, err := c.introduce(ctx, principal, append(principalProperties(), davName("current-user-principal"), davName("resourcetype"))...)
	if err != nil {
		return nil, err
	}
	named := r.found[davName("current-user-principal")].hrefs()
	if len(named) == 0 || !c.sameResource(at, named[0]) || r.found[davName("resourcetype")].child(davName("principal")) == nil {
		return nil, nil
	}
	home, err := c.newHome(d, r, at)
	if err != nil {
		return nil, nil //nolint:nilerr // as above
	}
	home.How, home.Named = HowRemembered, true
	return home, nil
}

// introduction is what a place is asked about its user.
func introduction() []xml.Name {
	return append(homeSets(), davName("current-user-principal"), davName("resourcetype"), davName("displayname"))
}

// introduce asks a place who we are there, and more. A server that takes us for a stranger without asking
// for a log-in gets the password unasked, where that is allowed.
func (c *Client) introduce(ctx context.Context, target *url.URL, names ...xml.Name) (*response, *url.URL, error) {
	r, at, err := c.acquaint(ctx, target, names...)
	if err != nil {
		return nil, nil, err
	}
	// RFC 5397 section 3.
	stranger := r.found[davName("current-user-principal")].child(davName("unauthenticated")) != nil
	if stranger {
		c.options.Logins.noteUnasked(at)
	}
	if stranger && c.login.volunteer(at) {
		c.forget(target, names)
		return c.acquaint(ctx, target, names...)
	}
	return r, at, nil
}

// homeSets are the properties that say where the homes of all kinds are.
func homeSets() []xml.Name { return []xml.Name{calDAV().homeSet, cardDAV().homeSet} }

// acquaintance is what a place has said of its user.
type acquaintance struct {
	response *response
	at       *url.URL
}

// acquaint is properties for what is asked of a place and its user whatever kind is looked for: who has found one kind need not
// ask again for the other.
func (c *Client) acquaint(ctx context.Context, target *url.URL, names ...xml.Name) (*response, *url.URL, error) {
	key := questionOf(target, names)
	c.mu.Lock()
	known, met := c.met[key]
	c.mu.Unlock()
	if met {
		return known.response, known.at, nil
	}
	r, at, err := c.properties(ctx, target, names...)
	if err == nil {
		c.mu.Lock()
		c.met[key] = acquaintance{r, at}
		c.mu.Unlock()
	}
	return r, at, err
}

// forget drops what a place has said, because it would say something else now.
func (c *Client) forget(target *url.URL, names []xml.Name) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.met, questionOf(target, names))
}

func questionOf(target *url.URL, names []xml.Name) string { return fmt.Sprint(target, names) }

// homeWithoutPrincipal serves where the URL is that of a home, or of a collection, on a server that
// names no principal.
func (c *Client) homeWithoutPrincipal(ctx context.Context, d dialect, at *url.URL) (*Home, error) {
	found, err := c.collectionsIn(ctx, at, &Home{Kind: d.kind})
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, &FormatError{Method: "PROPFIND", URL: display(at), Why: "it names no principal and contains nothing of this kind"}
	}
	return &Home{Kind: d.kind, HomeSets: []string{c.hrefOf(at)}}, nil
}

// homeOf reads the principal (RFC 4791 section 6.2, RFC 6352 section 7.1, RFC 6638 section 2).
func (c *Client) homeOf(ctx context.Context, d dialect, principal *url.URL) (*Home, error) {
	r, at, err := c.acquaint(ctx, principal, principalProperties()...)
	if err != nil {
		return nil, err
	}
	return c.newHome(d, r, at)
}

func principalProperties() []xml.Name {
	return append(homeSets(), davName("displayname"), davName("group-membership"), calDAV().defaultHref, cardDAV().defaultHref,
		calName("calendar-user-address-set"), calName("schedule-inbox-URL"), calName("schedule-outbox-URL"))
}

// newHome is what a principal has said of the user's home.
func (c *Client) newHome(d dialect, r *response, at *url.URL) (*Home, error) {
	home := &Home{
		Kind:        d.kind,
		Principal:   c.hrefOf(at),
		DisplayName: r.value(davName("displayname")),
		HomeSets:    c.hrefsOn(at, r.found[d.homeSet]),
		Default:     firstOf(c.hrefsOn(at, r.found[d.defaultHref])),
		Groups:      c.hrefsOn(at, r.found[davName("group-membership")]),
	}
	if len(home.HomeSets) == 0 {
		return nil, &FormatError{Method: "PROPFIND", URL: display(at), Why: "the principal has no " + d.homeSet.Local}
	}
	if d.kind == Calendars {
		home.Addresses = r.found[calName("calendar-user-address-set")].hrefs()
		home.Inbox = firstOf(c.hrefsOn(at, r.found[calName("schedule-inbox-URL")]))
		home.Outbox = firstOf(c.hrefsOn(at, r.found[calName("schedule-outbox-URL")]))
	}
	return home, nil
}

// DefaultOf returns the href of the home's default collection. Where neither the principal nor a listing has told it, the inbox is
// asked; that there is none, and "" is returned, is no failure.
func (c *Client) DefaultOf(ctx context.Context, home *Home) (string, error) {
	if home.Inbox == "" || home.Default != "" {
		return home.Default, nil
	}
	if told, listed := c.ListedDefault(home); listed {
		return told, nil
	}
	inbox, err := c.target(home.Inbox)
	if err != nil {
		return "", nil //nolint:nilerr // there is none
	}
	d := dialectOf(home.Kind)
	r, at, err := c.properties(ctx, inbox, d.defaultHref)
	if err != nil {
		return "", onlyIf(endsAll(err), err)
	}
	return firstOf(c.hrefsOn(at, r.found[d.defaultHref])), nil
}

// ListedDefault returns what the inbox of a home has said of its default where Collections has listed it.
func (c *Client) ListedDefault(home *Home) (href string, listed bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	href, listed = c.defaults[Key(home.Inbox)]
	return href, listed
}

// CapabilitiesOf asks the first home set. A proxy that forbids OPTIONS leaves them unknown.
func (c *Client) CapabilitiesOf(ctx context.Context, home *Home) (Capabilities, error) {
	capabilities, err := c.Capabilities(ctx, home.HomeSets[0])
	return capabilities, onlyIf(endsAll(err), err)
}

func onlyIf(condition bool, err error) error {
	if condition {
		return err
	}
	return nil
}

// hrefsOn returns the hrefs in a property, in the form that callers get. Those that cannot be read
// are left out.
func (c *Client) hrefsOn(page *url.URL, property *element) []string {
	var all []string
	for _, href := range property.hrefs() {
		if u, err := resolve(page, href); err == nil {
			all = append(all, c.hrefOf(u))
		}
	}
	return all
}
