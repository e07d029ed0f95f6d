// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"context"

	"rehome/internal/ledger"
	"rehome/internal/protocol/imap"
)

// Where an answer was lost, what was sent is recognised by its content. That proves what it is, and not whose it is:
// the destination's user, or another copier, may have put the same message there, and ours may come yet. So what is
// found counts as written by us only where nothing speaks against it, see byOurHand, and is looked for once more in
// later passes, see noteDoubles.

// conclude turns what was found of one intent into an adoption and returns the rest of it. shown are the UIDs of
// which is known who has them.
func (j *mailboxJob) conclude(ctx context.Context, intent ledger.Intent, pairs map[imap.UID]pairing, shown imap.UIDSet) (
	rest ledger.Intent, found int, err error) {
	var ours, others []ledger.Item
	last := unbroken(shown, intent.Floor)
	strange := 0
	for _, item := range intent.Items {
		p, is := pairs[item.UID]
		if is {
			j.noteFoundUID(p)
		}
		switch {
		case !is:
		case byOurHand(p, last):
			item = p.src.item()
			item.DstUID = p.dst.uid
			ours = append(ours, item)
		default:
			a := adoption(p, ledger.Item{}, false)
			others = append(others, a.item)
			j.noteAdoption(a)
			if otherDate(p) {
				strange++
			}
		}
	}
	if found = len(ours) + len(others); found == 0 {
		return intent, 0, nil
	}
	if rest, err = j.ledger().Recover(ctx, j.row, intent, ours, others); err != nil {
		return intent, 0, err
	}
	j.slice.observe(found-strange, octetsOf(ours)+octetsOf(others))
	j.slice.count(func(t *Tally) { t.Adopted += strange })
	return rest, found, nil
}

// byOurHand says that a message which was found may be removed again, like any that we have written. last is the UID
// up to which it is known who has each: where one is missing, somebody has taken a message away since, and what stands
// behind it, octet by octet the same, may be what that user has put back. And it has the date that we have given it.
func byOurHand(p pairing, last imap.UID) bool {
	return p.dst.uid <= last && imap.KeepableDate(p.src.date) && p.src.date.Unix() == p.dst.date.Unix()
}

// otherDate says that a message which was found has not the date that we give to what we write.
func otherDate(p pairing) bool {
	return imap.KeepableDate(p.src.date) && !p.dst.date.IsZero() && p.src.date.Unix() != p.dst.date.Unix()
}

// unbroken returns the UID up to which every one from floor on is in a set; the one before floor when there is none.
// UIDs are given in the order of arrival and never twice (RFC 9051, section 2.3.1.1).
func unbroken(set imap.UIDSet, floor imap.UID) imap.UID {
	for _, r := range set.Ranges() {
		if r.First <= floor && floor <= r.Last {
			return r.Last
		}
	}
	return max(floor, 1) - 1
}

// accountedFor returns the destination's UIDs of which the last look has shown who has them.
func (j *mailboxJob) accountedFor(pairs map[imap.UID]pairing) imap.UIDSet {
	shown := union(j.row.Ours, j.row.Theirs, uidsOf(j.strangers))
	for _, p := range pairs {
		shown.Add(p.dst.uid)
	}
	return shown
}

// noteDoubles remembers what may be there twice, now or later: what was found of a batch that was never answered, and
// what was stored for sure and is there once more. Each pass of the next week looks for it, see checkVoided.
func (j *mailboxJob) noteDoubles(ctx context.Context, intents []ledger.Intent, pairs map[imap.UID]pairing, floor imap.UID) error {
	var unanswered imap.UIDSet
	var answered []entry
	for _, intent := range intents {
		for _, item := range intent.Items {
			p, found := pairs[item.UID]
			switch {
			case !found:
			case intent.Alive.IsZero():
				answered = append(answered, p.src)
			default:
				unanswered.Add(item.UID)
			}
		}
	}
	twins, err := j.findTwins(ctx, answered)
	doubles := union(unanswered, twins)
	if err != nil || doubles.Empty() {
		return err
	}
	return j.ledger().NoteDoubles(ctx, j.row, ledger.Voided{Floor: floor, Sources: doubles})
}
