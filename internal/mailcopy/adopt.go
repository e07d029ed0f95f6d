// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"rehome"
	"rehome/internal/ledger"
	"rehome/internal/protocol/imap"
)

// adopt takes over what the destination already holds of entries and returns the rest. What it may hold, and the
// source does not show, is neither taken over nor returned: it comes to a look of its own, see checkLeftovers. What it may
// hold, and does not show itself, is noted as veiled.
//
// A mailbox that was compared completely before gets few new messages, each of which can be among what the
// destination holds of others only by chance: sizes and dates tell well enough which to look at. Otherwise, as
// after the loss of a ledger, or while former messages wait for what could not be read, whatever may be the same message
// is looked at; and so is whatever may be a message that was sent already and given up, or that was left as veiled before.
func (j *mailboxJob) adopt(ctx context.Context, entries []entry) ([]entry, error) {
	if len(j.unknown) == 0 {
		return entries, nil
	}
	looks := []likeness{{exact: true}, {dated: true}}
	if j.row.State.SrcUIDNext == 0 || !j.row.Formerly.Empty() || len(j.kept) > 0 {
		looks = []likeness{{exact: true}, {}}
	}
	var err error
	for _, like := range looks {
		if entries, err = j.adoptLike(ctx, entries, entries, like); err != nil {
			return nil, err
		}
	}
	var sent imap.UIDSet
	for _, v := range j.row.Voids {
		sent.AddSet(v.Sources)
	}
	given := slices.DeleteFunc(slices.Clone(entries), func(e entry) bool { return !sent.Contains(e.uid) && !j.leftAsVeiled(e.uid) })
	return j.adoptLike(ctx, entries, given, likeness{})
}

// adoptLike takes over what the destination holds of some of entries and returns the rest of entries.
func (j *mailboxJob) adoptLike(ctx context.Context, entries, some []entry, like likeness) ([]entry, error) {
	if len(some) == 0 || len(j.unknown) == 0 {
		return entries, nil
	}
	m, err := j.match(ctx, some, j.unknown, like)
	if err != nil {
		return nil, j.notCompared(err)
	}
	j.veil.note(m)
	return j.takeOver(ctx, without(entries, m.undecided), m.pairs)
}

// takeOver books what was found at the destination and returns the other entries.
func (j *mailboxJob) takeOver(ctx context.Context, entries []entry, found []pairing) ([]entry, error) {
	if len(found) == 0 {
		return entries, nil
	}
	former, err := j.formerItems(ctx, found)
	if err == nil {
		err = j.disownKept(ctx, found, former)
	}
	if err != nil {
		return nil, err
	}
	adopted := make([]ledger.Item, 0, len(found))
	taken := map[imap.UID]bool{}
	used := map[imap.UID]bool{}
	for _, p := range found {
		known, is := former[p.dst.uid]
		if is && !sameItem(known, p.src.item()) {
			j.row.Formerly = j.row.Formerly.Minus(imap.NewUIDSet(p.dst.uid)) // another message has its UID now
			is = false
		}
		if !is {
			known, is = givenUp(j.row.Voids, p)
		}
		a := adoption(p, known, is)
		adopted = append(adopted, a.item)
		j.noteAdoption(a)
		taken[p.src.uid], used[p.dst.uid] = true, true
	}
	if err := j.ledger().Adopt(ctx, j.row, adopted); err != nil {
		return nil, err
	}
	j.slice.count(func(t *Tally) { t.Adopted += len(adopted) })
	j.slice.notePresent(int64(len(adopted)))
	j.unknown = without(j.unknown, used)
	return without(entries, taken), nil
}

func (j *mailboxJob) noteAdoption(a adopted) {
	j.flagsDue = j.flagsDue || a.due
	if a.joined {
		j.joined++
	}
}

// adopted is how a message is booked that was found at the destination.
type adopted struct {
	item   ledger.Item
	due    bool // its flags have to be brought over
	joined bool // and nothing tells which end has changed them
}

// adoption decides about the flags of a message that was found at the destination.
//
// The item gets the flags that both ends had in common when last seen; what the source has else is then
// brought over like any change of flags, and what only the destination has is its user's. Where the ledger
// knows the message from before (known), these are the flags that it says were applied. Otherwise nothing is
// known, and no flag is lost: the copy gets those of both ends. A mark for removal is the exception, because
// the message may be one of the destination's user's own.
func adoption(p pairing, former ledger.Item, known bool) adopted {
	a := adopted{item: p.src.item()}
	a.item.DstUID = p.dst.uid
	if known {
		a.item.Flags = former.Flags
		if a.item.Digest == nil {
			a.item.Digest = former.Digest
		}
		a.due = !sameFlags(p.src.flags, former.Flags)
		return a
	}
	missing := minus(minus(p.src.flags, p.dst.flags), []string{deleted, `\Recent`})
	a.item.Flags = minus(p.src.flags, missing)
	a.due = len(missing) > 0
	a.joined = a.due
	return a
}

// givenUp returns what the ledger knows of a message that was sent once, was given up, and is found now.
//
// The rule: what was given up and arrives after all is a copy of ours as it was sent. Its flags are those of then, and the source may
// have changed them since: what it has taken away meanwhile is not a wish of the destination's user. Of several that were sent it
// is the one whose flags are most like those that are found, and among these the latest.
func givenUp(voids []ledger.Voided, p pairing) (item ledger.Item, is bool) {
	least := 0
	for _, v := range slices.Backward(voids) {
		sent, known := v.Sent[p.src.uid]
		if !known || p.dst.uid < v.Floor || otherDate(p) || !sameItem(sent, p.src.item()) {
			continue
		}
		if n := len(minus(sent.Flags, p.dst.flags)) + len(minus(p.dst.flags, sent.Flags)); !is || n < least {
			least, is = n, true
			item.Flags = sent.Flags
		}
	}
	return item, is
}

// sameItem says that two items cannot be told from each other by what is known of them.
func sameItem(a, b ledger.Item) bool {
	differ := func(x, y []byte) bool { return x != nil && y != nil && !bytes.Equal(x, y) }
	return !differ(a.Digest, b.Digest) && !differ(a.Origin, b.Origin)
}

// formerItems returns, by destination UID, what the ledger knew of messages that were found again.
func (j *mailboxJob) formerItems(ctx context.Context, found []pairing) (map[imap.UID]ledger.Item, error) {
	former := map[imap.UID]ledger.Item{}
	var wanted imap.UIDSet
	for _, p := range found {
		wanted.Add(p.dst.uid)
	}
	wanted = intersection(wanted, j.row.Formerly)
	if wanted.Empty() {
		return former, nil
	}
	for uid := range wanted.All() {
		if item, is := j.restored.former[uid]; is {
			former[uid] = item
			wanted = wanted.Minus(imap.NewUIDSet(uid))
		}
	}
	if wanted.Empty() {
		return former, nil
	}
	err := j.ledger().StoredFormerly(ctx, j.row, func(batch ledger.Stored) error {
		for _, item := range batch.Items {
			if wanted.Contains(item.DstUID) {
				former[item.DstUID] = item
			}
		}
		return nil
	})
	return former, err
}

func without(entries []entry, uids map[imap.UID]bool) []entry {
	kept := make([]entry, 0, len(entries))
	for _, e := range entries {
		if !uids[e.uid] {
			kept = append(kept, e)
		}
	}
	return kept
}

// noteJoined tells of the messages whose flags at both ends were put together.
func (j *mailboxJob) noteJoined() {
	if j.joined == 0 {
		return
	}
	j.slice.find(flagsJoined.On(j.pair.Destination, rehome.Values{"n": j.joined}))
}

// wasWere counts messages that something was done to.
func wasWere(n int) string {
	if n == 1 {
		return "1 message was"
	}
	return fmt.Sprintf("%d messages were", n)
}
