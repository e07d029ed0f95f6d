// SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"maps"
	"net"
	"net/url"
	"slices"
	"strings"

	"rehome/internal/dnswrite"
	"rehome/internal/protocol/dns"
)

// DNSProvider is where records of some zones are written.
type DNSProvider struct {
	Kind      dnswrite.Kind `yaml:"kind" enum:"rfc2136,powerdns,cloudflare,route53,hetzner,desec,gandi,by_hand"`
	Zones     []string      `yaml:"zones" example:"[example.com, example.org]"`
	Server    string        `yaml:"server" example:"192.0.2.53:53"`
	URL       string        `yaml:"url" example:"http://127.0.0.1:8081"`
	Key       string        `yaml:"key" example:"rehome." doc:"rfc2136: the name of the TSIG key. route53: the ID of the access key."`
	Algorithm string        `yaml:"algorithm" doc:"rfc2136: the algorithm of the key."`
	Secret    Reference     `yaml:"secret" example:"\"file:secrets/dns\""`
	Trust     `yaml:",inline"`
}

func defaultDNSProvider() *DNSProvider {
	return &DNSProvider{Kind: dnswrite.RFC2136, Algorithm: dns.Algorithms()[2], Trust: Trust{TLSMin: "1.2"}}
}

// Writer returns the name and the settings of what writes to a zone; none means that a person does.
func (s DNS) Writer(zone string) (name string, provider *DNSProvider) {
	for _, name := range slices.Sorted(maps.Keys(s.Providers)) {
		if slices.Contains(s.Providers[name].Zones, zone) {
			return name, s.Providers[name]
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Providers)) {
		if len(s.Providers[name].Zones) == 0 {
			return name, s.Providers[name]
		}
	}
	return "", nil
}

// completeProviders fills in what a section leaves out.
func (s DNS) completeProviders() {
	for name, p := range s.Providers {
		if p == nil {
			p = &DNSProvider{}
			s.Providers[name] = p
		}
		usual := defaultDNSProvider()
		if p.Algorithm == "" {
			p.Algorithm = usual.Algorithm
		}
		if p.TLSMin == "" {
			p.TLSMin = usual.TLSMin
		}
		for i, zone := range p.Zones {
			p.Zones[i] = asciiName(zone)
		}
	}
}

func (d *document) checkDNSProviders(path string, s DNS) {
	owner := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(s.Providers)) {
		p, at := s.Providers[name], path+"."+name
		if strings.ContainsAny(name, ". /") {
			d.addAt(at, "is no name for a provider", "choose a short word, for example cloudflare")
		}
		d.checkDNSProvider(at, p)
		zones := p.Zones
		if len(zones) == 0 {
			zones = []string{""}
		}
		for _, zone := range zones {
			if zone != "" && (!dns.ValidName(zone) || strings.ContainsAny(zone, " @/:")) {
				d.addAt(at+".zones", fmt.Sprintf("has %q, which is no zone", zone), "write names such as example.com")
			}
			if other, taken := owner[zone]; taken && zone == "" {
				d.addAt(at+".zones", "is missing, as in "+other, "name the zones of all providers but one")
			} else if taken {
				d.addAt(at+".zones", "has "+zone+", as "+other+" has", "let one of them write to it")
			}
			owner[zone] = at
		}
	}
}

func (d *document) checkDNSProvider(path string, p *DNSProvider) {
	d.checkTrust(path, p.Trust)
	switch p.Kind {
	case dnswrite.Hand, "": // which is no choice, as checkField says
	case dnswrite.RFC2136:
		if host, port, err := net.SplitHostPort(p.Server); err != nil || host == "" || port == "" {
			d.addAt(path+".server", "is no host and port", "write the server that takes changes, for example 192.0.2.53:53")
		}
		if !slices.Contains(dns.Algorithms(), p.Algorithm) {
			d.addAt(path+".algorithm", "must be one of "+strings.Join(dns.Algorithms(), ", "), "hmac-md5 is broken: make a new key with hmac-sha256")
		}
		if (p.Key == "") != p.Secret.IsZero() {
			d.addAt(path+".secret", "and key belong together", "give both, or neither if the server goes by this machine's address")
		}
	default:
		if p.Secret.IsZero() {
			d.addAt(path+".secret", "is missing", howToRefer)
		}
		if p.Kind == dnswrite.Route53 && p.Key == "" {
			d.addAt(path+".key", "is missing", "write the ID of the access key that the secret belongs to")
		}
		if p.Kind == dnswrite.PowerDNS {
			d.checkInterface(path+".url", p.URL)
		}
	}
}

// checkInterface demands an address to which a key may be sent.
func (d *document) checkInterface(path, address string) {
	const example = "write where the interface is, for example https://ns1.example.com:8081"
	switch u, err := url.Parse(address); {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		d.addAt(path, "is no address", example)
	case u.User != nil:
		d.addAt(path, "holds a login", "leave user and password out; the secret has a key of its own")
	case u.Scheme == "http" && !isLoopback(u.Hostname()):
		d.addAt(path, "is not encrypted, and the key would travel in clear", "use https, or write by DNS itself with kind: rfc2136")
	}
}
