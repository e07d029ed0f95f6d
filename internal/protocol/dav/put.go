// SPDX-License-Identifier: Apache-2.0

package dav

import (
	"cmp"
	"context"
	"net/http"
	"strings"
)

// Upload is what Put sends.
type Upload struct {
	Kind        Kind
	Data        []byte
	ContentType string // "" means the one of Kind
	// IfMatch is the ETag that the object must still have. "" means that there must be none
	// (If-None-Match: *), unless Overwrite is set.
	IfMatch   string
	Overwrite bool
}

// Stored is what a server says about an object that it has taken.
type Stored struct {
	Href string // where it is: the Location, if the server chose another place
	ETag string // "" if the server does not say; many servers give one although they changed the bytes
	Note string // the server's own remark about a repair (X-Sabre-Ew-Gross)
}

// Put writes one object. 412 is a *StatusError like every other refusal: look again, never
// overwrite. A server that answers 207 has refused if there is a refusal inside.
func (c *Client) Put(ctx context.Context, href string, upload Upload) (Stored, error) {
	target, err := c.target(href)
	if err != nil {
		return Stored{}, err
	}
	header := http.Header{"Content-Type": {cmp.Or(upload.ContentType, dialectOf(upload.Kind).mediaType)}}
	switch {
	case upload.IfMatch != "":
		header.Set("If-Match", matching(upload.IfMatch))
	case !upload.Overwrite:
		header.Set("If-None-Match", "*")
	}
	a, err := c.do(ctx, request{method: http.MethodPut, url: target, header: header, body: upload.Data, write: true},
		http.StatusCreated, http.StatusNoContent, http.StatusOK, http.StatusAccepted, http.StatusMultiStatus)
	if err != nil {
		return Stored{}, err
	}
	defer a.close()
	if a.status == http.StatusMultiStatus {
		if err := c.refusedInside(a); err != nil {
			return Stored{}, err
		}
	}
	stored := Stored{Href: href, ETag: a.header.Get("ETag"), Note: c.words(a.header.Get("X-Sabre-Ew-Gross"))}
	if location := a.header.Get("Location"); location != "" {
		if u, err := resolve(a.target, location); err == nil && Key(c.hrefOf(u)) != Key(c.hrefOf(a.target)) {
			stored.Href = c.hrefOf(u)
		}
	}
	return stored, nil
}

// matching makes an If-Match of an etag. A weak one never matches (RFC 9110 section 13.1.1), but
// may be the strong one behind a proxy that compresses, or the server's own idea.
func matching(etag string) string {
	if strings.HasPrefix(etag, "W/") || strings.HasPrefix(etag, "w/") {
		return etag[2:] + ", " + etag
	}
	return etag
}

// refusedInside looks for a refusal in a multistatus, nil if there is none.
func (c *Client) refusedInside(a *answer) error {
	m, err := newMultistatus(a, maxRefusal)
	if err != nil {
		return err
	}
	return m.each(func(r *response) error {
		if status := r.failure(); status != 0 {
			return c.inner(a, r, status)
		}
		return nil
	})
}
