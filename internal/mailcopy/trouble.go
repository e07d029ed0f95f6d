// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"cmp"
	"context"
	"errors"
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
	var flags *badFlags
	var less *divided
	switch class := rehome.ClassOf(err); {
	case errors.As(err, &bad):
		a := s.memory.accusalsOf(pair.Source)
		s.memory.noteBad(uidsOf(bad.batch).Minus(a.earlier).Empty())
		a.accuse(bad.batch, withoutTiming(bad.reason.Text))
		s.noteAdvance()
		s.noteMore()
	case errors.As(err, &flags):
		s.memory.noteBadFlags(pair.Source, flags)
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

// ownBad returns the answer to a command of its own, which is not wrapped: what ended the connection for
// another command says nothing about this one.
func ownBad(err error) (*imap.StatusError, bool) {
	status, ok := err.(*imap.StatusError) //nolint:errorlint // see above
	return status, ok && status.Kind == "BAD"
}
