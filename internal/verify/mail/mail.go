// SPDX-License-Identifier: Apache-2.0

// Package mail compares an account's mail at both ends, mailbox by mailbox and message by message.
//
// Counts opens every mailbox of both ends and counts what it shows. Metadata compares UID order, FLAGS,
// INTERNALDATE and RFC822.SIZE of every message, and the annotations of mailboxes. Full reads every message of both ends and compares them by the
// digest of their normal form (package message), so that it proves the content. What a cheaper level cannot decide is
// looked at more closely: a size that differs may be a line end that the destination has completed.
//
// It is told the rules by which mailboxes move, which are the administrator's settings, and nothing of what was copied.
package mail

// Invariants
//
//   - STATUS is not asked how many messages there are, and a listing is held against EXISTS.
//   - Messages are compared as multisets: two identical ones at the source and one at the destination
//     is one missing message.
//   - What decides is pure (compare.go, pairing.go, judge.go); what reads has no opinion.
//   - Places are taken source first, destination second, and given back both together, so that
//     accounts that wait for free connections cannot wait for each other.
//   - Memory holds some 130 octets for each message of the mailboxes that are compared together (see ahead.go), as much again for
//     what is remembered of them, and never a body.

import (
	"context"
	"time"

	"rehome"
	"rehome/internal/endpoint"
	"rehome/internal/mapping"
	"rehome/internal/verify"
)

// Host has connections to one end; *endpoint.IMAP is one.
type Host interface {
	// Reserve waits for a place; who needs both ends takes the source's first.
	Reserve(ctx context.Context, account rehome.Account) (*endpoint.Place, error)
}

// Options say what is compared. Source and Destination are required.
type Options struct {
	Source, Destination Host
	Rules               mapping.Rules // as for the copy

	// UIDs also compares UIDVALIDITY, UIDNEXT and UIDs, and when messages came into their mailboxes, at every level but counts.
	UIDs bool

	// Octets of message bodies asked for by one command; 0 means 8 MiB.
	RangeOctets int64

	// Pause waits between two looks at a mailbox that is not at rest; nil waits indeed.
	Pause func(ctx context.Context, d time.Duration) error
}

const defaultRangeOctets = 8 << 20

// New returns the part of a verification that compares mail.
func New(options Options) verify.Part {
	if options.RangeOctets <= 0 {
		options.RangeOctets = defaultRangeOctets
	}
	if options.Pause == nil {
		options.Pause = wait
	}
	return part{options}
}

type part struct{ Options }

// Compare implements verify.Part.
func (p part) Compare(ctx context.Context, account rehome.Account, how verify.Options, into *verify.Account) error {
	c := newCheck(p.Options, how, account)
	defer c.close()
	if err := c.run(ctx); err != nil {
		return err
	}
	into.Mail, into.Findings = &c.mail, append(into.Findings, c.findings...)
	if c.unsettled && c.mail.Total() == 0 {
		into.Verdict = verify.Unknown
	}
	return nil
}
