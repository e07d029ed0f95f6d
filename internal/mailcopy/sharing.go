// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"context"
	"maps"
	"slices"

	"rehome"
	"rehome/internal/endpoint"
	"rehome/internal/ledger"
	"rehome/internal/mapping"
	"rehome/internal/protocol/imap"
)

// A name with the UIDVALIDITY that the ledger has for it is the same mailbox, nearly always: servers that take
// the time for it give mailboxes made in one second the same one, and a rename puts one in the place of another
// then. Where that may have happened, the messages are asked.

// doubtful returns the rows whose mailbox is listed with its name and UIDVALIDITY and may be another one: the
// source says so by its MAILBOXID (RFC 8474), or the UIDVALIDITY is shared and one of those who share it is
// gone, is new, or has a UIDNEXT that has fallen.
func (v accountView) doubtful() []ledger.Mailbox {
	shared := map[uint32]int{}
	stirred := map[uint32]bool{}
	for name, entry := range v.src {
		if row, known := v.rows[name]; entry.Status != nil && selectable(entry, true) {
			if !known || row.Anchor.SrcUIDValidity != entry.Status.UIDValidity {
				shared[entry.Status.UIDValidity]++
				stirred[entry.Status.UIDValidity] = true
			}
		}
	}
	for _, row := range v.rows {
		shared[row.Anchor.SrcUIDValidity]++
		status := v.src[row.Anchor.Source].Status
		if v.vanished(row) || status != nil && status.UIDNext != 0 && status.UIDNext < row.State.SrcUIDNext {
			stirred[row.Anchor.SrcUIDValidity] = true
		}
	}
	var rows []ledger.Mailbox
	for _, name := range slices.Sorted(maps.Keys(v.rows)) {
		row := v.rows[name]
		status := v.src[name].Status
		if status == nil || v.vanished(row) || row.Done.Minus(row.Gone).Empty() {
			continue
		}
		validity := row.Anchor.SrcUIDValidity
		same := status.MailboxID != "" && status.MailboxID == row.State.SrcMailboxID
		changed := status.MailboxID != "" && row.State.SrcMailboxID != "" && !same
		if changed || shared[validity] > 1 && stirred[validity] && !same {
			rows = append(rows, row)
		}
	}
	return rows
}

// findDisplaced asks the messages of doubtful mailboxes, and notes those that another mailbox has taken the
// place of.
func (s *slice) findDisplaced(ctx context.Context) error {
	s.view.displaced = map[int64]bool{}
	return s.eachAtSource(ctx, s.view.doubtful(), func(row ledger.Mailbox) error {
		st, err := s.askNewest(ctx, s.atSource(s.src, row.Anchor.Source), row, atSource(row))
		s.view.displaced[row.ID] = err == nil && (!st.other.Empty() || st.same.Empty() && st.unproved.Empty())
		return faultOf(err, "look again at source mailbox", row.Anchor.Source)
	})
}

// eachAtSource opens the source mailboxes of some rows one after the other, as far as they can be opened, looks at each
// and leaves none open.
func (s *slice) eachAtSource(ctx context.Context, rows []ledger.Mailbox, look func(ledger.Mailbox) error) error {
	for _, row := range rows {
		opened, err := s.openFor(ctx, s.src, "open source mailbox", row.Anchor.Source)
		if err == nil && opened {
			err = look(row)
		}
		if err != nil {
			return err
		}
	}
	if len(rows) == 0 {
		return nil
	}
	return faultOf(s.closeSource(ctx), "close mailboxes at", "the source")
}

// openFor opens a mailbox to look into it. One that its end does not open is trouble of its own, which the
// copy of it will tell.
func (s *slice) openFor(ctx context.Context, session *endpoint.Session, op, name string) (opened bool, err error) {
	_, err = session.Examine(ctx, name)
	err = faultOf(err, op, name)
	if err != nil && rehome.ClassOf(err) == rehome.ClassPermanent {
		return false, nil
	}
	return err == nil, err
}

// rematchDisplaced lets the next opening of the mailboxes whose place another one has taken match everything
// anew, as if their UIDVALIDITY had changed.
func (s *slice) rematchDisplaced(ctx context.Context) error {
	forgotten := false
	for _, row := range s.view.rows {
		if entry, listed := s.view.src[row.Anchor.Source]; !s.view.displaced[row.ID] || !selectable(entry, listed) {
			continue
		}
		if err := s.engine.options.Ledger.Forget(ctx, row.ID); err != nil {
			return err
		}
		delete(s.view.displaced, row.ID)
		forgotten = true
	}
	if !forgotten {
		return nil
	}
	return s.remember(ctx, &s.view)
}

// findStrayed asks the messages of destination mailboxes that seem to have another name now. One whose messages
// do not confirm it is its user's own; but one that has just the name to which we would have renamed it may have
// lost them all to its user, and only other messages speak against it then. Nor does one speak against it that the destination lists
// and does not deliver.
func (s *slice) findStrayed(ctx context.Context) error {
	s.view.strayed = map[int64]bool{}
	looked := false
	for _, name := range slices.Sorted(maps.Keys(s.view.rows)) {
		row := s.view.rows[name]
		now := s.view.whereIs(row)
		if now == "" || now == row.Anchor.Destination || row.Live().Empty() {
			continue
		}
		looked = true
		if opened, err := s.openFor(ctx, s.dst, "open destination mailbox", now); err != nil {
			return err
		} else if !opened {
			continue
		}
		st, err := s.askNewest(ctx, s.atDestination(s.dst, now), row, atDestination(row))
		var listed imap.UIDSet
		if err == nil && st.same.Empty() && st.unproved.Empty() && st.other.Empty() {
			listed, _, err = everything(ctx, s.dst)
		}
		if err != nil {
			return faultOf(err, "look again at destination mailbox", now)
		}
		withheld := !intersection(st.silent, listed).Empty()
		if withheld {
			if withheld, err = s.leftItsPlace(ctx, row); err != nil {
				return err
			}
		}
		s.view.strayed[row.ID] = st.same.Empty() && st.unproved.Empty() && !(st.other.Empty() && (withheld || s.view.followed(row, now)))
	}
	if !looked {
		return nil
	}
	return faultOf(s.dst.UnselectAhead(ctx), "close mailboxes at", "the destination")
}

// leftItsPlace says that nothing of a row is in the mailbox of its name at the destination, which has another UIDVALIDITY: there is none, it
// is empty, or it shows other messages. As long as it does not show what it holds, it may be the row's that was numbered anew.
func (s *slice) leftItsPlace(ctx context.Context, row ledger.Mailbox) (bool, error) {
	name := row.Anchor.Destination
	entry, listed := s.view.dst[name]
	if !selectable(entry, listed) || entry.Status != nil && entry.Status.Messages.Is(0) {
		return true, nil
	}
	origins, opened, err := s.originsOf(ctx, rehome.Destination, s.atDestination(s.dst, name), name)
	if err != nil || !opened || len(origins) == 0 {
		return false, err
	}
	found, err := s.foundAmong(ctx, row, counted(origins))
	return found == 0, err
}

// followed says that a destination mailbox has the name that a rename at the source gives to a row's, by a pass that was
// broken off before it could write that down.
func (v accountView) followed(row ledger.Mailbox, now string) bool {
	return v.vanished(row) && slices.ContainsFunc(v.plan.Pairs, func(pair mapping.Pair) bool {
		status := v.src[pair.Source].Status
		return pair.Destination == now && status != nil && status.UIDValidity == row.Anchor.SrcUIDValidity && !v.known(pair.Source, status.UIDValidity)
	})
}

// side says which messages of a row the ledger expects at one end, and under which UIDs.
type side func(ledger.Item) (uid imap.UID, expected bool)

func atSource(row ledger.Mailbox) side {
	known := row.Done.Minus(row.Gone)
	return func(item ledger.Item) (imap.UID, bool) { return item.UID, known.Contains(item.UID) }
}

func atDestination(row ledger.Mailbox) side {
	live := row.Live()
	return func(item ledger.Item) (imap.UID, bool) { return item.DstUID, live.Contains(item.UID) }
}

// askNewest asks the newest messages of a row what they are, in the mailbox that is open.
func (s *slice) askNewest(ctx context.Context, a asker, row ledger.Mailbox, expected side) (endState, error) {
	var st endState
	claims, err := newestClaims(ctx, s.engine.options.Ledger, row, expected)
	if err == nil {
		err = examineClaims(ctx, a, claims, &st)
	}
	return st, err
}
