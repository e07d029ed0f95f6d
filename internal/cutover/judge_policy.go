// SPDX-License-Identifier: Apache-2.0

package cutover

import (
	"fmt"
	"slices"
	"time"

	"rehome"
	"rehome/internal/protocol/dns"
)

// sts judges the policy that binds senders to hosts (RFC 8461). A sender that has it cached refuses other hosts until max_age
// is over, whatever has been published since.
func (j *judge) sts() {
	name := "_mta-sts." + j.Domain
	r, seen, ok := j.about("MTA-STS", question{name, dns.TXT})
	if !ok {
		return
	}
	id, err := dns.ReadSTSRecord(dns.Texts(seen.records))
	switch {
	case err != nil:
		r.State, r.Sentence, r.NextStep = Wrong, err.Error()+", so senders ignore the policy", "publish one record with a new id"
		j.broken(r)
		return
	case id == "":
		r.State, r.Sentence = Right, "there is no MTA-STS policy; none is needed for the move"
		j.add(r)
		return
	case !j.policy.read:
		r.State, r.Sentence = Wrong, fmt.Sprintf("the policy (id %s) cannot be used: %v", id, j.policy.err)
		r.NextStep = "serve https://mta-sts." + j.Domain + "/.well-known/mta-sts.txt, or remove the TXT record"
		j.broken(r)
		return
	}
	r.State = Right
	age := period(j.policy.MaxAge)
	r.Sentence = fmt.Sprintf("the policy (id %s) is %s for %s and may be cached for %s", id, j.policy.Mode, list(j.policy.Hosts), age)
	missing := j.notAllowed()
	if len(missing) > 0 && j.policy.Mode != "none" {
		r.State = Change
		r.Sentence += "; it does not name " + list(missing)
		r.NextStep = "name the old and the new hosts in the policy, then publish a new id, at least " + age + " before the switch"
		if j.policy.Mode == "enforce" {
			r.State = Warning
			j.found(policyNamesOld, j.Domain, rehome.Values{"domain": j.Domain, "hosts": list(missing), "age": age})
		}
	}
	j.add(r)
}

// notAllowed are the hosts of the destination to which the policy lets no mail go.
func (j *judge) notAllowed() []string {
	var missing []string
	for _, host := range j.wanted.MX {
		if !j.policy.Allows(host.Host) {
			missing = append(missing, host.Host)
		}
	}
	return missing
}

// reports judges where senders report trouble with TLS.
func (j *judge) reports() {
	r, seen, ok := j.about("TLS-RPT", question{"_smtp._tls." + j.Domain, dns.TXT})
	if !ok {
		return
	}
	addresses, err := dns.ReadTLSRPT(dns.Texts(seen.records))
	switch {
	case err != nil:
		r.State, r.Sentence, r.NextStep = Warning, err.Error()+", so senders ignore it", "publish one record that is right, or none"
	case len(addresses) == 0:
		r.State, r.Sentence = Right, "there is no TLS-RPT record; with one, senders report trouble with TLS by mail"
	default:
		r.State, r.Sentence = Right, "senders report trouble with TLS to "+list(addresses)
	}
	j.add(r)
}

// dane judges the digests of the mail hosts' certificates. They lie in the zones of these hosts, and count only if the domain is
// signed too (RFC 7672 section 2.2).
func (j *judge) dane() {
	for _, host := range j.mailHosts(j.wanted) {
		seen, asked := j.sights[question{dns.TLSAName(host), dns.TLSA}]
		if !asked || seen.known && len(seen.records) == 0 {
			continue // most hosts have none
		}
		r, _, ok := j.about("TLSA", question{dns.TLSAName(host), dns.TLSA})
		if !ok {
			continue
		}
		r.Who = "whoever runs " + host
		usable, err := dns.ReadTLSA(seen.records)
		switch {
		case usable == 0:
			r.State, r.Sentence = Wrong, fmt.Sprintf("%v: senders find none that they can use, and may hold mail back", err)
			r.NextStep = "ask " + r.Who + " to mend or remove it"
			j.broken(r)
			continue
		case j.out.Signed.State == dns.Insecure:
			r.State, r.Sentence = Right, host+" publishes digests of its certificate; they do not count, because the domain is not signed"
		default:
			r.State, r.Sentence = Right, "senders check the certificate of "+host+" by DANE; keep the domain signed"
		}
		j.add(r)
	}
}

// issuers says who may issue certificates for names of the domain.
func (j *judge) issuers() {
	r := Record{About: "CAA", Name: j.Domain, Type: dns.CAA, Who: j.out.Who, Now: []string{}, Seen: j.At, State: Right}
	switch {
	case j.caaErr != nil:
		r.State, r.Sentence = Unknown, "it is not known: "+j.caaErr.Error()
	case !j.caa.Restricted:
		r.Sentence = "any authority may issue certificates"
	case len(j.caa.Names) == 0:
		r.State, r.Sentence = Warning, "no authority may issue certificates for names below "+j.caa.At
		r.NextStep = "if the destination is to serve names of this domain, allow its authority"
	default:
		r.Now = j.caa.Names
		r.Sentence = "only " + list(j.caa.Names) + " may issue certificates (record of " + j.caa.At + ")"
		r.NextStep = "if the destination is to serve names of this domain, ask which authority it uses"
	}
	j.add(r)
}

// apexAddress judges the addresses of the domain itself: a sender that cannot read the MX record tries them
// (RFC 5321 section 5.1), and a web server that takes the mail then loses it.
func (j *judge) apexAddress() {
	r, seen, ok := j.about("address", question{j.Domain, dns.A})
	six := j.sights[question{j.Domain, dns.AAAA}]
	if !ok {
		return
	}
	r.Now = append(r.Now, dns.Data(six.records)...)
	switch {
	case len(seen.records)+len(six.records) == 0 && six.known:
		r.State, r.Sentence = Right, "the domain itself has no address"
	case len(j.apex.listens) > 0 && !j.servesMail():
		r.State, r.Sentence = Warning, addressesOf(j.apex.listens)+" takes connections for mail (port 25)"
		r.NextStep = "close port 25 there, or have the domain refused: a sender that cannot read the MX record delivers there"
		j.found(apexTakesMail, j.Domain, rehome.Values{"domain": j.Domain, "addresses": addressesOf(j.apex.listens)})
	case len(j.apex.listens) > 0:
		r.State, r.Sentence = Right, addressesOf(j.apex.listens)+" is the mail host itself"
	case len(j.apex.unknown) > 0:
		r.State, r.Sentence = Right, "the domain has the address "+list(r.Now)+"; whether it takes mail could not be tried from here"
	default:
		r.State, r.Sentence = Right, "the domain has the address "+list(r.Now)+", which takes no mail"
	}
	if seen.spread {
		r.Sentence += "; the servers give different addresses"
	}
	j.add(r)
}

// servesMail reports whether the domain is its own mail host, so that its address has to take mail.
func (j *judge) servesMail() bool {
	names := dns.ReadMX(j.sights[question{j.Domain, dns.MX}].records).Names()
	return slices.Contains(names, j.Domain) || len(names) == 0
}

// DefaultTTL is what records should have before they are changed, where nothing else is said.
const DefaultTTL = 5 * time.Minute
