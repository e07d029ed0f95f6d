// SPDX-License-Identifier: Apache-2.0

package cutover

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"rehome"
	"rehome/internal/protocol/dns"
)

// Asker asks the servers of DNS. *dns.Client is one.
type Asker interface {
	Find(ctx context.Context, name string) (*dns.Zone, error)
	Look(ctx context.Context, name string, kind dns.Type) (dns.Look, error)
	LookAt(ctx context.Context, zone *dns.Zone, name string, kind dns.Type) (dns.Look, error)
	Resolve(ctx context.Context, name string, kind dns.Type) (dns.Answer, error)
}

// World is all that a survey needs to see what is published.
type World struct {
	DNS Asker
	// Policy reads the MTA-STS policy file of a domain.
	Policy func(ctx context.Context, domain string) (dns.STSPolicy, error)
	// Listens reports whether something takes connections for mail (port 25) at an address. An error says that it is not known.
	Listens func(ctx context.Context, addr netip.Addr) (bool, error)
}

// Survey is what was seen of one domain.
type Survey struct {
	Domain string
	At     time.Time // when it began
	Zone   *dns.Zone // nil if it was not found
	Err    error     // why not

	asked *dns.Zone // Zone with the addresses that answer

	sights map[question]sight
	spf    *dns.Flattened // nil without a record, or if it cannot be read
	after  *dns.Flattened // of the record with what the destination asks for; nil if that is nothing new
	dmarc  dns.DMARC
	caa    dns.Issuers
	policy policySight
	apex   apexSight
	trust  dns.Trust

	dmarcErr, caaErr error
}

// ZoneName is the zone that the domain is in, or the domain itself if that was not found.
func (s *Survey) ZoneName() string {
	if s.Zone == nil {
		return s.Domain
	}
	return s.Zone.Name
}

// question is a name and a type.
type question struct {
	name string
	kind dns.Type
}

// sight is what was seen of one set of records.
type sight struct {
	look    dns.Look
	records []dns.Record // through aliases
	aliases []dns.Record
	exists  bool   // the name is there
	known   bool   // all servers that have answered say the same, and one has
	spread  bool   // they give different addresses, which may be meant: records are all of them
	why     string // it is not known
}

// policySight is the policy file of MTA-STS.
type policySight struct {
	dns.STSPolicy
	read bool
	err  error
}

// apexSight is whether mail could be delivered to the addresses of the domain itself.
type apexSight struct {
	asked   int
	listens []netip.Addr
	unknown []netip.Addr // could not be asked
}

// atOnce bounds how many questions of one domain are under way.
const atOnce = 6

// Look surveys a domain. Trouble is part of the survey; the error is the context's.
func Look(ctx context.Context, world World, domain string, wanted Wanted, now time.Time) (*Survey, error) {
	s := &Survey{Domain: domain, At: now, sights: map[question]sight{}}
	s.Zone, s.Err = world.DNS.Find(ctx, domain)
	if s.Err != nil {
		return s, ctx.Err()
	}
	if s.Err = s.exists(ctx, world.DNS); s.Err != nil {
		s.Zone = nil
		return s, ctx.Err()
	}
	s.askAll(ctx, world.DNS, []question{{domain, dns.SOA}})
	s.leaveSilent()
	s.askAll(ctx, world.DNS, questions(domain, wanted))
	s.askAll(ctx, world.DNS, s.mailHostQuestions(wanted))
	s.follow(ctx, world, wanted)
	s.trust = s.Zone.Trust
	return s, ctx.Err()
}

// exists tells a domain that is nobody's from one that has no zone of its own: the servers of a top level domain are not asked
// forty questions because of a typing mistake.
func (s *Survey) exists(ctx context.Context, asker Asker) error {
	if s.Zone.Name == s.Domain {
		return nil
	}
	answer, err := asker.Resolve(ctx, s.Domain, dns.SOA)
	if err == nil && !answer.Exists {
		return errors.New("the servers of " + s.Zone.Name + " say that there is no such domain")
	}
	return err
}

// leaveSilent takes the addresses out that have not answered the first question, twice: they would not answer the next forty
// either. The look at the SOA keeps them, and they are named.
func (s *Survey) leaveSilent() {
	zone := *s.Zone
	zone.Servers = nil
	for _, server := range s.Zone.Servers {
		server.Addrs = slices.DeleteFunc(slices.Clone(server.Addrs), func(addr netip.Addr) bool {
			return slices.ContainsFunc(s.sights[question{s.Domain, dns.SOA}].look.Replies, func(r dns.Reply) bool {
				return r.Server == server.Name && r.Addr == addr && r.Outcome == dns.Silent
			})
		})
		if len(server.Addrs) > 0 {
			zone.Servers = append(zone.Servers, server)
		}
	}
	s.asked = &zone
}

// questions are those about the domain's own names.
func questions(domain string, wanted Wanted) []question {
	at := func(prefix string) string { return prefix + "." + domain }
	all := []question{
		{domain, dns.NS}, {domain, dns.MX}, {domain, dns.TXT}, {domain, dns.A}, {domain, dns.AAAA},
		{at("_dmarc"), dns.TXT}, {at("_mta-sts"), dns.TXT}, {at("_smtp._tls"), dns.TXT},
		{at("autodiscover"), dns.A}, {at("autoconfig"), dns.A}, {at("autodiscover"), dns.AAAA}, {at("autoconfig"), dns.AAAA},
	}
	for _, service := range dns.Services() {
		all = append(all, question{at(service.Name), dns.SRV})
	}
	for _, key := range wanted.DKIM {
		if name := key.of(domain); name != "" {
			all = append(all, question{name, dns.TXT})
		}
	}
	for _, host := range wanted.hostsIn(domain) {
		all = append(all, question{host, dns.A}, question{host, dns.AAAA})
	}
	return all
}

// hostsIn are the names of servers that lie in a domain, each once.
func (w Wanted) hostsIn(domain string) []string {
	var hosts []string
	for _, host := range w.Hosts {
		host = strings.ToLower(strings.TrimSuffix(strings.ReplaceAll(host, domainPlace, domain), "."))
		if strings.HasSuffix(host, "."+domain) && !slices.Contains(hosts, host) {
			hosts = append(hosts, host)
		}
	}
	return hosts
}

// mailHostQuestions are those about the certificates of the mail hosts, of today and of the destination.
func (s *Survey) mailHostQuestions(wanted Wanted) []question {
	var all []question
	for _, host := range s.mailHosts(wanted) {
		all = append(all, question{dns.TLSAName(host), dns.TLSA})
	}
	for _, host := range wanted.MX {
		all = append(all, question{host.Host, dns.A}, question{host.Host, dns.AAAA})
	}
	return all
}

func (s *Survey) mailHosts(wanted Wanted) []string {
	hosts := dns.ReadMX(s.sights[question{s.Domain, dns.MX}].records).Names()
	for _, host := range wanted.MX {
		if !slices.Contains(hosts, host.Host) {
			hosts = append(hosts, host.Host)
		}
	}
	return hosts
}

func (s *Survey) askAll(ctx context.Context, asker Asker, all []question) {
	turns := make(chan struct{}, atOnce)
	var mu sync.Mutex
	var wait sync.WaitGroup
	for _, q := range all {
		wait.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			seen := sight{}
			if err := rehome.Guarded(s.Domain, func() error { seen = s.ask(ctx, asker, q); return nil }); err != nil {
				seen = sight{why: err.Error()}
			}
			mu.Lock()
			defer mu.Unlock()
			s.sights[q] = seen
		})
	}
	wait.Wait()
}

// ask asks every server of the zone; where part of it is delegated further down, those of that zone.
func (s *Survey) ask(ctx context.Context, asker Asker, q question) sight {
	inside := q.name == s.Zone.Name || strings.HasSuffix(q.name, "."+s.Zone.Name)
	if !inside {
		return resolved(ctx, asker, q)
	}
	zone := s.Zone
	if s.asked != nil {
		zone = s.asked
	}
	look, err := asker.LookAt(ctx, zone, q.name, q.kind)
	if err == nil && slices.ContainsFunc(look.Replies, func(r dns.Reply) bool { return r.Outcome == dns.Delegated }) {
		look, err = asker.Look(ctx, q.name, q.kind)
	}
	seen := sight{look: look}
	if err != nil {
		seen.why = err.Error()
		return seen
	}
	agreed, ok := look.Agreed()
	if all := spread(look); all != nil {
		seen.known, seen.exists, seen.spread, seen.records = true, true, true, all
		return seen
	}
	if !ok {
		seen.why = "no server has answered"
		if len(look.Opinions()) > 1 {
			seen.why = "the servers say different things"
		}
		return seen
	}
	seen.known, seen.exists, seen.records, seen.aliases = true, agreed.Exists, agreed.Records, agreed.Aliases
	if n := len(agreed.Aliases); n > 0 && len(agreed.Records) == 0 {
		seen.through(ctx, asker, question{agreed.Aliases[n-1].Data, q.kind})
	}
	return seen
}

// spread returns all addresses of a name for which servers give different ones; nil if that is not what has happened. Large sites
// spread visitors so, and a domain that does is not at odds with itself.
func spread(look dns.Look) []dns.Record {
	opinions := look.Opinions()
	if len(opinions) < 2 || look.Type != dns.A && look.Type != dns.AAAA {
		return nil
	}
	var all []dns.Record
	for _, o := range opinions {
		if len(o.Aliases) > 0 || len(o.Records) == 0 {
			return nil
		}
		all = append(all, o.Records...)
	}
	return all
}

// through follows an alias into another zone, one of whose servers is enough.
func (s *sight) through(ctx context.Context, asker Asker, q question) {
	answer, err := asker.Resolve(ctx, q.name, q.kind)
	if err != nil {
		s.known, s.why = false, err.Error()
		return
	}
	s.records, s.exists = answer.Records, answer.Exists
	s.aliases = append(slices.Clone(s.aliases), answer.Aliases...)
}

// resolved asks about a name of somebody else.
func resolved(ctx context.Context, asker Asker, q question) sight {
	answer, err := asker.Resolve(ctx, q.name, q.kind)
	if err != nil {
		return sight{why: err.Error()}
	}
	return sight{known: true, exists: answer.Exists, records: answer.Records, aliases: answer.Aliases}
}

// follow looks at what the records lead to.
func (s *Survey) follow(ctx context.Context, world World, wanted Wanted) {
	s.followSPF(ctx, world.DNS, wanted)
	s.dmarc, s.dmarcErr = dns.FindDMARC(ctx, world.DNS, s.Domain)
	s.caa, s.caaErr = dns.FindCAA(ctx, world.DNS, s.Domain)
	if id, err := dns.ReadSTSRecord(dns.Texts(s.sights[question{"_mta-sts." + s.Domain, dns.TXT}].records)); err == nil && id != "" {
		policy, err := world.Policy(ctx, s.Domain)
		s.policy = policySight{STSPolicy: policy, read: err == nil, err: err}
	}
	for _, kind := range []dns.Type{dns.A, dns.AAAA} {
		for _, r := range s.sights[question{s.Domain, kind}].records {
			s.probe(ctx, world, r.Data)
		}
	}
}

// maxProbes is how many addresses of a domain are asked for mail.
const maxProbes = 4

func (s *Survey) probe(ctx context.Context, world World, text string) {
	addr, err := netip.ParseAddr(text)
	if err != nil || s.apex.asked == maxProbes {
		return
	}
	s.apex.asked++
	switch listens, err := world.Listens(ctx, addr); {
	case err != nil:
		s.apex.unknown = append(s.apex.unknown, addr)
	case listens:
		s.apex.listens = append(s.apex.listens, addr)
	}
}

func (s *Survey) followSPF(ctx context.Context, asker Asker, wanted Wanted) {
	texts := s.sights[question{s.Domain, dns.TXT}]
	record, err := dns.ReadSPF(dns.Texts(texts.records))
	if err != nil || !texts.known {
		return
	}
	if record.Text != "" {
		if flat, err := dns.Flatten(ctx, asker, s.Domain, record); err == nil {
			s.spf = &flat
		}
	}
	after, err := dns.ReadSPF([]string{record.With(wanted.SPF...)})
	if err != nil || after.Text == record.Text || len(wanted.SPF) == 0 {
		return
	}
	if flat, err := dns.Flatten(ctx, asker, s.Domain, after); err == nil {
		s.after = &flat
	}
}
