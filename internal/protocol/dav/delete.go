// SPDX-License-Identifier: Apache-2.0

package dav

import (
	"context"
	"net/http"
)

// Delete removes an object if it still has the etag; "" means whatever it has. A collection goes
// with everything in it.
func (c *Client) Delete(ctx context.Context, href, etag string) error {
	target, err := c.target(href)
	if err != nil {
		return err
	}
	header := http.Header{}
	if etag != "" {
		header.Set("If-Match", matching(etag))
	}
	a, err := c.do(ctx, request{method: http.MethodDelete, url: target, header: header, write: true},
		http.StatusNoContent, http.StatusOK, http.StatusAccepted, http.StatusMultiStatus)
	if err != nil {
		return err
	}
	defer a.close()
	if a.status == http.StatusMultiStatus { // members that could not be removed, RFC 4918 section 9.6.1
		return c.refusedInside(a)
	}
	return nil
}
