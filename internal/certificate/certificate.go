// SPDX-License-Identifier: Apache-2.0

// Package certificate makes the paper that an account keeps of its move: what both ends held when they were compared, the
// digests of it, and a signature.
//
// A certificate stands alone. Whoever has the file checks it on any machine, without the ledger and without either end; with
// the public key of the move at hand, the check also says who has signed it. It is made of a verification's answer, and of
// nothing that the copier has noted.
package certificate

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"rehome/internal/content/pim"
	"rehome/internal/verify"
)

// Certificate is what is signed of one account. Its JSON keys are stable.
type Certificate struct {
	Organisation string    `json:"organisation"`
	Account      string    `json:"account"`
	Issued       time.Time `json:"issued_at"`
	Issuer       string    `json:"issued_by"` // the program and its version

	// Both ends as they were reached when they were compared.
	Source      verify.End `json:"source"`
	Destination verify.End `json:"destination"`

	Verdict  verify.Verdict `json:"verdict"` // equal, there is none for anything else
	Level    verify.Level   `json:"level"`
	Verified time.Time      `json:"verified_at"`

	// Read is when the account was last read in full: all of it was read then or later, and what was read before Verified has not
	// changed since. CopiedSince is what was written to the destination after Verified, and so is not part of the proof.
	Read        time.Time     `json:"read_at,omitzero"`
	CopiedSince *verify.Since `json:"copied_since,omitempty"`

	Mail *Mail `json:"mail,omitempty"` // nil when mail was not part of the comparison, likewise below

	Contacts  *Objects `json:"contacts,omitempty"`
	Calendars *Objects `json:"calendars,omitempty"`
	Rules     *Rules   `json:"rules,omitempty"`
	Notes     []Note   `json:"notes,omitempty"` // what is equal all the same and worth knowing

	Accepted []verify.Accepted `json:"accepted,omitempty"` // what differs, and a person has accepted

	Logins []verify.Login `json:"logins,omitempty"` // as whom the account's own password was let in at the destination, and when it was tried

	// The tree's roots, see treeOf: what both ends held as one number each. "" unless every octet was read.
	SourceRoot      string `json:"source_root,omitempty"`
	DestinationRoot string `json:"destination_root,omitempty"`
}

// Mail is an account's mail at both ends.
type Mail struct {
	Source      verify.Totals `json:"source"`
	Destination verify.Totals `json:"destination"`
	Mailboxes   []Mailbox     `json:"mailboxes"`
	LeftOut     []LeftOut     `json:"left_out,omitempty"`
}

// Mailbox is one mailbox of the destination with what belongs into it.
type Mailbox struct {
	Source          []string `json:"source"`
	Destination     string   `json:"destination"`
	Messages        int64    `json:"messages"`
	Octets          int64    `json:"octets"` // -1 when a server does not say
	SourceRoot      string   `json:"source_root,omitempty"`
	DestinationRoot string   `json:"destination_root,omitempty"`

	Read time.Time `json:"read_at,omitzero"` // all of it was read then or later
}

// Objects are an account's contacts or calendars at both ends.
type Objects struct {
	Source      int          `json:"source"`
	Destination int          `json:"destination"`
	Repaired    int          `json:"repaired"` // written in another way, because the destination takes them no other
	Collections []Collection `json:"collections"`
	LeftOut     []LeftOut    `json:"left_out,omitempty"`
}

// Collection is one address book or calendar.
type Collection struct {
	Name            string `json:"name"`
	Source          string `json:"source"`
	Destination     string `json:"destination"`
	Objects         int    `json:"objects"`
	Repaired        int    `json:"repaired"`
	SourceRoot      string `json:"source_root,omitempty"`
	DestinationRoot string `json:"destination_root,omitempty"`

	Read time.Time `json:"read_at,omitzero"` // all of it was read then or later
}

// Rules are an account's rules at both ends.
type Rules struct {
	FromDatabase bool     `json:"from_database"` // the source has none as scripts
	Scripts      []Script `json:"scripts"`
}

// Script is one of them. Its digests are of what it says with the destination's names of mailboxes.
type Script struct {
	Name              string           `json:"name"`
	Destination       string           `json:"destination"`
	Active            bool             `json:"active"` // at the source
	State             verify.RuleState `json:"state"`  // of those that were accepted, a difference
	SourceDigest      string           `json:"source_digest"`
	DestinationDigest string           `json:"destination_digest"`
}

// LeftOut is what the settings, or its nature, keep out of the move.
type LeftOut struct {
	Name   string `json:"name"`
	Reason string `json:"reason"`
}

// Note is a finding that does not keep the ends from being equal.
type Note struct {
	Code     string `json:"code"`
	Object   string `json:"object,omitempty"`
	Sentence string `json:"sentence"`
}

// Issue is what the certificates of one occasion share.
type Issue struct {
	Organisation, Version string
	At                    time.Time
}

// Why an account has no certificate; the clause follows its address.
var (
	errNotVerified = errors.New("was not verified yet")
	errUnknown     = errors.New("could not be read when it was verified")
)

// New makes the certificate of a verification's answer. The error says why there is none: the clause follows the address.
func New(issue Issue, found verify.Account) (*Certificate, error) {
	if err := refused(found); err != nil {
		return nil, err
	}
	c := &Certificate{
		Organisation: issue.Organisation, Account: found.Account, Issued: issue.At.UTC().Truncate(time.Second), Issuer: issue.issuer(),
		Source: found.Source, Destination: found.Destination,
		Verdict: found.Verdict, Level: found.Level, Verified: found.Verified.UTC(),
		Read: found.Read(), CopiedSince: found.CopiedSince,
		Mail: mailOf(found.Mail), Contacts: objectsOf(found.Contacts), Calendars: objectsOf(found.Calendars),
		Rules: rulesOf(found.Rules),
	}
	c.Accepted, c.Logins = found.Accepted, found.Logins
	for _, f := range found.Findings {
		c.Notes = append(c.Notes, Note{Code: f.Code, Object: f.Object, Sentence: f.Sentence})
	}
	c.SourceRoot, c.DestinationRoot = c.roots()
	return c, nil
}

// ReadBefore says that not everything was read for this comparison.
func (c *Certificate) ReadBefore() bool {
	return !c.Read.IsZero() && c.Read.Before(c.Verified.Truncate(24*time.Hour))
}

func (i Issue) issuer() string { return "rehome " + i.Version }

func refused(found verify.Account) error {
	total := found.Differences()
	switch {
	case found.Verified.IsZero():
		return errNotVerified
	case found.Verdict == verify.Unknown:
		return errUnknown
	case found.Verdict != verify.Equal || total > 0:
		return fmt.Errorf("has %s", verify.Count(int64(max(total, 1)), "difference"))
	}
	return nil
}

func mailOf(m *verify.Mail) *Mail {
	if m == nil {
		return nil
	}
	mail := &Mail{Source: m.Source, Destination: m.Destination, Mailboxes: []Mailbox{}, LeftOut: leftOut(m.LeftOut)}
	for _, box := range m.Mailboxes {
		mail.Mailboxes = append(mail.Mailboxes, Mailbox{
			Source: box.Source, Destination: box.Destination, Messages: box.Messages, Octets: box.Octets,
			SourceRoot: box.SourceRoot, DestinationRoot: box.DestinationRoot, Read: box.Read,
		})
	}
	slices.SortStableFunc(mail.Mailboxes, func(a, b Mailbox) int { return cmp.Compare(a.Destination, b.Destination) })
	return mail
}

func objectsOf(o *verify.Objects) *Objects {
	if o == nil {
		return nil
	}
	objects := &Objects{
		Source: o.Source.Objects, Destination: o.Destination.Objects, Repaired: o.States[pim.StateRepaired],
		Collections: []Collection{}, LeftOut: leftOut(o.LeftOut),
	}
	for _, c := range o.Collections {
		objects.Collections = append(objects.Collections, Collection{
			Name: c.Name, Source: c.Source, Destination: c.Destination, Objects: c.Objects, Repaired: c.States[pim.StateRepaired],
			SourceRoot: c.SourceRoot, DestinationRoot: c.DestinationRoot, Read: c.Read,
		})
	}
	slices.SortStableFunc(objects.Collections, func(a, b Collection) int { return cmp.Compare(a.Source, b.Source) })
	return objects
}

func rulesOf(r *verify.Rules) *Rules {
	if r == nil {
		return nil
	}
	rules := &Rules{FromDatabase: r.FromDatabase, Scripts: []Script{}}
	for _, s := range r.Scripts {
		rules.Scripts = append(rules.Scripts, Script{
			Name: s.Script, Destination: s.There, Active: s.Active, State: s.State, SourceDigest: s.SourceDigest, DestinationDigest: s.DestinationDigest,
		})
	}
	slices.SortStableFunc(rules.Scripts, func(a, b Script) int { return cmp.Compare(a.Name, b.Name) })
	return rules
}

func leftOut(all []verify.LeftOut) []LeftOut {
	var kept []LeftOut
	for _, l := range all {
		kept = append(kept, LeftOut{Name: l.Mailbox, Reason: l.Reason})
	}
	return kept
}
