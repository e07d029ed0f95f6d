// SPDX-License-Identifier: Apache-2.0

// Package rules compares an account's rules at both ends, script by script, by what they say.
//
// It reads the source's scripts over ManageSieve (RFC 5804), or what its database holds, gives their mailboxes the names that
// they have at the destination, and looks for each among the destination's scripts. How a script is written is no
// difference, nor is the name under which it is stored. One that replies or forwards may be off, because with two servers
// running each would answer: that is said and is no difference.
//
// It asks both ends anew where the account's mailboxes are, and is told nothing of what was copied. Why something differs is
// asked of an Explainer, which cannot make anything equal.
package rules

// Invariants
//
//   - A script is recognised by what it says, and by its name only where that says nothing: names are a hint.
//   - What decides is pure (compare.go, pairing.go); what reads has no opinion.
//   - One session at a time is open: nobody holds a connection to a host and waits for another one to it.

import (
	"context"
	"slices"

	"rehome"
	"rehome/internal/content/sieve"
	"rehome/internal/endpoint"
	"rehome/internal/mapping"
	"rehome/internal/people"
	"rehome/internal/verify"
)

// Scripts opens log-ins where scripts are managed; *endpoint.Sieve is one.
type Scripts interface {
	Open(ctx context.Context, account rehome.Account) (*endpoint.SieveSession, error)
	Fault(ctx context.Context, err error, op, object string) error
}

// Mailboxes opens log-ins where mailboxes are listed; *endpoint.IMAP is one.
type Mailboxes interface {
	Open(ctx context.Context, account rehome.Account) (*endpoint.Session, error)
}

// Options say what is compared. Destination and both ends' mailboxes are required.
type Options struct {
	Source, Destination                   Scripts // Source is nil where the source serves no scripts
	SourceMailboxes, DestinationMailboxes Mailboxes
	SourceNames, DestinationNames         mapping.ScriptNames
	Rules                                 mapping.Rules // by which mailboxes move; as for the copy

	// Of the source's database, taken for an account that has no scripts.
	Tables   map[string]*people.Rule
	Forwards []rehome.Forward

	Explainer Explainer // nil when nobody can say why something differs
}

// New returns the part of a verification that compares rules.
func New(options Options) verify.Part { return part{options} }

// Unreachable is the part where an end cannot be reached at all: every account is unknown.
func Unreachable(why error) verify.Part { return unreachable{why} }

type unreachable struct{ why error }

// Compare implements verify.Part.
func (u unreachable) Compare(_ context.Context, account rehome.Account, _ verify.Options, into *verify.Account) error {
	unknown(account.Address, u.why, into)
	return nil
}

type part struct{ Options }

// Compare implements verify.Part. An end that cannot be read makes the account unknown; what is known of the rest stays.
func (p part) Compare(ctx context.Context, account rehome.Account, _ verify.Options, into *verify.Account) error {
	err := p.compare(ctx, account, into)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		unknown(account.Address, err, into)
	}
	return nil
}

func unknown(address string, err error, into *verify.Account) {
	into.Verdict = verify.Unknown
	into.Findings = append(into.Findings, rulesNotVerified.On("", rehome.Values{"why": err, "hint": rehome.HintOf(err)}).Of(address))
}

func (p part) compare(ctx context.Context, account rehome.Account, into *verify.Account) error {
	var src, dst end
	var err error
	if p.Source != nil {
		if src, err = read(ctx, p.Source, account, rehome.Source); err != nil {
			return err
		}
	}
	if dst, err = read(ctx, p.Destination, account, rehome.Destination); err != nil {
		return err
	}
	stored, err := explained(ctx, p.Explainer, account.Address)
	if err != nil {
		return err
	}
	w := wish{options: p.Options, account: account.Address, src: src, dst: dst}
	if w.any() {
		if w.ways, err = p.where(ctx, account); err != nil {
			return err
		}
	}
	wanted, findings := w.scripts()
	found := compare(wanted, dst.scripts, stored)
	found.FromDatabase = w.fromDatabase()
	for _, rule := range found.Scripts {
		if rule.State == verify.RuleWaiting {
			findings = append(findings, rulesOff.On(rule.Script, nil))
		}
	}
	for _, f := range findings {
		into.Findings = append(into.Findings, f.Of(account.Address))
	}
	into.Rules = &found
	return nil
}

// script is one of an end.
type script struct {
	name, text string
	active     bool
	read       *sieve.Script // nil if it cannot be taken apart
}

func newScript(name, text string, active bool) script {
	s := script{name: name, text: text, active: active}
	s.read, _ = sieve.Read(text) // what is no Sieve for us is compared by its octets
	return s
}

// acts reports whether it may send something.
func (s script) acts() bool { return s.read == nil || s.read.Acts() }

func activeOf(all []script) string {
	if i := slices.IndexFunc(all, func(s script) bool { return s.active }); i >= 0 {
		return all[i].name
	}
	return ""
}
