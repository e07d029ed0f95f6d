// SPDX-License-Identifier: Apache-2.0

package cutover

import (
	"strings"
	"time"
)

// Provider is a company that runs DNS for others.
type Provider struct {
	Name   string
	MinTTL time.Duration // the smallest TTL that it lets its customers set; 0 if that is not known
	NoSRV  bool          // its interface cannot write SRV records
}

// providers are recognised by how the names of their servers end.
func providers() []struct {
	Provider
	endings []string
} {
	type known = struct {
		Provider
		endings []string
	}
	return []known{
		{Provider{Name: "Amazon Route 53"}, []string{".awsdns-"}}, // ns-1.awsdns-01.com, .net, .org, .co.uk
		{Provider{Name: "Azure DNS"}, []string{".azure-dns.com", ".azure-dns.net", ".azure-dns.org", ".azure-dns.info"}},
		{Provider{Name: "Cloudflare"}, []string{".ns.cloudflare.com"}},
		{Provider{Name: "deSEC", MinTTL: time.Hour}, []string{"ns1.desec.io", "ns2.desec.org"}},
		{Provider{Name: "DigitalOcean"}, []string{".digitalocean.com"}},
		{Provider{Name: "Gandi", MinTTL: 5 * time.Minute}, []string{".gandi.net"}},
		{Provider{Name: "GoDaddy"}, []string{".domaincontrol.com"}},
		{Provider{Name: "Google Cloud DNS"}, []string{".googledomains.com"}},
		{Provider{Name: "Hetzner"}, []string{".ns.hetzner.com", ".ns.hetzner.de"}},
		{Provider{Name: "IONOS"}, []string{".ui-dns.com", ".ui-dns.de", ".ui-dns.org", ".ui-dns.biz"}},
		{Provider{Name: "Namecheap", NoSRV: true}, []string{".registrar-servers.com"}},
		{Provider{Name: "OVHcloud"}, []string{".ovh.net", ".anycast.me"}},
	}
}

// recognise returns whose servers these are. Unless all of them are of one company, nobody is named: a second one has to be
// changed as well, or follows by itself, and the names do not tell.
func recognise(servers []string) (Provider, bool) {
	var found Provider
	for i, server := range servers {
		p, ok := providerOf("." + strings.ToLower(server))
		if !ok || i > 0 && p.Name != found.Name {
			return Provider{}, false
		}
		found = p
	}
	return found, len(servers) > 0
}

func providerOf(server string) (Provider, bool) {
	for _, p := range providers() {
		for _, ending := range p.endings {
			if strings.HasSuffix(server, ending) || strings.HasSuffix(ending, "-") && strings.Contains(server, ending) {
				return p.Provider, true
			}
		}
	}
	return Provider{}, false
}
