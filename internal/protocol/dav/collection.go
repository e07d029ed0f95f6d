// SPDX-License-Identifier: Apache-2.0

package dav

import (
	"context"
	"encoding/xml"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
)

// Collection is a calendar or an address book with the properties that a move cares about. A
// property that the server does not have is the zero value.
type Collection struct {
	Href        string
	Kind        Kind
	Name        string // displayname
	Description string
	Color       string // as stored: "#FF2968FF"
	Order       string
	Timezone    string // calendar-timezone: a VCALENDAR text
	Transparent bool   // schedule-calendar-transp: its events do not make the user busy
	Components  []string
	CTag        string
	SyncToken   string
	Owner       string   // href of a principal
	Privileges  []string // current-user-privilege-set, local names; nil if the server does not say
	Types       []string // resourcetype, local names: "collection", "calendar", "shared", "subscribed"
	Source      string   // cs:source of a subscription
	Reports     []string // supported-report-set, local names
	AddressData []string // "text/vcard;version=4.0"
	MaxSize     int64    // max-resource-size, 0 if unknown
}

// Writable reports whether the user may add objects, as far as the server says; true if it says nothing.
func (c *Collection) Writable() bool {
	if c.Privileges == nil {
		return true
	}
	for _, privilege := range []string{"all", "write", "write-content", "bind"} { // RFC 3744 section 3
		if slices.Contains(c.Privileges, privilege) {
			return true
		}
	}
	return false
}

// Is reports whether resourcetype holds the local name: "shared", "subscribed", "schedule-inbox".
func (c *Collection) Is(resourceType string) bool { return slices.Contains(c.Types, resourceType) }

// reports tells whether the collection announces a report; one that announces none is tried.
func (c *Collection) reports(local string) bool {
	return c.Reports == nil || slices.Contains(c.Reports, local)
}

// collectionProperties are asked for in one request; those that a server does not know come back
// as 404 each, which does no harm.
func collectionProperties() []xml.Name {
	return []xml.Name{
		davName("resourcetype"), davName("displayname"), davName("sync-token"), davName("supported-report-set"),
		davName("current-user-privilege-set"), davName("owner"),
		csName("getctag"), csName("source"),
		calName("calendar-description"), calName("calendar-timezone"), calName("supported-calendar-component-set"),
		calName("schedule-calendar-transp"), calName("max-resource-size"),
		cardName("addressbook-description"), cardName("supported-address-data"), cardName("max-resource-size"),
		{Space: nsApple, Local: "calendar-color"}, {Space: nsApple, Local: "calendar-order"},
	}
}

// Collections lists the collections of the home's kind in all its home sets, each once. Subscribed,
// shared and read-only ones are among them; inboxes, outboxes and the like are not. With an *UnshownError come those that
// are shown.
func (c *Client) Collections(ctx context.Context, home *Home) ([]Collection, error) {
	var all []Collection
	var unshown *UnshownError
	seen := map[string]bool{Key(home.Inbox): true, Key(home.Outbox): true} // DAViCal does not give them their type
	for _, set := range home.HomeSets {
		target, err := c.target(set)
		if err != nil {
			return nil, err
		}
		found, err := c.collectionsIn(ctx, target, home)
		if unshown, err = unshown.with(err); err != nil {
			return nil, err
		}
		if len(all)+len(found) > maxSets {
			return nil, &TooManyError{URL: display(target), Limit: maxSets}
		}
		for _, collection := range found {
			if key := Key(collection.Href); !seen[key] {
				seen[key] = true
				all = append(all, collection)
			}
		}
	}
	if unshown != nil {
		return all, unshown
	}
	return all, nil
}

// with takes over an error that is about single collections, and returns any other.
func (e *UnshownError) with(err error) (*UnshownError, error) {
	var more *UnshownError
	switch {
	case !errors.As(err, &more):
		return e, err
	case e == nil:
		return more, nil
	}
	return &UnshownError{Hrefs: append(e.Hrefs, more.Hrefs...), Err: e.Err}, nil
}

// noteDefault keeps what a listing says of the default of a home, if the resource is its inbox (RFC 6638 section 9.2): DefaultOf need
// not ask for it.
func (c *Client) noteDefault(home *Home, page, u *url.URL, r *response) {
	if key := Key(c.hrefOf(u)); home.Inbox != "" && key == Key(home.Inbox) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.defaults[key] = firstOf(c.hrefsOn(page, r.found[dialectOf(home.Kind).defaultHref]))
	}
}

func (c *Client) collectionsIn(ctx context.Context, target *url.URL, home *Home) ([]Collection, error) {
	a, m, err := c.propfind(ctx, target, 1, append(collectionProperties(), dialectOf(home.Kind).defaultHref)...)
	if err != nil {
		return nil, err
	}
	defer a.close()
	var all []Collection
	var unshown *UnshownError
	err = m.each(func(r *response) error {
		u, err := resolve(a.target, r.href())
		if err == nil && r.status >= http.StatusMultipleChoices {
			err = c.inner(a, r, r.status)
		}
		switch {
		case IsStatus(err, http.StatusNotFound), IsStatus(err, http.StatusGone):
			return nil // removed in this moment
		case err != nil:
			if unshown, err = unshown.with(&UnshownError{Hrefs: []string{r.href()}, Err: err}); len(unshown.Hrefs) > maxSets {
				return &TooManyError{URL: display(target), Limit: maxSets}
			}
			return err
		}
		if len(all) > maxSets {
			return &TooManyError{URL: display(target), Limit: maxSets}
		}
		c.noteDefault(home, a.target, u, r)
		if found := c.collectionAt(a.target, u, r, home.Kind); found.isOf(home.Kind) {
			all = append(all, found)
		}
		return nil
	})
	if err == nil && unshown != nil {
		err = unshown
	}
	return all, err
}

// isOf reports whether it holds objects of that kind. A subscription of an old server has no other
// type than cs:subscribed.
func (c *Collection) isOf(kind Kind) bool {
	return c.Is(dialectOf(kind).resource) || kind == Calendars && c.Is("subscribed")
}

// Collection reads one collection's properties anew.
func (c *Client) Collection(ctx context.Context, href string, kind Kind) (*Collection, error) {
	target, err := c.target(href)
	if err != nil {
		return nil, err
	}
	r, at, err := c.properties(ctx, target, collectionProperties()...)
	if err != nil {
		return nil, err
	}
	found := c.collectionAt(at, at, r, kind)
	return &found, nil
}

// collectionAt is a collection with its hrefs in the form that callers get: on a server that writes whole URLs
// an owner would otherwise be nobody's principal.
func (c *Client) collectionAt(page, at *url.URL, r *response, kind Kind) Collection {
	found := newCollection(r, kind)
	found.Href = c.hrefOf(at)
	found.Owner = firstOf(c.hrefsOn(page, r.found[davName("owner")]))
	return found
}

func newCollection(r *response, kind Kind) Collection {
	color := xml.Name{Space: nsApple, Local: "calendar-color"}
	order := xml.Name{Space: nsApple, Local: "calendar-order"}
	c := Collection{
		Kind:        kind,
		Name:        r.value(davName("displayname")),
		Description: r.value(dialectOf(kind).description),
		Color:       r.value(color),
		Order:       r.value(order),
		CTag:        r.value(csName("getctag")),
		SyncToken:   r.value(davName("sync-token")),
		Types:       r.found[davName("resourcetype")].locals(),
		Source:      firstOf(r.found[csName("source")].hrefs()),
		Transparent: r.found[calName("schedule-calendar-transp")].child(calName("transparent")) != nil,
	}
	if timezone := r.found[calName("calendar-timezone")]; timezone != nil {
		c.Timezone = timezone.text
	}
	if set := r.found[davName("current-user-privilege-set")]; set != nil {
		c.Privileges = grandchildren(set, davName("privilege"))
	}
	c.readSupport(r)
	return c
}

// readSupport takes over what the server says about its own limits.
func (c *Collection) readSupport(r *response) {
	if set := r.found[davName("supported-report-set")]; set != nil {
		for _, supported := range set.children {
			c.Reports = append(c.Reports, reportsIn(supported)...)
		}
	}
	if set := r.found[calName("supported-calendar-component-set")]; set != nil {
		for _, component := range set.children {
			c.Components = append(c.Components, component.attr("name"))
		}
	}
	if set := r.found[cardName("supported-address-data")]; set != nil {
		for _, form := range set.children {
			c.AddressData = append(c.AddressData, form.attr("content-type")+";version="+form.attr("version"))
		}
	}
	for _, name := range []xml.Name{calName("max-resource-size"), cardName("max-resource-size")} {
		if size, err := strconv.ParseInt(r.value(name), 10, 64); err == nil && size > 0 {
			c.MaxSize = size
		}
	}
}

// reportsIn returns the local names of the reports in a DAV:supported-report. Xandikos leaves the
// DAV:report around the name out.
func reportsIn(supported *element) []string {
	if supported.child(davName("report")) == nil {
		return supported.locals()
	}
	return grandchildren(supported, davName("report"))
}

// value returns a property's text, "" if it was not found.
func (r *response) value(name xml.Name) string { return r.found[name].trimmed() }

// grandchildren returns the local names of what is in the children of that name.
func grandchildren(e *element, name xml.Name) []string {
	all := []string{}
	for _, c := range e.children {
		if c.name == name {
			all = append(all, c.locals()...)
		}
	}
	return all
}

func firstOf(all []string) string {
	if len(all) == 0 {
		return ""
	}
	return all[0]
}
