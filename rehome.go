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
	PassTrial    Pass = "trial"     // a few items, to see that it works
	PassPreStage Pass = "pre_stage" // the first full copy, users still work at the source
	PassDelta    Pass = "delta"     // what changed at the source since the last pass
	PassFinal    Pass = "final"     // the delta inside the cutover window
	PassLateMail Pass = "late_mail" // mail that still reached the source after the switch
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

// Side is one of the two ends of a move.
type Side string

// The two sides.
const (
	Source      Side = "source"
	Destination Side = "destination"
)
