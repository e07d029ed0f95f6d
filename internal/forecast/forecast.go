// SPDX-License-Identifier: Apache-2.0

// Package forecast says what people's programs will make of the switch: whom they ask for a password, and how much mail they
// download again.
//
// A program that keeps copies knows a message by UIDVALIDITY and UID (RFC 9051, section 2.3.1.1), one that reads by POP3 by the
// identifier (RFC 1939, section 7). Whether both stay the same is in the ledger; which programs there are, logs have told. What
// neither tells is not known, and said to be that: it is no zero.
package forecast

import (
	"fmt"
	"slices"
	"strings"

	"rehome/internal/devices"
	"rehome/internal/people"
)

// Asked says whether programs will ask for a password.
type Asked string

// The answers.
const (
	AskedNo   Asked = "no"
	AskedYes  Asked = "yes"
	AskedThen Asked = "until the host sets it"
	AskedMay  Asked = "if it differs"
)

// Facts are what is known of one account.
type Facts struct {
	Account    string
	Route      people.PasswordRoute
	Devices    []devices.Device
	Mailboxes  []Mailbox // those that were copied
	Identified int64     // messages of the INBOX that keep their POP3 identifier
}

// Mailbox is what the ledger knows of one mailbox of the source.
type Mailbox struct {
	Name     string
	Messages int64 // at the source and brought to the destination
	Octets   int64 // of all messages; 0 where the source does not tell
	Kept     int64 // messages with the UID of the source, in a mailbox with its UIDVALIDITY
}

// Again is mail that is downloaded again.
type Again struct {
	Messages int64 `json:"messages"`
	Octets   int64 `json:"octets"`   // of those whose size is known
	AtLeast  bool  `json:"at_least"` // there is more, of unknown size
}

func (a *Again) add(messages int64, m Mailbox) {
	a.Messages += messages
	if m.Octets > 0 && m.Messages > 0 {
		each, rest := m.Octets/m.Messages, m.Octets%m.Messages
		a.Octets += each*messages + rest*messages/m.Messages // all of them are all octets
	} else if messages > 0 {
		a.AtLeast = true
	}
}

// Account is the forecast for one account.
type Account struct {
	Account   string           `json:"account"`
	Password  Asked            `json:"password"`
	Devices   []devices.Device `json:"devices"`
	Copied    bool             `json:"copied"`       // some of its mail was: nothing is foretold of other accounts
	IMAP      Again            `json:"imap"`         // for each program that keeps copies
	POP3      Again            `json:"pop3"`         // for each program that leaves mail on the server
	Reasons   []string         `json:"reasons"`      // why, a sentence each
	Unknown   []string         `json:"not_known"`    // what is not known, and what would tell
	UsesPOP3  bool             `json:"uses_pop3"`    // logs show it
	POP3Known bool             `json:"pop3_known"`   // POP3 says what they download
	Seen      bool             `json:"seen_in_logs"` // logs show any program
}

// Of returns the forecast for one account.
func Of(f Facts) Account {
	a := Account{
		Account: f.Account, Password: asked(f.Route), Devices: append([]devices.Device{}, f.Devices...), Reasons: []string{}, Unknown: []string{},
	}
	a.Seen = len(f.Devices) > 0
	a.UsesPOP3 = slices.ContainsFunc(f.Devices, func(d devices.Device) bool { return slices.Contains(d.Protocols, "pop3") })
	var renumbered []string
	for _, m := range f.Mailboxes {
		a.Copied = a.Copied || m.Messages > 0
		if again := m.Messages - m.Kept; again > 0 {
			a.IMAP.add(again, m)
			renumbered = append(renumbered, m.Name)
		}
	}
	if len(renumbered) > 0 {
		a.Reasons = append(a.Reasons, fmt.Sprintf("messages have new UIDs in %s", listed(renumbered)))
	}
	a.pop3(f)
	if !a.Copied {
		a.Unknown = append(a.Unknown, `how much is downloaded again: no mail was copied yet, run "rehome sync" first`)
	}
	if !a.Seen {
		a.Unknown = append(a.Unknown, `which programs it has: run "rehome clients devices LOG" with logs of the source`)
	}
	return a
}

// pop3 is about the INBOX: POP3 shows nothing else.
func (a *Account) pop3(f Facts) {
	i := slices.IndexFunc(f.Mailboxes, func(m Mailbox) bool { return strings.EqualFold(m.Name, "INBOX") })
	if i < 0 || !a.UsesPOP3 {
		return
	}
	inbox := f.Mailboxes[i]
	lost := inbox.Messages - inbox.Kept
	switch {
	case f.Identified > 0:
		a.POP3Known = true
		a.POP3.add(max(inbox.Messages-f.Identified, 0), inbox)
		if f.Identified < inbox.Messages {
			a.Reasons = append(a.Reasons, "not every message of the INBOX keeps its POP3 identifier")
		}
	case lost > 0:
		a.POP3Known = true
		a.POP3.add(lost, inbox)
		a.Reasons = append(a.Reasons, "POP3 programs know messages by identifiers that most servers make of the UID, and that is new")
	case inbox.Messages > 0:
		a.Unknown = append(a.Unknown, "whether POP3 programs download the INBOX again: set source.pop3 and destination.pop3, and run "+
			`"rehome verify --uids"`)
	}
}

func asked(route people.PasswordRoute) Asked {
	switch route {
	case people.RouteOwn:
		return AskedNo
	case people.RouteHash:
		return AskedThen
	case people.RouteGiven:
		return AskedMay
	}
	return AskedYes
}

// most is how many mailboxes a sentence names.
const most = 3

func listed(names []string) string {
	slices.Sort(names)
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

// Sum is that of an organisation.
type Sum struct {
	Accounts int   `json:"accounts"`
	Asked    int   `json:"asked"`      // whose programs ask for a password, for certain
	MayAsk   int   `json:"may_ask"`    // whose programs may
	Again    int   `json:"download"`   // whose programs download mail again
	Mail     Again `json:"again"`      // by one program of each
	Unknown  int   `json:"not_known"`  // of whom not everything is known
	POP3     int   `json:"uses_pop3"`  // who is known to use POP3
	Unseen   int   `json:"not_in_log"` // whose programs no log has shown
}

// SumOf adds up.
func SumOf(accounts []Account) Sum {
	s := Sum{Accounts: len(accounts)}
	for _, a := range accounts {
		switch a.Password {
		case AskedYes:
			s.Asked++
		case AskedThen, AskedMay:
			s.MayAsk++
		}
		again := a.IMAP
		if a.POP3.Messages > again.Messages {
			again = a.POP3
		}
		if again.Messages > 0 {
			s.Again++
			s.Mail = s.Mail.Plus(again)
		}
		count(&s.Unknown, len(a.Unknown) > 0)
		count(&s.POP3, a.UsesPOP3)
		count(&s.Unseen, !a.Seen)
	}
	return s
}

func count(n *int, counts bool) {
	if counts {
		*n++
	}
}
