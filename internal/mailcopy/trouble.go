// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"rehome"
	"rehome/internal/endpoint"
	"rehome/internal/mapping"
	"rehome/internal/protocol/imap"
)

// One mailbox's trouble is its own. What a server refuses about it is a finding; what ends the connection in
// it is tried again later. All other mailboxes of the account are finished in the same pass.

// seat is a pair of sessions that one worker copies through.
type seat struct {
	slice    *slice
	src, dst *endpoint.Session
	first    bool // the sessions are those of the slice
	lost     int  // mailboxes in a row that have ended the connection

	pairs []mapping.Pair // that it begins with, before any of the queue; nil for none
	head  *headStart     // of these; nil for none
}

// mostLost is how many mailboxes in a row may end the connection until the end itself is in trouble.
const mostLost = 2

// errNoSeat says that the limits leave no room for another extra pair of sessions.
var errNoSeat = errors.New("no more connections allowed")

// renew replaces sessions that have ended.
func (t *seat) renew(ctx context.Context) (err error) {
	if t.src.Err() == nil && t.dst.Err() == nil {
		return nil
	}
	leave(t.src, t.dst)
	if t.first {
		t.slice.shares.close() // who waits for work keeps places, and this waits for one
		err = t.slice.open(ctx, nil)
		t.src, t.dst = t.slice.src, t.slice.dst
	} else {
		var pair *extra
		if pair, err = t.slice.openExtra(ctx); err == nil && pair == nil {
			return errNoSeat
		}
		if pair != nil {
			t.src = pair.src
			t.dst = pair.dst
		}
	}
	if err != nil {
		return err
	}
	return t.slice.resyncable(ctx, t.src)
}

// endJob decides what the error of one mailbox means for the others; nil is none.
func (s *slice) endJob(ctx context.Context, t *seat, pair mapping.Pair, err error) error {
	if err == nil {
		t.lost = 0
		s.memory.acquit(pair.Source)
		return nil
	}
	if ctx.Err() != nil {
		return err
	}
	var bad *badAnswer
	var less *divided
	switch class := rehome.ClassOf(err); {
	case errors.As(err, &bad):
		s.memory.accusalsOf(pair.Source).accuse(bad.batch, withoutTiming(bad.reason.Text))
		s.noteAdvance()
		s.noteMore()
	case errors.As(err, &less), errors.Is(err, errNotKept):
		t.lost = 0
		s.noteAdvance()
		s.noteMore()
	case bars(err):
		s.bar(pair, err)
	case class == rehome.ClassTemporary, class == rehome.ClassPermanent:
		if t.lost++; t.lost >= mostLost {
			return err
		}
		s.setAside(pair, err)
	default: // a full account, a ledger that cannot be written: it is not the mailbox
		return err
	}
	s.log(pair).Info("mailbox is set aside, the others continue", rehome.LogError, err.Error())
	return t.renew(ctx)
}

// bars says that a mailbox is left behind because of err: a server refuses it.
func bars(err error) bool {
	var bad *badAnswer
	var less *divided
	var lost *imap.ConnectionError // whatever another command was told says nothing about this mailbox
	return rehome.ClassOf(err) == rehome.ClassPermanent && !errors.As(err, &bad) && !errors.As(err, &less) && !errors.As(err, &lost)
}

// setAside leaves a mailbox in which the connection has ended to the next slice, or behind.
func (s *slice) setAside(pair mapping.Pair, err error) {
	var broke *readError
	if !errors.As(err, &broke) && s.memory.strike(pair.Source) { // a damaged message is dealt with, see suspect.go
		nextStep := "run sync again; if it stops here each time, ask the administrator of that server to check the mailbox"
		var fault *rehome.Fault
		if errors.As(err, &fault) && fault.Op == readIdentifiers { // it says itself what helps with POP3
			nextStep = ""
		}
		s.find(unfinished(pair, err, nextStep))
		s.mu.Lock()
		defer s.mu.Unlock()
		s.broken[pair.Source] = true
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.trouble == nil {
		s.trouble = err
	}
}

// bar leaves a mailbox behind that a server refuses.
func (s *slice) bar(pair mapping.Pair, err error) {
	s.mu.Lock()
	s.barred[pair.Source] = true
	s.mu.Unlock()
	s.find(unfinished(pair, err, ""))
}

// unfinished is the finding about a mailbox that is left behind.
func unfinished(pair mapping.Pair, err error, nextStep string) rehome.Finding {
	var fault *rehome.Fault
	if nextStep == "" && errors.As(err, &fault) {
		switch {
		case strings.HasPrefix(fault.Op, "open source"):
			nextStep = "if its user deleted it there, leave it out with mail.exclude; otherwise ask the source's administrator to " +
				"repair it, then run sync again"
		case strings.HasPrefix(fault.Op, "open destination"):
			nextStep = "check which name the destination gave it; choose another one with mail.rename, or set mail.max_name if " +
				"it was cut, and run sync again"
		default:
			nextStep = cmp.Or(rehome.HintOf(err), "ask the administrator of that server why, then run sync again")
		}
	}
	return mailboxUnfinished.On(pair.Source, rehome.Values{"why": err, "hint": nextStep})
}

// badAnswer is a batch to which the destination has answered BAD, which has ended the connection.
type badAnswer struct {
	batch  batch
	reason *imap.StatusError
	void   int64 // the intent of which nothing can arrive any more; 0 for none
}

func (e *badAnswer) Error() string { return e.reason.Error() }
func (e *badAnswer) Unwrap() error { return e.reason }

// ownBad returns the answer to a command of its own, which is not wrapped: what ended the connection for
// another command says nothing about this one.
func ownBad(err error) (*imap.StatusError, bool) {
	status, ok := err.(*imap.StatusError) //nolint:errorlint // see above
	return status, ok && status.Kind == "BAD"
}

// tryAccused copies the groups that were answered with BAD, each alone, and refuses what is left of them. At a message that is
// not in rest the source has broken off: it would do so again, before anything else is tried, and has its turn later.
func (j *mailboxJob) tryAccused(ctx context.Context, wanted, rest imap.UIDSet) (done bool, err error) {
	a := j.slice.memory.accusalsOf(j.pair.Source)
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
	for _, uid := range slices.Sorted(maps.Keys(a.condemned)) {
		words := a.condemned[uid]
		if !wanted.Contains(uid) || j.row.Done.Contains(uid) {
			continue
		}
		entries, err := sweep(ctx, j.src, imap.NewUIDSet(uid))
		if err != nil {
			return false, faultOf(err, "list source mailbox", j.pair.Source)
		}
		if err := j.noteKept(ctx, entries); err != nil {
			return false, err
		}
		for _, e := range completed(entries, imap.NewUIDSet(uid)) {
			if err := j.refuse(ctx, e, refusal{kind: messageRefused, kept: messageRefusedKept, words: words}); err != nil {
				return false, err
			}
		}
	}
	return true, nil
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
