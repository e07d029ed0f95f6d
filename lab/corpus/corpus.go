// SPDX-License-Identifier: Apache-2.0

// Package corpus makes a sample organisation as an old mail server really holds one: a dozen people,
// their passwords in every form, mailboxes with awkward names, messages with every oddity of twenty
// years, contacts and events as a decade of clients left them, aliases of every kind.
//
// The same Options always give the same organisation, octet for octet. Nothing is held in memory that
// can be made again: a Message is a small description, and its octets come out of WriteTo.
//
// A caller takes these steps: Sample (or Crowd and Uniform for benchmarks); an atmail 7 of the lab,
// started with ServerOptions; Seed (or WriteMaildir into any Dovecot); then the counts (Mailbox.Count,
// Person.Count, Organisation.Counts) as the truth to hold an IMAP answer against. The counts come from
// the descriptions, not from any server.
//
// The package does not judge: what a destination has to refuse is listed in Organisation.Planted, what
// is odd about one message or resource stands in its Trap.
//
// Maildir++ as Dovecot and Courier write it; modified UTF-7 of RFC 3501 section 5.1.3.
package corpus

import (
	"slices"
	"time"

	"rehome"
)

// Organisation is everything that one sample server holds.
type Organisation struct {
	Name      string
	Domains   []string // the first is home to nearly everybody
	Groups    []Group
	People    []Person
	Aliases   []AliasRow
	Delegates []Delegate
	Planted   []Planted
}

// Group is a set of feature switches that people belong to.
type Group struct {
	Name                        string
	Description                 string
	IMAP, POP3, CalDAV, CardDAV bool
}

// Person is one row of the user tables and all that hangs on it.
type Person struct {
	Address string

	// FirstName and LastName stand in the person's own address book record, as typed there, blanks
	// and quotes included. A person without such a record (NoSelf) may still have a RealName.
	FirstName, LastName string
	NoSelf              bool
	RealName            string // UserSettings.RealName

	Plain  string // the true password
	Stored string // the password column
	Form   rehome.PasswordForm

	Group     string
	Status    int // 0 is enabled
	CalUser   int // not 0 is an internal calendar user, no account of a human
	QuotaKB   int // 0 is unlimited
	Forward   string
	AutoReply string
	Signature string
	Allow     []string // senders that are never spam, "*" as a wildcard
	Block     []string // senders that always are

	Mailboxes    []Mailbox
	Subscribed   [][]string // further subscribed paths, whose mailboxes are long gone
	AddressBooks []Collection
	Calendars    []Collection
}

// Mailbox is one IMAP mailbox.
type Mailbox struct {
	Path        []string // Unicode names from the root down; empty is INBOX
	Subscribed  bool
	UIDValidity uint32
	UIDNext     uint32
	CourierUIDL bool // POP3 clients know the messages as UIDVALIDITY-UID, as Courier named them
	Messages    []Message
}

// AliasRow is one row of MailAliases, as stored.
type AliasRow struct {
	Name, To, Domain, Maildir string
	Kind                      rehome.AliasKind // what the row means
	Trap                      string           // what is odd about it, if anything
}

// Delegate lets one person into another's calendar.
type Delegate struct {
	Owner    string // address
	Calendar string // resource name of the collection
	To       string // address
	Write    bool
}

// Collection is one calendar or address book.
type Collection struct {
	Name        string // last segment of its address
	DisplayName string
	Description string
	Color       string   // calendars only
	Components  []string // calendars only
	Resources   []Resource
}

// Resource is one contact or event object, as its octets lie in the table.
type Resource struct {
	Name     string // last segment of its address
	Data     []byte
	Modified time.Time
	Trap     string // what is odd about it, if anything
}

// Planted is a difference that a move cannot avoid, and so must report.
type Planted struct {
	Address string
	Mailbox string // as the source's IMAP shows it
	Octets  int64
	What    string
}

// LogsIn reports whether the source lets this person in by any protocol.
func (p Person) LogsIn() bool { return p.Status == 0 && p.CalUser == 0 }

// Person returns the one with that address, or false.
func (o Organisation) Person(address string) (Person, bool) {
	for _, p := range o.People {
		if p.Address == address {
			return p, true
		}
	}
	return Person{}, false
}

// Mailbox returns the one at that path, or false. Without parts it is INBOX.
func (p Person) Mailbox(path ...string) (Mailbox, bool) {
	for _, m := range p.Mailboxes {
		if slices.Equal(m.Path, path) {
			return m, true
		}
	}
	return Mailbox{}, false
}
