// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"

	"rehome"
	"rehome/internal/ledger"
	"rehome/internal/protocol/imap"
)

// removeVanished removes at the destination what has vanished at the source, if that is the policy. It
// comes after everything was copied, so that a message that was moved at the source is there in its new
// mailbox before it leaves the old one.
func (s *slice) removeVanished(ctx context.Context) error {
	if err := s.remember(ctx, &s.view); err != nil {
		return err
	}
	mirror := s.engine.options.Deletions == rehome.DeletionsMirror
	if mirror && s.takeCensus().unfinished() {
		s.find(s.view.removalsWait()...)
		return nil // removals that were begun wait, too
	}
	if mirror {
		alarms, err := s.alarms(ctx)
		if err != nil {
			return err
		}
		if len(alarms) > 0 && !s.engine.options.ConfirmDeletions {
			s.holdRemovals(alarms)
			return nil
		}
	}
	for _, row := range s.view.removals(mirror) {
		if s.spent() {
			s.noteMore()
			return nil
		}
		if err := s.removeFrom(ctx, row, mirror); err != nil {
			return err
		}
	}
	if !mirror {
		return nil
	}
	return s.deleteMailboxes(ctx)
}

// holdRemovals reports what is held back.
func (s *slice) holdRemovals(alarms []loss) {
	for _, a := range alarms {
		s.find(a.finding())
	}
	held := 0
	for _, row := range s.view.rows {
		held += row.Removable().Len()
	}
	s.count(func(t *Tally) { t.Held += held })
}

// removals returns the rows with something to remove, or with a removal that was begun.
func (v accountView) removals(mirror bool) []ledger.Mailbox {
	var rows []ledger.Mailbox
	for _, name := range slices.Sorted(maps.Keys(v.rows)) {
		if row := v.rows[name]; row.Removing || mirror && !row.Removable().Empty() {
			rows = append(rows, row)
		}
	}
	return rows
}

// alarms returns the losses that somebody has to confirm. Whether a message was only moved is looked up
// in the ledger, and only when it matters.
func (s *slice) alarms(ctx context.Context) ([]loss, error) {
	_, messages, _ := s.view.totals()
	losses := s.view.losses(nil)
	if len(findAlarms(losses, messages)) == 0 {
		return nil, nil
	}
	moved, err := s.movedMessages(ctx)
	if err != nil {
		return nil, err
	}
	return findAlarms(s.view.losses(moved), messages), nil
}

// losses sums up what would be removed from each destination mailbox. moved counts, by row, the
// messages that are in another mailbox of the source by now.
func (v accountView) losses(moved map[int64]int) []loss {
	var losses []loss
	for _, name := range slices.Sorted(maps.Keys(v.rows)) {
		row := v.rows[name]
		entry := v.dst[row.Anchor.Destination]
		losses = append(losses, loss{
			mailbox: row.Anchor.Destination, lost: row.Removable().Len(), moved: moved[row.ID], of: row.Live().Len(),
			often: emptiedOften(v.pairFor(name)) || entry.HasAttribute(`\Trash`) || entry.HasAttribute(`\Junk`),
		})
	}
	return losses
}

// movedMessages counts, by row, the vanished messages of which the source has the same octets in
// another place, each of those used once.
func (s *slice) movedMessages(ctx context.Context) (map[int64]int, error) {
	rows := map[int64]ledger.Mailbox{}
	for _, row := range s.view.rows {
		rows[row.ID] = row
	}
	type seen struct {
		here int
		gone []int64 // rows
	}
	byDigest := map[string]*seen{}
	err := s.engine.options.Ledger.Digests(ctx, s.account.Address, func(id int64, uids []imap.UID, digests [][]byte) error {
		row := rows[id]
		removable := row.Removable()
		for i, uid := range uids {
			key := string(digests[i])
			if byDigest[key] == nil {
				byDigest[key] = &seen{}
			}
			switch {
			case removable.Contains(uid):
				byDigest[key].gone = append(byDigest[key].gone, id)
			case !row.Gone.Contains(uid):
				byDigest[key].here++
			}
		}
		return nil
	})
	moved := map[int64]int{}
	for _, s := range byDigest {
		for _, id := range s.gone[:min(s.here, len(s.gone))] {
			moved[id]++
		}
	}
	return moved, err
}

// removeFrom ends removals that were begun and removes what may be removed from one destination mailbox.
func (s *slice) removeFrom(ctx context.Context, row ledger.Mailbox, mirror bool) error {
	box, err := s.dst.Select(ctx, row.Anchor.Destination)
	if err != nil {
		err = faultOf(err, "open destination mailbox", row.Anchor.Destination)
		if rehome.ClassOf(err) == rehome.ClassPermanent { // gone meanwhile: the next pass will see it in the listing
			return nil
		}
		return err
	}
	if box.UIDValidity != row.Anchor.DstUIDValidity {
		return nil
	}
	if !s.dst.Capabilities().Has("UIDPLUS") || box.ReadOnly {
		s.find(cannotRemove(row, box.ReadOnly))
		return nil
	}
	m, err := s.engine.options.Ledger.Mailbox(ctx, row.Anchor)
	if err != nil {
		return err
	}
	begun := m.Removed()
	var removable imap.UIDSet
	if mirror {
		removable = m.Removable()
	}
	items, now, err := s.copies(ctx, m, union(begun, removable))
	if err != nil {
		return err
	}
	r, err := s.proveVictims(ctx, m, items, decideRemoval(items, now, newFlagFilter(box), begun, removable))
	if err != nil {
		return err
	}
	return s.applyRemoval(ctx, m, items, r)
}

// copies returns the messages with the given source UIDs, and the flags that their copies have now.
func (s *slice) copies(ctx context.Context, m *ledger.Mailbox, sources imap.UIDSet) (items []ledger.Item, now map[imap.UID][]string, err error) {
	var uids imap.UIDSet
	err = s.engine.options.Ledger.Stored(ctx, m, func(batch ledger.Stored) error {
		for _, item := range batch.Items {
			if sources.Contains(item.UID) {
				items = append(items, item)
				uids.Add(item.DstUID)
			}
		}
		return nil
	})
	if err != nil || uids.Empty() {
		return items, nil, err
	}
	now = make(map[imap.UID][]string, len(items))
	command, err := s.dst.Fetch(ctx, uids, imap.FetchItems{Flags: true}, imap.FetchHandler{
		Message: func(m *imap.Message) error {
			if now[m.UID] = m.Flags; m.Flags == nil {
				now[m.UID] = []string{flagsUntold}
			}
			return nil
		},
	})
	if err == nil {
		err = command.Wait(ctx)
	}
	return items, now, faultOf(err, "list destination mailbox", m.Anchor.Destination)
}

// flagsUntold stands for the flags of a copy of which the server does not tell them: they are not those that
// we have given it, and it stays.
const flagsUntold = "(not told)"

// applyRemoval does what was decided. The intent is in the ledger before the first mark is set: after a
// crash the marks are known to be ours, and the same removal is decided and done again.
func (s *slice) applyRemoval(ctx context.Context, m *ledger.Mailbox, items []ledger.Item, r removal) error {
	if !r.remove.Empty() {
		if _, err := s.engine.options.Ledger.IntendRemoval(ctx, m, r.remove); err != nil {
			return err
		}
	}
	s.noteWritten(m.Anchor.Destination)
	unmark, remove := copiesOf(items, r.unmark), copiesOf(items, r.remove)
	commands := []func() error{
		func() error { return s.dst.Store(ctx, unmark, imap.StoreRemove, []string{deleted}) },
		func() error { return s.dst.Store(ctx, remove, imap.StoreAdd, []string{deleted}) },
		func() error { return s.dst.Expunge(ctx, remove) },
	}
	for _, command := range commands {
		err := faultOf(command(), "remove messages deleted at the source from", m.Anchor.Destination)
		if err != nil && rehome.ClassOf(err) == rehome.ClassPermanent {
			s.find(removalRefused.On(m.Anchor.Destination, rehome.Values{"why": err}))
			return nil
		}
		if err != nil {
			return err
		}
	}
	fate := m.Fate
	fate.Lost = union(fate.Lost, r.lost, r.remove)
	fate.Changed = union(fate.Changed, r.changed)
	s.count(func(t *Tally) { t.Removed += r.remove.Len() })
	return s.engine.options.Ledger.EndRemovals(ctx, m, fate)
}

// copiesOf returns the destination UIDs of some messages.
func copiesOf(items []ledger.Item, sources imap.UIDSet) imap.UIDSet {
	var uids imap.UIDSet
	for _, item := range items {
		if sources.Contains(item.UID) {
			uids.Add(item.DstUID)
		}
	}
	return uids
}

func cannotRemove(row ledger.Mailbox, readOnly bool) rehome.Finding {
	values := rehome.Values{"n": row.Removable().Len()}
	if readOnly {
		return removalReadOnly.On(row.Anchor.Destination, values)
	}
	return removalImpossible.On(row.Anchor.Destination, values)
}

// deleteMailboxes deletes what the source has deleted, if it is empty and was made by us, the innermost
// first.
func (s *slice) deleteMailboxes(ctx context.Context) error {
	if err := s.remember(ctx, &s.view); err != nil {
		return err
	}
	rows := s.view.deletable()
	if len(rows) == 0 {
		return nil
	}
	for _, row := range rows {
		if s.view.hasChildren(row.Anchor.Destination) {
			continue
		}
		if err := s.deleteMailbox(ctx, row); err != nil {
			return err
		}
	}
	return nil
}

// deletable returns the rows whose mailboxes the source has deleted, and of which nothing of ours is
// left at the destination, the longest names first.
func (v accountView) deletable() []ledger.Mailbox {
	var rows []ledger.Mailbox
	for _, row := range v.rows {
		_, atSource := v.src[row.Anchor.Source]
		_, atDestination := v.dst[row.Anchor.Destination]
		if !atSource && atDestination && row.Created && row.Live().Empty() && !v.sharedDestination(row) && !v.isPlanned(row.Anchor.Destination) {
			rows = append(rows, row)
		}
	}
	slices.SortFunc(rows, func(a, b ledger.Mailbox) int {
		return cmp.Or(cmp.Compare(len(b.Anchor.Destination), len(a.Anchor.Destination)), cmp.Compare(a.Anchor.Destination, b.Anchor.Destination))
	})
	return rows
}

// isPlanned says that some source mailbox goes to a destination mailbox.
func (v accountView) isPlanned(destination string) bool {
	for _, pair := range v.plan.Pairs {
		if pair.Destination == destination {
			return true
		}
	}
	return false
}

func (v accountView) hasChildren(name string) bool {
	for other := range v.dst {
		if _, below := v.below(name, other); below {
			return true
		}
	}
	return false
}

// deleteMailbox deletes one mailbox that is empty. IMAP cannot make that one step with the look before
// it: what is delivered there in the moment in between is lost with it.
func (s *slice) deleteMailbox(ctx context.Context, row ledger.Mailbox) error {
	name := row.Anchor.Destination
	empty, err := s.isEmpty(ctx, row)
	if err == nil && !empty {
		return nil // its user has put something there
	}
	if err == nil {
		err = errors.Join(s.dst.Delete(ctx, name), s.dst.Unsubscribe(ctx, name))
	}
	if err = faultOf(err, "delete mailbox", name); err != nil && rehome.ClassOf(err) != rehome.ClassPermanent {
		return err
	}
	if err != nil {
		s.find(mailboxNotDeleted.On(name, rehome.Values{"why": err}))
		return nil //nolint:nilerr // it is a finding
	}
	delete(s.view.dst, name)
	s.find(mailboxRemoved.On(name, nil))
	return s.engine.options.Ledger.ForgetCreations(ctx, s.account.Address, name)
}

// isEmpty opens a destination mailbox and has it listed: what is deleted for good is looked at, and not judged by
// what a server says of it.
func (s *slice) isEmpty(ctx context.Context, row ledger.Mailbox) (bool, error) {
	box, err := s.dst.Examine(ctx, row.Anchor.Destination)
	if err != nil {
		return false, err
	}
	present, err := s.dst.SearchAll(ctx, 1)
	if err != nil {
		return false, err
	}
	_, err = s.dst.Examine(ctx, "INBOX") // what is open cannot be deleted everywhere
	return box.UIDValidity == row.Anchor.DstUIDValidity && box.Messages.Is(0) && present.Empty(), err
}
