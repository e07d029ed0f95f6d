// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"cmp"
	"context"
	"errors"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"rehome"
	"rehome/internal/config"
	"rehome/internal/cutover"
	"rehome/internal/protocol"
	"rehome/internal/protocol/dns"
)

// CheckDNS compares what is published of each domain with what the destination needs. Without domains it is those that move. It
// changes nothing.
func (m *Move) CheckDNS(ctx context.Context, domains []string) (cutover.Report, error) {
	wanted := m.wantedRecords()
	surveys, err := m.survey(ctx, domains, wanted)
	if err != nil {
		return cutover.Report{}, err
	}
	report := cutover.Report{Domains: []cutover.Domain{}}
	for _, s := range surveys {
		d := cutover.Judge(s, wanted, m.lowTTL(s.ZoneName()))
		m.checkWriting(ctx, &d)
		report.Domains = append(report.Domains, d)
	}
	return report, nil
}

// domainsAtOnce bounds how many domains are looked at together; the pauses between questions to the same server hold all the same.
const domainsAtOnce = 4

// survey looks at the domains, in their order.
func (m *Move) survey(ctx context.Context, domains []string, wanted cutover.Wanted) ([]*cutover.Survey, error) {
	if len(domains) == 0 {
		var err error
		if domains, err = m.domains(ctx); err != nil {
			return nil, err
		}
	}
	world := m.publicWorld()
	surveys := make([]*cutover.Survey, len(domains))
	turns := make(chan struct{}, domainsAtOnce)
	var all sync.WaitGroup
	for i, domain := range domains {
		all.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			surveys[i] = lookAt(ctx, world, domain, wanted)
		})
	}
	all.Wait()
	return surveys, ctx.Err()
}

// lookAt surveys one domain. A mistake of ours costs this one only.
func lookAt(ctx context.Context, world cutover.World, domain string, wanted cutover.Wanted) (s *cutover.Survey) {
	err := rehome.Guarded(domain, func() (err error) {
		s, err = cutover.Look(ctx, world, domain, wanted, time.Now())
		return err
	})
	if s == nil {
		s = &cutover.Survey{Domain: domain, At: time.Now(), Err: err}
	}
	return s
}

// domains are those that move: of the settings, or else of the accounts.
func (m *Move) domains(ctx context.Context) ([]string, error) {
	if len(m.settings.Domains) > 0 {
		return m.settings.Domains, nil
	}
	p, err := m.people(ctx)
	if err != nil {
		return nil, err
	}
	return domainsOf(p.Moving), nil
}

func domainsOf(accounts []rehome.Account) []string {
	var domains []string
	for _, a := range accounts {
		domains = append(domains, a.Domain())
	}
	slices.Sort(domains)
	return slices.Compact(domains)
}

// resolver asks DNS, with no memory of earlier answers.
func (m *Move) resolver() *dns.Client {
	settings := m.settings.DNS
	options := dns.Options{Port: uint16(settings.Port), Timeout: settings.Timeout, Pause: settings.Pause}
	if roots := settings.RootAddresses(); len(roots) > 0 {
		options.Roots, options.Anchors = []dns.Server{{Addrs: roots}}, settings.RootAnchors()
	}
	return dns.New(options)
}

// publicWorld is what anybody sees of the domains.
func (m *Move) publicWorld() cutover.World {
	client := m.resolver()
	return cutover.World{
		DNS: client,
		Policy: func(ctx context.Context, domain string) (dns.STSPolicy, error) {
			return dns.FetchSTSPolicy(ctx, domain, dns.PolicyOptions{Dial: dialBy(client)})
		},
		Listens: listensForMail,
	}
}

// dialBy connects to hosts by the addresses that their own servers give: a resolver may remember older ones.
func dialBy(client *dns.Client) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		host, port, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		addrs, err := client.Addresses(ctx, host)
		if err != nil {
			return nil, err
		}
		failed := errors.New(host + " has no address")
		for _, addr := range addrs {
			conn, err := (&net.Dialer{Timeout: probeTimeout}).DialContext(ctx, network, net.JoinHostPort(addr.String(), port))
			if err == nil {
				return conn, nil
			}
			failed = err
		}
		return nil, failed
	}
}

const probeTimeout = 5 * time.Second

// listensForMail connects to port 25 and hangs up. Only a refusal proves that nothing listens: many networks let nobody out on
// that port.
func listensForMail(ctx context.Context, addr netip.Addr) (bool, error) {
	conn, err := (&net.Dialer{Timeout: probeTimeout}).DialContext(ctx, "tcp", netip.AddrPortFrom(addr, 25).String())
	switch {
	case err == nil:
		return true, conn.Close()
	case errors.Is(err, syscall.ECONNREFUSED):
		return false, nil
	}
	return false, err
}

// wantedRecords translates the settings of the destination.
func (m *Move) wantedRecords() cutover.Wanted {
	destination := m.settings.Destination
	wanted := cutover.Wanted{SPF: destination.DNS.SPF, Services: services(destination, m.settings.Clients.Hosts),
		Hosts: hostNames(m.settings.Source, m.settings.Clients.Hosts)}
	// A responder of one's own answers for both, old settings before the switch and new ones after it.
	wanted.Autodiscover = cmp.Or(m.settings.Clients.Responder, destination.DNS.Autodiscover)
	wanted.Autoconfig = cmp.Or(m.settings.Clients.Responder, destination.DNS.Autoconfig)
	for _, text := range destination.DNS.MX {
		if host, err := cutover.ParseMailHost(text); err == nil { // checked when the settings were read
			wanted.MX = append(wanted.MX, host)
		}
	}
	if len(wanted.MX) == 0 {
		for _, address := range destination.MX.Addresses {
			if server, ok := cutover.ParseServer(address); ok {
				wanted.MX = append(wanted.MX, cutover.MailHost{Preference: 10, Host: server.Host})
			}
		}
	}
	for selector, value := range destination.DNS.DKIM {
		wanted.DKIM = append(wanted.DKIM, cutover.Key{Selector: selector, Value: value})
	}
	slices.SortFunc(wanted.DKIM, func(a, b cutover.Key) int { return strings.Compare(a.Selector, b.Selector) })
	return wanted
}

// services are the destination's servers by the names under which programs look for them. public has the names that devices use
// where they differ from those in the settings.
func services(d config.Destination, public map[string]string) map[string]cutover.Server {
	found := map[string]cutover.Server{}
	put := func(name, address string) {
		host, port, err := net.SplitHostPort(address)
		if err != nil {
			return
		}
		if server, ok := cutover.ParseServer(net.JoinHostPort(cmp.Or(public[host], host), port)); ok {
			found[name] = server
		}
	}
	secured := func(implicit, other, address string, mode protocol.Security) {
		if mode == protocol.ImplicitTLS {
			put(implicit, address)
		} else {
			put(other, address)
		}
	}
	secured("_imaps._tcp", "_imap._tcp", d.IMAP.Address, d.IMAP.TLS)
	secured("_pop3s._tcp", "_pop3._tcp", d.POP3.Address, d.POP3.TLS)
	secured("_submissions._tcp", "_submission._tcp", d.Submission.Address, d.Submission.TLS)
	put("_sieve._tcp", d.Sieve.Address)
	if u, err := url.Parse(d.DAV.URL); err == nil && u.Scheme == "https" {
		address := net.JoinHostPort(u.Hostname(), portOr(u.Port(), 443))
		put("_caldavs._tcp", address)
		put("_carddavs._tcp", address)
	}
	return found
}

func portOr(port string, other int) string {
	if port == "" {
		return strconv.Itoa(other)
	}
	return port
}

// hostNames are the names of the source's servers, as devices use them.
func hostNames(s config.Source, public map[string]string) []string {
	var names []string
	add := func(host string) {
		if host = cmp.Or(public[host], host); host != "" && net.ParseIP(host) == nil {
			names = append(names, host)
		}
	}
	for _, address := range []string{s.IMAP.Address, s.POP3.Address, s.Submission.Address, s.Sieve.Address} {
		if host, _, err := net.SplitHostPort(address); err == nil {
			add(host)
		}
	}
	for _, address := range []string{s.DAV.URL, s.Webmail} {
		if u, err := url.Parse(address); err == nil {
			add(u.Hostname())
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
