// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"rehome"
	"rehome/internal/ledger"
	"rehome/internal/protocol/imap"
)

// A BAD ends the connection: of what was sent behind it nobody knows what became of it, and the mailbox waits until nothing of that can
// arrive any more. The rule: after the first one nothing is sent to that mailbox, in this pass, before what was sent is answered, so
// that there is one such wait; after a few, one message at a time, so that each names its message. After mostBads in the account whatever
// is left of a mailbox with such messages stays behind, with a finding that says so; the next pass begins with that, because what was
// refused in an earlier one is tried behind everything else. Of those, what is left after as many counts as refused still.
const (
	badsInGroups = 6
	mostBads     = 24
)

// badAnswer is a batch to which the destination has answered BAD, which has ended the connection.
type badAnswer struct {
	batch  batch
	reason *imap.StatusError
	void   int64 // the intent of which nothing can arrive any more; 0 for none
}

func (e *badAnswer) Error() string { return e.reason.Error() }
func (e *badAnswer) Unwrap() error { return e.reason }

// accusals are the messages of one mailbox to which the destination has answered BAD. That ends the
// connection, so a batch is taken apart over several: each group is tried alone until one message is left.
type accusals struct {
	groups    []imap.UIDSet
	bare      imap.UIDSet // tried without their keywords
	condemned map[imap.UID]string
	bads      int    // answers so far
	said      string // the words of the last one
	seeded    bool   // see accuseEarlier
	earlier   imap.UIDSet
}

// accusalsOf returns those of a mailbox.
func (m *memory) accusalsOf(source string) *accusals {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.accused[source] == nil {
		m.accused[source] = &accusals{condemned: map[imap.UID]string{}}
	}
	return m.accused[source]
}

// accuse takes a batch apart that was answered with BAD. It need not be a group: one that is answered with NO
// comes in halves, and a half of it may be what the BAD is about. So its messages leave whatever groups they
// are in, and every accusation makes these smaller: that is why trying them ends.
func (a *accusals) accuse(b batch, words string) {
	uids := uidsOf(b)
	a.drop(uids)
	a.bads++
	a.said = words
	switch {
	case len(b) > 1:
		one, other := b.halves()
		a.groups = append(a.groups, uidsOf(one), uidsOf(other))
	case len(withoutKeywords(b[0].flags)) < len(b[0].flags) && !a.bare.Contains(b[0].uid):
		a.bare.Add(b[0].uid)
		a.groups = append(a.groups, uids)
	default:
		a.condemned[b[0].uid] = words
	}
}

// drop takes messages that were tried out of the groups.
func (a *accusals) drop(uids imap.UIDSet) {
	var groups []imap.UIDSet
	for _, group := range a.groups {
		if left := group.Minus(uids); !left.Empty() {
			groups = append(groups, left)
		}
	}
	a.groups = groups
}

// all are the messages that are set aside.
func (a *accusals) all() imap.UIDSet {
	all := union(a.groups...)
	for uid := range a.condemned {
		all.Add(uid)
	}
	return all
}

// tryAccused copies the groups that were answered with BAD, each alone, and refuses what is left of them. At a message that is
// not in rest the source has broken off: it would do so again, before anything else is tried, and has its turn later.
func (j *mailboxJob) tryAccused(ctx context.Context, wanted, rest imap.UIDSet) (done bool, err error) {
	a := j.slice.memory.accusalsOf(j.pair.Source)
	j.wary = true
	for _, group := range append([]imap.UIDSet(nil), a.groups...) {
		if done, err := j.copyAll(ctx, intersection(group, rest)); err != nil || !done {
			return done, err
		}
		a.drop(group)
	}
	if len(a.condemned) >= mostCondemned && j.row.Done.Empty() && a.condemnedAll(j.undone(wanted)) {
		return false, &rehome.Fault{Class: rehome.ClassPermanent, Op: "copy to", Object: j.pair.Destination, Server: a.words(),
			Cause: errors.New("every message is refused"), Hint: "ask the destination's administrator why, then run sync again"}
	}
	return true, j.bookCondemned(ctx, wanted)
}

// bookCondemned refuses what was answered with BAD alone.
func (j *mailboxJob) bookCondemned(ctx context.Context, wanted imap.UIDSet) error {
	a := j.slice.memory.accusalsOf(j.pair.Source)
	for _, uid := range slices.Sorted(maps.Keys(a.condemned)) {
		words := a.condemned[uid]
		if !wanted.Contains(uid) || j.row.Done.Contains(uid) {
			continue
		}
		entries, err := sweep(ctx, j.src, imap.NewUIDSet(uid))
		if err != nil {
			return faultOf(err, "list source mailbox", j.pair.Source)
		}
		if err := j.noteKept(ctx, entries); err != nil {
			return err
		}
		for _, e := range completed(entries, imap.NewUIDSet(uid)) {
			if err := j.refuse(ctx, e, refusal{kind: messageRefused, kept: messageRefusedKept, words: words}); err != nil {
				return err
			}
		}
	}
	return nil
}

// careful says that nothing is sent to the mailbox before what was sent is answered, and how many messages at once: 0 for a batch.
func (j *mailboxJob) careful() (is bool, messages int) {
	bads := j.slice.memory.accusalsOf(j.pair.Source).bads
	is = bads > 0 || j.wary
	if bads > badsInGroups || is && !j.dst.Capabilities().Has("MULTIAPPEND") {
		return true, 1
	}
	return is, 0
}

// accuseEarlier sets aside what the destination has refused in an earlier pass, to be tried behind everything else.
func (j *mailboxJob) accuseEarlier(wanted imap.UIDSet) {
	a := j.slice.memory.accusalsOf(j.pair.Source)
	if a.seeded || j.uids.kept {
		return
	}
	a.seeded = true
	earlier := intersection(wanted, refusedOf(j.row, j.slice.started).earlier)
	var rest imap.UIDSet
	for uid := range earlier.All() {
		if j.row.Refused[uid].Code == messageRefused.Code {
			rest.Add(uid)
		}
	}
	a.earlier = union(rest)
	for !rest.Empty() {
		var group imap.UIDSet
		group, rest = head(rest, j.slice.engine.options.BatchMessages)
		a.groups = append(a.groups, group)
	}
}

// giveUpBad says why the rest of a mailbox stays behind, where the destination has answered BAD too often; nil where it has not, or
// nothing is left but what was refused in an earlier pass.
func (j *mailboxJob) giveUpBad(ctx context.Context, wanted imap.UIDSet) error {
	a := j.slice.memory.accusalsOf(j.pair.Source)
	bads, again := j.slice.memory.countBads()
	left := j.undone(wanted).Minus(a.earlier)
	leave := a.bads > 0 && bads >= mostBads && !a.condemnedAll(left)
	if leave || again >= mostBads {
		a.condemnEarlier(j.row)
	}
	if !leave {
		return nil
	}
	if err := j.bookCondemned(ctx, wanted); err != nil {
		return err
	}
	return &rehome.Fault{
		Class: rehome.ClassPermanent, Op: "copy to", Object: fmt.Sprintf("%q", j.pair.Destination),
		Cause: fmt.Errorf("server says %q, and has answered BAD to messages %d times in this pass; messages of this mailbox not tried any more: %d",
			a.said, bads, j.undone(wanted).Len()),
		Hint: "ask the destination's administrator why; the next sync begins with what was not tried",
	}
}

// condemnEarlier lets what was refused in an earlier pass, and not tried yet, count as refused still.
func (a *accusals) condemnEarlier(row *ledger.Mailbox) {
	for uid := range intersection(a.earlier, union(a.groups...)).All() {
		a.condemned[uid] = row.Refused[uid].Words
	}
	a.drop(a.earlier)
}

// noteBad counts an answer, and countBads says how many there were, and how many to what was refused in an earlier pass.
func (m *memory) noteBad(again bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if again {
		m.badsAgain++
		return
	}
	m.bads++
}

func (m *memory) countBads() (first, again int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.bads, m.badsAgain
}

// mostCondemned is how many messages of a mailbox may be answered with BAD, and none be taken, until the
// mailbox itself is to blame.
const mostCondemned = 5

// condemnedAll says that nothing else of a mailbox is left: what has not been tried, because the source broke off at it,
// may be taken.
func (a *accusals) condemnedAll(open imap.UIDSet) bool {
	for uid := range open.All() {
		if _, condemned := a.condemned[uid]; !condemned {
			return false
		}
	}
	return true
}

// words are those of the answer to the first message.
func (a *accusals) words() string {
	for _, uid := range slices.Sorted(maps.Keys(a.condemned)) {
		return a.condemned[uid]
	}
	return ""
}

// strip takes the keywords off messages that are tried without.
func (j *mailboxJob) strip(entries []entry) []entry {
	bare := j.slice.memory.accusalsOf(j.pair.Source).bare
	for i := range entries {
		if e := &entries[i]; bare.Contains(e.uid) {
			j.keywords.note(e.uid, e.flags)
			e.flags = withoutKeywords(e.flags)
		}
	}
	return entries
}
