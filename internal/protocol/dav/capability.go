// SPDX-License-Identifier: Apache-2.0

package dav

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Capabilities is what OPTIONS says.
type Capabilities struct {
	Known bool     // the server answered
	DAV   []string // compliance classes in lower case: "1", "calendar-access", "calendar-auto-schedule"
	Allow []string // methods
}

// Has reports whether the compliance class is announced.
func (p Capabilities) Has(class string) bool { return slices.Contains(p.DAV, class) }

// Schedules reports whether the server may write to attendees when an event is stored (RFC 6638
// section 2).
func (p Capabilities) Schedules() bool { return p.Has("calendar-auto-schedule") }

// MaySchedule is false only where the server has answered as one for calendars, and without announcing that it schedules:
// what it does not say clearly is unknown.
func (p Capabilities) MaySchedule() bool { return p.Schedules() || !p.Has("calendar-access") }

// Capabilities asks with OPTIONS.
func (c *Client) Capabilities(ctx context.Context, href string) (Capabilities, error) {
	target, err := c.target(href)
	if err != nil {
		return Capabilities{}, err
	}
	return c.capabilities(ctx, target)
}

func (c *Client) capabilities(ctx context.Context, target *url.URL) (Capabilities, error) {
	a, err := c.do(ctx, request{method: http.MethodOptions, url: target}, http.StatusOK, http.StatusNoContent)
	if err != nil {
		return Capabilities{}, err
	}
	defer a.close()
	return Capabilities{
		Known: true, DAV: listed(a.header.Values("DAV"), strings.ToLower), Allow: listed(a.header.Values("Allow"), strings.ToUpper),
	}, nil
}

// listed splits header fields that hold lists.
func listed(fields []string, fold func(string) string) []string {
	var all []string
	for _, field := range fields {
		for word := range strings.SplitSeq(field, ",") {
			if word = fold(strings.TrimSpace(word)); word != "" {
				all = append(all, word)
			}
		}
	}
	return all
}
