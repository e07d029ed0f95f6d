// SPDX-License-Identifier: Apache-2.0

package cutover

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"rehome/internal/protocol/dns"
)

// raised is the TTL of records when the move is over.
const raised = time.Hour

// key plans a DKIM key of the destination: there before the first mail that it signs.
func (p *planner) key(key Key) {
	name := key.of(p.Domain)
	if name == "" {
		return
	}
	seen, ok := p.known("the DKIM key", question{name, dns.TXT})
	if !ok {
		return
	}
	read, found, err := dns.ReadDKIM(dns.Texts(seen.records))
	target, isAlias := key.alias()
	right := found && err == nil && !read.Revoked
	if isAlias {
		right = right && slices.ContainsFunc(seen.aliases, func(a dns.Record) bool { return a.Data == target })
	} else if key.Value != "" {
		right = right && sameText(key.Value, dns.Texts(seen.records))
	}
	c := Condition{About: "DKIM", key: "dkim " + name, Met: right, Hold: max(longest(seen), p.negative())}
	c.Sentence = "the DKIM key " + name + " is not published, and resolvers may remember that"
	if right {
		c.Sentence = "the DKIM key " + name + " is published"
	}
	switch {
	case right:
	case key.Value == "":
		p.step(Step{Phase: Before, Action: Ask, About: "DKIM", Name: name, Type: dns.TXT, Now: shown(seen), Who: "the destination",
			Sentence: "ask the destination for the DKIM key " + name + "; vendors often make it only on request"})
		p.waitFor("the destination has to give the DKIM key " + name + "; then set it in destination.dns.dkim")
	default:
		step := Step{Phase: Before, Action: Publish, About: "DKIM", Name: name, Type: dns.TXT, Now: own(seen), Wanted: []string{key.Value},
			TTL: int(raised.Seconds()), Sentence: "publish the destination's DKIM key, then have the destination confirm it"}
		if isAlias {
			step.Type, step.Wanted = dns.CNAME, []string{"CNAME " + target}
		}
		if len(step.Now) > 0 {
			step.Action = Replace
		}
		p.step(step)
	}
	p.condition(c, 0)
}

// policyFile plans MTA-STS: senders that have stored the policy must find the new hosts in it before mail goes there.
func (p *planner) policyFile() {
	name := "_mta-sts." + p.Domain
	seen, ok := p.known("the MTA-STS record", question{name, dns.TXT})
	if !ok {
		return
	}
	id, err := dns.ReadSTSRecord(dns.Texts(seen.records))
	c := Condition{About: aboutPolicy, key: "mta-sts", Met: true, Sentence: "no MTA-STS policy binds senders"}
	var assumed time.Duration
	switch {
	case err == nil && id != "" && !p.policy.read:
		p.notKnown(fmt.Sprintf("the MTA-STS policy of %s cannot be read, and senders may have stored it: %v", p.Domain, p.policy.err))
		return
	case err != nil || id == "" || p.policy.Mode == "none":
	case len(p.notAllowed()) == 0:
		c.Sentence = "the MTA-STS policy names the destination's hosts"
		assumed = p.policy.MaxAge
		if p.memory.was(p.Domain+" "+c.key) == id {
			p.step(p.newPolicyID(name, seen, "give the policy a new id, as the file has changed"))
		}
	default:
		c.Met, c.Hold = false, max(p.policy.MaxAge, longest(seen))
		c.Sentence = "senders may go by the MTA-STS policy, which does not name " + list(p.notAllowed()) + ", for " + period(p.policy.MaxAge)
		p.step(Step{Phase: Before, Action: File, About: aboutPolicy, Name: "https://mta-sts." + p.Domain + "/.well-known/mta-sts.txt",
			Now: p.policy.Hosts, Wanted: append(slices.Clone(p.policy.Hosts), p.notAllowed()...), Who: "whoever runs mta-sts." + p.Domain,
			Sentence: "add the destination's hosts to the policy, and keep the old ones"})
		p.step(p.newPolicyID(name, seen, "give the policy a new id, after the file has changed"))
	}
	p.condition(c, assumed)
	if !c.Met {
		p.memory.note(p.Domain+" "+c.key, id)
	}
}

// newPolicyID tells senders that have stored the policy that there is another one (RFC 8461 section 3.1).
func (p *planner) newPolicyID(name string, seen sight, why string) Step {
	return Step{Phase: Before, Action: Replace, About: aboutPolicy, Name: name, Type: dns.TXT, Now: own(seen),
		Wanted: []string{"v=STSv1; id=" + p.At.UTC().Format("20060102T150405")}, TTL: int(p.lowest().Seconds()), Sentence: why}
}

// aboutPolicy marks steps whose order matters: the file first, then the id.
const aboutPolicy = "MTA-STS"

// senders plans SPF: old and new senders together, and all other texts at the name kept.
func (p *planner) senders() {
	q := question{p.Domain, dns.TXT}
	seen, ok := p.known("SPF", q)
	if !ok || len(p.wanted.SPF) == 0 {
		return
	}
	record, err := dns.ReadSPF(dns.Texts(seen.records))
	if err != nil {
		p.step(Step{Phase: Before, Action: Decide, About: "SPF", Name: p.Domain, Type: dns.TXT, Now: own(seen),
			Sentence: "mend the SPF record first: " + strings.TrimPrefix(err.Error(), "the SPF record ")})
		p.waitFor("the SPF record of " + p.Domain + " has to be mended")
		return
	}
	wanted := record.With(p.wanted.SPF...)
	c := Condition{About: "SPF", key: "spf", Met: record.Text == wanted, Hold: max(longest(seen), p.negative())}
	c.Sentence = "receivers may remember SPF without the destination"
	if c.Met {
		c.Sentence = "SPF lets the destination send"
	} else {
		p.step(Step{Phase: Before, Action: Replace, About: "SPF", Name: p.Domain, Type: dns.TXT, Now: own(seen),
			Wanted: merged(dns.Texts(seen.records), record.Text, wanted), TTL: int(p.lowest().Seconds()),
			Sentence: "let the old and the new servers send; all other texts at this name stay as they are"})
	}
	if p.after != nil && p.after.Lookups > dns.MaxSPFLookups {
		p.waitFor(fmt.Sprintf("SPF of %s would need %d lookups, and receivers fail after %d: it has to be shortened first",
			p.Domain, p.after.Lookups, dns.MaxSPFLookups))
	}
	p.condition(c, longest(seen))
}

// merged is the whole set of texts with the SPF record exchanged. The set is replaced as a whole, so what others have put there,
// such as proofs of ownership, has to be in it.
func merged(texts []string, old, wanted string) []string {
	all := []string{wanted}
	for _, text := range texts {
		if text != old {
			all = append(all, text)
		}
	}
	slices.Sort(all[1:])
	return all
}

// mailHost plans the switch itself.
func (p *planner) mailHost() {
	q := question{p.Domain, dns.MX}
	seen, ok := p.known("MX", q)
	if !ok {
		return
	}
	wanted := p.wanted.mx()
	if len(wanted) == 0 {
		p.waitFor("the settings do not say where mail should go: set destination.dns.mx")
		return
	}
	p.plan.switchable = true
	if lost := p.withoutAddress(); len(lost) > 0 {
		p.waitFor(list(lost) + " has no address: check destination.dns.mx")
	}
	raise := Step{Phase: After, Action: Replace, About: "MX", Name: p.Domain, Type: dns.MX, Now: wanted, Wanted: wanted, TTL: int(raised.Seconds()),
		Sentence: "raise the TTL when the move is signed off, at the earliest seven days after the switch"}
	if slices.Equal(sorted(wanted), dns.Data(seen.records)) {
		if longest(seen) < raised {
			p.step(raise)
		}
		return
	}
	p.ttlCondition("MX", q, seen)
	p.step(Step{Phase: AtSwitch, Action: Replace, About: "MX", Name: p.Domain, Type: dns.MX, Now: own(seen), Wanted: wanted,
		TTL: int(p.lowest().Seconds()), NowTTL: int(longest(seen).Seconds()),
		Sentence: "from now on mail goes to the destination; leave no old host in the set"})
	p.step(raise)
}

// programs plans the names under which programs look for servers.
func (p *planner) programs() {
	for _, service := range dns.Services() {
		q := question{service.Name + "." + p.Domain, dns.SRV}
		want, wanted := p.wanted.service(service.Name, p.Domain)
		if !wanted {
			continue
		}
		if seen, ok := p.known(service.Title, q); ok {
			p.exchange(service.Title, q, seen, []string{fmt.Sprintf("0 1 %d %s", want.Port, want.Host)}, "new programs find the destination")
		}
	}
}

// exchange plans a set that changes at the switch.
func (p *planner) exchange(about string, q question, seen sight, wanted []string, why string) {
	if slices.Equal(own(seen), wanted) {
		return
	}
	p.ttlCondition(about, q, seen)
	step := Step{Phase: AtSwitch, Action: Replace, About: about, Name: q.name, Type: q.kind, Now: own(seen), Wanted: wanted,
		TTL: int(p.lowest().Seconds()), NowTTL: int(longest(seen).Seconds()), Sentence: why}
	if len(step.Now) == 0 {
		step.Action = Publish
	}
	if strings.HasPrefix(wanted[0], "CNAME ") {
		step.Type = dns.CNAME
	}
	p.step(step)
}

func (p *planner) setupNames() {
	for _, s := range []struct{ about, label, want string }{
		{"Autodiscover", "autodiscover", p.wanted.Autodiscover}, {"autoconfig", "autoconfig", p.wanted.Autoconfig},
	} {
		if s.want == "" {
			continue
		}
		q := question{s.label + "." + p.Domain, dns.A}
		six := question{q.name, dns.AAAA}
		if seen, ok := p.known(s.about, six); ok && len(seen.aliases) == 0 && len(seen.records) > 0 {
			p.ttlCondition(s.about, six, seen)
			p.step(Step{Phase: AtSwitch, Action: Replace, About: s.about + " over IPv6", Name: six.name, Type: dns.AAAA, Now: own(seen),
				NowTTL: int(longest(seen).Seconds()), Sentence: "remove it, as a CNAME stands alone"})
		}
		if seen, ok := p.known(s.about, q); ok {
			p.exchange(s.about, q, seen, []string{"CNAME " + s.want}, "programs read the destination's settings")
		}
	}
}

// hostNames plans the names that people's programs have in their settings: only a person knows whether the destination has
// certificates for them.
func (p *planner) hostNames() {
	for _, host := range p.wanted.hostsIn(p.Domain) {
		seen, ok := p.known("the address", question{host, dns.A})
		if !ok || len(seen.records)+len(seen.aliases) == 0 {
			continue
		}
		p.ttlCondition("the address", question{host, dns.A}, seen)
		if six, ok := p.known("the IPv6 address", question{host, dns.AAAA}); ok && len(six.aliases) == 0 {
			p.ttlCondition("the IPv6 address", question{host, dns.AAAA}, six)
		}
		p.step(Step{Phase: AtSwitch, Action: Decide, About: "host", Name: host, Type: setType(seen, dns.A), Now: own(seen),
			Sentence: "point it to the destination only if the destination has a certificate for this name; otherwise leave it, and give people the new name"})
	}
}

// afterwards plans what is taken back when the move is over.
func (p *planner) afterwards() {
	if p.policy.read && p.policy.Mode != "none" {
		p.step(Step{Phase: After, Action: File, About: aboutPolicy, Name: "https://mta-sts." + p.Domain + "/.well-known/mta-sts.txt", Now: p.policy.Hosts,
			Who: "whoever runs mta-sts." + p.Domain, Sentence: "remove the old hosts when they have been quiet for seven days, then give the policy a new id"})
	}
	if len(p.wanted.SPF) > 0 {
		p.step(Step{Phase: After, Action: Decide, About: "SPF", Name: p.Domain, Type: dns.TXT,
			Sentence: "remove the old senders about 30 days after the switch, when DMARC reports show no mail of theirs"})
	}
}
