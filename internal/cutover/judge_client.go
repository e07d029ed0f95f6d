// SPDX-License-Identifier: Apache-2.0

package cutover

import (
	"cmp"
	"fmt"
	"slices"

	"rehome/internal/protocol/dns"
)

// services judges the names under which people's programs look for servers.
func (j *judge) services() {
	for _, service := range dns.Services() {
		q := question{service.Name + "." + j.Domain, dns.SRV}
		seen := j.sights[q]
		want, wanted := j.wanted.service(service.Name, j.Domain)
		if seen.known && len(seen.records) == 0 && !wanted {
			continue
		}
		r, _, ok := j.about(service.Title, q)
		if !ok {
			continue
		}
		targets, none := dns.ReadSRV(seen.records)
		if wanted {
			r.Wanted = []string{fmt.Sprintf("0 1 %d %s", want.Port, want.Host)}
		}
		r.State = Right
		switch {
		case none:
			r.Sentence = "programs are told that it is not offered"
		case len(targets) == 0:
			r.Sentence = "there is no record, so programs guess or ask the user"
		default:
			r.Sentence = "programs find " + places(targets)
		}
		leads := slices.ContainsFunc(targets, func(t dns.Target) bool { return t.Host == want.Host && t.Port == want.Port })
		switch {
		case !wanted:
		case leads && len(targets) == 1:
			r.Sentence += ", as they should after the switch"
		case len(targets) == 0 && !none:
			r.NextStep = fmt.Sprintf("publish %s at the switch, so that new programs find the destination", r.Wanted[0])
		default:
			r.State = Change
			r.Sentence += fmt.Sprintf("; after the switch they should find %s:%d", want.Host, want.Port)
			r.NextStep = "replace all records of this name at the switch" + j.ttlNote(seen)
		}
		j.add(r)
	}
}

func places(targets []dns.Target) string {
	var all []string
	for _, t := range targets {
		all = append(all, fmt.Sprintf("%s:%d", t.Host, t.Port))
	}
	return list(all)
}

// setup judges the names under which Outlook and Thunderbird look for settings.
func (j *judge) setup() {
	for _, s := range []struct{ title, label, want string }{
		{"Autodiscover", "autodiscover", j.wanted.Autodiscover}, {"autoconfig", "autoconfig", j.wanted.Autoconfig},
	} {
		q := question{s.label + "." + j.Domain, dns.A}
		if seen := j.sights[q]; seen.known && len(shown(seen)) == 0 && s.want == "" {
			continue
		}
		r, seen, ok := j.about(s.title, q)
		if !ok {
			continue
		}
		r.State, r.Sentence = Right, "programs ask "+lead(seen)
		if len(r.Now) == 0 {
			r.Sentence = "programs find nothing here, and guess or ask the user"
		}
		leads := slices.ContainsFunc(seen.aliases, func(a dns.Record) bool { return a.Data == s.want })
		switch {
		case s.want == "" && len(r.Now) > 0:
			r.State = Change
			r.NextStep = "set destination.dns." + s.label + " if the destination has such a host; what answers here today tells programs the old settings"
		case leads:
			r.Sentence += ", as they should after the switch"
		case s.want != "":
			r.State, r.Wanted = Change, []string{"CNAME " + s.want}
			r.Sentence += "; after the switch it should be a CNAME to " + s.want
			r.NextStep = "change it at the switch" + j.ttlNote(seen)
		}
		j.add(r)
	}
}

// lead names the host that an alias leads to, with its addresses.
func lead(seen sight) string {
	addrs := list(dns.Data(seen.records))
	if n := len(seen.aliases); n > 0 {
		return seen.aliases[n-1].Data + " (" + cmp.Or(addrs, "which has no address") + ")"
	}
	return addrs
}

// hosts judges the names that people's programs have in their settings. An existing program follows its name and never looks for
// another one.
func (j *judge) hosts() {
	for _, host := range j.wanted.hostsIn(j.Domain) {
		r, seen, ok := j.about("host", question{host, dns.A})
		six := j.sights[question{host, dns.AAAA}]
		if !ok {
			continue
		}
		r.Now = append(r.Now, dns.Data(six.records)...)
		if len(r.Now) == 0 {
			r.State, r.Sentence = Warning, "the settings name this host at the source, and it has no address"
			r.NextStep = "check the name in the settings"
			j.add(r)
			continue
		}
		r.State = Change
		r.Sentence = "people's programs find the source here: " + list(r.Now)
		if seen.spread {
			r.Sentence += " (the servers give different addresses, on purpose or because one lags)"
		}
		r.NextStep = "point it to the destination at the switch only if the destination has a certificate for this name; otherwise keep it, " +
			"and give people the new name" + j.ttlNote(seen)
		j.add(r)
	}
}
