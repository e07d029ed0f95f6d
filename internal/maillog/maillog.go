// SPDX-License-Identifier: Apache-2.0

// Package maillog reads the logs of mail servers: to whom mail was delivered, and who has logged in by POP3.
//
// Read goes through files and folders and hands every event to its caller, line by line; nothing is kept. It knows Exim,
// Postfix, Sendmail, qmail, Courier, Cyrus and Dovecot, in files of their own and through syslog in the forms of RFC 3164,
// RFC 5424 and the systemd journal, plain or compressed.
//
// The rule of the package: what was not understood says nothing. It is neither "no mail" nor "nobody": every file has its
// count of lines that were not understood, and a file of which nothing was understood is an error that shows its first line.
//
// Logs are hostile: senders choose much of what stands in them. Every line, list and file is bounded.
package maillog

import (
	"net/netip"
	"time"
)

// Kind says what a line tells.
type Kind int

// The kinds.
const (
	NotUnderstood Kind = iota
	Nothing            // of a known mail program, and tells of none of these
	Delivery           // mail has reached somebody
	POPLogin           // somebody has logged in by POP3
	OtherLogin         // a log-in by another protocol, or one that failed: logins are logged here
	Used               // a program has got in: see ReadUses, which alone tells of it
)

// Stage says which program tells of a delivery. One message passes several of them in one host, so that deliveries of
// different stages may be the same message.
type Stage int

// The stages.
const (
	Final  Stage = iota // the mail server's own
	Passed              // handed to a filter, a program or a store in the same host, which may tell of it once more
	Stored              // told by the store of the mailboxes: Dovecot, Cyrus
)

// Event is what one line tells.
type Event struct {
	Kind  Kind
	Names []string  // whom it is about: addresses in their one form; or, where the log has no domain, names in lower case
	When  time.Time // zero if it is not known
	Stage Stage     // of a delivery

	From  netip.Addr // where a log-in by POP3 came from; not valid if the line does not say it
	Ended bool       // it tells of such a log-in when it ends, and may be the second line about it

	protocol, client string // of Used
}

// nothing is what most lines tell.
func nothing() Event { return Event{Kind: Nothing} }

// delivered is an event if there is somebody. A line that has the form of a delivery and names nobody was not understood.
func delivered(stage Stage, names []string) Event {
	if len(names) == 0 {
		return Event{}
	}
	return Event{Kind: Delivery, Stage: stage, Names: names}
}

func popLogin(name string) Event {
	if name = nameIn(name); name == "" {
		return Event{}
	}
	return Event{Kind: POPLogin, Names: []string{name}}
}
