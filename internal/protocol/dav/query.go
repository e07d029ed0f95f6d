// SPDX-License-Identifier: Apache-2.0

package dav

import (
	"context"
	"encoding/xml"
	"errors"
	"slices"
)

// ErrNoQuery says that a server announces its reports, and no query among them.
var ErrNoQuery = errors.New("the server answers no queries")

// WithUID asks which objects of a collection have a UID (RFC 4791 section 7.8, RFC 6352 section 8.6), without reading them: those
// of the component whose UID is that one, or all that have any where uid is "". component is of no interest in an address book.
//
// Servers differ in what they compare: an item may also have a UID in which that one is contained, or another one altogether
// where the server does not understand the filter. An answer that does not say which objects it is about, or that is not
// complete, is an error. What a server cannot read itself it may leave out without a word.
func (c *Client) WithUID(ctx context.Context, collection *Collection, component, uid string, each func(Item) error) error {
	name := dialectOf(collection.Kind).query
	if !collection.reports(name.Local) {
		return ErrNoQuery
	}
	target, err := c.target(collection.Href)
	if err != nil {
		return err
	}
	body := newDocument(name)
	body.empty(davName("prop"), davName("getetag"))
	body.filterUID(collection.Kind, component, uid)
	a, m, err := c.ask(ctx, request{method: "REPORT", url: target, header: xmlHeader("1"), body: body.finish(name)}, maxProperties)
	if err != nil {
		return err
	}
	defer a.close()
	err = m.each(func(r *response) error {
		u, err := resolve(a.target, r.href())
		switch status := r.failure(); {
		case err != nil || r.href() == "":
			return a.formatError("the answer does not say which object it is about", bounded(r.href()))
		case r.status != 0 && r.status/100 != 2: // 507 also says that there are more
			return &StatusError{Method: a.method, URL: display(u), Status: status, Text: r.text}
		}
		if err := each(Item{Href: c.hrefOf(u), ETag: r.value(davName("getetag")), Size: -1}); err != nil {
			return &stop{err}
		}
		return nil
	})
	err, _ = stopped(err)
	return err
}

// filterUID writes the filter of a query, RFC 4791 section 9.7, RFC 6352 section 10.5.
func (d *document) filterUID(kind Kind, component, uid string) {
	if kind == AddressBooks {
		d.filter(cardName, [][2]string{{"prop-filter", "UID"}}, func() {
			if uid != "" {
				d.WriteString("<" + tag(cardName("text-match")) + ` match-type="equals">`)
				_ = xml.EscapeText(d, []byte(uid)) // a strings.Builder takes everything
				d.WriteString("</" + tag(cardName("text-match")) + ">")
			}
		})
		return
	}
	d.filter(calName, [][2]string{{"comp-filter", "VCALENDAR"}, {"comp-filter", component}, {"prop-filter", "UID"}}, func() {
		if uid != "" {
			d.textual(calName("text-match"), uid)
		}
	})
}

// filter writes filters in each other, by element and name, and what is in the innermost.
func (d *document) filter(nameOf func(string) xml.Name, filters [][2]string, inner func()) {
	root := tag(nameOf("filter"))
	d.WriteString("<" + root + ">")
	for _, f := range filters {
		d.WriteString("<" + tag(nameOf(f[0])) + ` name="`)
		_ = xml.EscapeText(d, []byte(f[1])) // likewise
		d.WriteString(`">`)
	}
	inner()
	for _, f := range slices.Backward(filters) {
		d.WriteString("</" + tag(nameOf(f[0])) + ">")
	}
	d.WriteString("</" + root + ">")
}
