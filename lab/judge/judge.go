// SPDX-License-Identifier: Apache-2.0

// Package judge compares two accounts with code of its own, so that no test has to believe the program
// that it tests.
//
// rehome's verifier shares its client, its rules of content and its mapping with the copier: what
// both misunderstand, both call equal. The judge imports nothing of rehome (a test enforces it). It reads
// both ends over IMAP, DAV and ManageSieve, asks everything twice in two ways, and believes no status: it opens each
// mailbox, counts what is there and reads it whole. Where an end contradicts itself, the run has no
// result but the server's words.
//
// It decides nothing about a move: which mailbox or collection belongs where, what a destination cannot
// hold, and what was repaired is told by the test, in the terms. Everything else that differs is a
// [Difference].
//
// The steps of a caller: [ReadMail], [ReadObjects] and [ReadScripts] at both ends, while nobody changes them, then
// [CompareMail], [CompareObjects] and [CompareScripts].
//
// Standards: RFC 3501 and RFC 9051 (IMAP), RFC 6154 (special use), RFC 5464
// (METADATA), RFC 8514 (SAVEDATE), RFC 4791 and RFC 6352 (CalDAV,
// CardDAV), RFC 5804 (ManageSieve), RFC 6578 (sync-collection), RFC 5545 and RFC 6350 (content lines).
package judge

import (
	"fmt"
	"strings"
)

// Kind says in what two ends differ.
type Kind string

// The kinds.
const (
	MailboxLost     Kind = "mailbox lost"     // the destination lacks a mailbox
	MailboxExtra    Kind = "mailbox extra"    // only the destination has the mailbox, with messages
	MailboxUnopened Kind = "mailbox unopened" // listed and not opened
	Lost            Kind = "message lost"     // fewer copies at the destination
	Twice           Kind = "message twice"    // more copies at the destination than at the source
	Extra           Kind = "message extra"    // no copy at the source at all
	Changed         Kind = "message changed"  // the same Message-ID, another content
	Unreadable      Kind = "message unread"   // listed and not given
	FlagsDiffer     Kind = "flags"
	DateDiffers     Kind = "date"
	SavedDiffers    Kind = "saved date"
	NoteDiffers     Kind = "annotation"     // the destination lacks it, or has another value
	NotSubscribed   Kind = "not subscribed" // subscribed at the source only
	OtherUse        Kind = "special use"

	CollectionLost    Kind = "collection lost"
	CollectionExtra   Kind = "collection extra" // only at the destination, with objects
	ObjectLost        Kind = "object lost"
	ObjectTwice       Kind = "object twice"
	ObjectExtra       Kind = "object extra"
	ObjectChanged     Kind = "object changed"
	ObjectUnreadable  Kind = "object unread"
	OccurrencesDiffer Kind = "occurrences" // the same rules, at other times

	ScriptLost    Kind = "script lost"
	ScriptChanged Kind = "script changed"
	ScriptActive  Kind = "script activity" // it runs at one end only
	ScriptExtra   Kind = "script extra"    // it runs at the destination, and the source does not have it
)

// Difference is one thing in which the ends differ.
type Difference struct {
	Kind        Kind
	Place       string // the mailbox or collection at the source; at the destination if only it has it
	Name        string // of the message, its Message-ID; of the object, the last part of its path
	What        string // the message: Message-ID and the beginning of its digest; the object: UID and name
	Source      string // what the source shows
	Destination string // what the destination shows
}

// String renders the difference for the failure of a test.
func (d Difference) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %q", d.Kind, d.Place)
	if d.What != "" {
		fmt.Fprintf(&b, ": %s", d.What)
	}
	if d.Source != "" || d.Destination != "" {
		fmt.Fprintf(&b, "; source: %s; destination: %s", orNothing(d.Source), orNothing(d.Destination))
	}
	return b.String()
}

func orNothing(s string) string {
	if s == "" {
		return "nothing"
	}
	return s
}

// Differences is what a comparison found.
type Differences []Difference

// String renders one difference a line.
func (all Differences) String() string {
	lines := make([]string, len(all))
	for i, d := range all {
		lines[i] = d.String()
	}
	return strings.Join(lines, "\n")
}

// Of returns those of the kinds.
func (all Differences) Of(kinds ...Kind) Differences {
	var found Differences
	for _, d := range all {
		for _, kind := range kinds {
			if d.Kind == kind {
				found = append(found, d)
			}
		}
	}
	return found
}
