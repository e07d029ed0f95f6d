// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"maps"
	"slices"

	"rehome"
	"rehome/internal/ledger"
	"rehome/internal/protocol/imap"
)

// emptied is a destination mailbox that holds much less than was brought there.
type emptied struct {
	destination string
	live, found int
	rows        []ledger.Mailbox
	missing     bool // it does not exist any more, or is another one of the same name
	gone        bool // it does not exist any more
	alarm       bool // more is gone than a user is believed to delete at once
}

// findEmptied compares what the destination lists with what the ledger says is there. Mailboxes whose
// state the server does not tell are left to their opening.
func (v accountView) findEmptied() []emptied {
	byDestination := map[string]*emptied{}
	for _, pair := range v.plan.Pairs {
		row, known := v.rows[pair.Source]
		if !known || row.Anchor.Destination != pair.Destination || row.Anchor.DstUIDValidity == 0 || pair.Container {
			continue
		}
		e := byDestination[pair.Destination]
		if e == nil {
			e = &emptied{destination: pair.Destination, alarm: !emptiedOften(pair)}
			byDestination[pair.Destination] = e
		}
		e.rows = append(e.rows, row)
		e.live += row.Live().Len()
	}
	var found []emptied
	for _, name := range slices.Sorted(maps.Keys(byDestination)) {
		if e := byDestination[name]; v.compareEmptied(e) {
			found = append(found, *e)
		}
	}
	return found
}

// compareEmptied completes e and reports whether something is gone.
func (v accountView) compareEmptied(e *emptied) bool {
	entry, listed := v.dst[e.destination]
	switch {
	case e.live == 0:
		return false
	case !selectable(entry, listed):
		e.missing = true
		e.gone = true
	case !entry.Status.Complete(), e.putBack(entry.Status):
		return false
	default:
		e.missing = entry.Status.UIDValidity != e.rows[0].Anchor.DstUIDValidity
		found, _ := entry.Status.Messages.Told()
		e.found = int(found)
	}
	e.alarm = e.alarm && alarming(e.live-e.found, e.live)
	return e.found < e.live
}

// putBack says that the destination was put back to an earlier state: no user makes UIDNEXT or HIGHESTMODSEQ fall, so
// the messages themselves are asked, and what is missing is copied again (see checkIdentity).
func (e *emptied) putBack(status *imap.Status) bool {
	return slices.ContainsFunc(e.rows, func(row ledger.Mailbox) bool {
		return status.UIDValidity == row.Anchor.DstUIDValidity &&
			(status.UIDNext < row.Seen.UIDNext || fallen(row.Seen.ModSeq, status.HighestModSeq))
	})
}

// finding asks a human what to do.
func (e emptied) finding() rehome.Finding {
	values := rehome.Values{"found": e.found, "all": e.live}
	if e.missing {
		return destinationGone.On(e.destination, values)
	}
	return DestinationEmptied.On(e.destination, values)
}

// loss is what is about to be removed from a destination mailbox, or from all of an account.
type loss struct {
	mailbox string // of the destination; "" for the account
	lost    int    // to be removed because it has vanished at the source
	moved   int    // of those, also in another mailbox of the source: a user who files mail away
	of      int    // messages that we have brought there
	often   bool   // a mailbox that people empty
}

// findAlarms returns the losses that somebody has to confirm. An account of which nothing at all is
// left at the source is one, however small it was.
func findAlarms(mailboxes []loss, messagesAtSource int64) []loss {
	var alarms []loss
	account := loss{}
	for _, l := range mailboxes {
		if l.often && messagesAtSource > 0 {
			continue
		}
		account.lost += l.lost
		account.moved += l.moved
		account.of += l.of
		if l.lost > 0 && alarming(l.lost-l.moved, l.of) {
			alarms = append(alarms, l)
		}
	}
	if account.lost > 0 && (messagesAtSource == 0 || alarming(account.lost-account.moved, account.of)) {
		alarms = append(alarms, account)
	}
	return alarms
}

// finding says what is held back.
func (l loss) finding() rehome.Finding {
	values := rehome.Values{"lost": l.lost, "all": l.of}
	if l.mailbox == "" {
		return accountRemovalsHeld.On("", values)
	}
	return RemovalsHeld.On(l.mailbox, values)
}
