// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"context"

	"rehome"
	"rehome/internal/ledger"
	"rehome/internal/protocol/imap"
)

// A mailbox that the destination's user has removed stays away until new mail comes for it. Where the source's numbers do
// not prove that none has come, the source is asked for its UIDs: a UIDNEXT may stand still, and as many messages may
// have gone as have come. Where its newest message is not the one that it was, the source may have been put back from a
// backup, and have given the UID of what was copied to new mail: the newest messages are asked what they are, and one that is
// neither by its header nor to the octet what was copied counts as new. What was refused, or could not be read, was never in the
// mailbox that was removed: it is tried again as in any other mailbox, and counts as new, too.

// reviveDropped finds the dropped mailboxes that have got new mail which their numbers do not show.
func (s *slice) reviveDropped(ctx context.Context) error {
	s.view.revived = map[int64]bool{}
	return s.eachAtSource(ctx, s.view.unprovedDropped(), func(row ledger.Mailbox) error {
		all, short, err := everything(ctx, s.src)
		if err != nil {
			return faultOf(err, "list source mailbox", row.Anchor.Source)
		}
		mark := s.view.marks[rehome.Source][row.Anchor.Source]
		others, err := s.othersAmongNewest(ctx, row, mark)
		if err != nil {
			return faultOf(err, "look again at source mailbox", row.Anchor.Source)
		}
		s.view.revived[row.ID] = !all.Minus(row.Done).Empty() || !intersection(all, row.Gone).Empty() || others
		switch {
		case s.view.revived[row.ID]:
			return nil
		case !short.Is(0):
			s.noteUnshown(row, all, short)
			return nil
		case mark == row.State.SrcNewest:
			return nil
		}
		state := row.State
		state.SrcNewest = mark
		return s.engine.options.Ledger.Settle(ctx, &row, state)
	})
}

// othersAmongNewest says that one of the newest messages of a row is another one than was copied under its UID. A header is a hint
// (see prove.go). Some servers give out in a new form what they have; a newest message with the UID and the date that it had is the same.
func (s *slice) othersAmongNewest(ctx context.Context, row ledger.Mailbox, mark string) (bool, error) {
	claims, err := newestClaims(ctx, s.engine.options.Ledger, row, atSource(row))
	if err != nil {
		return false, err
	}
	var st endState
	a := s.atSource(s.src, row.Anchor.Source)
	if err := examineClaims(ctx, a, claims, &st); err != nil || !st.other.Empty() || sameDate(row.State.SrcNewest, mark) {
		return !st.other.Empty(), err
	}
	doubtful := doubtfulAmong(claims, st)
	entries := entriesOf(doubtful, func(one claim) imap.UID { return one.uid })
	if err := a.bodies(ctx, entries, bodySeen); err != nil {
		return false, err
	}
	for i, e := range entries {
		if bodySeen(e) && doubtful[i].item.Digest != nil && !unchanged(doubtful[i].item, e.digest) {
			return true, nil
		}
	}
	return !st.differing.Empty(), nil
}

// noteUnshown tells of a dropped mailbox of which the source does not show all: there may be new mail in it, which is no
// reason to make it anew.
func (s *slice) noteUnshown(row ledger.Mailbox, shown imap.UIDSet, short imap.Count) {
	c := Census{Deserted: int64(intersection(shown, row.Missing()).Len())}
	n, told := short.Told()
	if c.Unknown = n; !told {
		c.Uncounted = 1
	}
	s.noteCensus(row.Anchor.Source, c)
	s.find(unlisted(row.Anchor.Source, short)...)
}

// unprovedDropped returns the rows of mailboxes that stay away, of which neither a mod-sequence nor a size says that
// nothing has come to them, or of which something was left behind.
func (v accountView) unprovedDropped() []ledger.Mailbox {
	var rows []ledger.Mailbox
	for _, pair := range v.plan.Pairs {
		row := v.rows[pair.Source]
		status := v.src[pair.Source].Status
		if pair.Container || !dropped(row) || status == nil || v.needsWork(pair) {
			continue
		}
		asItWas := status.Messages.Is(row.State.SrcMessages) && row.State.SrcSize != 0 && status.Size == row.State.SrcSize ||
			row.State.SrcModSeq != 0 && status.HighestModSeq == row.State.SrcModSeq
		asItWas = asItWas && (row.Done.Minus(row.Gone).Empty() || unmoved(row.State.SrcNewest, v.marks[rehome.Source][pair.Source]))
		if !asItWas || row.Open {
			rows = append(rows, row)
		}
	}
	return rows
}
