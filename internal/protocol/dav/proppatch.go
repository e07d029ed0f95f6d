// SPDX-License-Identifier: Apache-2.0

package dav

import (
	"context"
	"encoding/xml"
	"fmt"
	"net/http"
)

// Property is one that SetProperty can set.
type Property string

// The properties of a collection that a move carries.
const (
	PropertyName         Property = "displayname"
	PropertyDescription  Property = "description"
	PropertyColor        Property = "color"
	PropertyOrder        Property = "order"
	PropertyTimezone     Property = "timezone"
	PropertyTransparency Property = "transparency" // "transparent" or "opaque"
)

// name returns the property's qualified name for the kind of collection.
func (p Property) name(kind Kind) (xml.Name, bool) {
	switch p {
	case PropertyName:
		return davName("displayname"), true
	case PropertyDescription:
		return dialectOf(kind).description, true
	case PropertyColor:
		return xml.Name{Space: nsApple, Local: "calendar-color"}, true
	case PropertyOrder:
		return xml.Name{Space: nsApple, Local: "calendar-order"}, true
	case PropertyTimezone:
		return calName("calendar-timezone"), true
	case PropertyTransparency:
		return calName("schedule-calendar-transp"), true
	}
	return xml.Name{}, false
}

// SetProperty sets one property by a PROPPATCH of its own, because one that a server does not know
// makes it refuse all of a request. The verdict on the property is checked: a *StatusError with its
// status if the server did not take it. An empty value removes the property.
func (c *Client) SetProperty(ctx context.Context, href string, kind Kind, property Property, value string) error {
	target, err := c.target(href)
	if err != nil {
		return err
	}
	name, known := property.name(kind)
	if !known || property == PropertyTransparency && value != "" && value != "transparent" && value != "opaque" {
		return fmt.Errorf("property %q: no such property or value", string(property))
	}
	root := davName("propertyupdate")
	body := newDocument(root)
	switch {
	case value == "":
		body.WriteString("<D:remove>")
		body.empty(davName("prop"), name)
		body.WriteString("</D:remove>")
	case property == PropertyTransparency:
		body.WriteString("<D:set><D:prop>")
		body.empty(name, calName(value))
		body.WriteString("</D:prop></D:set>")
	default:
		body.WriteString("<D:set><D:prop>")
		body.textual(name, value)
		body.WriteString("</D:prop></D:set>")
	}
	a, err := c.do(ctx, request{method: "PROPPATCH", url: target, header: xmlHeader(""), body: body.finish(root), write: true},
		http.StatusMultiStatus, http.StatusOK, http.StatusNoContent)
	if err != nil {
		return err
	}
	defer a.close()
	if a.status != http.StatusMultiStatus {
		return nil
	}
	return c.verdict(a, name)
}

// verdict finds what a multistatus says about one property.
func (c *Client) verdict(a *answer, name xml.Name) error {
	m, err := newMultistatus(a, maxProperties)
	if err != nil {
		return err
	}
	taken := false
	err = m.each(func(r *response) error {
		if status := r.failure(); status != 0 {
			return c.inner(a, r, status)
		}
		taken = taken || r.found[name] != nil || r.status/100 == 2
		return nil
	})
	if err == nil && !taken {
		err = a.formatError("the answer does not say whether "+name.Local+" was set", "")
	}
	return err
}
