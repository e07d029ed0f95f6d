// SPDX-License-Identifier: Apache-2.0

package dav

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Search is what discovery knows besides the client's URL. All may be empty.
type Search struct {
	Principal string // that the server has named as the user's before: it is asked first

	UserURL  func(context.Context) (string, error) // the user's own, as the webmail knows it; asked when its turn comes
	Domain   string                                // for SRV and TXT records
	Account  string                                // for the paths that server products are known to use
	Resolver Resolver                              // nil means net.DefaultResolver
}

// Resolver answers what discovery asks DNS (RFC 6764 section 4); *net.Resolver is one.
type Resolver interface {
	LookupSRV(ctx context.Context, service, proto, name string) (cname string, addrs []*net.SRV, err error)
	LookupTXT(ctx context.Context, name string) ([]string, error)
}

// place is one where a home may be. err says why it is not even asked.
type place struct {
	how   string
	shown string
	url   *url.URL
	err   error
}

// places yields every place once, in order; DNS is asked only when its turn comes.
func (c *Client) places(ctx context.Context, d dialect, search Search) iter.Seq[place] {
	return func(yield func(place) bool) {
		seen := map[string]bool{}
		offer := func(p place) bool {
			if p.url != nil {
				p.shown = display(p.url)
				if seen[p.shown] {
					return true
				}
				seen[p.shown] = true
				if p.err == nil && !c.trusts(p.url) {
					p.err = errors.New(c.whyNot(p.url))
				}
			}
			return yield(p)
		}
		if !offer(place{how: "given URL", url: c.base}) || !c.offerUserURL(ctx, search, offer) || !c.offerRecords(ctx, d, search, offer) {
			return
		}
		if !offer(place{how: "well-known", url: onHost(c.base, d.wellKnown)}) || !offer(place{how: "root", url: onHost(c.base, "/")}) {
			return
		}
		for _, path := range d.vendorPaths {
			if strings.Contains(path, "%s") {
				if search.Account == "" {
					continue
				}
				path = fmt.Sprintf(path, url.PathEscape(search.Account))
			}
			if !offer(place{how: "path of a known product", url: onHost(c.base, path)}) {
				return
			}
		}
	}
}

func onHost(base *url.URL, path string) *url.URL {
	u := &url.URL{Scheme: base.Scheme, Host: base.Host}
	setPath(u, path)
	return u
}

func (c *Client) offerUserURL(ctx context.Context, search Search, offer func(place) bool) bool {
	if search.UserURL == nil {
		return true
	}
	const how = "the user's own URL"
	own, err := search.UserURL(ctx)
	if err != nil {
		return offer(place{how: how, err: err})
	}
	if own == "" {
		return true
	}
	u, err := resolve(c.base, own)
	return offer(place{how: how, url: u, err: err})
}

// dnsTimeout bounds the look-ups: DNS is a help, not a condition.
const dnsTimeout = 10 * time.Second

// offerRecords goes by RFC 6764. The records are not trusted: a host that is not known otherwise
// gets no credentials, and the path of TXT is only tried (zones are seen in which those of
// calendars and address books are swapped), before the host's well-known one.
func (c *Client) offerRecords(ctx context.Context, d dialect, search Search, offer func(place) bool) bool {
	if search.Domain == "" {
		return true
	}
	resolver := search.Resolver
	if resolver == nil {
		resolver = net.DefaultResolver
	}
	for i, service := range d.services {
		scheme := []string{"https", "http"}[i]
		ask, cancel := context.WithTimeout(ctx, dnsTimeout)
		_, records, err := resolver.LookupSRV(ask, service, "tcp", search.Domain)
		texts, _ := resolver.LookupTXT(ask, "_"+service+"._tcp."+search.Domain) // optional
		cancel()
		if err != nil { // among others: there is none
			if !offer(place{how: "SRV record", shown: "_" + service + "._tcp." + search.Domain, err: err}) {
				return false
			}
			continue
		}
		for _, record := range records {
			host := strings.TrimSuffix(record.Target, ".")
			if host == "" { // "the service is not here", RFC 2782
				continue
			}
			at := &url.URL{Scheme: scheme, Host: net.JoinHostPort(host, strconv.Itoa(int(record.Port)))}
			for _, path := range append(textPaths(texts), d.wellKnown) {
				if !offer(place{how: "SRV record", url: onHost(at, path)}) {
					return false
				}
			}
		}
	}
	return true
}

// textPaths reads path=... of the TXT records (RFC 6764 section 4).
func textPaths(texts []string) []string {
	var paths []string
	for _, text := range texts {
		if path, ok := strings.CutPrefix(text, "path="); ok && strings.HasPrefix(path, "/") {
			paths = append(paths, path)
		}
	}
	return paths
}
