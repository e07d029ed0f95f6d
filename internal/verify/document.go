// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"slices"
	"time"

	"rehome"
)

// Verdict is the answer to the one question.
type Verdict string

// The verdicts. A whole is equal or differs, or unknown as long as no account was verified; one account may also be unknown.
const (
	Equal   Verdict = "equal"
	Differs Verdict = "differs"
	Unknown Verdict = "unknown" // an end could not be read, or nobody has looked yet
)

// Document is what "verify --json" and "report --json" print.
type Document struct {
	Verdict  Verdict          `json:"verdict"`
	Headline string           `json:"headline,omitempty"` // of a report: the verdict in a sentence
	Accounts []Account        `json:"accounts"`
	Findings []rehome.Finding `json:"findings"`
}

// Account is the answer for one account.
type Account struct {
	Account  string    `json:"account"`
	Verdict  Verdict   `json:"verdict"`
	Level    Level     `json:"level,omitempty"`
	Verified time.Time `json:"verified_at,omitzero"` // when both ends had been read

	// Source and Destination are the ends as they were reached. Whoever runs the verification fills them in.
	Source      End `json:"source,omitzero"`
	Destination End `json:"destination,omitzero"`

	Mail *Mail `json:"mail,omitempty"` // nil when the mail could not be compared

	CopiedSince *Since     `json:"copied_since,omitempty"` // of a report: the answer is about the ends as they were
	Rechecked   *Rechecked `json:"rechecked,omitempty"`    // of a report: a later comparison that says less

	Contacts  *Objects `json:"contacts,omitempty"` // nil when they were not compared
	Calendars *Objects `json:"calendars,omitempty"`
	Rules     *Rules   `json:"rules,omitempty"`

	Logins []Login `json:"logins,omitempty"` // how the last test of log-ins at the destination ended; of reports and certificates

	Accepted []Accepted `json:"accepted,omitempty"` // differences that somebody has accepted; they are in no list and no count above

	// Findings are no differences: what is equal all the same and worth knowing. In a Document they
	// are gathered at the top.
	Findings []rehome.Finding `json:"findings,omitempty"`

	shutOut bool // a log-in was refused; it is not kept for reports
}

// End is one end as it was reached for an account.
type End struct {
	Mail  string `json:"mail,omitempty"`  // host and port of IMAP
	DAV   string `json:"dav,omitempty"`   // URL of contacts and calendars, where the settings have one
	Login string `json:"login,omitempty"` // the account's name there
}

// Login is an attempt to log in at the destination with the account's own password.
type Login struct {
	Protocol string    `json:"protocol"`
	Host     string    `json:"host"`   // host and port, or URL
	Result   string    `json:"result"` // accepted, or the word of package rehearsal for what the server said
	At       time.Time `json:"tried_at"`
}

// Since is what passes have written to the destination since the ends were compared.
type Since struct {
	Known    bool  `json:"known"` // false: a pass was cut off, and what it had written was not counted
	Messages int64 `json:"messages"`
	Objects  int64 `json:"objects"` // contacts and calendar objects
}

// Rechecked is a later comparison at a lower level, which does not take the place of the account's.
type Rechecked struct {
	Level Level     `json:"level"`
	At    time.Time `json:"at"`
}

// NewDocument puts the accounts together with findings from elsewhere. The whole is equal if there
// is an account and all are equal. Findings of the accounts move to the top, and those of what somebody has accepted go; the
// accounts given are not changed.
func NewDocument(accounts []Account, findings []rehome.Finding) Document {
	d := Document{Verdict: Differs, Accounts: slices.Clone(accounts), Findings: []rehome.Finding{}}
	different := func(a Account) bool { return a.Verdict != Equal }
	if len(accounts) > 0 && !slices.ContainsFunc(accounts, different) {
		d.Verdict = Equal
	}
	seen := map[[3]string]bool{}
	var accepted []Accepted
	for _, a := range accounts {
		accepted = append(accepted, a.Accepted...)
	}
	add := func(found []rehome.Finding) {
		for _, f := range found {
			key := [3]string{f.Account, f.Code, f.Object}
			if !seen[key] {
				seen[key] = true
				d.Findings = append(d.Findings, f)
			}
		}
	}
	add(findings)
	for i := range d.Accounts {
		add(d.Accounts[i].Findings)
		d.Accounts[i].Findings = nil
	}
	d.Findings = Unexcused(d.Findings, accepted)
	if d.Accounts == nil {
		d.Accounts = []Account{}
	}
	return d
}

// Unreadable is the answer for an account of which an end could not be read.
func Unreadable(address string, level Level, now time.Time, err error) Account {
	return Account{
		Account: address, Verdict: Unknown, Level: level, Verified: now.UTC().Truncate(time.Second), shutOut: rehome.ClassOf(err) == rehome.ClassAuth,
		Findings: []rehome.Finding{notVerified.On("", rehome.Values{"why": err, "hint": rehome.HintOf(err)}).Of(address)},
	}
}

// Outcome implements rehome.Answer: what could not be read is not equal. If no account was let in, nothing was compared, and
// an end counts as not reached.
func (d Document) Outcome() rehome.Outcome {
	switch {
	case d.Verdict == Equal:
		return rehome.OutcomeDone
	case len(d.Accounts) > 0 && !slices.ContainsFunc(d.Accounts, func(a Account) bool { return !a.shutOut }):
		return rehome.OutcomeUnreachable
	}
	return rehome.OutcomeDiffers
}
