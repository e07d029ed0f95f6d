// SPDX-License-Identifier: Apache-2.0

// Package sieve holds rules as Sieve text (RFC 5228): it writes the few that an older server keeps in
// its tables, and reads existing scripts as far as a move needs.
//
// It runs no script, sends nothing and does not judge what a script means; the server that is to run it
// does that. A caller writes Rules with Write, or reads a script with Read, asks it with Missing what
// the server lacks, and lets Map give it the new names of its mailboxes.
//
// Extensions that are written: fileinto (RFC 5228), vacation (RFC 5230), vacation-seconds (RFC 6131),
// copy (RFC 3894), imap4flags (RFC 5232). Others go by in existing scripts, untouched.
package sieve

import (
	"slices"
	"strings"
)

// Capabilities are the extensions that a server lists as SIEVE (RFC 5804 section 1.7).
type Capabilities []string

// Has reports whether the server offers an extension. The two comparators that every server has need
// no listing (RFC 5228 section 2.7.3).
func (c Capabilities) Has(extension string) bool {
	switch extension {
	case "comparator-i;octet", "comparator-i;ascii-casemap":
		return true
	}
	return slices.ContainsFunc(c, func(listed string) bool { return strings.EqualFold(listed, extension) })
}

// deeds says what a person cannot do without an extension.
var deeds = map[string]string{
	"fileinto": "sort messages into mailboxes", "vacation": "answer while somebody is away", "copy": "forward and keep a copy",
	"imap4flags": "mark messages as read or flagged", "variables": "use parts of a message in later steps",
	"regex":  "compare with regular expressions",
	"reject": "refuse messages", "ereject": "refuse messages", "enotify": "send notifications", "body": "look into the text of messages",
	"date": "look at dates", "relational": "compare numbers",
	"envelope": "look at the sender and recipient of the delivery", "include": "call another script",
	"editheader": "change header lines", "vnd.dovecot.pipe": "hand messages to a program", "vnd.dovecot.execute": "run a program",
	"vnd.dovecot.filter": "rewrite messages with a program",
	"mailbox":            "make mailboxes while sorting", "subaddress": "look at what follows the + of an address",
	"foreverypart": "look into the parts of messages", "mime": "look at the MIME headers of messages", "duplicate": "tell messages that come twice",
	"special-use": "find mailboxes by their use", "encoded-character": "write characters as numbers", "fcc": "keep copies of its answers",
	"vnd.dovecot.report": "report messages", "spamtest": "ask for the spam score", "index": "look at a single one of several header fields",
}

// Explain says in a clause what a server without the extension cannot do.
func Explain(extension string) string {
	deed, known := deeds[strings.ToLower(extension)]
	if !known {
		return "cannot use the extension " + extension
	}
	return "cannot " + deed + " (no " + extension + ")"
}
