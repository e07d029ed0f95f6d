// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"slices"
	"time"

	"rehome"
	"rehome/internal/content/pim"
)

// Verdict is the answer to the one question.
type Verdict string

// The verdicts. A whole is equal or differs; one account may also be unknown.
const (
	Equal   Verdict = "equal"
	Differs Verdict = "differs"
	Unknown Verdict = "unknown" // an end could not be read, or nobody has looked yet
)

// Document is what "verify --json" and "report --json" print.
type Document struct {
	Verdict  Verdict          `json:"verdict"` // equal or differs
	Accounts []Account        `json:"accounts"`
	Findings []rehome.Finding `json:"findings"`
}

// Account is the answer for one account.
type Account struct {
	Account  string    `json:"account"`
	Verdict  Verdict   `json:"verdict"`
	Level    Level     `json:"level,omitempty"`
	Verified time.Time `json:"verified_at,omitzero"` // when both ends had been read
	Mail     *Mail     `json:"mail,omitempty"`       // nil when the mail could not be compared

	Contacts  *PIM `json:"contacts,omitempty"` // nil when they were not compared
	Calendars *PIM `json:"calendars,omitempty"`

	// Findings are no differences: what is equal all the same and worth knowing. In a Document they
	// are gathered at the top.
	Findings []rehome.Finding `json:"findings,omitempty"`
}

// Mail is the comparison of an account's mail.
type Mail struct {
	Source      Totals       `json:"source"`
	Destination Totals       `json:"destination"`
	Differences []Difference `json:"differences"` // the first ones, see Counts

	Counts    map[Kind]int `json:"counts,omitempty"`   // of all differences, listed or not
	Unlisted  int          `json:"unlisted,omitempty"` // differences beyond those listed
	Mailboxes []Mailbox    `json:"mailboxes"`
	LeftOut   []LeftOut    `json:"left_out,omitempty"`
}

// Totals of one end, over the mailboxes that were compared and those only found at the destination.
// Octets are RFC822.SIZE as the server says, and at LevelFull those of the messages' normal form,
// which is the same for equal messages; -1 when the server does not say.
type Totals struct {
	Mailboxes int   `json:"mailboxes"`
	Messages  int64 `json:"messages"`
	Octets    int64 `json:"octets"`
}

// Mailbox is one destination mailbox with the source mailboxes that belong into it: one, but for
// merging rules, and none for a mailbox that only the destination has.
type Mailbox struct {
	Source      []string `json:"source"`
	Destination string   `json:"destination"`
	Messages    int64    `json:"messages"` // at the source; at the destination if only it has the mailbox
	Octets      int64    `json:"octets"`
	Differences int      `json:"differences"`

	// The root of a mailbox is the SHA-256 over the SHA-256 digests of its messages in ascending
	// order. Equal roots mean equal messages, in whatever order. Only at LevelFull.
	SourceRoot      string `json:"source_root,omitempty"`
	DestinationRoot string `json:"destination_root,omitempty"`
}

// LeftOut is a source mailbox that nobody wants at the destination, and so was not compared.
type LeftOut struct {
	Mailbox  string `json:"mailbox"`
	Reason   string `json:"reason"`
	Messages int64  `json:"messages"` // as the server says without opening it; -1 when it does not
}

// NewDocument puts the accounts together with findings from elsewhere. The whole is equal if there
// is an account and all are equal. Findings of the accounts move to the top; the accounts given are
// not changed.
func NewDocument(accounts []Account, findings []rehome.Finding) Document {
	d := Document{Verdict: Differs, Accounts: slices.Clone(accounts), Findings: []rehome.Finding{}}
	different := func(a Account) bool { return a.Verdict != Equal }
	if len(accounts) > 0 && !slices.ContainsFunc(accounts, different) {
		d.Verdict = Equal
	}
	seen := map[[3]string]bool{}
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
	if d.Accounts == nil {
		d.Accounts = []Account{}
	}
	return d
}

// Unreadable is the answer for an account of which an end could not be read.
func Unreadable(address string, level Level, now time.Time, err error) Account {
	return Account{
		Account: address, Verdict: Unknown, Level: level, Verified: now.UTC().Truncate(time.Second),
		Findings: []rehome.Finding{{
			Code: "not_verified", Severity: rehome.SeverityError, Account: address,
			Sentence: "could not be verified: " + err.Error(), NextStep: rehome.HintOf(err),
		}},
	}
}

// Tell returns what the whole is made of.
func (d Document) Tell() Summary {
	s := Summary{Accounts: len(d.Accounts)}
	for _, a := range d.Accounts {
		switch a.Verdict {
		case Equal:
			s.Equal++
		case Differs:
			s.Differ++
		default:
			s.Unknown++
		}
		s.Differences += a.Contacts.Total() + a.Calendars.Total()
		s.Contacts.add(a.Contacts)
		s.Calendars.add(a.Calendars)
		if a.Mail == nil {
			continue
		}
		s.Differences += a.Mail.Total()
		s.Source.add(a.Mail.Source)
		s.Destination.add(a.Mail.Destination)
	}
	return s
}

// Summary counts a Document.
type Summary struct {
	Accounts, Equal, Differ, Unknown int
	Differences                      int
	Source, Destination              Totals
	Contacts, Calendars              PIMSummary
}

// PIMSummary counts the objects of a Document.
type PIMSummary struct {
	Source, Destination int
	Verdicts            map[pim.Verdict]int
}

func (s *PIMSummary) add(p *PIM) {
	if p == nil {
		return
	}
	if s.Verdicts == nil {
		s.Verdicts = map[pim.Verdict]int{}
	}
	s.Source += p.Source.Objects
	s.Destination += p.Destination.Objects
	for verdict, n := range p.Verdicts {
		s.Verdicts[verdict] += n
	}
}

// Total counts all differences, listed or not.
func (m *Mail) Total() int { return len(m.Differences) + m.Unlisted }

func (t *Totals) add(other Totals) {
	t.Mailboxes += other.Mailboxes
	t.addMail(other.Messages, other.Octets)
}

// addMail counts messages; once one size is unknown, the sum is.
func (t *Totals) addMail(messages, octets int64) {
	t.Messages += messages
	if octets < 0 || t.Octets < 0 {
		t.Octets = -1
		return
	}
	t.Octets += octets
}
