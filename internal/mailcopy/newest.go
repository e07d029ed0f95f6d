// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"rehome"
	"rehome/internal/endpoint"
	"rehome/internal/ledger"
	"rehome/internal/protocol/imap"
)

// Numbers are hearsay about messages. A mailbox that was put back from last night's backup and has got as many messages
// since as before has every number that it had: UIDNEXT, MESSAGES, HIGHESTMODSEQ, and by chance the size. So nothing is
// left alone on the word of numbers: the newest message is looked at, because a restore takes the upper end. It has to
// be there with the UID, the date and the size with which it was there when the numbers were noted; what of these a
// server does not tell is unknown, and then the mailbox is opened and its messages are asked (see prove.go).
//
// The look costs no round trip: it goes out behind the listing of the account for what the ledger knows, and behind
// the opening of a mailbox by its job.

// markOf is what of a mailbox's newest message is held against a later look: "" when too little is told.
func markOf(newest imap.Newest) string {
	if newest.UID == 0 || newest.InternalDate.IsZero() {
		return ""
	}
	return fmt.Sprintf("%d %d %d", newest.UID, newest.InternalDate.Unix(), newest.Size)
}

// newestOf is the newest message of a complete listing.
func newestOf(entries []entry) imap.Newest {
	if len(entries) == 0 {
		return imap.Newest{}
	}
	last := entries[len(entries)-1]
	return imap.Newest{UID: last.uid, InternalDate: last.date, Size: last.size}
}

// unmoved says that the newest message of a mailbox is the one that it was, as far as that was told both times.
func unmoved(before, now string) bool { return before != "" && before == now }

// sameDate says that the newest message has the UID and the date that it had, whatever its size.
func sameDate(before, now string) bool {
	was, is := strings.Fields(before), strings.Fields(now)
	return len(was) == 3 && len(is) == 3 && slices.Equal(was[:2], is[:2])
}

// peek is a look at a mailbox and its newest message under way.
type peek struct {
	opening *imap.Opening
	newest  *imap.NewestCommand // nil when it is not asked for
	broke   func()              // called when the connection has ended at it; nil when nobody wants to know
}

// peekAhead asks for the newest message behind an opening that was just sent.
func peekAhead(ctx context.Context, opening *imap.Opening, err error) (peek, error) {
	if err != nil {
		return peek{}, err
	}
	newest, err := opening.NewestAhead(ctx)
	if err != nil {
		_, _ = opening.Wait(ctx) // it has to be waited for, and err says why the connection is over
		return peek{}, err
	}
	return peek{opening: opening, newest: newest}, nil
}

// peekAhead does that for the mailbox of a job. A newest message that is damaged may end the connection: then it is not
// asked for again in this pass, so that it does not keep back the others, and counts as one of which nothing is told.
func (j *mailboxJob) peekAhead(ctx context.Context, side rehome.Side, name string, opening *imap.Opening, err error) (peek, error) {
	if err == nil && j.slice.memory.shuns(side, name) {
		return peek{opening: opening}, nil
	}
	p, err := peekAhead(ctx, opening, err)
	p.broke = func() {
		if ctx.Err() == nil && j.slice.memory.shun(side, name) {
			j.slice.noteAdvance()
		}
	}
	return p, err
}

// wait returns what both have shown. Where the mailbox was refused, opened says why, and the connection goes on.
func (p peek) wait(ctx context.Context) (box imap.Selected, newest imap.Newest, opened, err error) {
	box, opened = p.opening.Wait(ctx)
	if p.newest != nil {
		newest, err = p.newest.Wait(ctx)
	}
	if opened == nil && err != nil && p.broke != nil {
		p.broke()
	}
	if opened != nil && !imap.IsStatus(opened, "NO") {
		return box, newest, nil, opened
	}
	return box, newest, opened, err
}

// peeked waits for the opening of a mailbox that was just sent, or not (err), and for its newest message.
func (j *mailboxJob) peeked(ctx context.Context, side rehome.Side, name string, opening *imap.Opening, err error) (
	imap.Selected, imap.Newest, error) {
	p, err := j.peekAhead(ctx, side, name, opening, err)
	if err != nil {
		return imap.Selected{}, imap.Newest{}, err
	}
	box, newest, refused, err := p.wait(ctx)
	return box, newest, cmp.Or(refused, err)
}

// list has a mailbox listed in the round trip that opens it; what behind sends goes out behind that.
func (p peek) list(ctx context.Context, behind func() error) listedPeek {
	search, err := p.opening.SearchAhead(ctx)
	failed := behind()
	return listedPeek{peek: p, search: search, err: err, failed: failed}
}

// listedPeek is a look at a mailbox under way that has it listed, too.
type listedPeek struct {
	peek

	search *imap.SearchCommand // nil when it could not be sent
	err    error               // why
	failed error               // of what was to be sent behind it
}

// seen is what such a look has shown.
type seen struct {
	box    imap.Selected
	newest imap.Newest
	all    *imap.UIDSet // nil when the server did not list it
	held   imap.Count   // so many messages there were when it was listed
}

// wait returns what all has shown. Where the mailbox was refused, the connection goes on.
func (l listedPeek) wait(ctx context.Context) (s seen, err error) {
	var refused error
	s.box, s.newest, refused, err = l.peek.wait(ctx)
	err = cmp.Or(err, l.failed)
	if l.search == nil || refused != nil || err != nil {
		if l.search != nil {
			_, _ = l.search.Wait(ctx) // of a mailbox that is not open
		}
		return s, cmp.Or(refused, err, l.err)
	}
	found, err := l.search.Wait(ctx)
	if imap.IsStatus(err, "NO") { // it is asked again
		return s, nil
	}
	s.all, s.held = &found, l.search.Held()
	return s, err
}

// marks are those of one end's mailboxes, by name, as far as they were looked at and have shown enough.
type marks map[string]string

// peekAll looks at mailboxes, many at a time. An error is told together with the mailbox that it concerns.
func peekAll(ctx context.Context, session *endpoint.Session, names []string) (shown marks, last string, err error) {
	if len(names) == 0 {
		return nil, "", nil
	}
	shown = marks{}
	var under []peek
	open := false
	for len(shown) < len(names) {
		if n := len(shown) + len(under); n < len(names) && len(under) < commandsAhead/2 {
			opening, err := session.ExamineAhead(ctx, names[n])
			p, err := peekAhead(ctx, opening, err)
			if err != nil {
				return shown, names[n], waitForAll(ctx, under, err)
			}
			under = append(under, p)
			continue
		}
		last = names[len(shown)]
		_, newest, refused, err := under[0].wait(ctx)
		if under = under[1:]; err != nil {
			return shown, last, waitForAll(ctx, under, err)
		}
		shown[last], open = markOf(newest), refused == nil
	}
	if open { // a refusal closes, too; extensions are switched on while no mailbox is open (RFC 5161, section 3.1)
		err = session.UnselectAhead(ctx)
	}
	return shown, "", err
}

// waitForAll waits for what is under way on a connection that has ended because of err.
func waitForAll(ctx context.Context, under []peek, err error) error {
	for _, p := range under {
		_, _, _, _ = p.wait(ctx)
	}
	return err
}

// peekAll looks at the mailboxes of one end that would be left closed if their numbers are as they were. One to which
// the server answers BAD is left to its job, and after any other end of the connection all are.
func (s *slice) peekAll(ctx context.Context, side rehome.Side, rows map[string]ledger.Mailbox) (marks, error) {
	if !s.memory.mayPeek(side) {
		return nil, nil
	}
	session := s.src
	if side == rehome.Destination {
		session = s.dst
	}
	shown, last, err := peekAll(ctx, session, s.memory.without(side, toPeekAt(rows, side)))
	if err != nil && ctx.Err() == nil {
		if _, bad := ownBad(err); bad {
			s.memory.avoid(side, last)
		} else {
			s.memory.avoidAll(side)
		}
		s.noteAdvance()
	}
	return shown, err
}

// toPeekAt names the mailboxes of one end that would be left closed on the word of numbers, if these are as they were.
// Those that are opened in any case show their newest message then.
func toPeekAt(rows map[string]ledger.Mailbox, side rehome.Side) []string {
	var names []string
	for _, row := range rows {
		opened := row.Open || row.Doubted != 0 || row.State.SrcModSeq == 0
		switch {
		case side == rehome.Source && row.State.SrcUIDNext != 0 && (dropped(row) || !opened && row.State.SrcNewest != ""):
			if !row.Done.Minus(row.Gone).Empty() {
				names = append(names, row.Anchor.Source)
			}
		case side == rehome.Destination && !dropped(row) && !opened && row.Seen.Newest != "" && !(row.Live().Empty() && row.Missing().Empty()):
			names = append(names, row.Anchor.Destination)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
