// SPDX-License-Identifier: Apache-2.0

package cutover

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"rehome"
	"rehome/internal/protocol/dns"
)

// judge turns a survey into sentences.
type judge struct {
	*Survey
	wanted   Wanted
	low      time.Duration // the TTL that records should have before the switch
	provider Provider
	out      Domain
}

// Judge says of every record what it is, what it should be and who can change it. low is the TTL that records should have before
// they are changed.
func Judge(s *Survey, wanted Wanted, low time.Duration) Domain {
	j := &judge{Survey: s, wanted: wanted, low: low, out: Domain{Domain: s.Domain, Seen: s.At, Who: "whoever runs its DNS",
		Records: []Record{}, Findings: []rehome.Finding{}, Serials: []dns.Serial{}}}
	if s.Zone == nil {
		j.found(zoneNotFound, s.Domain, rehome.Values{"domain": s.Domain, "why": reason(s.Err)})
		return j.out
	}
	j.out.Zone, j.out.Parent, j.out.Signed = s.Zone.Name, s.Zone.Parent, s.trust
	j.runBy()
	j.servers()
	j.signatures()
	j.mail()
	j.spfRecord()
	for _, key := range wanted.DKIM {
		j.dkim(key)
	}
	j.dmarcRecord()
	j.sts()
	j.reports()
	j.dane()
	j.services()
	j.setup()
	j.hosts()
	j.issuers()
	j.apexAddress()
	return j.out
}

// reason says why a domain was not found, without its name.
func reason(err error) string {
	var lookup *dns.LookupError
	if errors.As(err, &lookup) {
		return lookup.Why()
	}
	return err.Error()
}

// runBy names who can change the zone.
func (j *judge) runBy() {
	var names []string
	for _, server := range j.Zone.Servers {
		names = append(names, server.Name)
	}
	slices.Sort(names)
	if provider, known := recognise(names); known {
		j.provider = provider
		j.out.Provider, j.out.Who = provider.Name, "the owner of the account at "+provider.Name
	} else if len(names) > 0 {
		j.out.Who = "whoever runs " + names[0]
	}
}

func (j *judge) found(kind rehome.Declared, object string, values rehome.Values) {
	j.out.Findings = append(j.out.Findings, kind.On(object, values))
}

// about begins the line of a set of records. ok is false, and the line is given already, if it is not known what there is.
func (j *judge) about(title string, q question) (r Record, seen sight, ok bool) {
	seen = j.sights[q]
	r = Record{About: title, Name: q.name, Type: q.kind, Who: j.out.Who, Now: shown(seen), TTL: int(longest(seen).Seconds()), Seen: seen.look.At}
	if r.Seen.IsZero() {
		r.Seen = j.At
	}
	if seen.spread {
		r.Servers = said(seen.look)
	}
	r.Who = j.ownerOf(q, seen)
	if seen.known {
		return r, seen, true
	}
	r.State, r.Sentence = Unknown, "it is not known what stands there: "+seen.why
	r.Servers = said(seen.look)
	if opinions := seen.look.Opinions(); len(opinions) > 1 {
		r.State, r.Sentence = Wrong, "the servers say different things: "+differently(opinions)
		r.NextStep = "wait until all servers have the same version of the zone; if that takes longer than an hour, ask " + j.out.Who
		j.found(serversDisagree, q.name, rehome.Values{"type": string(q.kind), "name": q.name, "what": differently(opinions)})
	}
	j.out.Records = append(j.out.Records, r)
	return r, seen, false
}

// ownerOf names who can change a set: a part of the domain may be delegated further, and a text may be kept by somebody else, to whom
// an alias leads.
func (j *judge) ownerOf(q question, seen sight) string {
	if n := len(seen.aliases); n > 0 && q.kind == dns.TXT && !strings.HasSuffix(seen.aliases[n-1].Data, "."+j.Domain) {
		return "whoever runs " + seen.aliases[n-1].Data
	}
	if zone := seen.look.Zone; zone != "" && zone != j.Zone.Name {
		return "whoever runs the zone " + zone
	}
	return j.out.Who
}

func (j *judge) add(r Record) { j.out.Records = append(j.out.Records, r) }

// shown is what stands there, an alias in front.
func shown(seen sight) []string {
	now := []string{}
	for _, alias := range seen.aliases {
		now = append(now, "CNAME "+alias.Data)
	}
	return append(now, dns.Data(seen.records)...)
}

// longest is the TTL of what stands at the name itself: that of what an alias leads to is somebody else's.
func longest(seen sight) time.Duration {
	if len(seen.aliases) > 0 {
		return seen.aliases[0].TTL
	}
	return dns.LongestTTL(seen.records)
}

func said(look dns.Look) []Said {
	var all []Said
	for _, r := range look.Replies {
		one := Said{Server: r.Server, At: r.At, Says: r.Data(), Words: r.Words}
		if r.Addr.IsValid() {
			one.Addr = r.Addr.String()
		}
		if one.Says == nil {
			one.Says = []string{}
		}
		all = append(all, one)
	}
	return all
}

// differently says which servers say what.
func differently(opinions []dns.Opinion) string {
	var parts []string
	for _, o := range opinions {
		what := strings.Join(shown(sight{records: o.Records, aliases: o.Aliases}), ", ")
		parts = append(parts, strings.Join(o.Servers, " and ")+" "+verb(len(o.Servers), "says ", "say ")+cmp.Or(what, "there is none"))
	}
	return strings.Join(parts, "; ")
}

func verb(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// list joins what records hold.
func list(data []string) string { return strings.Join(data, ", ") }

// ttlNote says that a TTL has to be lowered first.
func (j *judge) ttlNote(seen sight) string {
	ttl := longest(seen)
	if ttl <= j.lowest() {
		return ""
	}
	return fmt.Sprintf("; lower its TTL from %s to %s first, at least %s before the switch", period(ttl), period(j.lowest()), period(ttl))
}

// lowest is the TTL to be set: that of the settings, or the smallest that the provider allows.
func (j *judge) lowest() time.Duration { return max(j.low, j.provider.MinTTL) }

// period shows a TTL: "5m", "1h", "2d".
func period(d time.Duration) string {
	for _, unit := range []struct {
		is   time.Duration
		name string
	}{{24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}} {
		if d >= unit.is && d%unit.is == 0 {
			return fmt.Sprintf("%d %s", d/unit.is, unit.name) + verb(int(d/unit.is), "", "s")
		}
	}
	return fmt.Sprintf("%d second", int(d.Seconds())) + verb(int(d.Seconds()), "", "s")
}

// servers says how each server of the zone answers.
func (j *judge) servers() {
	soa := j.sights[question{j.Domain, dns.SOA}]
	if j.Domain == j.Zone.Name {
		j.out.Serials = append(j.out.Serials, soa.look.Serials()...)
		j.delegation()
		j.versions()
	}
	noSix := soa.look.MissesIPv6()
	for _, r := range soa.look.Troubles() {
		if r.Addr.Is6() && noSix {
			continue
		}
		kind := serverSilent
		switch r.Outcome {
		case dns.NoAddress:
			kind = serverWithoutAddress
		case dns.Lame, dns.Refused, dns.Failed, dns.Malformed:
			kind = serverLame
		}
		j.found(kind, r.Server, rehome.Values{"server": r.Server, "zone": j.Zone.Name, "why": r.Words, "at": r.At.UTC().Format(time.RFC3339)})
	}
	if noSix {
		j.found(ipv6NotAsked, j.Zone.Name, rehome.Values{"zone": j.Zone.Name})
	}
	if len(soa.look.Replies) > 0 && len(soa.look.Opinions()) == 0 {
		j.found(zoneNotServed, j.Zone.Name, rehome.Values{"zone": j.Zone.Name})
	}
}

// versions names servers that hold different versions of the zone. Some providers number them so on purpose; so it is only said.
func (j *judge) versions() {
	var parts []string
	differ := false
	for _, s := range j.out.Serials {
		differ = differ || s.Serial != j.out.Serials[0].Serial
		if part := s.Server + " " + s.Serial; !slices.Contains(parts, part) {
			parts = append(parts, part)
		}
	}
	if differ {
		j.found(versionsDiffer, j.Domain, rehome.Values{"zone": j.Domain, "versions": list(parts)})
	}
}

// delegation compares what the parent lists with what the zone lists itself.
func (j *judge) delegation() {
	seen := j.sights[question{j.Domain, dns.NS}]
	if !seen.known || j.Zone.Shared {
		return
	}
	var parent []string
	for _, server := range j.Zone.Servers {
		parent = append(parent, server.Name)
	}
	slices.Sort(parent)
	if own := dns.Data(seen.records); !slices.Equal(parent, own) {
		j.found(delegationDiffers, j.Domain, rehome.Values{"zone": j.Domain, "parent": list(parent), "own": list(own)})
	}
}

// signatures says what validating resolvers make of the domain.
func (j *judge) signatures() {
	worst := j.trust
	for _, seen := range j.sights {
		if seen.look.Trust.State == dns.Bogus && worst.State != dns.Bogus {
			worst = seen.look.Trust
		}
	}
	j.out.Signed = worst
	switch worst.State {
	case dns.Bogus:
		j.found(signatureWrong, j.Domain, rehome.Values{"domain": j.Domain, "why": worst.Why})
	case dns.Unknown:
		j.found(signatureUnknown, j.Domain, rehome.Values{"domain": j.Domain, "why": worst.Why})
	}
}

// addressesOf are the addresses in records.
func addressesOf(addrs []netip.Addr) string {
	var all []string
	for _, addr := range addrs {
		all = append(all, addr.String())
	}
	return list(all)
}
