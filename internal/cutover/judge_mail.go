// SPDX-License-Identifier: Apache-2.0

package cutover

import (
	"fmt"
	"slices"
	"strings"

	"rehome"
	"rehome/internal/protocol/dns"
)

// mail judges where mail goes.
func (j *judge) mail() {
	r, seen, ok := j.about("MX", question{j.Domain, dns.MX})
	if !ok {
		return
	}
	now := dns.ReadMX(seen.records)
	r.Wanted = j.wanted.mx()
	have := dns.Data(seen.records)
	same := len(r.Wanted) > 0 && slices.Equal(sorted(r.Wanted), have)
	switch {
	case now.Implicit:
		r.State, r.Sentence = Warning, "there is no MX record, so mail goes to the addresses of the domain itself"
	case now.Refused:
		r.State, r.Sentence = Warning, "the domain says that it takes no mail (a single MX of \".\")"
	default:
		r.State, r.Sentence = Right, "mail goes to "+list(have)
	}
	switch {
	case same:
		r.Sentence += ", as it should after the switch"
	case len(r.Wanted) > 0:
		if r.State == Right {
			r.State = Change
		}
		r.Sentence += "; after the switch it should go to " + list(r.Wanted)
		r.NextStep = "replace all MX records at the switch, not before" + j.ttlNote(seen)
		if lost := j.withoutAddress(); len(lost) > 0 {
			r.State = Warning
			r.Sentence += "; " + list(lost) + verb(len(lost), " has", " have") + " no address"
			r.NextStep = "check destination.dns.mx in the settings, and ask the destination for its mail hosts"
		}
		if mixed(now.Names(), j.wanted.MX) {
			r.State = Warning
			r.NextStep = "do not mix old and new hosts: both take mail, and part of it stays behind" + j.ttlNote(seen)
		}
	default:
		r.NextStep = "set destination.dns.mx, so that rehome knows where mail should go"
	}
	j.add(r)
}

// withoutAddress are the wanted hosts to which no mail could be delivered.
func (j *judge) withoutAddress() []string {
	var lost []string
	for _, host := range j.wanted.MX {
		four, six := j.sights[question{host.Host, dns.A}], j.sights[question{host.Host, dns.AAAA}]
		if four.known && six.known && len(four.records)+len(six.records) == 0 {
			lost = append(lost, host.Host)
		}
	}
	return lost
}

// mixed reports whether some of the hosts, but not all, are those of the destination.
func mixed(now []string, wanted []MailHost) bool {
	ours := 0
	for _, host := range now {
		if slices.ContainsFunc(wanted, func(m MailHost) bool { return m.Host == host }) {
			ours++
		}
	}
	return ours > 0 && ours < len(now)
}

func sorted(data []string) []string {
	all := slices.Clone(data)
	slices.Sort(all)
	return all
}

// spfRecord judges who may send for the domain.
func (j *judge) spfRecord() {
	r, seen, ok := j.about("SPF", question{j.Domain, dns.TXT})
	if !ok {
		return
	}
	record, err := dns.ReadSPF(dns.Texts(seen.records))
	if r.Now = []string{}; record.Text != "" {
		r.Now = []string{record.Text}
	}
	if err != nil {
		r.State, r.Sentence = Wrong, err.Error()+"; receivers treat all mail as failed"
		r.NextStep = "publish one SPF record that is right; keep the other TXT records at this name"
		j.broken(r)
		return
	}
	wanted := record.With(j.wanted.SPF...)
	switch {
	case record.Text == "":
		r.State, r.Sentence = Warning, "there is no SPF record: nobody is said to send mail of this domain"
	default:
		r.State, r.Sentence = Right, fmt.Sprintf("%q lets %s send and needs %d of %d lookups",
			record.Text, j.networks(), j.spfLookups(), dns.MaxSPFLookups)
	}
	if len(j.wanted.SPF) > 0 && wanted != record.Text {
		r.Wanted = []string{wanted}
		if r.State == Right {
			r.State = Change
		}
		r.Sentence += fmt.Sprintf("; before the switch it should be %q", wanted)
		r.NextStep = "change this one TXT record and keep the others at this name; remove the old senders some weeks after the switch"
	} else if len(j.wanted.SPF) > 0 && r.State == Right {
		r.Sentence += ", and the destination is among them"
	}
	j.add(j.spfTrouble(r))
}

func (j *judge) networks() string {
	if j.spf == nil {
		return "somebody"
	}
	n := len(j.spf.Networks)
	return fmt.Sprintf("%d network", n) + verb(n, "", "s")
}

func (j *judge) spfLookups() int {
	if j.spf == nil {
		return 0
	}
	return j.spf.Lookups
}

// spfTrouble adds what makes receivers fail, today or with the destination in the record.
func (j *judge) spfTrouble(r Record) Record {
	if j.spf != nil && len(j.spf.Unknown) > 0 && r.State != Wrong {
		r.State = Warning
		r.Sentence += "; not counted, because nobody answers for it: " + list(j.spf.Unknown)
	}
	if j.spf != nil && len(j.spf.Problems) > 0 {
		r.State = Wrong
		r.Sentence += "; " + strings.Join(j.spf.Problems, "; ")
		r.NextStep = "remove what is no longer needed, or replace names by the addresses behind them"
		j.found(recordBroken, r.Name, rehome.Values{"record": "SPF", "name": r.Name, "why": strings.Join(j.spf.Problems, "; ")})
	}
	if j.after != nil && j.after.Lookups > dns.MaxSPFLookups && j.spfLookups() <= dns.MaxSPFLookups {
		if r.State != Wrong {
			r.State = Warning
		}
		r.Sentence += fmt.Sprintf("; then it needs %d lookups, and receivers fail after %d", j.after.Lookups, dns.MaxSPFLookups)
		j.found(spfTooLong, r.Name, rehome.Values{"name": r.Name, "n": j.after.Lookups, "limit": dns.MaxSPFLookups})
	}
	return r
}

// broken adds a record that receivers do not take, and its finding.
func (j *judge) broken(r Record) {
	j.found(recordBroken, r.Name, rehome.Values{"record": r.About, "name": r.Name, "why": r.Sentence})
	j.add(r)
}

// dkim judges one key of the destination.
func (j *judge) dkim(key Key) {
	name := key.of(j.Domain)
	if name == "" {
		return
	}
	r, seen, ok := j.about("DKIM", question{name, dns.TXT})
	if !ok {
		return
	}
	if key.Value != "" {
		r.Wanted = []string{key.Value}
	}
	read, found, err := dns.ReadDKIM(dns.Texts(seen.records))
	target, isAlias := key.alias()
	leads := slices.ContainsFunc(seen.aliases, func(a dns.Record) bool { return a.Data == target })
	switch {
	case !found:
		r.State, r.Sentence = Warning, "the destination's key is not published yet"
		r.NextStep = "publish it days before the switch, then tell the destination, which confirms it and begins to sign"
		if key.Value == "" {
			r.NextStep = "ask the destination for the key of this domain; " + r.NextStep
		}
		j.found(keyMissing, name, rehome.Values{"name": name})
	case err != nil:
		r.State, r.Sentence = Wrong, err.Error()+", so signatures fail"
		r.NextStep = "publish the key again as the destination gives it, in one piece"
		j.broken(r)
		return
	case read.Revoked:
		r.State, r.Sentence, r.NextStep = Wrong, "the key is revoked (p= is empty)", "publish the key that the destination gives"
	case isAlias && !leads:
		r.State, r.Sentence, r.NextStep = Warning, "a key is there, but not by a CNAME to "+target, "replace it by that CNAME"
	case !isAlias && key.Value != "" && !sameText(key.Value, dns.Texts(seen.records)):
		r.State, r.Sentence, r.NextStep = Warning, "a key is there, but another one than the destination's", "publish the key that the destination gives"
	default:
		r.State, r.Sentence = Right, fmt.Sprintf("the key is published: %s, %d bits", read.Algorithm, read.Bits)
	}
	if read.Testing && r.State == Right {
		r.State, r.Sentence = Warning, r.Sentence+"; it is marked as a test (t=y), so receivers treat signed mail as unsigned"
	}
	j.add(r)
}

// sameText compares a text with those of records, without the white space that panels add.
func sameText(want string, texts []string) bool {
	return slices.ContainsFunc(texts, func(text string) bool {
		return strings.Join(strings.Fields(text), "") == strings.Join(strings.Fields(want), "")
	})
}

// dmarcRecord judges what receivers do with mail that proves nothing.
func (j *judge) dmarcRecord() {
	name := "_dmarc." + j.Domain
	r, _, ok := j.about("DMARC", question{name, dns.TXT})
	if !ok {
		return
	}
	d := j.dmarc
	switch {
	case j.dmarcErr != nil && d.Text == "" && d.At == "":
		r.State, r.Sentence = Unknown, "it is not known: "+j.dmarcErr.Error()
	case j.dmarcErr != nil:
		r.State, r.Sentence, r.NextStep = Wrong, j.dmarcErr.Error()+", so receivers ignore it", "publish one DMARC record that is right"
		j.broken(r)
		return
	case d.Text == "":
		r.State, r.Sentence = Right, "there is no DMARC record; none is needed for the move"
	default:
		policy := d.Policy
		if d.At != j.Domain {
			policy = d.Subdomain
		}
		r.State, r.Sentence = Right, fmt.Sprintf("mail that fails SPF and DKIM: %s (record of %s)", policy, d.At)
		if policy != "none" {
			r.Sentence += "; so the destination's DKIM key and SPF have to be right before it sends"
		}
		if len(d.Reports) == 0 {
			r.NextStep = "add rua=mailto:... to receive reports about both ends during the move"
		}
	}
	j.add(r)
}
