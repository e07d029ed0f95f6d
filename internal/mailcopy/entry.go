// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"context"
	"errors"
	"sort"
	"time"

	"rehome/internal/content/message"
	"rehome/internal/endpoint"
	"rehome/internal/ledger"
	"rehome/internal/protocol/imap"
)

// entry is one message as a listing shows it.
type entry struct {
	uid   imap.UID
	size  int64     // a hint: servers estimate it, and 0 is not known
	date  time.Time // zero when the server has none, or tells none
	flags []string
	saved time.Time // when it came into the mailbox; zero where that was not told, see askSaved
	asked bool      // for that, with the listing

	// Filled when two sides have to be matched.
	fingerprint message.Fingerprint
	seen        bool // the fingerprint is there
	origin      message.Fingerprint
	original    bool // the origin is there
	digest      message.Digest
	kin         message.Digest // read together with the digest

	kept string // file in the escrow folder that holds the original, see kept.go; "" when the source is read
}

// item is the entry in the ledger's words.
func (e entry) item() ledger.Item {
	item := ledger.Item{UID: e.uid, Size: e.size, Flags: e.flags}
	if e.original {
		item.Origin = e.origin[:]
	}
	if e.digest != (message.Digest{}) {
		item.Digest = e.digest[:]
	}
	return item
}

func items(entries []entry) []ledger.Item {
	all := make([]ledger.Item, len(entries))
	for i, e := range entries {
		all[i] = e.item()
	}
	return all
}

// sweep lists uids of the open mailbox: some 100 octets a message, no bodies.
func sweep(ctx context.Context, session *endpoint.Session, uids imap.UIDSet) ([]entry, error) {
	listing, err := sweepAhead(ctx, session, uids)
	if err != nil {
		return nil, err
	}
	return listing.wait(ctx)
}

// listing is a sweep under way. What it has found belongs to the connection's reader until wait is back.
type listing struct {
	session *endpoint.Session
	uids    imap.UIDSet
	items   imap.FetchItems
	command *imap.FetchCommand
	entries []entry
	place   map[imap.UID]int // of each in entries
}

var errEndlessListing = errors.New("the server lists more messages than it reports")

// sweepAhead asks for the listing and does not wait for it.
func sweepAhead(ctx context.Context, session *endpoint.Session, uids imap.UIDSet) (*listing, error) {
	return newListing(session, uids).ask(ctx)
}

func (l *listing) ask(ctx context.Context) (*listing, error) {
	var err error
	l.command, err = l.session.Fetch(ctx, l.uids, l.items, imap.FetchHandler{Message: l.take})
	return l, err
}

// askAhead asks behind an opening. A BAD to it is an answer where that is refused, or shows nothing to list.
func (l *listing) askAhead(ctx context.Context, opening *imap.Opening) (err error) {
	l.command, err = l.session.FetchAhead(ctx, opening, l.uids, l.items, imap.FetchHandler{Message: l.take})
	return err
}

// drop waits for the answer, and takes nothing of it: it must not meet what is asked next.
func (l *listing) drop(ctx context.Context) {
	if l.command != nil {
		_ = l.command.Wait(ctx)
	}
}

func newListing(session *endpoint.Session, uids imap.UIDSet) *listing {
	n := uids.Len()
	if n > sweepWindow { // whatever there is from a UID on
		n = 0
	}
	return &listing{session: session, uids: uids, items: listingItems(), entries: make([]entry, 0, n), place: make(map[imap.UID]int, n)}
}

func listingItems() imap.FetchItems {
	return imap.FetchItems{Flags: true, InternalDate: true, Size: true}
}

// take adds what one response says of a message. There may be several about one, each with a part of what
// was asked for, and none of it has to be there: what has a UID is a message.
func (l *listing) take(m *imap.Message) error {
	i, known := l.place[m.UID]
	if !known {
		if len(l.entries) >= 2*sweepWindow {
			return errEndlessListing
		}
		i = len(l.entries)
		l.place[m.UID] = i
		l.entries = append(l.entries, entry{uid: m.UID, asked: l.items.SaveDate})
	}
	e := &l.entries[i]
	e.size = max(e.size, m.Size)
	if !m.InternalDate.IsZero() {
		e.date = m.InternalDate
	}
	if m.Flags != nil {
		e.flags = m.Flags
	}
	if imap.KeepableDate(m.SaveDate) {
		e.saved = m.SaveDate
	}
	return nil
}

func (l *listing) wait(ctx context.Context) ([]entry, error) {
	err := l.command.Wait(ctx)
	if l.refusedSaved(err) {
		if err = l.withoutSaved(ctx); err == nil {
			err = l.command.Wait(ctx)
		}
	}
	if imap.IsStatus(err, "BAD") && l.session.Err() == nil { // see askAhead
		return nil, nil
	}
	if err != nil {
		if uid := firstMissing(l.uids, l.entries); uid != 0 && l.session.Err() != nil {
			err = &readError{uid: uid, err: err}
		}
		return nil, err
	}
	return sortUnique(l.entries), nil
}

// sortUnique puts entries into UID order and drops repeats: servers may answer in any order and
// more than once (RFC 9051, section 7.5.2).
func sortUnique(entries []entry) []entry {
	sort.SliceStable(entries, func(i, j int) bool { return entries[i].uid < entries[j].uid })
	kept := entries[:0]
	for _, e := range entries {
		if len(kept) == 0 || kept[len(kept)-1].uid != e.uid {
			kept = append(kept, e)
		}
	}
	return kept
}

// uidsOf returns the UIDs of entries.
func uidsOf(entries []entry) imap.UIDSet {
	var set imap.UIDSet
	for _, e := range entries {
		set.Add(e.uid)
	}
	return set
}

// head cuts the first n UIDs off a set.
func head(set imap.UIDSet, n int) (first, rest imap.UIDSet) {
	room := n
	for _, r := range set.Ranges() {
		size := int(r.Last-r.First) + 1
		switch {
		case room <= 0:
			rest.AddRange(r.First, r.Last)
		case size <= room:
			first.AddRange(r.First, r.Last)
		default:
			middle := r.First + imap.UID(room)
			first.AddRange(r.First, middle-1)
			rest.AddRange(middle, r.Last)
		}
		room -= size
	}
	return first, rest
}
