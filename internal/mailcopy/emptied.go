// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"rehome"
	"rehome/internal/ledger"
	"rehome/internal/protocol/imap"
)

// settleEmptied deals with destination mailboxes that hold much less than was brought there: they are
// left alone until somebody says what that means. The little that a user deletes is that user's wish. One that has
// another UIDVALIDITY may have been made anew by its user, and may have been restored: what it holds is matched by
// content, and the rest is copied again, unless somebody has said that it is meant. So is one that is gone where another of the account
// was put back: who has deleted a mailbox nothing tells but that.
func (s *slice) settleEmptied(ctx context.Context) error {
	if s.engine.options.CopyAgain {
		return s.forgetLost(ctx)
	}
	changed := false
	for _, e := range s.view.findEmptied() {
		switch {
		case e.gone && (e.doubted() || s.view.putBack()) && !s.engine.options.ConfirmDeletions:
			if err := s.bringBack(ctx, e); err != nil {
				return err
			}
			changed = true
		case e.alarm && !s.engine.options.ConfirmDeletions:
			s.hold(e)
		case e.missing && e.found*alarmShare < e.live && (e.gone || s.engine.options.ConfirmDeletions):
			for _, row := range e.rows {
				if err := s.engine.options.Ledger.Drop(ctx, row.ID); err != nil {
					return err
				}
			}
			changed = true
		}
	}
	if !changed {
		return nil
	}
	return s.remember(ctx, &s.view)
}

// doubted says that the account was put back to an earlier state since the messages of a mailbox were last looked at: if it is gone, nobody
// is known to have deleted it.
func (e *emptied) doubted() bool {
	return slices.ContainsFunc(e.rows, func(row ledger.Mailbox) bool { return row.Doubted != 0 })
}

// putBack says that a mailbox of the account shows that by its numbers.
func (v accountView) putBack() bool {
	for _, row := range v.rows {
		e := emptied{rows: []ledger.Mailbox{row}}
		if status := v.dst[row.Anchor.Destination].Status; status.Complete() && e.putBack(status) {
			return true
		}
	}
	return false
}

// bringBack lets a mailbox that is gone be made and filled again. What its user had deleted there before stays deleted.
func (s *slice) bringBack(ctx context.Context, e emptied) error {
	store := s.engine.options.Ledger
	for _, row := range e.rows {
		live := row.Live()
		if err := errors.Join(store.Disown(ctx, &row, live), store.Drop(ctx, row.ID), store.Doubt(ctx, &row, 0)); err != nil {
			return err
		}
	}
	s.noteAdvance()
	s.find(destinationRestored.On(e.destination, rehome.Values{"n": e.live}))
	return nil
}

// hold leaves a destination mailbox alone until somebody says what its loss means.
func (s *slice) hold(e emptied) {
	s.find(e.finding())
	s.count(func(t *Tally) { t.Held += e.live - e.found })
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held[e.destination] = true
	s.lost[e.destination] += int64(e.live - e.found)
}

// isHeld says that a destination mailbox is left alone.
func (s *slice) isHeld(destination string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.held[destination]
}

// forgetLost makes the ledger forget mailboxes of which the destination has lost something: they are
// compared anew, and what is missing is copied again.
func (s *slice) forgetLost(ctx context.Context) error {
	lost := map[int64]bool{}
	for _, e := range s.view.findEmptied() {
		for _, row := range e.rows {
			lost[row.ID] = true
		}
	}
	for _, row := range s.view.rows {
		if !row.Missing().Empty() {
			lost[row.ID] = true
		}
	}
	for id := range lost {
		if err := s.engine.options.Ledger.Forget(ctx, id); err != nil {
			return err
		}
	}
	if len(lost) == 0 {
		return nil
	}
	return s.remember(ctx, &s.view)
}

// noteDeleted notes that all messages of mailboxes that the source has deleted are gone. Should one come
// back, nothing that was believed of it counts: it is listed in full.
//
// A mailbox that is not listed and can be opened is not deleted: the listing was short, and what becomes of its
// messages waits until the source lists it again.
func (s *slice) noteDeleted(ctx context.Context) error {
	rows := s.view.deletedAtSource()
	hidden, err := s.findHidden(ctx, rows)
	if err != nil {
		return err
	}
	for _, row := range rows {
		if hidden[row.ID] {
			continue
		}
		fate := row.Fate
		fate.Gone = row.Done
		if err := s.engine.options.Ledger.NoteFate(ctx, &row, fate); err != nil {
			return err
		}
		if err := s.engine.options.Ledger.Settle(ctx, &row, ledger.State{}); err != nil {
			return err
		}
		s.view.rows[row.Anchor.Source] = row
	}
	return nil
}

// hiddenBy looks for a mailbox that the source does not list, and says why it may not count as gone; nil when it may.
func (s *slice) hiddenBy(ctx context.Context, row ledger.Mailbox) ([]rehome.Finding, error) {
	name := row.Anchor.Source
	box, refused := s.src.Examine(ctx, name)
	switch {
	case refused == nil && box.UIDValidity == row.Anchor.SrcUIDValidity && !s.view.displaced[row.ID]:
		return []rehome.Finding{mailboxNotListed.On(name, nil)}, nil
	case refused == nil:
		return nil, nil
	case !imap.IsStatus(refused, "NO"):
		return nil, refused
	}
	gone, err := absent(ctx, s.src, name, refused)
	if gone || err != nil {
		return nil, err
	}
	return []rehome.Finding{mailboxUnsaid.On(name, rehome.Values{"why": refused})}, nil
}

// findHidden returns those of some rows whose mailboxes the source does not list, and that are not gone for sure.
func (s *slice) findHidden(ctx context.Context, rows []ledger.Mailbox) (map[int64]bool, error) {
	hidden := map[int64]bool{}
	for i, row := range rows {
		name := row.Anchor.Source
		if strings.HasPrefix(name, "\n") {
			continue // set aside in the ledger: no mailbox has such a name
		}
		why, err := s.hiddenBy(ctx, row)
		if err != nil {
			return nil, faultOf(err, "open source mailbox", name)
		}
		if len(why) > 0 {
			hidden[row.ID] = true
			s.find(why...)
		}
		if i%refusalsInARow == refusalsInARow-1 {
			if err := s.src.Noop(ctx); err != nil {
				return nil, faultOf(err, "open source mailbox", name)
			}
		}
	}
	if len(rows) == 0 {
		return hidden, nil
	}
	return hidden, faultOf(s.closeSource(ctx), "close mailboxes at", "the source")
}

// refusalsInARow is how many refused commands every server stands: Courier 5.0 ends the session after ten.
const refusalsInARow = 5

// deletedAtSource returns the rows whose mailboxes the source lists no longer, and of which that is not
// noted yet.
func (v accountView) deletedAtSource() []ledger.Mailbox {
	var rows []ledger.Mailbox
	for _, name := range slices.Sorted(maps.Keys(v.rows)) {
		row := v.rows[name]
		if entry, listed := v.src[name]; !selectable(entry, listed) && !row.Done.Minus(row.Gone).Empty() {
			rows = append(rows, row)
		}
	}
	return rows
}
