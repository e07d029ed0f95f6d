// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"context"
	"slices"

	"rehome"
	"rehome/internal/endpoint"
	"rehome/internal/ledger"
	"rehome/internal/protocol/imap"
)

// followRenames lets the destination follow mailboxes that were renamed, so that nothing of them is
// copied again. What cannot follow is copied anew like any mailbox, with a finding.
func (s *slice) followRenames(ctx context.Context) error {
	relocations, steps, err := s.relocations(ctx)
	if err != nil || len(relocations) == 0 {
		return err
	}
	for _, step := range steps {
		err := faultOf(s.dst.Rename(ctx, step.from, step.to), "rename mailbox", step.from)
		if err != nil && rehome.ClassOf(err) != rehome.ClassPermanent {
			return err
		}
	}
	if len(steps) > 0 { // what the destination shows decides, not what it has answered
		if err := s.lookAtDestination(ctx, &s.view, nothingBehind); err != nil {
			return err
		}
		if err := s.surveyRenamed(ctx); err != nil {
			return err
		}
	}
	var moves []ledger.Renaming
	for _, r := range relocations {
		switch {
		case r.refused == "" && s.view.arrived(r):
			moves = append(moves, ledger.Renaming{ID: r.row.ID, Source: r.source, Destination: r.to})
			if r.source != r.row.Anchor.Source {
				delete(s.view.displaced, r.row.ID) // it has the name of its own mailbox now
			}
			s.unsubscribeOld(ctx, r)
		case r.refused == "":
			r.refused = "the destination refused to rename its mailbox"
			fallthrough
		default:
			s.find(r.finding())
		}
	}
	if err := s.engine.options.Ledger.Relocate(ctx, s.account.Address, moves); err != nil {
		return err
	}
	s.noteAdvance()
	return s.remember(ctx, &s.view)
}

// surveyRenamed opens what the destination does not list, or without telling what it is, after renames: the one that
// has got another name, and all that it has left out before.
func (s *slice) surveyRenamed(ctx context.Context) error {
	names := append(s.view.doubtedAtDestination(), s.view.untoldAtDestination()...)
	slices.Sort(names)
	return s.surveyDestination(ctx, slices.Compact(names))
}

// relocations finds out which mailboxes have other names now and what to do about them.
func (s *slice) relocations(ctx context.Context) ([]relocation, []renaming, error) {
	if err := s.findDisplaced(ctx); err != nil {
		return nil, nil, err
	}
	if err := s.findStrayed(ctx); err != nil {
		return nil, nil, err
	}
	confirmed, err := s.confirm(ctx, s.view.findSightings())
	if err != nil {
		return nil, nil, err
	}
	confirmed = unambiguous(confirmed)
	if err := s.findElsewhere(ctx, confirmed); err != nil {
		return nil, nil, err
	}
	relocations, steps := s.view.planRelocations(confirmed)
	return relocations, steps, nil
}

// confirm keeps the sightings that the messages themselves confirm.
func (s *slice) confirm(ctx context.Context, sightings []sighting) ([]sighting, error) {
	var confirmed []sighting
	for _, seen := range sightings {
		if seen.renumbered {
			if is, err := s.holdsOf(ctx, seen); err != nil {
				return nil, err
			} else if is {
				confirmed = append(confirmed, seen)
			}
			continue
		}
		sizes, err := s.lastSizes(ctx, seen.row)
		if err != nil {
			return nil, err
		}
		var entries []entry
		if len(sizes) > 0 {
			if entries, err = s.sizesAtSource(ctx, seen.name, sizes); err != nil {
				return nil, err
			}
		}
		if !confirms(sizes, entries) {
			continue
		}
		st, err := s.askNewest(ctx, s.atSource(s.src, seen.name), seen.row, atSource(seen.row))
		if err != nil {
			return nil, faultOf(err, "look again at source mailbox", seen.name)
		}
		if st.other.Empty() {
			confirmed = append(confirmed, seen)
		}
	}
	if len(sightings) == 0 {
		return nil, nil
	}
	// Extensions are switched on while no mailbox is open (RFC 5161, section 3.1).
	return confirmed, faultOf(s.closeSource(ctx), "close mailboxes at", "the source")
}

// holdsOf says that a source mailbox with other UIDs holds the messages of a row: three of four that are looked at.
func (s *slice) holdsOf(ctx context.Context, seen sighting) (bool, error) {
	origins, _, err := s.originsOf(ctx, rehome.Source, s.atSource(s.src, seen.name), seen.name)
	if err != nil || len(origins) == 0 {
		return false, err
	}
	found, err := s.foundAmong(ctx, seen.row, counted(origins))
	return found*4 >= len(origins)*3, err
}

// closeSource closes the mailbox that is open at the source, if there is one.
func (s *slice) closeSource(ctx context.Context) error { return closeWhatIsOpen(ctx, s.src) }

// closeWhatIsOpen opens INBOX in the place of whatever is open, because not every server can close what is not open.
func closeWhatIsOpen(ctx context.Context, session *endpoint.Session) error {
	_, err := session.Examine(ctx, "INBOX")
	if imap.IsStatus(err, "NO") { // that closes, too (RFC 9051, section 6.3.2)
		return nil
	}
	if err != nil {
		return err
	}
	return session.Unselect(ctx)
}

// lastSizes returns the sizes of the last messages of a row by source UID.
func (s *slice) lastSizes(ctx context.Context, row ledger.Mailbox) (map[imap.UID]int64, error) {
	var items []ledger.Item
	err := s.engine.options.Ledger.Brought(ctx, &row, func(batch ledger.Stored) error {
		items = append(items, batch.Items...)
		items = items[max(len(items)-sample, 0):]
		return nil
	})
	sizes := make(map[imap.UID]int64, len(items))
	for _, item := range items {
		if !row.Gone.Contains(item.UID) {
			sizes[item.UID] = item.Size
		}
	}
	return sizes, err
}

func (s *slice) sizesAtSource(ctx context.Context, name string, wanted map[imap.UID]int64) ([]entry, error) {
	var uids imap.UIDSet
	for uid := range wanted {
		uids.Add(uid)
	}
	if opened, err := s.openFor(ctx, s.src, "open source mailbox", name); err != nil || !opened {
		return nil, err // one that cannot be looked into confirms nothing
	}
	entries, err := sweep(ctx, s.src, uids)
	return entries, faultOf(err, "list source mailbox", name)
}

// arrived says that the destination has r's mailbox under its new name.
func (v accountView) arrived(r relocation) bool {
	if dropped(r.row) {
		return true
	}
	entry, listed := v.dst[r.to]
	if v.elsewhere[r.row.ID] == r.to {
		return true // with another UIDVALIDITY
	}
	return selectable(entry, listed) && entry.Status != nil && entry.Status.UIDValidity == r.row.Anchor.DstUIDValidity
}

// unsubscribeOld takes the old name off the list that clients show; RENAME leaves it there (RFC 9051,
// section 6.3.6). A refusal is not worth a word: the name only looks odd in a list.
func (s *slice) unsubscribeOld(ctx context.Context, r relocation) {
	if r.from != r.to {
		_ = s.dst.Unsubscribe(ctx, r.from)
	}
}

func (r relocation) finding() rehome.Finding {
	return renameNotFollowed.On(r.source, rehome.Values{
		"before": r.row.Anchor.Source, "after": r.source, "why": r.refused, "there": r.row.Anchor.Destination,
	})
}
