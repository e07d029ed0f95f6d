// SPDX-License-Identifier: Apache-2.0

// Package verify reads both ends of an account anew, as a mail client would, and says whether they
// are equal.
//
// It shares the protocols, the content rules and the mapping with what copies, and nothing else: it
// never asks what was copied, only what is there. It changes nothing at either end and repairs
// nothing; every difference comes with the step that a human can take.
//
// Contacts and calendars are read and compared object by object, by their meaning; what the copier has
// noted of repairs and refusals only explains a verdict.
//
// A caller makes one Verifier, calls Account for each account, books Unreadable where that fails,
// and puts all together with NewDocument.
//
// The levels build on each other. Counts opens every mailbox of both ends and counts what it shows. Metadata
// compares UID order, FLAGS, INTERNALDATE and RFC822.SIZE of every message. Full reads every message
// of both ends and compares them by the digest of their normal form (package message), so that it
// proves the content. What a cheaper level cannot decide is looked at more closely: a size that
// differs may be a line end that the destination has completed.
package verify

// Invariants
//
//   - What an end does not say is unknown, and unknown is never equal: STATUS is not asked how many messages
//     there are, and a listing is held against EXISTS.
//   - Messages are compared as multisets: two identical ones at the source and one at the destination
//     is one missing message.
//   - What decides is pure (compare.go, pairing.go, difference.go); what reads has no opinion.
//   - Sessions are opened source first, destination second, and given back both together, so that
//     accounts that wait for free connections cannot wait for each other.
//   - Memory holds some 100 octets for each message of the one mailbox that is compared, never a body.

import (
	"context"
	"time"

	"rehome"
	"rehome/internal/endpoint"
	"rehome/internal/mapping"
)

// Level says how closely two ends are compared.
type Level string

// The levels.
const (
	LevelCounts   Level = "counts"
	LevelMetadata Level = "metadata"
	LevelFull     Level = "full"
)

// Levels returns all levels, the cheapest first.
func Levels() []Level { return []Level{LevelCounts, LevelMetadata, LevelFull} }

// Host opens sessions at one end; *endpoint.IMAP is one.
type Host interface {
	Open(ctx context.Context, account rehome.Account) (*endpoint.Session, error)
}

// Options of a Verifier. Without both Source and Destination no mail is compared.
type Options struct {
	Source, Destination Host
	Rules               mapping.Rules // as for the copy
	Level               Level         // "" means LevelFull
	PIM                 *PIMOptions   // nil when no contacts and calendars are compared
	Limit               int           // differences listed of one account; 0 means 1,000. All are counted

	// Observe is told of the source's messages as they are read, with 0 octets where only their
	// metadata is. It must be quick, and it is called from several goroutines.
	Observe func(account string, messages int, octets int64)
	Now     func() time.Time // nil means time.Now

	// Octets of message bodies asked for by one command; 0 means 8 MiB.
	RangeOctets int64
}

// Verifier compares accounts. It is safe for concurrent use by different accounts.
type Verifier struct{ options Options }

const (
	defaultLimit       = 1000
	defaultRangeOctets = 8 << 20
)

// New returns a Verifier with the defaults filled in.
func New(options Options) *Verifier {
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
	if options.RangeOctets <= 0 {
		options.RangeOctets = defaultRangeOctets
	}
	return &Verifier{options}
}

// Account compares both ends of one account. The error is a *rehome.Fault, or the context's; it
// means that an end cannot be read, and so that nothing is known.
func (v *Verifier) Account(ctx context.Context, account rehome.Account) (Account, error) {
	result, err := v.mail(ctx, account)
	if err != nil {
		return Account{}, err
	}
	if v.options.PIM != nil {
		v.ComparePIM(ctx, account, &result)
	}
	return result, ctx.Err()
}

// mail compares the mail, where there is any to be compared.
func (v *Verifier) mail(ctx context.Context, account rehome.Account) (Account, error) {
	if v.options.Source == nil {
		return Account{Account: account.Address, Verdict: Equal, Level: v.options.Level, Verified: v.options.Now().UTC().Truncate(time.Second)}, nil
	}
	c := newCheck(v.options, account)
	defer c.close()
	if err := c.run(ctx); err != nil {
		return Account{}, err
	}
	return c.result(), nil
}
