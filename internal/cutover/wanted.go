// SPDX-License-Identifier: Apache-2.0

package cutover

import (
	"cmp"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"rehome/internal/protocol/dns"
)

// Wanted is what the destination asks for, for all domains. What is empty is not known, and then nothing is said about what
// should be there.
type Wanted struct {
	MX           []MailHost
	SPF          []string // mechanisms: "include:spf.example.net"
	DKIM         []Key
	Autodiscover string // host to which autodiscover.DOMAIN should lead
	Autoconfig   string
	// Services are the servers for people's programs by the name of the service: "_imaps._tcp". {domain} in a host stands for the
	// domain, and so it does in Hosts.
	Services map[string]Server
	// Hosts are the names that people's programs use at the source. Those in a domain that moves may be pointed elsewhere.
	Hosts []string
}

// MailHost is one MX record.
type MailHost struct {
	Preference int
	Host       string
}

// String is the data of the record.
func (m MailHost) String() string { return strconv.Itoa(m.Preference) + " " + m.Host }

// ParseMailHost reads "10 mx1.example.net". The error is a clause that fits behind the text.
func ParseMailHost(text string) (MailHost, error) {
	preference, host, found := strings.Cut(strings.TrimSpace(text), " ")
	n, err := strconv.ParseUint(preference, 10, 16)
	host = strings.ToLower(strings.TrimSuffix(strings.TrimSpace(host), "."))
	if err != nil || !found || !dns.ValidName(host) {
		return MailHost{}, fmt.Errorf("is no MX record")
	}
	return MailHost{Preference: int(n), Host: host}, nil
}

// Key is a DKIM key of the destination.
type Key struct {
	Selector string // or the whole name, where the domains have different keys: "mail2026._domainkey.example.com"
	// Value is the text of the key, or a host name, to which a CNAME leads. "" is not known yet: then any key will do.
	Value string
}

// of returns the name of the key in a domain, "" if it is that of another domain.
func (k Key) of(domain string) string {
	selector, at, whole := strings.Cut(strings.ToLower(k.Selector), "._domainkey.")
	if whole && strings.TrimSuffix(at, ".") != domain {
		return ""
	}
	return dns.DKIMName(selector, domain)
}

// alias reports whether the value is the target of a CNAME, and returns it.
func (k Key) alias() (string, bool) {
	host := strings.ToLower(strings.TrimSuffix(k.Value, "."))
	return host, host != "" && !strings.ContainsAny(host, "=; ") && strings.Contains(host, ".")
}

// Server is where a service runs.
type Server struct {
	Host string
	Port int
}

// ParseServer reads "host:port"; ok is false for anything else, and for an address instead of a name, as SRV records need names.
func ParseServer(text string) (server Server, ok bool) {
	host, port, err := net.SplitHostPort(text)
	n, portErr := strconv.Atoi(port)
	if err != nil || portErr != nil || net.ParseIP(host) != nil || !strings.Contains(host, ".") {
		return Server{}, false
	}
	return Server{Host: strings.ToLower(strings.TrimSuffix(host, ".")), Port: n}, true
}

// service returns where a service of a domain runs.
func (w Wanted) service(name, domain string) (Server, bool) {
	server, known := w.Services[name]
	server.Host = strings.ReplaceAll(server.Host, domainPlace, domain)
	return server, known
}

// domainPlace stands for the domain in the name of a server.
const domainPlace = "{domain}"

// mx returns the wanted records as data, sorted.
func (w Wanted) mx() []string {
	hosts := slices.Clone(w.MX)
	slices.SortFunc(hosts, func(a, b MailHost) int {
		return cmp.Or(cmp.Compare(a.Preference, b.Preference), cmp.Compare(a.Host, b.Host))
	})
	var data []string
	for _, h := range hosts {
		data = append(data, h.String())
	}
	return data
}
