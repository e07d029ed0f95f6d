// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"context"
	"errors"
	"iter"
	"maps"
	"slices"

	"rehome/internal/protocol/dsync"
	"rehome/internal/protocol/imap"
)

// presence is what a mailbox of the destination holds, by the names that the server itself has for its messages. A name of 128 bits
// takes 20 octets a message.
type presence struct {
	uids  imap.UIDSet
	told  bool // the server has told something of one of them
	short map[imap.UID]dsync.GUID
	long  map[imap.UID]string // those that are no 128 bits: Maildir has names of files
}

// take notes the name of a message.
func (p *presence) take(uid imap.UID, name string) {
	if guid, ok := dsync.ParseGUID(name); ok && guid.String() == name {
		p.short[uid] = guid
		return
	}
	p.long[uid] = name
}

// all returns the messages in the order of UIDs.
func (p *presence) all() iter.Seq2[imap.UID, string] {
	return func(yield func(imap.UID, string) bool) {
		for uid := range p.uids.All() {
			if !yield(uid, p.name(uid)) {
				return
			}
		}
	}
}

// name is how the server itself names a message.
func (p *presence) name(uid imap.UID) string {
	if name, odd := p.long[uid]; odd {
		return name
	}
	return p.short[uid].String()
}

// knowThere lists what the destination's mailbox holds, with the names. The error is a lost where the server does not tell
// them apart.
func (j *mailboxJob) knowThere(ctx context.Context) (box imap.Selected, there presence, err error) {
	there = presence{short: map[imap.UID]dsync.GUID{}, long: map[imap.UID]string{}}
	if box, there.uids, err = j.lookThere(ctx); err != nil || there.uids.Empty() {
		return box, there, err
	}
	fetch, err := j.dst.Fetch(ctx, there.uids, imap.FetchItems{GUID: true}, imap.FetchHandler{Message: func(m *imap.Message) error {
		there.told = there.told || there.uids.Contains(m.UID)
		if m.GUID != "" && there.uids.Contains(m.UID) {
			there.take(m.UID, m.GUID)
		}
		return nil
	}})
	if err == nil {
		err = fetch.Wait(ctx)
	}
	if imap.IsStatus(err, "BAD") { // it does not know the item; NO says that something stands in the way now
		return box, there, lostUntold
	}
	if err != nil {
		return box, there, faultOf(err, "list destination mailbox", j.pair.Destination)
	}
	err = there.judge()
	if errors.Is(err, errChanged) {
		err = j.slice.engine.options.Importer.Fault(ctx, err, "bring messages with their UIDs to", j.pair.Destination)
	}
	return box, there, err
}

// judge says whether every message has a name of its own. A UID that was given up cannot be had again, so that only what the server
// says clearly is a reason: what it is silent about may have been deleted meanwhile.
func (p *presence) judge() error {
	named := len(p.long) + len(p.short)
	long := map[string]bool{}
	for name := range maps.Values(p.long) {
		long[name] = true
	}
	short := slices.SortedFunc(maps.Values(p.short), func(a, b dsync.GUID) int { return slices.Compare(a[:], b[:]) })
	switch {
	case named == 0 && p.told:
		return lostUntold
	case named < p.uids.Len(): // some were deleted meanwhile
		return errChanged
	case len(long)+len(slices.Compact(short)) < named:
		return lostTwins
	}
	return nil
}
