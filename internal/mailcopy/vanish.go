// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"context"
	"time"

	"rehome"
	"rehome/internal/endpoint"
	"rehome/internal/ledger"
	"rehome/internal/protocol/imap"
)

// sourceChanges is what has happened to a source mailbox since then.
type sourceChanges struct {
	wanted imap.UIDSet // present, and neither done nor refused in this pass
	gone   imap.UIDSet // done, and vanished by now
	failed int         // present, and refused in this pass
	short  imap.Count  // the source holds so many more than it shows
	hidden imap.UIDSet // known, and not shown: some of those, or vanished
}

// sourceNews finds out what is new and what has vanished, in the cheapest way that the server and the
// numbers allow.
func (j *mailboxJob) sourceNews(ctx context.Context) (sourceChanges, error) {
	messages, told := j.srcBox.Messages.Told()
	if j.listing != nil || j.row.Fresh && told && messages > 0 && messages <= sweepWindow {
		wanted, short, err := j.wantAll(ctx)
		return sourceChanges{wanted: wanted, short: short}, err
	}
	refused := refusedOf(j.row, j.slice.started)
	if j.shown != nil {
		if short := shortage(j.src, *j.shown); short.Is(0) {
			return listedNews(j.row, refused, *j.shown, short), nil
		}
	} else if n, ok := toldNews(j.row, j.srcBox, j.srcNewest, j.slice.view.src[j.pair.Source].Status, refused); ok {
		return n, nil
	}
	all, short, err := everything(ctx, j.src)
	if err != nil {
		return sourceChanges{}, faultOf(err, "list source mailbox", j.pair.Source)
	}
	return listedNews(j.row, refused, all, short), nil
}

// toldNews answers from what the server has said already, if that is all of it: that nothing has happened.
//
// Where something has, only a list tells what. QRESYNC does not: a source that was put back to an earlier state gives
// mod-sequences out again, whatever RFC 7162, section 3.1.2, says, and tells of its last changes, and not of what is
// there again or has vanished under numbers that are known; as many of the one as of the other add up. The list of all UIDs
// comes in the round trip that opens the mailbox, and is a few ranges with ESEARCH.
//
// A mailbox with the numbers of the last complete pass and other octets contradicts itself, and so does one whose numbers
// have fallen in between.
func toldNews(row *ledger.Mailbox, box imap.Selected, newest imap.Newest, status *imap.Status, refused refusals) (sourceChanges, bool) {
	mark := markOf(newest)
	if hasFallen(row.State, status) || asLeft(row, box, mark) && !sameOctets(row.State, status) {
		return sourceChanges{}, false
	}
	return quietNews(row, box, mark, refused)
}

// refusals splits what the destination did not take: that of this pass counts, that of an earlier one
// is tried again.
type refusals struct{ now, earlier imap.UIDSet }

func refusedOf(row *ledger.Mailbox, started time.Time) refusals {
	var r refusals
	for uid, refusal := range row.Refused {
		if refusal.When.Before(started) {
			r.earlier.Add(uid)
		} else {
			r.now.Add(uid)
		}
	}
	return r
}

// quietNews answers when the numbers of the opening say that nothing has happened at all: the same UIDNEXT,
// as many messages, the newest of them the same, and the same HIGHESTMODSEQ. Without the last a server whose UIDNEXT
// stands still hides a message that has come when another has gone (RFC 7162, section 3.1.2.2: both make the number rise).
func quietNews(row *ledger.Mailbox, box imap.Selected, mark string, refused refusals) (sourceChanges, bool) {
	if row.State.SrcModSeq == 0 || row.State.SrcModSeq != box.HighestModSeq || !refused.earlier.Minus(row.Done).Empty() {
		return sourceChanges{}, false // whether what was refused is still there only a list tells
	}
	if !asLeft(row, box, mark) {
		return sourceChanges{}, false
	}
	return sourceChanges{gone: row.Gone, failed: refused.now.Len(), short: imap.CountOf(0)}, true
}

// listedNews compares the list of all messages with the ledger. What a listing lacks that does not show as
// many messages as there are may be there all the same: it has not vanished. Neither is it known to be there: what the
// source holds and does not show may be as many that have come.
func listedNews(row *ledger.Mailbox, refused refusals, all imap.UIDSet, short imap.Count) sourceChanges {
	failed := intersection(all, refused.now)
	n := sourceChanges{wanted: all.Minus(row.Done).Minus(failed), gone: row.Done.Minus(all), failed: failed.Len(), short: short}
	if !short.Is(0) {
		n.hidden = union(row.Done.Minus(row.Gone), refused.now).Minus(all)
		n.gone = intersection(n.gone, row.Gone)
	}
	return n
}

func union(sets ...imap.UIDSet) imap.UIDSet {
	var all imap.UIDSet
	for _, s := range sets {
		all.AddSet(s)
	}
	return all
}

func intersection(a, b imap.UIDSet) imap.UIDSet { return a.Minus(a.Minus(b)) }

// examine opens the source mailbox. Where the server can tell what has changed since the last complete
// pass, the same round trip brings that.
func (j *mailboxJob) examine(ctx context.Context) error {
	row, known := j.slice.view.rows[j.pair.Source]
	if status := j.slice.view.src[j.pair.Source].Status; !known && !j.slice.begun[j.pair.Source] && status.Complete() {
		if messages, _ := status.Messages.Told(); messages <= sweepWindow {
			return j.examineAndList(ctx)
		}
	}
	if row.State.SrcModSeq == 0 || row.State.SrcModSeq == ledger.Fallen || !j.src.Enabled("QRESYNC") {
		opening, err := j.src.ExamineAhead(ctx, j.pair.Source)
		j.srcBox, j.srcNewest, err = j.peeked(ctx, rehome.Source, j.pair.Source, opening, err)
		return faultOf(err, "open source mailbox", j.pair.Source)
	}
	news, err := j.newsAhead(ctx, row)
	if err == nil {
		_, err = j.takeNews(ctx, news)
	}
	return faultOf(err, "open source mailbox", j.pair.Source)
}

// sourceSince is the opening of a source mailbox under way, together with what has changed since the last complete pass, a listing, and
// what the job will ask.
type sourceSince struct {
	listedPeek

	validity uint32 // of the last complete pass
	flags    map[imap.UID][]string
}

// newsAhead sends it.
func (j *mailboxJob) newsAhead(ctx context.Context, row ledger.Mailbox) (*sourceSince, error) {
	since := imap.Known{UIDValidity: row.Anchor.SrcUIDValidity, ModSeq: row.State.SrcModSeq, UIDs: row.Done.Minus(row.Gone)}
	news := &sourceSince{validity: since.UIDValidity, flags: map[imap.UID][]string{}}
	opening, err := j.src.ExamineSinceAhead(ctx, j.pair.Source, since, imap.FetchHandler{
		Message: func(m *imap.Message) error {
			if m.Flags != nil {
				news.flags[m.UID] = m.Flags
			}
			return nil
		},
	})
	p, err := j.peekAhead(ctx, rehome.Source, j.pair.Source, opening, err)
	if err != nil {
		return nil, err
	}
	news.listedPeek = p.list(ctx, func() error { return j.foresee(ctx, opening, row) })
	return news, nil
}

// takeNews waits for it. It returns how many messages there were when the mailbox was listed.
func (j *mailboxJob) takeNews(ctx context.Context, news *sourceSince) (imap.Count, error) {
	s, err := news.wait(ctx)
	j.srcBox, j.srcNewest, j.shown = s.box, s.newest, s.all
	j.foreseen.wait(ctx, j)
	if box := j.srcBox; err == nil && box.UIDValidity == news.validity && box.HighestModSeq != 0 {
		j.told = news.flags
	}
	return s.held, err
}

// examineAndList opens a source mailbox that no pass has seen yet, and has it listed in the same round
// trip: all of it is wanted, or at least has to be compared with what the destination holds.
func (j *mailboxJob) examineAndList(ctx context.Context) error {
	opening, err := j.src.ExamineAhead(ctx, j.pair.Source)
	if err != nil {
		return faultOf(err, "open source mailbox", j.pair.Source)
	}
	listErr := j.listAhead(ctx, opening)
	j.srcBox, err = opening.Wait(ctx)
	if err != nil {
		j.listing.drop(ctx)
		return faultOf(err, "open source mailbox", j.pair.Source)
	}
	return listErr
}

// resyncable switches QRESYNC on for a source session that will open mailboxes which were complete once.
// A server that offers it and then refuses gets the plain way.
func (s *slice) resyncable(ctx context.Context, src *endpoint.Session) error {
	for _, row := range s.view.rows {
		if row.State.SrcModSeq != 0 {
			_, err := src.Enable(ctx, "QRESYNC")
			if imap.IsStatus(err, "NO") {
				return nil
			}
			return endpoint.Fault(err, "switch QRESYNC on for", s.account.Address)
		}
	}
	return nil
}

// noteFate writes down what has happened to the messages of the mailbox at both ends.
func (j *mailboxJob) noteFate(ctx context.Context, gone, lost imap.UIDSet) error {
	fate := j.row.Fate
	fate.Gone, fate.Lost = gone, union(fate.Lost, lost)
	if fate.Gone.String() == j.row.Gone.String() && lost.Empty() {
		return nil
	}
	j.slice.noteAdvance()
	return j.ledger().NoteFate(ctx, j.row, fate)
}

// sourcesOf returns the source UIDs of some of our messages at the destination. One that is lost there had its UID before a restore has
// given that to another.
func (j *mailboxJob) sourcesOf(ctx context.Context, ours imap.UIDSet) (imap.UIDSet, error) {
	var sources imap.UIDSet
	if ours.Empty() {
		return sources, nil
	}
	err := j.ledger().Stored(ctx, j.row, func(batch ledger.Stored) error {
		for _, item := range batch.Items {
			if ours.Contains(item.DstUID) && !j.row.Lost.Contains(item.UID) {
				sources.Add(item.UID)
			}
		}
		return nil
	})
	return sources, err
}
