// SPDX-License-Identifier: Apache-2.0

package dav

import (
	"context"
	"encoding/xml"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// document builds the XML of a request.
type document struct{ strings.Builder }

// tag is a qualified name as documents of this package write it.
func tag(name xml.Name) string {
	switch name.Space {
	case nsCalDAV:
		return "C:" + name.Local
	case nsCardDAV:
		return "R:" + name.Local
	case nsCS:
		return "S:" + name.Local
	case nsApple:
		return "A:" + name.Local
	}
	return "D:" + name.Local
}

// newDocument begins with the root element, which declares every prefix that tag uses.
func newDocument(root xml.Name) *document {
	d := &document{}
	d.WriteString(xml.Header + "<" + tag(root) + ` xmlns:D="` + nsDAV + `" xmlns:C="` + nsCalDAV + `" xmlns:R="` + nsCardDAV +
		`" xmlns:S="` + nsCS + `" xmlns:A="` + nsApple + `">`)
	return d
}

// finish closes the root element.
func (d *document) finish(root xml.Name) []byte {
	d.WriteString("</" + tag(root) + ">\n")
	return []byte(d.String())
}

// empty writes elements without content, inside one named parent.
func (d *document) empty(parent xml.Name, names ...xml.Name) {
	d.WriteString("<" + tag(parent) + ">")
	for _, n := range names {
		d.WriteString("<" + tag(n) + "/>")
	}
	d.WriteString("</" + tag(parent) + ">")
}

// textual writes an element with text. A carriage return becomes a reference, so that it arrives.
func (d *document) textual(name xml.Name, text string) {
	d.WriteString("<" + tag(name) + ">")
	_ = xml.EscapeText(d, []byte(text)) // a strings.Builder takes everything
	d.WriteString("</" + tag(name) + ">")
}

// xmlHeader goes with a request whose body is XML.
func xmlHeader(depth string) http.Header {
	h := http.Header{"Content-Type": {"application/xml; charset=utf-8"}}
	if depth != "" {
		h.Set("Depth", depth)
	}
	return h
}

// propfind asks for properties (RFC 4918 section 9.1). The caller closes the answer.
func (c *Client) propfind(ctx context.Context, target *url.URL, depth int, names ...xml.Name) (*answer, *multistatus, error) {
	return c.propfindUpTo(ctx, target, depth, maxProperties, names...)
}

// propfindUpTo is for properties of up to so many octets a resource.
func (c *Client) propfindUpTo(ctx context.Context, target *url.URL, depth int, limit int64, names ...xml.Name) (*answer, *multistatus, error) {
	root := davName("propfind")
	body := newDocument(root)
	body.empty(davName("prop"), names...)
	return c.ask(ctx, request{
		method: "PROPFIND", url: target, header: xmlHeader(strconv.Itoa(depth)), body: body.finish(root),
	}, limit)
}

// ask sends a request that a multistatus answers, with up to so many octets in a response.
func (c *Client) ask(ctx context.Context, r request, limit int64) (*answer, *multistatus, error) {
	a, err := c.do(ctx, r, http.StatusMultiStatus)
	if err != nil {
		return nil, nil, err
	}
	m, err := newMultistatus(a, limit)
	if err != nil {
		a.close()
		return nil, nil, err
	}
	return a, m, nil
}

// properties reads properties of one resource, and tells where it answered in the end.
func (c *Client) properties(ctx context.Context, target *url.URL, names ...xml.Name) (*response, *url.URL, error) {
	a, m, err := c.propfind(ctx, target, 0, names...)
	if err != nil {
		return nil, nil, err
	}
	defer a.close()
	var own *response
	err = m.each(func(r *response) error {
		// Servers that ignore Depth list the children too.
		if own == nil || c.sameResource(a.target, r.href()) {
			own = r
		}
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	if own == nil {
		return nil, nil, a.formatError("the multistatus is empty", "")
	}
	if own.status >= 300 {
		return nil, nil, c.inner(a, own, own.status)
	}
	return own, a.target, nil
}

// sameResource reports whether href, found in an answer from page, means page itself.
func (c *Client) sameResource(page *url.URL, href string) bool {
	u, err := resolve(page, href)
	return err == nil && Key(c.hrefOf(u)) == Key(c.hrefOf(page))
}
