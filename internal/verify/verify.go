// SPDX-License-Identifier: Apache-2.0

// Package verify reads both ends of an account anew, as a client would, and says whether they are equal.
//
// It has the words of the answer: levels, verdicts, differences, and the document that is made of them. What
// compares are its parts, one package for each: mail compares message by message, objects compares contacts and
// calendars object by object, by their meaning, rules script by script. A further kind is one package more and one
// line where the parts are listed.
//
// Parts share the protocols, the content rules and the mapping with what copies, and nothing else: verification
// never asks what was copied, only what is there, and so it imports nothing of the ledger. It changes nothing
// at either end and repairs nothing; every difference comes with the step that a human can take.
//
// A caller makes one Verifier, calls Account for each account, books Unreadable where that fails,
// and puts all together with NewDocument.
package verify

// Invariants
//
//   - What an end does not say is unknown, and unknown is never equal.
//   - Nothing that a part is told can make a difference equal. Settings say what is wanted at the destination: which
//     mailboxes, under which names, with which repairs. What the copier has noted may give a difference its reason.
//   - What was not compared is not equal: an account of which nobody has compared anything is unknown.
//   - What was proved once is taken for proved again only where both ends show, by what they are bound to change with every
//     change, that nothing has happened since. What has changed in any way, or says nothing of that, is read again.

import (
	"context"
	"slices"
	"time"

	"rehome"
)

// Level says how closely two ends are compared. The levels build on each other.
type Level string

// The levels.
const (
	LevelCounts   Level = "counts"   // how much there is
	LevelMetadata Level = "metadata" // what listings say of each message; objects are read
	LevelFull     Level = "full"     // everything is read
)

// Levels returns all levels, the cheapest first.
func Levels() []Level { return []Level{LevelCounts, LevelMetadata, LevelFull} }

// Replaces reports whether an answer takes the place of an earlier one about the same account. What says less does not replace
// what says more, unless it contradicts it: counting proves no content, and one number that differs disproves all.
func (a Account) Replaces(earlier Account) bool {
	stronger := slices.Index(Levels(), a.Level) >= slices.Index(Levels(), earlier.Level)
	known := earlier.Verdict == Equal || earlier.Verdict == Differs
	return stronger || !known || a.Verdict == Differs && earlier.Verdict == Equal
}

// Options are the same for all parts.
type Options struct {
	Level Level // "" means LevelFull
	Limit int   // differences listed of one account and kind; 0 means 1,000. All are counted

	// Observe is told of what is read at the source, with 0 octets where only metadata is. It must be quick, and it
	// is called from several goroutines.
	Observe func(account string, messages int, octets int64)
	Now     func() time.Time // nil means time.Now

	// Memory is where proofs are kept from one comparison to the next; nil, also as its answer, is nowhere. Reread has everything
	// read again, whatever is kept.
	Memory func(account rehome.Account, kind rehome.Kind) Memory
	Reread bool
}

const defaultLimit = 1000

// Part compares one kind of what an account has. It is safe for concurrent use by different accounts.
type Part interface {
	// Compare adds its answer and its findings to the account's. An error means that an end cannot be read, and that
	// nothing is known of the account. Where less is unknown, the Part sets the verdict Unknown with a finding.
	Compare(ctx context.Context, account rehome.Account, options Options, into *Account) error
}

// Verifier compares accounts. It is safe for concurrent use by different accounts.
type Verifier struct {
	options Options
	parts   []Part
}

// New returns a Verifier with the defaults filled in. The parts are compared one after the other.
func New(options Options, parts ...Part) *Verifier {
	if options.Level == "" {
		options.Level = LevelFull
	}
	if options.Limit <= 0 {
		options.Limit = defaultLimit
	}
	if options.Observe == nil {
		options.Observe = func(string, int, int64) {}
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	return &Verifier{options, parts}
}

// Account compares both ends of one account. The error is a *rehome.Fault, or the context's; it
// means that an end cannot be read, and so that nothing is known.
func (v *Verifier) Account(ctx context.Context, account rehome.Account) (Account, error) {
	result := Account{Account: account.Address, Verdict: Equal, Level: v.options.Level}
	for _, part := range v.parts {
		if err := part.Compare(ctx, account, v.options, &result); err != nil {
			return Account{}, err
		}
	}
	result.Verified = v.options.Now().UTC().Truncate(time.Second)
	result.conclude()
	return result, ctx.Err()
}

// conclude gives the account its verdict: that of its differences, unless something is unknown.
func (a *Account) conclude() {
	switch {
	case a.Verdict == Unknown:
	case a.Mail == nil && a.Contacts == nil && a.Calendars == nil && a.Rules == nil:
		a.Verdict = Unknown
	case a.Differences() > 0:
		a.Verdict = Differs
	}
}

// Differences counts what differs and was not accepted, listed or not.
func (a *Account) Differences() int {
	return a.Mail.Total() + a.Contacts.Total() + a.Calendars.Total() + a.Rules.Total()
}
