// SPDX-License-Identifier: Apache-2.0

// Package rehome holds the words of a move: organisation, account, alias, pass, finding, fault, secret.
//
// It does no input or output and imports nothing of this module. Every other package speaks with
// these words; the packages below internal/protocol and internal/content do not even know them,
// so that the wire and the content stay free of any idea of a move.
package rehome

// Organisation is the whole that moves: its name, its domains, the accounts and what points at them.
type Organisation struct {
	Name     string
	Domains  []string // lower case, without trailing dot
	Accounts []Account
	Aliases  []Alias
	Forwards []Forward
}

// Pass names one run over an account. Every pass is idempotent; they differ in when they run
// and in what the operator expects of them.
type Pass string

// The passes in the order in which a move uses them.
const (
	PassPreStage Pass = "pre_stage" // the first full copy, users still work at the source
)

// Kind is a kind of what moves, and of the work that moves it.
type Kind string

// The kinds, in the order in which people name them.
const (
	KindMail      Kind = "mail"
	KindContacts  Kind = "contacts"
	KindCalendars Kind = "calendars"
	KindRules     Kind = "rules"

	// KindPIM are contacts and calendars together: one server, one log-in, one step.
	KindPIM Kind = "pim"
)

// Deletions says what happens at the destination when something has vanished at the source.
type Deletions string

// The policies. Whatever the policy, only what we have put there and nobody has touched since is ever removed.
const (
	DeletionsKeep   Deletions = "keep"   // nothing is removed; the zero value means the same
	DeletionsMirror Deletions = "mirror" // what we have put there is removed, unless somebody changed it
)

// Order says in which order messages come into a mailbox of the destination.
type Order string

// The orders.
const (
	OrderStrict  Order = "strict"  // in that of the source's UIDs, from one writer; the zero value means the same
	OrderRelaxed Order = "relaxed" // in any: a mailbox may have several writers
)

// QuotaUnit says what one unit of the source's quota column is worth. atmail 5 counts kilobytes; what 7 counts is not
// documented, so compare with what IMAP says.
type QuotaUnit string

// The units that were met. The empty one is QuotaKB.
const (
	QuotaKB    QuotaUnit = "kb"
	QuotaMB    QuotaUnit = "mb"
	QuotaBytes QuotaUnit = "bytes"
)

// Side is one of the two ends of a move.
type Side string

// The two sides.
const (
	Source      Side = "source"
	Destination Side = "destination"
)
