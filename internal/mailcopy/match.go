// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"rehome"
	"rehome/internal/content/message"
	"rehome/internal/protocol/imap"
)

// pairing says that two listings show the same message.
type pairing struct{ src, dst entry }

// matched is what a comparison of two listings has shown.
type matched struct {
	pairs     []pairing
	undecided map[imap.UID]bool // of the source: the destination may hold them, and the source does not show what they are
	veiled    map[imap.UID]bool // of the source: nothing was found for them, and the destination does not show what may be them
	dark      imap.UIDSet       // of the destination: what that is
}

// match finds which messages of src are among dst, each used once: two identical messages stay two.
//
// A pair are messages of equal content, and nothing else: mail merges and scanners write the same header, in the
// same second, over bodies of the same size. Hints and headers only spare reading: what nothing is like is not
// read, and of what is, the whole. A message that does not show its header is asked for its body instead, so that
// silence never means that it is not there. What is learnt of the messages stays in the entries.
//
// Both mailboxes must be open in their sessions.
func (j *mailboxJob) match(ctx context.Context, src, dst []entry, like likeness) (matched, error) {
	var m matched
	srcLike, dstLike := like.candidates(src, dst)
	if len(srcLike) == 0 {
		return m, nil
	}
	excluded, err := j.exclusions(ctx, src)
	if err != nil {
		return m, err
	}
	source, destination := reader{j.src}, j.slice.atDestination(j.dst, j.pair.Destination)
	if err := source.headers(ctx, srcLike); err != nil {
		return m, err
	}
	if err := destination.recognise(ctx, dstLike); err != nil {
		return m, err
	}
	srcAlike, dstAlike := alikes(srcLike, dstLike)
	if err := source.bodies(ctx, srcAlike, bodySeen); err != nil {
		return m, err
	}
	if err := destination.bodies(ctx, dstAlike, bodySeen); err != nil {
		return m, err
	}
	excluded.uids.reserve(src, srcLike, srcAlike)
	m.pairs = pairByDigest(srcAlike, dstAlike, excluded)
	// The digest of what is on its way is known from the ledger, and its kin is not.
	srcAlike, dstAlike = unpaired(srcAlike, dstAlike, m.pairs)
	if len(dstAlike) > 0 {
		if err := source.bodies(ctx, srcAlike, kinSeen); err != nil {
			return m, err
		}
		m.pairs = append(m.pairs, pairByDigest(srcAlike, dstAlike, excluded)...)
	}
	m.undecided = undecided(srcLike, dstAlike)
	srcLeft, dstLeft := unpaired(srcLike, dstLike, m.pairs)
	m.veiled, m.dark = veiled(srcLeft, dstLeft, like)
	return m, nil
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

// errVeiled says that a copy of a message that was sent, or is to be sent, may be there already.
var errVeiled = errors.New("the destination lists messages, but returns neither their headers nor their bodies")

// veiled returns those of src, which nothing was found for, that may be among what dst does not show: all that are like it as
// far as the listing tells, and of what has shown its header only what has the same one. It tells by what UIDs they may be there.
func veiled(src, dst []*entry, like likeness) (maybe map[imap.UID]bool, there imap.UIDSet) {
	var dark []entry
	headers := map[message.Fingerprint][]imap.UID{}
	for _, e := range dst {
		switch {
		case !e.seen:
			dark = append(dark, *e)
		case !bodySeen(e):
			headers[e.fingerprint] = append(headers[e.fingerprint], e.uid)
		}
	}
	maybe = map[imap.UID]bool{}
	left := make([]entry, len(src))
	for i, e := range src {
		left[i] = *e
		if uids := headers[e.fingerprint]; e.seen && len(uids) > 0 {
			maybe[e.uid] = true
			there.AddSet(imap.NewUIDSet(uids...))
		}
	}
	if len(dark) > 0 {
		all, them := like.candidates(left, dark)
		for _, e := range all {
			maybe[e.uid] = true
		}
		for _, e := range them {
			there.Add(e.uid)
		}
	}
	return maybe, there
}

// strict is for what is there already, and may be there once more: which copy is whose cannot be told then, and nothing is settled.
func (m matched) strict(err error) (matched, error) {
	if err == nil && len(m.veiled) > 0 {
		err = errVeiled
	}
	return m, err
}

// notCompared is the fault of a match that failed.
func (j *mailboxJob) notCompared(err error) error {
	if !errors.Is(err, errVeiled) {
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

// exclusions are pairs that cannot be although their contents are equal.
type exclusions struct {
	uids sharedUIDs
	held map[int64]bool // see heldDates
}

func (j *mailboxJob) exclusions(ctx context.Context, src []entry) (exclusions, error) {
	held, err := j.heldDates(ctx, src)
	return exclusions{uids: j.sharedUIDs(), held: held}, err
}

func (x exclusions) mayBe(src, dst *entry) bool {
	return x.uids.mayBe(src, dst) && (!x.held[dst.date.Unix()] || src.date.Unix() == dst.date.Unix())
}

// pairByDigest pairs messages one to one: equal ones first, and among several that of the same UID where both ends share them, then that
// of the same date; then those that only the habits of a server make differ.
func pairByDigest(src, dst []*entry, excluded exclusions) []pairing {
	var pairs []pairing
	for _, digest := range []func(*entry) message.Digest{
		func(e *entry) message.Digest { return e.digest },
		func(e *entry) message.Digest { return e.kin },
	} {
		type alike struct {
			digest message.Digest
			uid    imap.UID
			date   int64
		}
		withDate := func(e *entry) alike { return alike{digest: digest(e), date: e.date.UnixNano()} }
		undated := func(e *entry) alike { return alike{digest: digest(e)} }
		keys := []func(*entry) alike{withDate, undated}
		if excluded.uids.are {
			keys = slices.Insert(keys, 0, func(e *entry) alike { return alike{digest: digest(e), uid: e.uid} })
		}
		for _, key := range keys {
			found := pairBy(src, dst, excluded, func(e *entry) (alike, bool) { return key(e), digest(e) != message.Digest{} })
			pairs = append(pairs, found...)
			src, dst = unpaired(src, dst, found)
		}
	}
	return pairs
}

// pairBy pairs entries of the same key one to one, in their order; those without a key stay alone.
func pairBy[K comparable](src, dst []*entry, excluded exclusions, key func(*entry) (K, bool)) []pairing {
	free := map[K][]*entry{}
	for _, d := range dst {
		if k, has := key(d); has {
			free[k] = append(free[k], d)
		}
	}
	var pairs []pairing
	for _, s := range src {
		k, has := key(s)
		if !has {
			continue
		}
		if i := slices.IndexFunc(free[k], func(d *entry) bool { return excluded.mayBe(s, d) }); i >= 0 {
			pairs = append(pairs, pairing{*s, *free[k][i]})
			free[k] = slices.Delete(free[k], i, i+1)
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
