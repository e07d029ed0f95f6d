// SPDX-License-Identifier: Apache-2.0

package dav

import (
	"net/url"
	"strings"
)

// trusts reports whether requests, and with them the credentials, may go to the target: the origin
// of the given URL, the same host over TLS, and by https the hosts that the caller trusts. Never a
// host that only the server or DNS names, and never from https down to http.
func (c *Client) trusts(target *url.URL) bool {
	if sameOrigin(target, c.base) {
		return true
	}
	if target.Scheme != "https" {
		return false
	}
	if strings.EqualFold(target.Hostname(), c.base.Hostname()) {
		return true
	}
	for _, host := range c.options.TrustedHosts {
		if strings.EqualFold(host, target.Hostname()) || strings.EqualFold(host, target.Hostname()+":"+portOf(target)) {
			return true
		}
	}
	return false
}

// whyNot says why a target is not trusted.
func (c *Client) whyNot(target *url.URL) string {
	if target.Scheme != "https" && c.base.Scheme == "https" {
		return "it leaves TLS"
	}
	return "the host is another one, and not among those that may get the credentials"
}
