// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"context"
	"errors"
	"fmt"

	"rehome"
	"rehome/internal/content/message"
	"rehome/internal/endpoint"
	"rehome/internal/protocol/imap"
)

// pairing says that two listings show the same message.
type pairing struct{ src, dst entry }

// matched is what a comparison of two listings has shown.
type matched struct {
	pairs     []pairing
	undecided map[imap.UID]bool // of the source: the destination may hold them, and the source does not show what they are
}

// match finds which messages of src are among dst, each used once: two identical messages stay two.
//
// A pair are messages of equal content, and nothing else: mail merges and scanners write the same header, in the
// same second, over bodies of the same size. Hints and headers only spare reading: what nothing is like is not
// read, and of what is, the whole. A message that does not show its header is asked for its body instead, so that
// silence never means that it is not there. What is learnt of the messages stays in the entries.
//
// Both mailboxes must be open in their sessions.
func match(ctx context.Context, srcSession, dstSession *endpoint.Session, src, dst []entry, like likeness) (matched, error) {
	var m matched
	srcLike, dstLike := like.candidates(src, dst)
	if len(srcLike) == 0 {
		return m, nil
	}
	source, destination := reader{srcSession, true}, reader{dstSession, false}
	if err := source.headers(ctx, srcLike); err != nil {
		return m, err
	}
	if err := destination.headers(ctx, dstLike); err != nil {
		return m, err
	}
	srcAlike, dstAlike := alikes(srcLike, dstLike)
	if err := source.bodies(ctx, srcAlike, bodySeen); err != nil {
		return m, err
	}
	if err := destination.bodies(ctx, dstAlike, bodySeen); err != nil {
		return m, err
	}
	m.pairs = pairByDigest(srcAlike, dstAlike)
	// The digest of what is on its way is known from the ledger, and its kin is not.
	srcAlike, dstAlike = unpaired(srcAlike, dstAlike, m.pairs)
	if len(dstAlike) > 0 {
		if err := source.bodies(ctx, srcAlike, kinSeen); err != nil {
			return m, err
		}
		m.pairs = append(m.pairs, pairByDigest(srcAlike, dstAlike)...)
	}
	m.undecided = undecided(srcLike, dstAlike)
	srcLeft, dstLeft := unpaired(srcLike, dstLike, m.pairs)
	return m, hidden(srcLeft, dstLeft, like)
}

// undecided returns the messages that show nothing of themselves, or of whose header there are others at the
// destination and that do not show their bodies.
func undecided(src, others []*entry) map[imap.UID]bool {
	headers := map[message.Fingerprint]bool{}
	for _, e := range others {
		headers[e.fingerprint] = true
	}
	unknown := map[imap.UID]bool{}
	for _, e := range src {
		if !e.seen || headers[e.fingerprint] && !bodySeen(e) {
			unknown[e.uid] = true
		}
	}
	return unknown
}

// errHidden says that a copy of a message that is to be sent may be there already.
var errHidden = errors.New("the destination lists messages, but returns neither their headers nor their bodies")

// hidden is an error when one of src, which nothing was found for, may be among what dst does not show.
func hidden(src, dst []*entry, like likeness) error {
	headers := map[message.Fingerprint]bool{}
	for _, e := range src {
		headers[e.fingerprint] = true
	}
	var dark []entry
	for _, e := range dst {
		if !e.seen || headers[e.fingerprint] && !bodySeen(e) {
			dark = append(dark, *e)
		}
	}
	if len(dark) == 0 {
		return nil
	}
	left := make([]entry, len(src))
	for i, e := range src {
		left[i] = *e
	}
	if maybe, _ := like.candidates(left, dark); len(maybe) == 0 {
		return nil
	}
	return errHidden
}

// notCompared is the fault of a match that failed.
func (j *mailboxJob) notCompared(err error) error {
	if !errors.Is(err, errHidden) {
		return faultOf(err, "compare both mailboxes of", j.pair.Source)
	}
	return &rehome.Fault{
		Class: rehome.ClassTemporary, Op: "read destination mailbox", Object: fmt.Sprintf("%q", j.pair.Destination), Cause: err,
		Hint: "ask the destination's administrator to repair the mailbox, then run sync again",
	}
}

// alikes keeps the messages whose header is at both ends. One that did not show its header is not among them.
func alikes(src, dst []*entry) (srcAlike, dstAlike []*entry) {
	headersOf := func(entries []*entry) map[message.Fingerprint]bool {
		headers := map[message.Fingerprint]bool{}
		for _, e := range entries {
			if e.seen {
				headers[e.fingerprint] = true
			}
		}
		return headers
	}
	keep := func(entries []*entry, headers map[message.Fingerprint]bool) (kept []*entry) {
		for _, e := range entries {
			if e.seen && headers[e.fingerprint] {
				kept = append(kept, e)
			}
		}
		return kept
	}
	return keep(src, headersOf(dst)), keep(dst, headersOf(src))
}

// pairByDigest pairs messages one to one: equal ones first, and among several that of the same date, then
// those that only the habits of a server make differ.
func pairByDigest(src, dst []*entry) []pairing {
	var pairs []pairing
	for _, digest := range []func(*entry) message.Digest{
		func(e *entry) message.Digest { return e.digest },
		func(e *entry) message.Digest { return e.kin },
	} {
		type dated struct {
			digest message.Digest
			date   int64
		}
		withDate := func(e *entry) dated { return dated{digest(e), e.date.UnixNano()} }
		undated := func(e *entry) dated { return dated{digest: digest(e)} }
		for _, key := range []func(*entry) dated{withDate, undated} {
			found := pairBy(src, dst, func(e *entry) (dated, bool) { return key(e), digest(e) != message.Digest{} })
			pairs = append(pairs, found...)
			src, dst = unpaired(src, dst, found)
		}
	}
	return pairs
}

// pairBy pairs entries of the same key one to one, in their order; those without a key stay alone.
func pairBy[K comparable](src, dst []*entry, key func(*entry) (K, bool)) []pairing {
	free := map[K][]*entry{}
	for _, d := range dst {
		if k, has := key(d); has {
			free[k] = append(free[k], d)
		}
	}
	var pairs []pairing
	for _, s := range src {
		k, has := key(s)
		if list := free[k]; has && len(list) > 0 {
			free[k] = list[1:]
			pairs = append(pairs, pairing{*s, *list[0]})
		}
	}
	return pairs
}

func unpaired(src, dst []*entry, pairs []pairing) (srcLeft, dstLeft []*entry) {
	taken := map[imap.UID]bool{}
	used := map[imap.UID]bool{}
	for _, p := range pairs {
		taken[p.src.uid], used[p.dst.uid] = true, true
	}
	for _, e := range src {
		if !taken[e.uid] {
			srcLeft = append(srcLeft, e)
		}
	}
	for _, e := range dst {
		if !used[e.uid] {
			dstLeft = append(dstLeft, e)
		}
	}
	return srcLeft, dstLeft
}
