// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"context"
	"maps"
	"slices"
	"time"

	"rehome"
	"rehome/internal/ledger"
	"rehome/internal/mapping"
	"rehome/internal/protocol/imap"
)

// A mailbox that is deleted at the source has no job any more that would find out what became of the batches that were
// under way. They are given up like any other when nothing of them can still arrive, and named while that may be there. Nor would
// anything look any more at what others have written among our messages.

// settleOrphans does that for all mailboxes of which something is open, and that the source has deleted.
func (s *slice) settleOrphans(ctx context.Context) error {
	looked := false
	for _, name := range slices.Sorted(maps.Keys(s.view.rows)) {
		row := s.view.rows[name]
		atSource, listed := s.view.src[name]
		there := s.view.dst[row.Anchor.Destination]
		if !row.Open || selectable(atSource, listed) || there.Status == nil || there.Status.UIDValidity != row.Anchor.DstUIDValidity {
			continue
		}
		looked = true
		if err := s.settleOrphan(ctx, row.Anchor); err != nil {
			return err
		}
	}
	if !looked {
		return nil
	}
	return faultOf(closeWhatIsOpen(ctx, s.dst), "close mailboxes at", "the destination")
}

func (s *slice) settleOrphan(ctx context.Context, anchor ledger.Anchor) (err error) {
	job := &mailboxJob{slice: s, pair: mapping.Pair{Source: anchor.Source, Destination: anchor.Destination}, src: s.src, dst: s.dst}
	job.inventory.short = imap.CountOf(0)
	if job.row, err = job.ledger().Mailbox(ctx, anchor); err != nil {
		return err
	}
	void, wait := verdict(job.row.Intents, time.Now(), s.engine.options.Settle)
	if len(void) > 0 {
		s.noteAdvance()
		if err := job.ledger().GiveUp(ctx, job.row, void...); err != nil {
			return err
		}
	}
	if len(void) < len(job.row.Intents) {
		wait.Mailbox = anchor.Destination
		s.noteWait(wait)
		return nil
	}
	_, err = job.checkRivals(ctx)
	if err == nil {
		err = job.closeGaps(ctx, imap.UIDSet{})
	}
	if err == nil {
		err = job.checkVoided(ctx)
	}
	if rehome.ClassOf(err) == rehome.ClassPermanent { // gone meanwhile, or not to be opened: the next pass will see it
		return nil
	}
	return err
}
