// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"

	"rehome"
	"rehome/internal/endpoint"
	"rehome/internal/ledger"
	"rehome/internal/pass"
	"rehome/internal/protocol/imap"
)

// STATUS is hearsay: some hosts answer "()", or what was true an hour ago. A mailbox may be left closed on
// its word only where it was complete and has agreed so far with what opening the mailboxes showed. All
// others are opened, many at a time, before anything is decided about them.

// evidence collects, at one end, how STATUS compares with what opening shows.
type evidence struct {
	mu      sync.Mutex
	weighed map[string]bool
	agreed  bool // in a case that says something
	doubt   bool // it differs, which something that happened in between may explain
	wrong   bool // it differs, and nothing can
}

// weigh compares what a listing said of a mailbox with its first opening.
func (e *evidence) weigh(said imap.ListEntry, box imap.Selected, sayingMuch func(messages int64) bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.weighed[box.Name] {
		return
	}
	if e.weighed == nil {
		e.weighed = map[string]bool{}
	}
	e.weighed[box.Name] = true
	switch compareStatus(said.Status, box) {
	case agrees:
		n, _ := box.Messages.Told()
		e.agreed = e.agreed || sayingMuch(n)
	case differs:
		e.doubt = true
	case contradicts:
		e.wrong = true
	}
}

type agreement int

const (
	differs agreement = iota
	agrees
	contradicts
)

// compareStatus compares STATUS with an opening that came later: messages may have come and gone in between.
func compareStatus(said *imap.Status, box imap.Selected) agreement {
	held, told := box.Messages.Told()
	switch {
	case !said.Complete() || !told || box.UIDNext == 0 || said.UIDValidity != box.UIDValidity:
		return differs
	case said.UIDNext > box.UIDNext: // a UID that was given out is never given out again
		return contradicts
	case said.UIDNext < box.UIDNext:
		return differs
	}
	messages, _ := said.Messages.Told()
	switch {
	case messages < held: // none has come, and there are more
		return contradicts
	case messages > held:
		return differs
	}
	return agrees
}

// trust is what the evidence of a slice makes of what was believed before.
func (e *evidence) trust(before ledger.Trust) ledger.Trust {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case before == ledger.TrustLost || e.wrong:
		return ledger.TrustLost
	case e.doubt:
		return ledger.TrustNone
	case e.agreed:
		return ledger.TrustEarned
	}
	return before
}

// anything and something say which mailboxes tell whether STATUS can be believed: at the source only those
// that hold messages, because a host that says 0 of all of them is right about the empty ones.
func anything(int64) bool           { return true }
func something(messages int64) bool { return messages > 0 }

func (s *slice) weighSource(box imap.Selected) {
	s.srcEvidence.weigh(s.view.src[box.Name], box, something)
}

func (s *slice) weighDestination(box imap.Selected) {
	if said, listed := s.view.dst[box.Name]; listed {
		s.dstEvidence.weigh(said, box, anything)
	}
}

// saveTrust writes down what the slice has learnt of either end's STATUS.
func (s *slice) saveTrust(ctx context.Context) error {
	for side, e := range map[rehome.Side]*evidence{rehome.Source: &s.srcEvidence, rehome.Destination: &s.dstEvidence} {
		before := s.view.trusts[side]
		if now := e.trust(before); now != before {
			if err := s.engine.options.Ledger.SaveTrust(ctx, s.account.Address, side, now); err != nil {
				return err
			}
		}
	}
	return nil
}

// survey opens the mailboxes about which STATUS alone would decide, where it may not. What that shows of an earlier state is
// evidence like what a listing shows, and booked as soon.
func (s *slice) survey(ctx context.Context) error {
	s.forgetAvoided(rehome.Source, s.view.src, nil)
	atSource := s.memory.without(rehome.Source, s.view.doubtedAtSource())
	var restored, fell bool
	err := pass.BothEnds(s.account.Address,
		func() error {
			name, err := examineAll(ctx, s.src, atSource, s.view.src, s.weighSource)
			var noted error
			restored, noted = s.noteRestoredSource(ctx, s.view.rows, s.view.src, s.view.marks[rehome.Source])
			return cmp.Or(s.surveyed(rehome.Source, name, err), noted)
		},
		func() error {
			err := s.surveyDestination(ctx, s.view.doubtedAtDestination())
			var noted error
			fell, noted = s.noteFalls(ctx, s.view.rows, s.view.dst, s.view.marks[rehome.Destination])
			return cmp.Or(err, noted)
		},
	)
	if err != nil || !restored && !fell {
		return err
	}
	return s.remember(ctx, &s.view)
}

// surveyDestination does that at the destination. A new listing takes the place of all that an earlier survey has
// shown: what it leaves out, or says nothing of, has to be opened once more.
func (s *slice) surveyDestination(ctx context.Context, names []string) error {
	s.forgetAvoided(rehome.Destination, s.view.dst, names)
	name, err := examineAll(ctx, s.dst, s.memory.without(rehome.Destination, names), s.view.dst, s.weighDestination)
	return s.surveyed(rehome.Destination, name, err)
}

// forgetAvoided forgets what STATUS said of mailboxes that cannot be surveyed, be they listed or not (known): they
// are opened by their jobs.
func (s *slice) forgetAvoided(side rehome.Side, entries map[string]imap.ListEntry, known []string) {
	for _, name := range append(slices.Collect(maps.Keys(entries)), known...) {
		if len(s.memory.without(side, []string{name})) == 0 {
			entry := entries[name]
			entry.Name = name
			entry.Status = nil
			entries[name] = entry
		}
	}
}

// surveyed leaves the mailbox to which a server has answered BAD out of the next survey.
func (s *slice) surveyed(side rehome.Side, name string, err error) error {
	if status, bad := ownBad(err); bad {
		s.memory.avoid(side, name)
		s.noteAdvance()
		return &rehome.Fault{Class: rehome.ClassTemporary, Op: "open " + string(side) + " mailbox", Object: name, Server: status.Text, Cause: err}
	}
	return endpoint.Fault(err, "look into the "+string(side)+"'s mailboxes of", s.account.Address)
}

// doubtedAtSource names the mailboxes that would be left closed on the word of a STATUS that is not to be
// believed, and those whose renaming it would have to tell: what has got no status and a new name is asked where a
// mailbox is missed, and left to its job otherwise.
func (v accountView) doubtedAtSource() []string {
	var names []string
	missed := len(v.deletedAtSource()) > 0
	for _, pair := range v.plan.Pairs {
		_, known := v.rows[pair.Source]
		status := v.src[pair.Source].Status
		sure := status.Complete() && (v.trusts[rehome.Source] == ledger.TrustEarned || v.needsWork(pair))
		if !pair.Container && !sure && (known || missed || status.Complete()) {
			names = append(names, pair.Source)
		}
	}
	return names
}

// doubtedAtDestination names the mailboxes that we have filled and whose STATUS is not to be believed, or that
// the destination does not list: what is not listed may be there all the same. Where one of those is missed, it may have
// any name of which the destination does not tell whose mailbox has it.
func (v accountView) doubtedAtDestination() []string {
	var names []string
	missed := false
	for _, row := range v.rows {
		name := row.Anchor.Destination
		entry, listed := v.dst[name]
		sure := entry.Status.Complete() && v.trusts[rehome.Destination] == ledger.TrustEarned
		if row.Anchor.DstUIDValidity != 0 && (!listed || entry.Selectable() && !sure) {
			names = append(names, name)
		}
		missed = missed || row.Anchor.DstUIDValidity != 0 && !listed
	}
	if missed {
		names = append(names, v.untoldAtDestination()...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// untoldAtDestination names the mailboxes of which the destination has not told which incarnation they are.
func (v accountView) untoldAtDestination() []string {
	var names []string
	for name, entry := range v.dst {
		if entry.Selectable() && (entry.Status == nil || entry.Status.UIDValidity == 0) {
			names = append(names, name)
		}
	}
	return names
}

// examineAll opens mailboxes one behind the other without waiting in between, and puts what that shows in
// the place of what STATUS said. A mailbox that is refused has no status then. An error is told together with
// the mailbox that it concerns.
func examineAll(ctx context.Context, session *endpoint.Session, names []string, entries map[string]imap.ListEntry,
	weigh func(imap.Selected)) (last string, _ error) {
	open := false
	unlisted := map[string]error{} // and refused
	for some := range slices.Chunk(names, commandsAhead) {
		openings := make([]*imap.Opening, len(some))
		for i, name := range some {
			var err error
			if openings[i], err = session.ExamineAhead(ctx, name); err != nil {
				return name, err
			}
		}
		for i, name := range some {
			box, err := openings[i].Wait(ctx)
			if open = err == nil; err != nil && !imap.IsStatus(err, "NO") {
				return name, err
			}
			entry, listed := entries[name]
			switch {
			case open:
				weigh(box)
				entry.Name, entry.Status = name, shownStatus(box, entry.Status)
			case listed:
				entry.Status = nil
			default:
				unlisted[name] = err
				continue
			}
			entries[name] = entry
		}
	}
	if open { // so that the mailbox can be asked about, and extensions switched on (RFC 5161, section 3.1)
		if err := session.Unselect(ctx); err != nil {
			return "", err
		}
	}
	return weighAbsence(ctx, session, unlisted, entries)
}

// weighAbsence makes entries without a status of the mailboxes that are not listed, were refused, and may be there all
// the same.
func weighAbsence(ctx context.Context, session *endpoint.Session, refused map[string]error, entries map[string]imap.ListEntry) (last string,
	_ error) {
	for _, name := range slices.Sorted(maps.Keys(refused)) {
		gone, err := absent(ctx, session, name, refused[name])
		if err != nil {
			return name, err
		}
		if !gone {
			entry := entries[name]
			entry.Name = name
			entry.Status = nil
			entries[name] = entry
		}
	}
	return "", nil
}

// nowhere makes, of the name of a mailbox, one that none has.
const nowhere = "-not-there-rehome"

// absent says whether a mailbox is gone that is not listed and could not be opened (refused, a NO). A listing that
// lacks it is no proof: servers leave out what exists. NONEXISTENT is (RFC 5530, section 3); any other code speaks
// of trouble, and whether the mailbox exists is unknown then. A refusal without a code counts only when it is what the
// server says of a mailbox that certainly is not there, in the same words, and when it says so again. No mailbox is open
// behind it.
func absent(ctx context.Context, session *endpoint.Session, name string, refused error) (bool, error) {
	if gone, clear := saysAbsent(refused); clear {
		return gone, nil
	}
	var answers [2]error
	var openings [2]*imap.Opening
	for i, asked := range []string{name + nowhere, name} {
		openings[i], answers[i] = session.ExamineAhead(ctx, asked)
	}
	for i, opening := range openings {
		if answers[i] == nil {
			_, answers[i] = opening.Wait(ctx)
		}
	}
	for _, err := range answers {
		if err != nil && !imap.IsStatus(err, "NO") {
			return false, err
		}
	}
	if answers[1] == nil {
		return false, session.Unselect(ctx)
	}
	return sameWords(refused, answers[0]) && sameWords(refused, answers[1]), session.Noop(ctx) // see refusalsInARow
}

// sameWords says that two refusals do not differ but in the name of the mailbox.
func sameWords(a, b error) bool {
	var one, other *imap.StatusError
	return errors.As(a, &one) && errors.As(b, &other) && one.Code == other.Code &&
		withoutTiming(one.Text) == strings.ReplaceAll(withoutTiming(other.Text), nowhere, "")
}

// saysAbsent reads a refusal; clear is false when it has no code.
func saysAbsent(refused error) (gone, clear bool) {
	switch {
	case imap.IsCode(refused, "NONEXISTENT"), imap.IsCode(refused, "TRYCREATE"):
		return true, true
	case imap.IsCode(refused, ""):
		return false, false
	}
	return false, true
}

// shownStatus is what an opening shows, in the words of STATUS.
func shownStatus(box imap.Selected, said *imap.Status) *imap.Status {
	shown := &imap.Status{Size: -1, AppendLimit: -1}
	if said != nil {
		*shown = *said
	}
	shown.Mailbox = box.Name
	shown.Messages = box.Messages
	shown.UIDNext = box.UIDNext
	shown.UIDValidity = box.UIDValidity
	shown.HighestModSeq = box.HighestModSeq
	return shown
}
