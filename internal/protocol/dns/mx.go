// SPDX-License-Identifier: Apache-2.0

package dns

import (
	"cmp"
	"slices"
	"time"
)

// MailHost is one host that takes mail for a domain (RFC 5321 section 5.1).
type MailHost struct {
	Preference int // the lowest is tried first
	Host       string
	TTL        time.Duration
}

// Mail says where mail for a domain goes.
type Mail struct {
	Hosts []MailHost // in the order in which senders try them
	// Refused says that the domain takes no mail at all: a single MX of "." (RFC 7505).
	Refused bool
	// Implicit says that there is no MX record: senders then try the addresses of the domain itself.
	Implicit bool
}

// ReadMX reads the MX records of a domain.
func ReadMX(records []Record) Mail {
	var mail Mail
	for _, r := range records {
		if r.Type == MX {
			mail.Hosts = append(mail.Hosts, MailHost{Preference: r.integer(0), Host: r.field(1), TTL: r.TTL})
		}
	}
	slices.SortFunc(mail.Hosts, func(a, b MailHost) int {
		return cmp.Or(cmp.Compare(a.Preference, b.Preference), cmp.Compare(a.Host, b.Host))
	})
	mail.Implicit = len(mail.Hosts) == 0
	if len(mail.Hosts) == 1 && mail.Hosts[0].Host == "" {
		return Mail{Refused: true}
	}
	return mail
}

// Names returns the names of the hosts, each once.
func (m Mail) Names() []string {
	var names []string
	for _, h := range m.Hosts {
		if !slices.Contains(names, h.Host) {
			names = append(names, h.Host)
		}
	}
	return names
}
