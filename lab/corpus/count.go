// SPDX-License-Identifier: Apache-2.0

package corpus

import "slices"

// Count is what a reader must find, taken from the descriptions and not from any server.
type Count struct {
	Messages int
	Octets   int64 // sum of RFC822.SIZE
	Unseen   int
	Deleted  int // marked \Deleted, still there
	NULs     int // octets stored as NUL; the source shows each as 0x80
}

// MailboxCount is the count of one mailbox.
type MailboxCount struct {
	Address string
	Mailbox string // as the source's IMAP shows it
	Count
}

// Count sums the mailbox.
func (m Mailbox) Count() Count {
	var c Count
	for _, msg := range m.Messages {
		c.Messages++
		c.Octets += msg.Size
		c.NULs += msg.NULs
		if !slices.Contains(msg.Flags, `\Seen`) {
			c.Unseen++
		}
		if slices.Contains(msg.Flags, `\Deleted`) {
			c.Deleted++
		}
	}
	return c
}

// Count sums all mailboxes of the person.
func (p Person) Count() Count {
	var c Count
	for _, m := range p.Mailboxes {
		c.add(m.Count())
	}
	return c
}

// Resources counts the contacts and the calendar objects of the person.
func (p Person) Resources() (contacts, events int) {
	for _, c := range p.AddressBooks {
		contacts += len(c.Resources)
	}
	for _, c := range p.Calendars {
		events += len(c.Resources)
	}
	return contacts, events
}

// Count sums all people.
func (o Organisation) Count() Count {
	var c Count
	for _, p := range o.People {
		c.add(p.Count())
	}
	return c
}

// Counts lists every mailbox of every person.
func (o Organisation) Counts() []MailboxCount {
	var all []MailboxCount
	for _, p := range o.People {
		for _, m := range p.Mailboxes {
			all = append(all, MailboxCount{Address: p.Address, Mailbox: m.IMAPName(), Count: m.Count()})
		}
	}
	return all
}

func (c *Count) add(d Count) {
	c.Messages += d.Messages
	c.Octets += d.Octets
	c.Unseen += d.Unseen
	c.Deleted += d.Deleted
	c.NULs += d.NULs
}
