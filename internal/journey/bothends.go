// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"maps"
	"slices"
	"strconv"

	"rehome"
	"rehome/internal/config"
)

// BothEnds is where everything goes and with which limits, as the settings have it.
type BothEnds struct {
	Domains  []string      `json:"domains"` // none means those of the accounts that are found
	Services []ServicePair `json:"services"`
	Names    []NameRule    `json:"names"`
	Limits   []Limit       `json:"limits"`
}

// ServicePair is what carries one kind, at both ends. Where one end is empty, the kind does not move that way.
type ServicePair struct {
	Name        string `json:"name"` // "IMAP"
	Carries     string `json:"carries"`
	Source      string `json:"source"` // host and port, and how it is entered
	Destination string `json:"destination"`
}

// NameRule says where a mailbox goes that does not keep its name.
type NameRule struct {
	What  string `json:"what"`
	Where string `json:"where"`
}

// Limit is one bound, with the setting that changes it.
type Limit struct {
	What    string `json:"what"`
	Is      string `json:"is"`
	Setting string `json:"setting"`
}

// BothEnds reads the settings. It holds no secret and no place of one.
func (m *Move) BothEnds() BothEnds {
	s := m.settings
	ends := BothEnds{Domains: s.Domains}
	add := func(name, carries, source, destination string) {
		if source != "" || destination != "" {
			ends.Services = append(ends.Services, ServicePair{name, carries, source, destination})
		}
	}
	add("IMAP", "mail", entered(s.Source.IMAP), entered(s.Destination.IMAP))
	add("POP3", "what POP3 programs know messages by; it is only compared", s.Source.POP3.Address, s.Destination.POP3.Address)
	source := s.Source.DAV.URL
	if source == "" && s.Source.Database.DSN != "" {
		source = "the database of the source"
	}
	add("CalDAV and CardDAV", "contacts and calendars", source, s.Destination.DAV.URL)
	rules := s.Source.Sieve.Address
	if rules == "" && s.Source.Database.DSN != "" {
		rules = "the database of the source"
	}
	add("ManageSieve", "rules", rules, s.Destination.Sieve.Address)
	ends.Names, ends.Limits = nameRules(s.Mail), limitsOf(s)
	return ends
}

func entered(imap config.IMAP) string {
	switch {
	case imap.Address == "":
		return ""
	case imap.Login == config.LoginMaster:
		return imap.Address + ", by the master user " + imap.MasterUser
	case imap.Login == config.LoginOAuth:
		return imap.Address + ", by an access token"
	}
	return imap.Address + ", by each user's own password"
}

func nameRules(mail config.Mail) (rules []NameRule) {
	for _, from := range slices.Sorted(maps.Keys(mail.Rename)) {
		rules = append(rules, NameRule{from, mail.Rename[from]})
	}
	for _, rule := range mail.RenameRegex {
		rules = append(rules, NameRule{"names that fit", rule})
	}
	for _, pattern := range mail.Exclude {
		rules = append(rules, NameRule{"names that fit " + pattern, "are not copied"})
	}
	for _, use := range mail.Skip {
		rules = append(rules, NameRule{"the mailbox for " + use, "is not copied"})
	}
	if mail.SpecialUse {
		rules = append(rules, NameRule{"mailboxes for sent mail, drafts, trash, junk and archive", "go where the destination has its own"})
	}
	return append(rules, NameRule{"all others", "keep their names"})
}

func limitsOf(s *config.Config) []Limit {
	octets := "none"
	if n := int64(s.Limits.BytesPerSecond); n > 0 {
		octets = strconv.FormatInt(n, 10) + " octets per second"
	}
	deletions := "stay at the destination"
	if s.Mail.Deletions == rehome.DeletionsMirror {
		deletions = "are removed at the destination too, if nobody has changed them there"
	}
	return []Limit{
		{"connections to the source", strconv.Itoa(s.Limits.SourceConnections), "limits.source_connections"},
		{"connections to the destination", strconv.Itoa(s.Limits.DestinationConnections), "limits.destination_connections"},
		{"connections for one account", strconv.Itoa(s.Limits.PerAccount), "limits.per_account"},
		{"speed of the line", octets, "limits.bytes_per_second"},
		{"copies of what is deleted at the source", deletions, "mail.deletions"},
		{"age of the last pass before a switch, at most", s.Cutover.Lag.String(), "cutover.lag"},
		{"quiet before a domain is live", s.Cutover.Quiet.String(), "cutover.quiet"},
		{"way back after the switch", s.Cutover.Reversible.String(), "cutover.reversible"},
	}
}
