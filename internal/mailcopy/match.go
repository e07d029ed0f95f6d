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
// Headers decide, and where they leave a doubt the digests of the whole messages do; of the others not even
// the header is read if nothing is like them. What is learnt of the messages stays in the entries.
//
// Both mailboxes must be open in their sessions.
func match(ctx context.Context, srcSession, dstSession *endpoint.Session, src, dst []entry, like likeness) ([]pairing, error) {
	srcLike, dstLike := like.candidates(src, dst)
	if len(srcLike) == 0 {
		return nil, nil
	}
	if err := unread(srcSession, srcLike, headerSeen, fingerprints(ctx, srcSession, srcLike)); err != nil {
		return nil, err
	}
	if err := fingerprints(ctx, dstSession, dstLike); err != nil {
		return nil, err
	}
	certain, doubtful := sortOut(srcLike, dstLike)
	for _, d := range doubtful {
		if err := unread(srcSession, d.src, bodySeen, digests(ctx, srcSession, d.src)); err != nil {
			return nil, err
		}
		if err := digests(ctx, dstSession, d.dst); err != nil {
			return nil, err
		}
		certain = append(certain, pairByDigest(d.src, d.dst)...)
	}
	return certain, nil
}

// doubt is a group of messages with the same header on both sides.
type doubt struct{ src, dst []*entry }

// sortOut pairs what the headers settle: exactly one message on each side, of equal size, with a
// Message-ID or a date. Groups with members on both sides that are not settled come back as doubts. A
// message that did not show its header is in none.
func sortOut(src, dst []*entry) (certain []pairing, doubtful []doubt) {
	groups := map[message.Fingerprint]*doubt{}
	var order []message.Fingerprint
	for _, e := range src {
		if !e.seen {
			continue
		}
		g := groups[e.fingerprint]
		if g == nil {
			g = &doubt{}
			groups[e.fingerprint] = g
			order = append(order, e.fingerprint)
		}
		g.src = append(g.src, e)
	}
	for _, e := range dst {
		if g := groups[e.fingerprint]; g != nil && e.seen {
			g.dst = append(g.dst, e)
		}
	}
	for _, fp := range order {
		g := groups[fp]
		switch {
		case len(g.dst) == 0:
		case len(g.src) == 1 && len(g.dst) == 1 && g.src[0].size == g.dst[0].size && g.src[0].size > 0 && !g.src[0].weak:
			certain = append(certain, pairing{*g.src[0], *g.dst[0]})
		default:
			doubtful = append(doubtful, *g)
		}
	}
	return certain, doubtful
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
	taken, used := map[imap.UID]bool{}, map[imap.UID]bool{}
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

// headerLimit is how much of a header is kept to recognise a message by.
const headerLimit = 64 << 10

// fingerprints fills in the fingerprints of entries that have none yet.
func fingerprints(ctx context.Context, session *endpoint.Session, entries []*entry) error {
	header := message.NewHeader(headerLimit)
	return fill(ctx, session, entries, imap.FetchItems{HeaderFields: message.FingerprintFields},
		func(e *entry) bool { return !e.seen },
		func(e *entry, r io.Reader) error {
			header.Reset()
			if _, err := io.Copy(header, r); err != nil {
				return err
			}
			e.fingerprint, e.weak = message.FingerprintOf(header.Bytes())
			e.origin, e.original = message.OriginOf(header.Bytes())
			e.seen = true
			return nil
		})
}

// digests fills in the digests of entries, reading their bodies.
func digests(ctx context.Context, session *endpoint.Session, entries []*entry) error {
	digester, kin := message.NewDigester(), message.NewKinDigester()
	both := io.MultiWriter(digester, kin)
	return fill(ctx, session, entries, imap.FetchItems{Body: true},
		func(e *entry) bool { return e.digest == message.Digest{} },
		func(e *entry, r io.Reader) error {
			digester.Reset()
			kin.Reset()
			if _, err := io.Copy(both, r); err != nil {
				return err
			}
			e.digest, e.kin = digester.Sum(), kin.Sum()
			return nil
		})
}

func headerSeen(e *entry) bool { return e.seen }
func bodySeen(e *entry) bool   { return e.digest != message.Digest{} }

// unread judges an error with which the source has answered when it was asked for entries: one message that
// it cannot read must not keep back the others. What a NO has left out is like nothing, and what the
// connection broke at becomes a suspect. The destination gets no such benefit: where it hides a message,
// another copy of it might be stored.
func unread(src *endpoint.Session, entries []*entry, seen func(*entry) bool, err error) error {
	switch {
	case err == nil || src.Err() == nil && imap.IsStatus(err, "NO"):
		return nil
	case src.Err() == nil:
		return err
	}
	for _, e := range entries {
		if !seen(e) {
			return &readError{uid: e.uid, err: err}
		}
	}
	return err
}

// fill fetches items of the entries that want it and hands each body to use.
func fill(ctx context.Context, session *endpoint.Session, entries []*entry, items imap.FetchItems, wants func(*entry) bool, use func(*entry, io.Reader) error) error {
	byUID := map[imap.UID]*entry{}
	var uids imap.UIDSet
	for _, e := range entries {
		if wants(e) {
			byUID[e.uid] = e
			uids.Add(e.uid)
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
