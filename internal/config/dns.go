// SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"rehome/internal/cutover"
	"rehome/internal/protocol/dns"
)

// DestinationDNS is what the destination asks to be published in the domains' DNS.
type DestinationDNS struct {
	MX           []string          `yaml:"mx" example:"[10 mx1.example.net, 20 mx2.example.net]"`
	SPF          []string          `yaml:"spf" example:"[include:spf.example.net]" doc:"What the destination asks to be added to SPF."`
	DKIM         map[string]string `yaml:"dkim" example:"{mail2026: mail2026.dkim.example.net}"`
	Autodiscover string            `yaml:"autodiscover" example:"autodiscover.example.net"`
	Autoconfig   string            `yaml:"autoconfig" example:"autoconfig.example.net"`
}

// DNS is how DNS is asked.
type DNS struct {
	Roots   []string      `yaml:"roots" example:"[192.0.2.53]"`
	Anchors []string      `yaml:"anchors" example:"[20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D]"`
	Port    int           `yaml:"port" doc:"Port of every DNS server."`
	Timeout time.Duration `yaml:"timeout" doc:"How long a DNS server may take to answer."`
	Pause   time.Duration `yaml:"pause" doc:"Time between two questions to the same DNS server."`

	Providers map[string]*DNSProvider `yaml:"providers"`
}

func defaultDNS() DNS { return DNS{Port: 53, Timeout: 3 * time.Second, Pause: 20 * time.Millisecond} }

// RootAddresses returns the root servers to start from; none means those of the Internet.
func (s DNS) RootAddresses() []netip.Addr {
	var addrs []netip.Addr
	for _, text := range s.Roots {
		if addr, err := netip.ParseAddr(text); err == nil { // checked when the file was read
			addrs = append(addrs, addr)
		}
	}
	return addrs
}

// RootAnchors returns the DS records of the root.
func (s DNS) RootAnchors() []dns.Anchor {
	anchors := []dns.Anchor{}
	for _, text := range s.Anchors {
		if anchor, err := dns.ParseAnchor(text); err == nil { // checked when the file was read
			anchors = append(anchors, anchor)
		}
	}
	return anchors
}

func (d *document) checkDNS(path string, s DNS) {
	d.checkDNSProviders(path+".providers", s)
	for _, text := range s.Roots {
		if _, err := netip.ParseAddr(text); err != nil {
			d.addAt(path+".roots", fmt.Sprintf("has %q, which is no IP address", text), "write IP addresses, without a port")
		}
	}
	for _, text := range s.Anchors {
		if _, err := dns.ParseAnchor(text); err != nil {
			d.addAt(path+".anchors", fmt.Sprintf("has %q, which is no DS record", text), "write key tag, algorithm, digest type and digest")
		}
	}
	if len(s.Anchors) > 0 && len(s.Roots) == 0 {
		d.addAt(path+".anchors", "is given without dns.roots", "name the root servers that these keys belong to, or remove the keys")
	}
	if s.Port < 1 || s.Port > 65535 {
		d.addAt(path+".port", "must be between 1 and 65535", "leave it at 53")
	}
	if s.Timeout == 0 {
		d.addAt(path+".timeout", "cannot be 0", "no server could answer")
	}
}

func (d *document) checkDestinationDNS(path string, s DestinationDNS) {
	for _, text := range s.MX {
		if _, err := cutover.ParseMailHost(text); err != nil {
			d.addAt(path+".mx", fmt.Sprintf("has %q, which is no MX record", text), "write preference and host, for example 10 mx1.example.net")
		}
	}
	for _, text := range s.SPF {
		if strings.ContainsAny(text, " \"") || text == "" || strings.HasPrefix(text, "v=") {
			d.addAt(path+".spf", fmt.Sprintf("has %q, which is no part of an SPF record", text), "write one part each, for example include:spf.example.net")
		}
	}
	for _, selector := range slices.Sorted(maps.Keys(s.DKIM)) {
		if name, _, _ := strings.Cut(selector, "._domainkey."); name == "" || strings.ContainsAny(selector, " /=;") {
			d.addAt(path+".dkim", fmt.Sprintf("has %q, which is no selector", selector), "write the selector that the destination names, for example mail2026")
		}
	}
	for key, host := range map[string]string{"autodiscover": s.Autodiscover, "autoconfig": s.Autoconfig} {
		if host != "" && (strings.ContainsAny(host, "/: @") || !strings.Contains(host, ".")) {
			d.addAt(path+"."+key, "is no host name", "write a name, for example "+key+".example.net")
		}
	}
}
