// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"context"
	"io"

	"rehome/internal/content/message"
	"rehome/internal/endpoint"
	"rehome/internal/protocol/imap"
)

// pairing says that two listings show the same message.
type pairing struct{ src, dst entry }

// match finds which messages of src are among dst, each used once: two identical messages stay two.
// Headers decide, and where they leave a doubt the digests of the whole messages do.
//
// With bySize only messages of equal size are looked at, which makes matching large mailboxes
// affordable; without, a server that changes sizes while it stores is seen through.
//
// Both mailboxes must be open in their sessions.
func match(ctx context.Context, srcSession, dstSession *endpoint.Session, src, dst []entry, bySize bool) ([]pairing, error) {
	if bySize {
		src, dst = sameSizes(src, dst)
	}
	if len(src) == 0 || len(dst) == 0 {
		return nil, nil
	}
	if err := fingerprints(ctx, srcSession, src); err != nil {
		return nil, err
	}
	if err := fingerprints(ctx, dstSession, dst); err != nil {
		return nil, err
	}
	certain, doubtful := sortOut(src, dst)
	for _, d := range doubtful {
		if err := digests(ctx, srcSession, d.src); err != nil {
			return nil, err
		}
		if err := digests(ctx, dstSession, d.dst); err != nil {
			return nil, err
		}
		certain = append(certain, pairByDigest(d.src, d.dst)...)
	}
	return certain, nil
}

// sameSizes drops what has no counterpart of its size on the other side.
func sameSizes(src, dst []entry) (srcLeft, dstLeft []entry) {
	srcSizes, dstSizes := map[int64]bool{}, map[int64]bool{}
	for _, e := range src {
		srcSizes[e.size] = true
	}
	for _, e := range dst {
		if srcSizes[e.size] {
			dstLeft = append(dstLeft, e)
			dstSizes[e.size] = true
		}
	}
	for _, e := range src {
		if dstSizes[e.size] {
			srcLeft = append(srcLeft, e)
		}
	}
	return srcLeft, dstLeft
}

// doubt is a group of messages with the same header on both sides.
type doubt struct{ src, dst []entry }

// sortOut pairs what the headers settle: exactly one message on each side, of equal size, with a
// Message-ID or a date. Groups with members on both sides that are not settled come back as doubts.
func sortOut(src, dst []entry) (certain []pairing, doubtful []doubt) {
	groups := map[message.Fingerprint]*doubt{}
	var order []message.Fingerprint
	for _, e := range src {
		g := groups[e.fingerprint]
		if g == nil {
			g = &doubt{}
			groups[e.fingerprint] = g
			order = append(order, e.fingerprint)
		}
		g.src = append(g.src, e)
	}
	for _, e := range dst {
		if g := groups[e.fingerprint]; g != nil {
			g.dst = append(g.dst, e)
		}
	}
	for _, fp := range order {
		g := groups[fp]
		switch {
		case len(g.dst) == 0:
		case len(g.src) == 1 && len(g.dst) == 1 && g.src[0].size == g.dst[0].size && !g.src[0].weak:
			certain = append(certain, pairing{g.src[0], g.dst[0]})
		default:
			doubtful = append(doubtful, *g)
		}
	}
	return certain, doubtful
}

// pairByDigest pairs equal messages one to one; among several the one of the same date is preferred.
func pairByDigest(src, dst []entry) []pairing {
	var pairs []pairing
	used := make([]bool, len(dst))
	take := func(s entry, fits func(entry) bool) bool {
		for i, d := range dst {
			if !used[i] && d.digest == s.digest && fits(d) {
				used[i] = true
				pairs = append(pairs, pairing{s, d})
				return true
			}
		}
		return false
	}
	var rest []entry
	for _, s := range src {
		if !take(s, func(d entry) bool { return d.date.Equal(s.date) }) {
			rest = append(rest, s)
		}
	}
	for _, s := range rest {
		take(s, func(entry) bool { return true })
	}
	return pairs
}

// fingerprints fills in the fingerprints of entries that have none yet.
func fingerprints(ctx context.Context, session *endpoint.Session, entries []entry) error {
	header := message.NewHeader(64 << 10)
	return fill(ctx, session, entries, imap.FetchItems{HeaderFields: message.FingerprintFields},
		func(e *entry) bool { return !e.seen },
		func(e *entry, r io.Reader) error {
			header.Reset()
			if _, err := io.Copy(header, r); err != nil {
				return err
			}
			e.fingerprint, e.weak = message.FingerprintOf(header.Bytes())
			e.seen = true
			return nil
		})
}

// digests fills in the digests of entries, reading their bodies.
func digests(ctx context.Context, session *endpoint.Session, entries []entry) error {
	digester := message.NewDigester()
	return fill(ctx, session, entries, imap.FetchItems{Body: true},
		func(e *entry) bool { return e.digest == message.Digest{} },
		func(e *entry, r io.Reader) error {
			digester.Reset()
			if _, err := io.Copy(digester, r); err != nil {
				return err
			}
			e.digest = digester.Sum()
			return nil
		})
}

// fill fetches items of the entries that want it and hands each body to use.
func fill(ctx context.Context, session *endpoint.Session, entries []entry, items imap.FetchItems, wants func(*entry) bool, use func(*entry, io.Reader) error) error {
	byUID := map[imap.UID]*entry{}
	var uids imap.UIDSet
	for i := range entries {
		if wants(&entries[i]) {
			byUID[entries[i].uid] = &entries[i]
			uids.Add(entries[i].uid)
		}
	}
	if uids.Empty() {
		return nil
	}
	command, err := session.Fetch(ctx, uids, items, imap.FetchHandler{Literal: guardedCall(session.Account, func(l *imap.Literal) error {
		e := byUID[l.UID]
		if e == nil {
			return nil
		}
		return use(e, l)
	})})
	if err != nil {
		return err
	}
	return command.Wait(ctx)
}
