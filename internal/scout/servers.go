// SPDX-License-Identifier: Apache-2.0

package scout

import (
	"context"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"

	"rehome"
	"rehome/internal/clientcheck"
	"rehome/internal/clientsetup"
	"rehome/internal/protocol"
	"rehome/internal/protocol/dns"
)

// candidate is a server that might be one of the settings, in the order in which they are believed.
type candidate struct {
	clientcheck.Server
	url       string // of calendars and contacts, or a page
	from      string
	published bool // somebody says that it is such a server; else that was guessed
	named     bool // somebody has made its name; else every name of the domain is there, and this one says nothing

	probe *clientcheck.Probe // nil: not looked at
}

// value is what the settings would say.
func (c candidate) value() string {
	if c.url != "" {
		return c.url
	}
	return net.JoinHostPort(c.Host, strconv.Itoa(c.Port))
}

// The bounds of guessing.
const (
	maxHosts      = 6
	maxCandidates = 48
	atOnce        = 6
)

// servers finds candidates, and looks at each.
func (s *sightings) servers(ctx context.Context, world World, subject Subject) error {
	mail := mailOf(ctx, world.DNS, subject.Domain)
	switch {
	case mail.Refused:
		s.note(subject.Domain + " says that it takes no mail (a null MX record): is it the right domain?")
	case mail.Implicit:
		s.note(subject.Domain + " has no MX record: senders try the address of the domain itself")
	}
	all, probes, err := asDevices(ctx, world, subject)
	if err != nil {
		return err
	}
	all = append(fromSRV(ctx, world.DNS, subject.Domain), all...) // a record is one wish, a document may be old
	wild := everyName(ctx, world.DNS, subject.Domain)
	if wild {
		s.note("every name in " + subject.Domain + " exists (a wildcard record), so that a usual name exists says nothing")
	}
	all = append(all, guesses(subject.Domain, mail, wild)...)
	all = distinct(all)
	for i := range all {
		all[i].probe = probed(probes, all[i])
	}
	s.candidates = all
	return probeAll(ctx, world, s.candidates)
}

// everyName reports whether names exist that nobody has made.
func everyName(ctx context.Context, asker dns.Resolver, domain string) bool {
	answer, err := asker.Resolve(ctx, nobody+"."+domain, dns.A)
	return err == nil && len(answer.Records) > 0
}

func mailOf(ctx context.Context, asker dns.Resolver, domain string) dns.Mail {
	answer, err := asker.Resolve(ctx, domain, dns.MX)
	if err != nil {
		return dns.Mail{}
	}
	return dns.ReadMX(answer.Records)
}

// asDevices lets mail programs and telephones look for their servers.
func asDevices(ctx context.Context, world World, subject Subject) ([]candidate, []clientcheck.Probe, error) {
	address := subject.Address
	if address == "" {
		address = "postmaster@" + subject.Domain // which everybody has, RFC 5321 section 4.5.1
	}
	wellKnown := &url.URL{Scheme: "https", Host: subject.Domain, Path: "/.well-known/caldav"}
	services := clientsetup.Services{Domain: subject.Domain, Source: clientsetup.Service{Domain: subject.Domain, Side: rehome.Source, DAV: wellKnown}}
	report, err := clientcheck.Check(ctx, world.Clients, []clientcheck.Subject{{
		Services: services, Side: rehome.Source, People: []clientcheck.Person{{Address: address, Side: rehome.Source}},
	}})
	if err != nil || len(report.Domains) == 0 {
		return nil, nil, err
	}
	return fromClients(report.Domains[0]), report.Domains[0].Servers, nil
}

// fromClients are the servers of the documents that clients find.
func fromClients(domain clientcheck.Domain) []candidate {
	var all []candidate
	for _, c := range domain.Clients {
		for _, server := range c.Servers {
			if server.Security != protocol.NoTLS { // nobody should be sent there
				all = append(all, candidate{Server: server, from: "what " + c.Title + " finds at " + c.Document, published: true})
			}
		}
		for _, address := range []string{c.Calendars, c.Contacts} {
			if u, err := url.Parse(address); err == nil && u.Scheme == "https" && u.Hostname() != "" {
				all = append(all, candidate{Server: clientcheck.Server{Service: clientcheck.DAV, Host: u.Hostname()}, url: address,
					from: "what " + c.Title + " finds", published: true})
			}
		}
	}
	return all
}

// recorded are the service records of mail, with TLS from the first byte first (RFC 8314 section 5.1).
func recorded() []struct {
	name     string
	service  clientcheck.Service
	security protocol.Security
} {
	return []struct {
		name     string
		service  clientcheck.Service
		security protocol.Security
	}{
		{"_imaps._tcp", clientcheck.IMAP, protocol.ImplicitTLS}, {"_imap._tcp", clientcheck.IMAP, protocol.StartTLS},
		{"_pop3s._tcp", clientcheck.POP3, protocol.ImplicitTLS}, {"_pop3._tcp", clientcheck.POP3, protocol.StartTLS},
		{"_submissions._tcp", clientcheck.Submission, protocol.ImplicitTLS}, {"_submission._tcp", clientcheck.Submission, protocol.StartTLS},
		{"_sieve._tcp", clientcheck.Sieve, protocol.StartTLS},
	}
}

func fromSRV(ctx context.Context, asker dns.Resolver, domain string) []candidate {
	var all []candidate
	for _, record := range recorded() {
		name := record.name + "." + domain
		answer, err := asker.Resolve(ctx, name, dns.SRV)
		if err != nil {
			continue
		}
		targets, none := dns.ReadSRV(answer.Records)
		slices.SortStableFunc(targets, func(a, b dns.Target) int { return a.Priority - b.Priority })
		if none || len(targets) == 0 || !properHost(targets[0].Host) || targets[0].Port < 1 {
			continue
		}
		all = append(all, candidate{from: "the record SRV " + name, published: true, Server: clientcheck.Server{
			Service: record.service, Host: targets[0].Host, Port: targets[0].Port, Security: record.security}})
	}
	return all
}

func properHost(host string) bool {
	return host != "" && dns.ValidName(host) && strings.Contains(host, ".") && !strings.ContainsAny(host, " /@:*\"'")
}

// guesses are the usual names with the usual ports, and the hosts that take the domain's mail: whoever runs one machine runs all on it.
// Where every name exists, a page may be that of anything.
func guesses(domain string, mail dns.Mail, wild bool) []candidate {
	hosts := []string{"imap." + domain, "mail." + domain}
	for _, host := range mail.Names() {
		if properHost(host) && !slices.Contains(hosts, host) && len(hosts) < maxHosts-1 {
			hosts = append(hosts, host)
		}
	}
	var all []candidate
	add := func(service clientcheck.Service, host string, port int, security protocol.Security) {
		named := !wild || !strings.HasSuffix(host, "."+domain) || slices.Contains(mail.Names(), host)
		all = append(all, candidate{from: "a usual name and port", named: named,
			Server: clientcheck.Server{Service: service, Host: host, Port: port, Security: security}})
	}
	for _, host := range hosts {
		add(clientcheck.IMAP, host, 993, protocol.ImplicitTLS)
		add(clientcheck.POP3, host, 995, protocol.ImplicitTLS)
		add(clientcheck.Submission, host, 465, protocol.ImplicitTLS)
		add(clientcheck.Submission, host, 587, protocol.StartTLS)
		add(clientcheck.Sieve, host, 4190, protocol.StartTLS)
	}
	for _, host := range hosts {
		add(clientcheck.IMAP, host, 143, protocol.StartTLS)
	}
	add(clientcheck.Submission, "smtp."+domain, 465, protocol.ImplicitTLS)
	add(clientcheck.Submission, "smtp."+domain, 587, protocol.StartTLS)
	if wild {
		return all
	}
	for _, host := range []string{"webmail." + domain, "mail." + domain} {
		all = append(all, candidate{Server: clientcheck.Server{Service: clientcheck.Webmail, Host: host}, url: "https://" + host + "/",
			from: "a usual name"})
	}
	return all
}

// distinct leaves out what was named before, and more than anybody needs.
func distinct(all []candidate) []candidate {
	var once []candidate
	for _, c := range all {
		same := func(o candidate) bool { return o.Service == c.Service && o.value() == c.value() }
		if len(once) < maxCandidates && !slices.ContainsFunc(once, same) {
			once = append(once, c)
		}
	}
	return once
}

// probed finds what was seen of a candidate already.
func probed(probes []clientcheck.Probe, c candidate) *clientcheck.Probe {
	for _, p := range probes {
		if c.url == "" && p.Service == c.Service && p.Host == c.Host && p.Port == c.Port && p.Security == c.Security {
			return &p
		}
	}
	return nil
}

// probeAll looks at the candidates that nobody has looked at.
func probeAll(ctx context.Context, world World, all []candidate) error {
	var group errgroup.Group
	group.SetLimit(atOnce)
	for i := range all {
		if all[i].probe != nil {
			continue
		}
		group.Go(func() error {
			report, err := clientcheck.Check(ctx, world.Clients, []clientcheck.Subject{{Side: rehome.Source,
				Services: clientsetup.Services{Source: all[i].asService()}}})
			if err == nil && len(report.Domains) == 1 && len(report.Domains[0].Servers) == 1 {
				all[i].probe = &report.Domains[0].Servers[0]
			}
			return err
		})
	}
	return group.Wait()
}

// asService is a side with this server only.
func (c candidate) asService() clientsetup.Service {
	service := clientsetup.Service{Side: rehome.Source}
	server := clientsetup.Server{Host: c.Host, Port: c.Port, Security: c.Security}
	switch c.Service {
	case clientcheck.IMAP:
		service.IMAP = server
	case clientcheck.POP3:
		service.POP3 = server
	case clientcheck.Submission:
		service.Submission = server
	case clientcheck.Sieve:
		service.Sieve = server
	case clientcheck.DAV:
		service.DAV, _ = url.Parse(c.url) // was parsed before
	case clientcheck.Webmail:
		service.Webmail = c.url
	}
	return service
}
