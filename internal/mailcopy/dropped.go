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
// backup, and the newest messages are asked what they are. What was refused, or could not be read, was never in the
// mailbox that was removed: it is tried again as in any other mailbox, and counts as new.

// reviveDropped finds the dropped mailboxes that have got new mail which their numbers do not show.
func (s *slice) reviveDropped(ctx context.Context) error {
	s.view.revived = map[int64]bool{}
	return s.eachAtSource(ctx, s.view.unprovedDropped(), func(row ledger.Mailbox) error {
		all, short, err := everything(ctx, s.src)
		if err != nil {
			return faultOf(err, "list source mailbox", row.Anchor.Source)
		}
		st, err := s.askNewest(ctx, s.atSource(s.src, row.Anchor.Source), row, atSource(row))
		if err != nil {
			return faultOf(err, "look again at source mailbox", row.Anchor.Source)
		}
		s.view.revived[row.ID] = !all.Minus(row.Done).Empty() || !intersection(all, row.Gone).Empty() || !st.other.Empty()
		mark := s.view.marks[rehome.Source][row.Anchor.Source]
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
