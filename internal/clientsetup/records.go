// SPDX-License-Identifier: Apache-2.0

package clientsetup

import (
	"cmp"
	"fmt"
	"strings"

	"rehome/internal/protocol"
)

// Record is one DNS record that leads clients to a side.
type Record struct {
	Name  string `json:"name"` // with the domain, without a dot at the end
	Type  string `json:"type"` // SRV, TXT or CNAME
	Value string `json:"value"`
	Why   string `json:"why"`
}

// Records returns the records of the domain while this side is live. responder is the name of the host that answers
// clients; "" leaves out what leads to it. Of a service that the settings do not name nothing is said: it may well be there. Where
// one is named, the other way to it gets "no such service" (target ".", RFC 2782), so that no record of the other side stays.
func (s Service) Records(responder string) []Record {
	var all []Record
	add := func(label, value, why string) {
		all = append(all, Record{label + "._tcp." + s.Domain, "SRV", value, why})
	}
	for _, one := range []struct {
		server        Server
		direct, start string
		why           string
	}{
		{s.IMAP, "_imaps", "_imap", "incoming mail, RFC 6186"},
		{s.POP3, "_pop3s", "_pop3", "incoming mail by POP3, RFC 6186"},
		{s.Submission, "_submissions", "_submission", "outgoing mail, RFC 6186 and 8314"},
	} {
		if !one.server.Known() {
			continue
		}
		used, unused := one.direct, one.start
		if one.server.Security == protocol.StartTLS {
			used, unused = unused, used
		}
		add(used, fmt.Sprintf("0 1 %d %s.", one.server.Port, one.server.Host), one.why)
		add(unused, "0 0 0 .", "only the way above")
	}
	if s.Sieve.Known() {
		add("_sieve", fmt.Sprintf("0 1 %d %s.", s.Sieve.Port, s.Sieve.Host), "rules, RFC 5804")
	}
	all = append(all, s.davRecords()...)
	return append(all, s.responderRecords(responder)...)
}

// davRecords are those of RFC 6764.
func (s Service) davRecords() []Record {
	var all []Record
	if s.DAV == nil {
		return nil
	}
	for _, label := range []string{"caldav", "carddav"} {
		secure := "_" + label + "s._tcp." + s.Domain
		all = append(all,
			Record{secure, "SRV", fmt.Sprintf("0 1 %s %s.", cmp.Or(s.DAV.Port(), "443"), s.DAV.Hostname()), "calendars and contacts, RFC 6764"},
			Record{secure, "TXT", quoted("path=" + s.DAV.EscapedPath()), "where they begin on that host"},
			Record{"_" + label + "._tcp." + s.Domain, "SRV", "0 0 0 .", "not offered without TLS"})
	}
	return all
}

func (s Service) responderRecords(responder string) []Record {
	var all []Record
	if responder == "" {
		return nil
	}
	host := responder + "."
	if s.SendsAndReceives() {
		all = append(all,
			Record{"autoconfig." + s.Domain, "CNAME", host, "Thunderbird, K-9 and others"},
			Record{"autodiscover." + s.Domain, "CNAME", host, "Outlook"},
			Record{"_autodiscover._tcp." + s.Domain, "SRV", "0 0 443 " + host, "Outlook, if the name before is not there"},
			Record{s.Domain, "TXT",
				quoted("mailconf=https://autoconfig." + s.Domain + autoconfigPath), "a few other clients; add it to the TXT records that are there"})
	}
	if document, ok := s.PACC(); ok {
		all = append(all,
			Record{"ua-auto-config." + s.Domain, "CNAME", host, "clients of draft-ietf-mailmaint-pacc"},
			Record{"_ua-auto-config." + s.Domain, "TXT", quoted(PACCRecord(document)),
				"the digest of their document; publish both sides' during the switch"})
	}
	return all
}

// quoted is a text of a TXT record in a zone file, RFC 1035 section 5.1. All of ours are far below 255 octets.
func quoted(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}

// zone writes records as a zone file.
func zone(records []Record) []byte {
	var b strings.Builder
	b.WriteString("; Choose a short TTL, such as 300, until the switch is over.\n")
	for _, r := range records {
		fmt.Fprintf(&b, "%-45s IN %-5s %s ; %s\n", r.Name+".", r.Type, r.Value, r.Why)
	}
	return []byte(b.String())
}
