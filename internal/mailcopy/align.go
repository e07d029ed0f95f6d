// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"context"
	"slices"

	"rehome/internal/mapping"
	"rehome/internal/protocol/imap"
)

// A mailbox that nobody has used takes the source's UIDVALIDITY before the first message. All that are new to an account take it in
// one go, before any of them is opened: while one brings its messages, the next can then be looked at, and waits for nothing but its turn.
// Where that does not come about, each does it for itself (see alignUIDs), which also judges what has become of it.

// listedMeanwhile is how many mailboxes a dsync-server lists in the time in which one starts, about (measured: Dovecot 2.3 and 2.4).
const listedMeanwhile = 300

// foreseeUIDs judges, by what both ends list, whether a mailbox can keep UIDs. What is not told may be so.
func (s *slice) foreseeUIDs(pair mapping.Pair) uidVerdict {
	src, dst, told := s.listedBoxes(pair)
	if !told {
		return uidsKept
	}
	verdict, _ := s.view.uidGround(pair, src, dst).judge()
	return verdict
}

// listedBoxes returns both mailboxes of a pair as far as the listings tell of them; one that is missing at the destination is empty,
// with a UIDVALIDITY that nobody knows.
func (s *slice) listedBoxes(pair mapping.Pair) (src, dst imap.Selected, told bool) {
	is := s.view.src[pair.Source].Status
	there, listed := s.view.dst[pair.Destination]
	if !is.Complete() {
		return src, dst, false
	}
	src = imap.Selected{UIDValidity: is.UIDValidity, UIDNext: is.UIDNext, Messages: is.Messages}
	switch {
	case !selectable(there, listed):
		dst = imap.Selected{UIDNext: 1, Messages: imap.CountOf(0)}
	case !there.Status.Complete():
		return src, dst, false
	default:
		dst = imap.Selected{UIDValidity: there.Status.UIDValidity, UIDNext: there.Status.UIDNext, Messages: there.Status.Messages}
	}
	return src, dst, true
}

// callAhead has the destination start a dsync-server where there is something to say to it.
func (s *slice) callAhead(ctx context.Context, jobs [][]mapping.Pair) error {
	if s.engine.options.Importer == nil {
		return nil
	}
	s.line.whole = len(jobs) > 1 && len(s.view.dst) < listedMeanwhile*(len(jobs)-1)
	if w := s.view.workOf(s.keepingUIDs(jobs), 0); w.messages > 0 || w.unknown {
		return s.line.reachAhead(ctx)
	}
	return nil
}

// callEarly is callAhead before anything is known of an account but that nothing of it was brought yet: then there will be something.
// Both ends have given their places: who has one of dsync waits for none of theirs.
func (s *slice) callEarly(ctx context.Context) error {
	if s.engine.options.Importer == nil {
		return nil
	}
	rows, err := s.engine.options.Ledger.Mailboxes(ctx, s.account.Address)
	if err == nil && len(rows) == 0 {
		s.line.reachEarly(ctx)
	}
	return err
}

// keepingUIDs are the jobs whose messages can keep their UIDs.
func (s *slice) keepingUIDs(jobs [][]mapping.Pair) [][]mapping.Pair {
	return slices.DeleteFunc(slices.Clone(jobs), func(job []mapping.Pair) bool { return s.foreseeUIDs(job[0]) == uidsLost })
}

// alignAhead gives new mailboxes the source's UIDVALIDITY. Whatever stands in the way is left to the mailbox that it concerns.
func (s *slice) alignAhead(ctx context.Context, jobs [][]mapping.Pair) error {
	var due []mapping.Pair
	for _, job := range jobs {
		if s.engine.options.Importer != nil && len(job) == 1 && s.alignable(job[0]) {
			due = append(due, job[0])
		}
	}
	if len(due) < 2 {
		return nil
	}
	over, err := s.line.take(ctx)
	if err != nil {
		return err
	}
	defer over()
	for _, pair := range due {
		src, dst, _ := s.listedBoxes(pair)
		j := &mailboxJob{slice: s, pair: pair, srcBox: src, dstBox: dst}
		if s.spent() || !s.line.whole || j.speak(ctx, j.aligning()) != nil { // with a conversation for each, the same one can go on
			break
		}
		s.aligned[pair.Destination] = true
	}
	return ctx.Err()
}

// alignable says that a mailbox is known to be new, made just now, or listed as one that nobody has used, and that there is something to
// bring to it. An empty one also takes the source's next UID, which cannot be taken back: it is opened first, because what a listing
// tells may be wrong.
func (s *slice) alignable(pair mapping.Pair) bool {
	src, _, told := s.listedBoxes(pair)
	entry, listed := s.view.dst[pair.Destination]
	return told && !src.Messages.Is(0) && (selectable(entry, listed) || s.made[pair.Destination]) && s.foreseeUIDs(pair) == uidsAlign
}

// aligning is the conversation by which a mailbox takes the source's UIDVALIDITY.
func (j *mailboxJob) aligning() *conversation {
	next := imap.UID(1)
	if j.srcBox.Messages.Is(0) {
		next = max(next, j.srcNext())
	}
	return &conversation{next: next}
}
