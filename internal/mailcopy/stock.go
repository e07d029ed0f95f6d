// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"context"

	"rehome/internal/ledger"
)

// settleEmptied deals with destination mailboxes that hold much less than was brought there: they are
// left alone until somebody says what that means. The little that a user deletes is that user's wish.
func (s *slice) settleEmptied(ctx context.Context) error {
	if s.engine.options.CopyAgain {
		return s.forgetLost(ctx)
	}
	changed := false
	for _, e := range s.view.findEmptied() {
		switch {
		case e.alarm && !s.engine.options.ConfirmDeletions:
			s.held[e.destination] = true
			s.find(e.finding())
			s.count(func(t *Tally) { t.Held += e.live - e.found })
		case e.missing && e.found*alarmShare < e.live:
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
		if !row.Deserted().Empty() {
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
func (s *slice) noteDeleted(ctx context.Context) error {
	for _, row := range s.view.deletedAtSource() {
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

// deletedAtSource returns the rows whose mailboxes the source lists no longer, and of which that is not
// noted yet.
func (v accountView) deletedAtSource() []ledger.Mailbox {
	var rows []ledger.Mailbox
	for name, row := range v.rows {
		if entry, listed := v.src[name]; !selectable(entry, listed) && !row.Done.Minus(row.Gone).Empty() {
			rows = append(rows, row)
		}
	}
	return rows
}
