// SPDX-License-Identifier: Apache-2.0

package dav

import (
	"context"
	"encoding/xml"
	"net/http"
	"net/url"
)

// NewCollection is what MakeCollection asks for.
type NewCollection struct {
	Kind       Kind
	Name       string   // displayname
	Components []string // calendars only; none means the server's default
}

// MakeCollection creates a collection: by extended MKCOL (RFC 5689), a calendar by MKCALENDAR (RFC
// 4791 section 5.3.1) if the server does not take that, then both without properties. It sets
// nothing but name and components, and perhaps not even these: read the collection back, since
// what counts is what is there. The error is that of the first attempt.
func (c *Client) MakeCollection(ctx context.Context, href string, want NewCollection) error {
	target, err := c.target(href)
	if err != nil {
		return err
	}
	d := dialectOf(want.Kind)
	bare := NewCollection{Kind: want.Kind}
	attempts := []request{extendedMKCOL(target, d, want)}
	if want.Kind == Calendars {
		attempts = append(attempts, mkcalendar(target, want))
	}
	attempts = append(attempts, extendedMKCOL(target, d, bare))
	if want.Kind == Calendars {
		attempts = append(attempts, mkcalendar(target, bare))
	}
	var first error
	for _, attempt := range attempts {
		err := c.make(ctx, attempt)
		if err == nil {
			return nil
		}
		if first == nil {
			first = err
		}
		if !mayAskOtherwise(err) {
			return err
		}
	}
	return first
}

func (c *Client) make(ctx context.Context, r request) error {
	a, err := c.do(ctx, r, http.StatusCreated, http.StatusOK, http.StatusNoContent, http.StatusMultiStatus)
	if err != nil {
		return err
	}
	defer a.close()
	if a.status == http.StatusMultiStatus {
		return c.refusedInside(a)
	}
	return nil
}

func extendedMKCOL(target *url.URL, d dialect, want NewCollection) request {
	root := davName("mkcol")
	body := newDocument(root)
	body.WriteString("<D:set><D:prop>")
	kind := calName(d.resource)
	if want.Kind == AddressBooks {
		kind = cardName(d.resource)
	}
	body.empty(davName("resourcetype"), davName("collection"), kind)
	body.describe(want)
	body.WriteString("</D:prop></D:set>")
	return request{method: "MKCOL", url: target, header: xmlHeader(""), body: body.finish(root), write: true}
}

func mkcalendar(target *url.URL, want NewCollection) request {
	r := request{method: "MKCALENDAR", url: target, write: true}
	if want.Name == "" && len(want.Components) == 0 {
		return r
	}
	root := calName("mkcalendar")
	body := newDocument(root)
	body.WriteString("<D:set><D:prop>")
	body.describe(want)
	body.WriteString("</D:prop></D:set>")
	r.header, r.body = xmlHeader(""), body.finish(root)
	return r
}

// describe writes name and components.
func (d *document) describe(want NewCollection) {
	if want.Name != "" {
		d.textual(davName("displayname"), want.Name)
	}
	if len(want.Components) == 0 {
		return
	}
	set := tag(calName("supported-calendar-component-set"))
	d.WriteString("<" + set + ">")
	for _, component := range want.Components {
		d.WriteString("<" + tag(calName("comp")) + ` name="`)
		_ = xml.EscapeText(d, []byte(component)) // a strings.Builder takes everything
		d.WriteString(`"/>`)
	}
	d.WriteString("</" + set + ">")
}
