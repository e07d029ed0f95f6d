// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"context"
	"fmt"

	"rehome"
	"rehome/internal/endpoint"
	"rehome/internal/protocol/imap"
)

// What a server shows of a mailbox is held against how many messages it says to hold (EXISTS): a message
// that it leaves out of a listing is unknown, and neither absent nor vanished. Nothing is settled, and
// nothing counts as gone, while some are.

// shortage is how many messages the open mailbox holds beyond those of a listing: 0 when it shows all of
// them, and unknown when the server does not say how many it holds.
func shortage(session *endpoint.Session, listed imap.UIDSet) imap.Count {
	held, told := session.Held().Told()
	if !told {
		return imap.Count{}
	}
	return imap.CountOf(max(held-int64(listed.Len()), 0))
}

// listingsTried is how often a mailbox is listed into which messages arrive meanwhile: the listing and EXISTS speak of
// different moments then, and a message that has just come is not one that is left out.
const listingsTried = 4

// everything lists the open mailbox. What it leaves out in one way it may show in another.
func everything(ctx context.Context, session *endpoint.Session) (all imap.UIDSet, short imap.Count, err error) {
	if session.Held().Is(0) {
		return all, imap.CountOf(0), nil
	}
	for range listingsTried {
		before := session.Held()
		if all, err = session.SearchAll(ctx, 1); err != nil {
			return all, imap.Count{}, err
		}
		if short = shortage(session, all); short.Is(0) {
			return all, short, nil
		}
		if session.Held() == before {
			break
		}
	}
	if _, told := short.Told(); !told { // it may be empty, and has no number 1 then
		return all, short, nil
	}
	more, err := session.ListAll(ctx)
	if err != nil && !imap.IsStatus(err, "NO") {
		return all, imap.Count{}, err
	}
	all = union(all, more)
	return all, shortage(session, all), nil
}

// completed adds what is to be read and no answer has shown: a message of which the server tells neither
// size nor date is a message.
func completed(entries []entry, uids imap.UIDSet) []entry {
	missing := uids.Minus(uidsOf(entries))
	if missing.Empty() {
		return entries
	}
	for uid := range missing.All() {
		entries = append(entries, entry{uid: uid})
	}
	return sortUnique(entries)
}

// shortAtDestination is the trouble with a destination mailbox that does not show all it holds: what is
// missing there would look as if its user had deleted it, and what was there before as if it had to be copied.
func shortAtDestination(destination string, short imap.Count) error {
	cause := fmt.Errorf("it holds %s more messages than it lists", short)
	if _, told := short.Told(); !told {
		cause = fmt.Errorf("it does not report how many messages it holds")
	}
	return &rehome.Fault{Class: rehome.ClassTemporary, Op: "list destination mailbox", Object: fmt.Sprintf("%q", destination), Cause: cause,
		Hint: "ask the destination's administrator to repair the mailbox, then run sync again"}
}

// unlisted is the finding about messages that the source holds and does not show.
func unlisted(source string, short imap.Count) []rehome.Finding {
	n, told := short.Told()
	switch {
	case !told:
		return []rehome.Finding{messagesUncounted.On(source, nil)}
	case n > 0:
		return []rehome.Finding{messagesUnlisted.On(source, rehome.Values{"n": n})}
	}
	return nil
}

// untold returns the messages at the source that are done, if nothing else has their UIDs by now (see ledger.NoteUntold).
func (j *mailboxJob) untold() imap.UIDSet {
	return intersection(j.row.Done.Minus(j.row.Gone), j.row.Untold)
}

// silence is copies that the destination shows, and of which it does not say what they are, although its numbers give reason
// to ask: they may be others. That is no evidence for copying anything again, and none that they are there. So they count as
// unknown, are named, keep their flags, and are asked again in the next pass.
type silence struct{ copies, sources imap.UIDSet }

// noteSilence notes the copies that are silent.
func (j *mailboxJob) noteSilence(ctx context.Context, copies imap.UIDSet) (err error) {
	j.silent.copies = copies
	j.silent.sources, err = j.sourcesOf(ctx, copies)
	return err
}

// untoldFinding is about messages that an end shows, and of which it does not say what they are.
func (j *mailboxJob) untoldFinding() (all []rehome.Finding) {
	for _, one := range []struct {
		of      rehome.Declared
		mailbox string
		uids    imap.UIDSet
	}{{messagesUntold, j.pair.Source, j.untold()}, {copiesUntold, j.pair.Destination, j.silent.copies}} {
		if n := one.uids.Len(); n > 0 {
			all = append(all, one.of.On(one.mailbox, rehome.Values{"n": n, "uids": shorten(one.uids.String())}))
		}
	}
	return all
}

// undatedFinding tells which date stands in the place of one that cannot be kept.
func (j *mailboxJob) undatedFinding() []rehome.Finding {
	if j.undated.Empty() {
		return nil
	}
	return []rehome.Finding{dateNotKept.On(j.pair.Source, rehome.Values{"n": j.undated.Len()})}
}
