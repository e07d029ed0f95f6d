// SPDX-License-Identifier: Apache-2.0

package dns

import (
	"cmp"
	"slices"
)

// Service is a name under which programs look for a server (RFC 2782).
type Service struct {
	Name  string // "_imaps._tcp"
	Title string // "IMAP with TLS"
	DAV   bool   // a TXT record beside it may have the path (RFC 6764 section 4)
}

// Services are those of mail (RFC 6186 section 3, RFC 8314 section 5.1), of contacts and calendars (RFC 6764 section 3), and of
// ManageSieve (RFC 5804 section 1.8).
func Services() []Service {
	return []Service{
		{Name: "_imaps._tcp", Title: "IMAP with TLS"}, {Name: "_imap._tcp", Title: "IMAP"},
		{Name: "_pop3s._tcp", Title: "POP3 with TLS"}, {Name: "_pop3._tcp", Title: "POP3"},
		{Name: "_submissions._tcp", Title: "submission with TLS"}, {Name: "_submission._tcp", Title: "submission"},
		{Name: "_caldavs._tcp", Title: "calendars with TLS", DAV: true}, {Name: "_caldav._tcp", Title: "calendars", DAV: true},
		{Name: "_carddavs._tcp", Title: "contacts with TLS", DAV: true}, {Name: "_carddav._tcp", Title: "contacts", DAV: true},
		{Name: "_sieve._tcp", Title: "ManageSieve"},
		{Name: "_autodiscover._tcp", Title: "Outlook's Autodiscover"},
	}
}

// Target is one server that a service record names.
type Target struct {
	Priority int // the lowest is tried first
	Weight   int
	Port     int
	Host     string
}

// ReadSRV reads the records of a service. none says that the service is not offered: a single record whose host is "."
// (RFC 2782, RFC 6186 section 3.4).
func ReadSRV(records []Record) (targets []Target, none bool) {
	for _, r := range records {
		if r.Type == SRV {
			targets = append(targets, Target{Priority: r.integer(0), Weight: r.integer(1), Port: r.integer(2), Host: r.field(3)})
		}
	}
	slices.SortFunc(targets, func(a, b Target) int {
		return cmp.Or(cmp.Compare(a.Priority, b.Priority), cmp.Compare(b.Weight, a.Weight), cmp.Compare(a.Host, b.Host))
	})
	if len(targets) == 1 && targets[0].Host == "" {
		return nil, true
	}
	return targets, false
}
