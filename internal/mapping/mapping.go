// SPDX-License-Identifier: Apache-2.0

// Package mapping decides which source mailbox goes to which destination mailbox.
//
// It is one pure function, [Make]: two lists of mailboxes and some rules in, a plan out. It does
// not talk to a server, create anything or remember anything. Names are decoded Unicode; modified
// UTF-7 is the client's business.
//
// Steps for a caller: LIST and NAMESPACE at both ends, fill two [End] values, call [Make], show
// the findings and what is left out, create [Plan.Missing] in that order, then copy pair by pair.
// A caller that keeps a ledger hands the earlier pairs back as [Rules.Settled].
//
// Standards: RFC 9051 section 5.1 (names, INBOX), RFC 2342 (namespaces), RFC 6154 (special use).
package mapping

import (
	"regexp"

	"rehome"
)

// Mailbox is one line of LIST.
type Mailbox struct {
	Name       string   // the full name
	Delimiter  string   // "" takes the one of its End
	Attributes []string // as the server sent them: \Noselect, \HasChildren, \Sent
	Subscribed bool
}

// End is what one side's server said about its mailboxes.
type End struct {
	Prefix    string   // of the personal namespace: "INBOX." or ""
	Delimiter string   // of the personal namespace; "" is a server without a hierarchy
	Guess     bool     // the server does not say where its namespace is: tell by the names
	Others    []string // prefixes of other users' and of shared namespaces
	Mailboxes []Mailbox
}

// Pattern rewrites source names: each match of Match is replaced as by [regexp.Regexp.ReplaceAllString].
type Pattern struct {
	Match   *regexp.Regexp
	Replace string
}

// Rules is what the operator wants and what the destination can hold. The zero value is a faithful
// copy with special use.
type Rules struct {
	// Rename gives the destination name, as at the destination, for a source name, as at the
	// source. Mailboxes below follow, as with the RENAME command. It wins over every other rule,
	// is the only one that may send two mailboxes to one, and also brings in a mailbox that would
	// be left out.
	Rename map[string]string
	// Settled is what an earlier plan decided, source name to destination name, and stays decided
	// even if the destination shows other special uses by now: Dovecot shows \Sent only once the
	// mailbox exists.
	Settled map[string]string
	// Patterns see the source name as at the source; what comes out is again a name in the
	// source's form. All are applied, each to what the one before left.
	Patterns []Pattern
	// Exclude leaves out each mailbox whose source name matches.
	Exclude []*regexp.Regexp
	// Skip leaves out the mailboxes of these special uses (\Trash), and what is below them.
	Skip []string
	// NoSpecialUse keeps Sent, Drafts, Trash, Junk and Archive under their own names.
	NoSpecialUse bool

	FoldsCase bool // the destination takes "Work" and "work" for one mailbox
	// Refused are the characters that the destination refuses in a name, beside controls, its
	// delimiter and "/": for instance "." where a Maildir++ store stands behind the delimiter "/".
	Refused    string
	Substitute string // stands for such a character; "" takes its full-width twin, which can be turned back
	TrimBlanks bool   // the destination refuses blanks at the ends of a name
	MaxName    int    // octets of a whole name in modified UTF-7, as a Maildir++ store counts; 0 is none but 255 for each level
}

// Pair is one source mailbox and where it goes.
type Pair struct {
	Source      string `json:"source"`
	Destination string `json:"destination"`
	Use         string `json:"use"`    // special use that the source mailbox fills: \Sent, or ""
	Exists      bool   `json:"exists"` // at the destination, and can be selected unless Container
	Subscribe   bool   `json:"subscribe"`
	Container   bool   `json:"container"` // the source mailbox cannot be selected: only a parent
	Why         string `json:"why"`       // one phrase: "same name", "special use \Sent"
}

// Left is a source mailbox that the plan leaves out.
type Left struct {
	Source string `json:"source"`
	Reason string `json:"reason"`
}

// Plan is the answer of [Make]. Pairs and Left are in the order of the source names, so a parent
// comes before its children; together they hold each source mailbox once.
type Plan struct {
	Pairs    []Pair
	Left     []Left
	Findings []rehome.Finding // Account is left empty
}
