// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"context"
	"maps"
	"slices"

	"rehome"
	"rehome/internal/endpoint"
	"rehome/internal/ledger"
	"rehome/internal/protocol/imap"
)

// What a destination mailbox looks like is noted when all that the ledger says of it was held against it.
// As long as it looks like that nobody else has put anything there, and a pass need not open it; a mailbox
// that looks otherwise is opened, and its newest messages are asked whether they are still ours.

// sightOf is what the opening of a mailbox shows of it, together with the mark of its newest message.
func sightOf(box imap.Selected, mark string) ledger.Sight {
	return ledger.Sight{UIDNext: box.UIDNext, Messages: orUnknown(box.Messages), ModSeq: box.HighestModSeq, Newest: mark}
}

// listedSight is what a listing shows of it.
func listedSight(status *imap.Status, mark string) ledger.Sight {
	return ledger.Sight{
		UIDNext: status.UIDNext, Messages: orUnknown(status.Messages), ModSeq: status.HighestModSeq, Size: max(status.Size, 0), Newest: mark,
	}
}

// orUnknown is the number of messages, -1 when the server does not say: no look is like that.
func orUnknown(messages imap.Count) int64 {
	if n, told := messages.Told(); told {
		return n
	}
	return -1
}

// steady says that no message has come or gone between two looks: flags may have changed, and a
// mod-sequence that has fallen is that of an earlier state (RFC 7162, section 3.1.2). The size and the newest message tell
// where as many messages were put in the place of others.
func steady(before, now ledger.Sight) bool {
	return now.UIDNext != 0 && now.Messages >= 0 && before.UIDNext == now.UIDNext && before.Messages == now.Messages && before.ModSeq <= now.ModSeq &&
		(before.Size == now.Size || before.Size == 0 || now.Size == 0) && (now.Messages == 0 || unmoved(before.Newest, now.Newest))
}

// sights collects what the mailboxes of a slice look like.
type sights struct {
	opened  map[int64]ledger.Sight // by row: done with, and nothing was sent there
	written map[string]bool        // destination mailboxes that something was sent to
	after   map[string]glance      // of these, those that were looked at when it was there
	done    map[int64]bool         // rows that are done with
	doubted map[int64]bool         // rows of which a message turned out to be another
	unsaid  map[int64]bool         // rows of which the destination did not say what all messages are
}

func newSights() sights {
	return sights{
		opened: map[int64]ledger.Sight{}, written: map[string]bool{}, after: map[string]glance{}, done: map[int64]bool{}, doubted: map[int64]bool{},
		unsaid: map[int64]bool{},
	}
}

// noteSight takes down how a finished job leaves the destination.
func (j *mailboxJob) noteSight() {
	j.slice.mu.Lock()
	defer j.slice.mu.Unlock()
	j.slice.sights.done[j.row.ID] = true
	sight := sightOf(j.dstBox, markOf(j.dstNewest))
	if status := j.slice.view.dst[j.pair.Destination].Status; status != nil && steady(sight, listedSight(status, markOf(j.dstNewest))) {
		sight.Size = max(status.Size, 0)
	}
	if !j.silent.copies.Empty() || j.formerSilent || !j.returnedTwice.Empty() { // they are asked again
		j.slice.sights.unsaid[j.row.ID] = true
	}
	j.slice.sights.opened[j.row.ID] = sight
}

// noteWritten says that the numbers of a destination mailbox are others now.
func (s *slice) noteWritten(destination string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sights.written[destination] = true
	delete(s.sights.after, destination)
}

// glance is what a mailbox looked like that holds what was sent, and nothing else that is not known.
type glance struct {
	status *imap.Status
	mark   string // of its newest message
}

// of says that the numbers are those of a mailbox that was opened at about the same time, and had so many messages.
func (g glance) of(box imap.Selected, messages int) bool {
	return g.status != nil && g.status.UIDValidity == box.UIDValidity && g.status.UIDNext == box.UIDNext && g.status.Messages.Is(int64(messages))
}

// noteAfter notes a look at what was sent: it need not be looked at once more.
func (s *slice) noteAfter(destination string, now glance) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sights.after[destination] = now
}

// glanceWritten returns what the mailboxes look like that were written to. Those that were not looked at behind that are listed once more,
// all in one round trip.
func (s *slice) glanceWritten(ctx context.Context) (map[string]glance, error) {
	now := maps.Clone(s.sights.after)
	unseen := slices.DeleteFunc(slices.Sorted(maps.Keys(s.sights.written)), func(name string) bool { _, seen := now[name]; return seen })
	if len(unseen) == 0 {
		return now, nil
	}
	var shown marks
	listed, err := listEnd(ctx, s.dst, func() (err error) { shown, _, err = peekAll(ctx, s.dst, unseen); return err })
	if err != nil {
		return nil, endpoint.Fault(err, "list the destination's mailboxes of", s.account.Address)
	}
	for _, name := range unseen {
		now[name] = glance{listed.entries[name].Status, shown[name]}
	}
	return now, nil
}

// noteSights writes down what the destination looks like now.
func (s *slice) noteSights(ctx context.Context) error {
	now := map[int64]ledger.Sight{}
	for id, sight := range s.sights.opened {
		now[id] = sight
	}
	if len(s.sights.written) > 0 {
		written, err := s.glanceWritten(ctx)
		if err != nil {
			return err
		}
		rows, err := s.engine.options.Ledger.Mailboxes(ctx, s.account.Address)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if !s.sights.written[row.Anchor.Destination] {
				continue
			}
			delete(now, row.ID)
			seen := written[row.Anchor.Destination]
			known := s.sights.done[row.ID] || s.view.steadyThere(row)
			if status := seen.status; known && status != nil && status.UIDValidity == row.Anchor.DstUIDValidity {
				now[row.ID] = listedSight(status, seen.mark)
			}
		}
	}
	for id := range s.sights.unsaid {
		if sight, noted := now[id]; noted {
			sight.Messages = ledger.Outdated
			now[id] = sight
		}
	}
	for id := range s.sights.doubted {
		now[id] = ledger.Sight{}
	}
	return s.engine.options.Ledger.Sighted(ctx, now)
}

// noteDoubt lets the next slice look again at all that a row claims, and says that there has to be one.
func (s *slice) noteDoubt(row int64) {
	s.noteAdvance()
	s.noteMore()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sights.doubted[row] = true
}

// steadyThere says that the destination's mailbox of a row looked at the beginning of the slice as it did when
// it was last held against the ledger.
func (v accountView) steadyThere(row ledger.Mailbox) bool {
	name := row.Anchor.Destination
	status := v.dst[name].Status
	return status != nil && steady(row.Seen, listedSight(status, v.marks[rehome.Destination][name]))
}

// sameOctets says that a listing of the source does not speak of other messages than at the end of the last
// complete pass, as far as it tells sizes.
func sameOctets(state ledger.State, status *imap.Status) bool {
	return status == nil || status.Size <= 0 || state.SrcSize == 0 || status.Size == state.SrcSize
}
