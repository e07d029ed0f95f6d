// SPDX-License-Identifier: Apache-2.0

package cutover

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"rehome"
	"rehome/internal/protocol/dns"
)

// published is a small world: records in the form of a zone file by the server that has them. What "*" has, all servers have. A
// line that begins with "!" makes the server silent.
type published struct {
	zone    string
	servers []string
	lines   map[string][]string
	trust   dns.Trust
}

var moment = time.Date(2026, 3, 6, 17, 0, 0, 0, time.UTC)

func (p published) Find(_ context.Context, name string) (*dns.Zone, error) {
	if !strings.HasSuffix("."+name, "."+p.zone) {
		return nil, &dns.LookupError{Name: name, Err: errors.New("no server has an address")}
	}
	zone := &dns.Zone{Name: p.zone, Parent: "test", At: moment, Trust: p.trust}
	for i, server := range p.servers {
		zone.Servers = append(zone.Servers, dns.Server{Name: server, Addrs: []netip.Addr{netip.AddrFrom4([4]byte{192, 0, 2, byte(i)})}})
	}
	return zone, nil
}

func (p published) Look(ctx context.Context, name string, kind dns.Type) (dns.Look, error) {
	return p.LookAt(ctx, nil, name, kind)
}

func (p published) LookAt(_ context.Context, zone *dns.Zone, name string, kind dns.Type) (dns.Look, error) {
	look := dns.Look{Name: name, Type: kind, Zone: p.zone, At: moment, Trust: p.trust}
	for i, server := range p.servers {
		if zone != nil && !slices.ContainsFunc(zone.Servers, func(s dns.Server) bool { return s.Name == server }) {
			continue
		}
		r := dns.Reply{Server: server, Addr: netip.AddrFrom4([4]byte{192, 0, 2, byte(i)}), At: moment, Outcome: dns.NoName}
		if slices.Contains(p.lines[server], "!") {
			r.Outcome, r.Words = dns.Silent, "no answer"
		} else {
			r.Records, r.Aliases = p.records(server, name, kind)
		}
		if len(r.Records)+len(r.Aliases) > 0 {
			r.Outcome = dns.Answered
		}
		look.Replies = append(look.Replies, r)
	}
	return look, nil
}

func (p published) records(server, name string, kind dns.Type) (records, aliases []dns.Record) {
	for _, line := range append(slices.Clone(p.lines["*"]), p.lines[server]...) {
		r, err := dns.ParseRecord(line)
		if err != nil {
			panic(line + ": " + err.Error())
		}
		if r.Name != name {
			continue
		}
		if r.Type == kind {
			records = append(records, r)
		}
		if r.Type == dns.CNAME {
			aliases = append(aliases, r)
		}
	}
	return records, aliases
}

func (p published) Resolve(_ context.Context, name string, kind dns.Type) (dns.Answer, error) {
	if slices.Contains(p.lines[p.servers[0]], "!") {
		return dns.Answer{}, &dns.LookupError{Name: name, Err: errors.New("no answer")}
	}
	records, _ := p.records(p.servers[0], name, kind)
	return dns.Answer{Name: name, Records: records, Exists: len(records) > 0}, nil
}

// judged surveys and judges example.test.
func judged(t *testing.T, p published, wanted Wanted, world World) Domain {
	t.Helper()
	p.zone = "example.test"
	if p.servers == nil {
		p.servers = []string{"ns1.host.test", "ns2.host.test"}
	}
	if p.trust.State == "" {
		p.trust.State = dns.Insecure
	}
	p.lines["*"] = append(p.lines["*"], "example.test. SOA a. b. 1 2 3 4 5")
	world.DNS = p
	if world.Listens == nil {
		world.Listens = func(context.Context, netip.Addr) (bool, error) { return false, nil }
	}
	survey, err := Look(t.Context(), world, "example.test", wanted, moment)
	if err != nil {
		t.Fatal(err)
	}
	return Judge(survey, wanted, DefaultTTL)
}

func (d Domain) record(about string) Record {
	for _, r := range d.Records {
		if r.About == about {
			return r
		}
	}
	return Record{}
}

func (d Domain) has(kind rehome.Declared) bool { return slices.ContainsFunc(d.Findings, kind.Is) }

// lines are the records that all servers have.
func all(lines ...string) published { return published{lines: map[string][]string{"*": lines}} }

var newHost = Wanted{MX: []MailHost{{10, "mx.new.test"}}, SPF: []string{"include:spf.new.test"}}

func TestJudge_mailHosts(t *testing.T) {
	t.Parallel()
	address := "mx.new.test. A 192.0.2.9"
	for name, c := range map[string]struct {
		lines []string
		state State
		says  string
		next  string
	}{
		"old": {[]string{"example.test. 86400 MX 10 mail.example.test.", address}, Change, "after the switch it should go to 10 mx.new.test",
			"from 1 day to 5 minutes first, at least 1 day before"},
		"low":       {[]string{"example.test. 300 MX 10 mail.example.test.", address}, Change, "", "not before"},
		"new":       {[]string{"example.test. 300 MX 10 mx.new.test.", address}, Right, "as it should", ""},
		"mixed":     {[]string{"example.test. 300 MX 10 mail.example.test.", "example.test. 300 MX 20 mx.new.test.", address}, Warning, "", "do not mix"},
		"none":      {[]string{address}, Warning, "addresses of the domain itself", ""},
		"null":      {[]string{"example.test. MX 0 .", address}, Warning, "takes no mail", ""},
		"addressed": {[]string{"example.test. MX 10 mail.example.test."}, Warning, "mx.new.test has no address", "destination.dns.mx"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := judged(t, all(c.lines...), newHost, World{}).record("MX")
			if r.State != c.state || !strings.Contains(r.Sentence, c.says) || !strings.Contains(r.NextStep, c.next) {
				t.Errorf("got %s %q -> %q, want %s %q -> %q", r.State, r.Sentence, r.NextStep, c.state, c.says, c.next)
			}
		})
	}
}

// What no server says, or servers say differently, is never taken for "there is none".
func TestJudge_notKnownIsNotAbsent(t *testing.T) {
	t.Parallel()
	silent := published{lines: map[string][]string{"ns1.host.test": {"!"}, "ns2.host.test": {"!"}}}
	d := judged(t, silent, newHost, World{})
	for _, r := range d.Records {
		if r.State != Unknown {
			t.Errorf("%s is %s %q, and no server has answered", r.About, r.State, r.Sentence)
		}
	}
	if (Report{Domains: []Domain{d}}).Outcome() != rehome.OutcomeUnreachable || !d.has(zoneNotServed) {
		t.Error("no server has answered, and that does not stop anybody")
	}
	lagging := published{lines: map[string][]string{"ns1.host.test": {"example.test. MX 10 mx.new.test."}}}
	d = judged(t, lagging, newHost, World{})
	r := d.record("MX")
	if r.State != Wrong || len(r.Servers) != 2 || !strings.Contains(r.Sentence, "ns2.host.test says there is none") || !d.has(serversDisagree) {
		t.Errorf("got %+v, want that the servers disagree", r)
	}
	half := published{lines: map[string][]string{"*": {"example.test. 60 MX 10 mx.new.test."}, "ns2.host.test": {"!"}}}
	if d = judged(t, half, Wanted{}, World{}); d.record("MX").State != Right || !d.has(serverSilent) {
		t.Errorf("got %+v %v, want the record, and that one server is silent", d.record("MX"), d.Findings)
	}
}

// Large sites spread visitors over addresses. A name without any at one server is another matter.
func TestJudge_addressesThatAreSpread(t *testing.T) {
	t.Parallel()
	p := published{lines: map[string][]string{"ns1.host.test": {"example.test. 60 A 192.0.2.1"}, "ns2.host.test": {"example.test. 60 A 192.0.2.2"}}}
	d := judged(t, p, Wanted{}, World{})
	if r := d.record("address"); r.State != Right || len(r.Now) != 2 || !strings.Contains(r.Sentence, "different addresses") || d.has(serversDisagree) {
		t.Errorf("got %+v, want both addresses, and no disagreement", r)
	}
	p = published{lines: map[string][]string{"ns1.host.test": {"example.test. 60 A 192.0.2.1"}}}
	if d = judged(t, p, Wanted{}, World{}); d.record("address").State != Wrong || !d.has(serversDisagree) {
		t.Errorf("got %+v, want that one server has no address", d.record("address"))
	}
}

func TestJudge_whoCanChangeIt(t *testing.T) {
	t.Parallel()
	d := judged(t, all("_dmarc.example.test. CNAME dmarc.vendor.test.", `dmarc.vendor.test. TXT "v=DMARC1; p=none"`,
		"autodiscover.example.test. CNAME auto.vendor.test.", "auto.vendor.test. A 192.0.2.4"), Wanted{}, World{})
	for about, want := range map[string]string{
		"DMARC": "whoever runs dmarc.vendor.test", "Autodiscover": "whoever runs ns1.host.test", "MX": "whoever runs ns1.host.test",
	} {
		if got := d.record(about).Who; got != want {
			t.Errorf("%s: got %q, want %q", about, got, want)
		}
	}
}

func TestJudge_versions(t *testing.T) {
	t.Parallel()
	var p published
	p.servers = []string{"ns1.host.test", "ns2.host.test"}
	p.lines = map[string][]string{"ns1.host.test": {"example.test. SOA a. b. 9 2 3 4 5"}, "ns2.host.test": {"example.test. SOA a. b. 8 2 3 4 5"}}
	p.zone, p.trust = "example.test", dns.Trust{State: dns.Insecure}
	survey, err := Look(t.Context(), World{DNS: p}, "example.test", Wanted{}, moment)
	if err != nil {
		t.Fatal(err)
	}
	if d := Judge(survey, Wanted{}, DefaultTTL); !d.has(versionsDiffer) {
		t.Errorf("got %+v, want that the versions differ", d.Serials)
	}
}

func TestJudge_unknownDomain(t *testing.T) {
	t.Parallel()
	survey, err := Look(t.Context(), World{DNS: published{zone: "other.test"}}, "example.test", newHost, moment)
	if err != nil {
		t.Fatal(err)
	}
	d := Judge(survey, newHost, DefaultTTL)
	if !d.has(zoneNotFound) || (Report{Domains: []Domain{d}}).Outcome() != rehome.OutcomeUnreachable {
		t.Errorf("got %+v, want that the zone was not found", d)
	}
}

func TestLook_aDomainThatIsNobodys(t *testing.T) {
	t.Parallel()
	p := all("other.test. MX 10 mail.test.")
	p.zone, p.servers = "test", []string{"ns.nic.test"}
	survey, err := Look(t.Context(), World{DNS: p}, "example.test", newHost, moment)
	if err != nil {
		t.Fatal(err)
	}
	if d := Judge(survey, newHost, DefaultTTL); !d.has(zoneNotFound) || !strings.Contains(d.Findings[0].Sentence, "no such domain") {
		t.Errorf("got %+v, want that there is no such domain", d)
	}
}

func TestJudge_policyBindsSenders(t *testing.T) {
	t.Parallel()
	policy := dns.STSPolicy{Mode: "enforce", Hosts: []string{"mail.example.test"}, MaxAge: 14 * 24 * time.Hour}
	world := World{Policy: func(context.Context, string) (dns.STSPolicy, error) { return policy, nil }}
	lines := all(`_mta-sts.example.test. TXT "v=STSv1; id=1"`, "mx.new.test. A 192.0.2.9")
	d := judged(t, lines, newHost, world)
	if r := d.record("MTA-STS"); r.State != Warning || !strings.Contains(r.NextStep, "at least 14 days before the switch") || !d.has(policyNamesOld) {
		t.Errorf("got %+v, want that 14 days are needed", r)
	}
	policy.Hosts = append(policy.Hosts, "*.new.test")
	if d = judged(t, lines, newHost, world); d.record("MTA-STS").State != Right || d.has(policyNamesOld) {
		t.Errorf("got %+v, want a policy that allows the new host", d.record("MTA-STS"))
	}
	world.Policy = func(context.Context, string) (dns.STSPolicy, error) { return dns.STSPolicy{}, errors.New("404") }
	if d = judged(t, lines, newHost, world); d.record("MTA-STS").State != Wrong {
		t.Errorf("got %+v, want a policy that cannot be used", d.record("MTA-STS"))
	}
}

func TestJudge_apexAddress(t *testing.T) {
	t.Parallel()
	lines := []string{"example.test. A 192.0.2.80", "example.test. MX 10 mail.example.test."}
	for name, c := range map[string]struct {
		listens bool
		err     error
		state   State
		says    string
	}{
		"open":    {true, nil, Warning, "takes connections for mail"},
		"closed":  {false, nil, Right, "takes no mail"},
		"unknown": {false, context.DeadlineExceeded, Right, "could not be tried"},
	} {
		world := World{Listens: func(context.Context, netip.Addr) (bool, error) { return c.listens, c.err }}
		if r := judged(t, all(lines...), newHost, world).record("address"); r.State != c.state || !strings.Contains(r.Sentence, c.says) {
			t.Errorf("%s: got %s %q, want %s %q", name, r.State, r.Sentence, c.state, c.says)
		}
	}
}

func TestJudge_spfBeyondItsLimit(t *testing.T) {
	t.Parallel()
	lines := []string{`example.test. TXT "v=spf1 a mx include:b.test -all"`, "example.test. A 192.0.2.1", "example.test. MX 10 example.test."}
	for _, name := range []string{"b", "c", "d", "e", "f", "g", "h"} {
		next := string(name[0] + 1)
		lines = append(lines, name+`.test. TXT "v=spf1 include:`+next+`.test ?all"`)
	}
	lines = append(lines, `i.test. TXT "v=spf1 -all"`, `spf.new.test. TXT "v=spf1 ip4:192.0.2.9 -all"`)
	d := judged(t, all(lines...), newHost, World{})
	if r := d.record("SPF"); r.State != Warning || !strings.Contains(r.Sentence, "then it needs 11 lookups") || !d.has(spfTooLong) {
		t.Errorf("got %s %q, want that the new host is one too many", r.State, r.Sentence)
	}
}

func TestJudge_keys(t *testing.T) {
	t.Parallel()
	const text = "v=DKIM1; k=ed25519; p=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
	for name, c := range map[string]struct {
		lines []string
		key   Key
		state State
		says  string
	}{
		"missing": {nil, Key{"new", ""}, Warning, "not published"},
		"any":     {[]string{`new._domainkey.example.test. TXT "` + text + `"`}, Key{"new", ""}, Right, "256 bits"},
		"same": {[]string{`new._domainkey.example.test. TXT "v=DKIM1; k=ed25519; " "p=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="`},
			Key{"new", text}, Right, ""},
		"other": {[]string{`new._domainkey.example.test. TXT "` + text + `"`}, Key{"new", "v=DKIM1; p=other"}, Warning, "another one"},
		"alias": {[]string{"new._domainkey.example.test. CNAME k.new.test.", `k.new.test. TXT "` + text + `"`},
			Key{"new._domainkey.example.test", "k.new.test."}, Right, ""},
		"no alias": {[]string{`new._domainkey.example.test. TXT "` + text + `"`}, Key{"new", "k.new.test"}, Warning, "not by a CNAME"},
		"test":     {[]string{`new._domainkey.example.test. TXT "` + text + `; t=y"`}, Key{"new", ""}, Warning, "t=y"},
		"revoked":  {[]string{`new._domainkey.example.test. TXT "v=DKIM1; p="`}, Key{"new", ""}, Wrong, "revoked"},
	} {
		r := judged(t, all(c.lines...), Wanted{DKIM: []Key{c.key}}, World{}).record("DKIM")
		if r.State != c.state || !strings.Contains(r.Sentence, c.says) {
			t.Errorf("%s: got %s %q, want %s %q", name, r.State, r.Sentence, c.state, c.says)
		}
	}
	if r := judged(t, all(), Wanted{DKIM: []Key{{"new._domainkey.other.test", ""}}}, World{}).record("DKIM"); r.About != "" {
		t.Errorf("got %+v about the key of another domain", r)
	}
}

func TestJudge_providerAndItsTTL(t *testing.T) {
	t.Parallel()
	p := all("example.test. 86400 MX 10 mail.example.test.", "mx.new.test. A 192.0.2.9")
	p.servers = []string{"ns1.desec.io", "ns2.desec.org"}
	d := judged(t, p, newHost, World{})
	if d.Provider != "deSEC" || !strings.Contains(d.record("MX").NextStep, "to 1 hour first") {
		t.Errorf("got %q %q, want deSEC, whose smallest TTL is an hour", d.Provider, d.record("MX").NextStep)
	}
	for want, servers := range map[string][]string{
		"Amazon Route 53": {"ns-1.awsdns-01.com", "ns-2.awsdns-02.co.uk"}, "Cloudflare": {"ada.ns.cloudflare.com", "bob.ns.cloudflare.com"},
		"Hetzner": {"hydrogen.ns.hetzner.com", "helium.ns.hetzner.de"}, "": {"ada.ns.cloudflare.com", "ns1.desec.io"},
	} {
		if got, _ := recognise(servers); got.Name != want {
			t.Errorf("%v: got %q, want %q", servers, got.Name, want)
		}
	}
}

func TestJudge_programs(t *testing.T) {
	t.Parallel()
	wanted := Wanted{Services: map[string]Server{"_imaps._tcp": {"imap.new.test", 993}}, Autodiscover: "auto.new.test",
		Hosts: []string{"mail.example.test", "mail.other.test"}}
	d := judged(t, all("_imaps._tcp.example.test. 3600 SRV 0 1 993 mail.example.test.", "_pop3._tcp.example.test. SRV 0 0 0 .",
		"autodiscover.example.test. CNAME auto.new.test.", "auto.new.test. A 192.0.2.7", "mail.example.test. 60 A 192.0.2.10"), wanted, World{})
	for about, want := range map[string]State{"IMAP with TLS": Change, "POP3": Right, "Autodiscover": Right, "host": Change} {
		if r := d.record(about); r.State != want {
			t.Errorf("%s: got %s %q, want %s", about, r.State, r.Sentence, want)
		}
	}
	hosts := 0
	for _, r := range d.Records {
		if r.About == "host" {
			hosts++
		}
	}
	if hosts != 1 {
		t.Errorf("got %d hosts, want the one of this domain", hosts)
	}
}

func TestJudge_signatures(t *testing.T) {
	t.Parallel()
	p := all("example.test. 300 MX 10 mx.new.test.")
	p.trust = dns.Trust{State: dns.Bogus, Why: "the signature of x is wrong"}
	d := judged(t, p, Wanted{}, World{})
	if !d.has(signatureWrong) || (Report{Domains: []Domain{d}}).Outcome() != rehome.OutcomeUnreachable {
		t.Errorf("got %+v, want that wrong signatures stop a switch", d.Findings)
	}
}
