// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"rehome"
	"rehome/internal/mapping"
	"rehome/internal/protocol/imap"
)

// commandsAhead is how many short commands are sent before the first answer is read: a hundred
// mailboxes then cost a few round trips.
const commandsAhead = 50

// createMissing creates and subscribes what the plan asks for, both in one go: each mailbox is subscribed
// right behind its own CREATE, in the same round trip. Parents that only hold others are made by the server together with their
// children. A mailbox that cannot be created is left out with a finding; the others go on.
//
// made is called with the name of each that is there from now on: others copy into those meanwhile.
func (s *slice) createMissing(ctx context.Context, missing []mapping.Pair, made func(destination string)) error {
	answers := map[string]bool{} // refused or not, by name
	var there []mapping.Pair     // although no listing shows them
	judge := func(pair mapping.Pair, err error) error {
		s.made[pair.Destination] = err == nil
		unlisted := imap.IsCode(err, "ALREADYEXISTS")
		if unlisted {
			there, err = append(there, pair), nil
		}
		refused, err := s.judgeCreate(pair, err)
		answers[pair.Destination] = refused
		if err == nil && !refused && !unlisted {
			made(pair.Destination)
		}
		return err
	}
	special, plain := s.splitSpecial(missing)
	if err := s.createSpecial(ctx, special, judge); err != nil {
		return err
	}
	steps := s.stepsOf(plain, s.unsubscribed(), judge, func(pair mapping.Pair, err error) error {
		if answers[pair.Destination] {
			return nil // it is not there, which has been said already
		}
		return s.judgeSubscribe(pair, err)
	})
	if err := ahead(ctx, steps, s.tellMade(len(plain))); err != nil {
		return err
	}
	if err := s.lookAtThere(ctx, there, answers); err != nil {
		return err
	}
	return s.leaveRefused(ctx, answers)
}

// intendCreations puts what is about to be made into the ledger first: what we have made, we may rename and delete later.
func (s *slice) intendCreations(ctx context.Context) (missing []mapping.Pair, err error) {
	if missing = s.makeable(s.missing()); len(missing) == 0 {
		return nil, nil
	}
	return missing, s.engine.options.Ledger.IntendCreations(ctx, s.account.Address, destinations(missing))
}

// stepsOf puts the subscription of each mailbox behind its own CREATE, and those of the others behind all.
func (s *slice) stepsOf(plain, unsubscribed []mapping.Pair, created, subscribed func(mapping.Pair, error) error) (steps []step) {
	subscribe := map[string]mapping.Pair{}
	for _, pair := range unsubscribed {
		if !s.isBarred(pair.Source) {
			subscribe[pair.Destination] = pair
		}
	}
	add := func(name string) {
		if pair, wanted := subscribe[name]; wanted {
			steps = append(steps, step{pair: pair, send: s.dst.SubscribeAhead, judge: subscribed})
			delete(subscribe, name)
		}
	}
	for _, pair := range plain {
		steps = append(steps, step{pair: pair, send: s.dst.CreateAhead, judge: created, makes: true})
		add(pair.Destination)
	}
	for _, pair := range unsubscribed {
		add(pair.Destination)
	}
	return steps
}

// tellMade returns what tells the observer that one more of some mailboxes is made.
func (s *slice) tellMade(of int) func() {
	made := 0
	tell := func() { s.engine.options.Observer.Made(s.account.Address, made, of) }
	if of > 0 {
		tell()
	}
	return func() {
		made++
		tell()
	}
}

// lookAtThere opens what the destination says to exist and does not list. A name that opens a mailbox which
// has another name, too (on a Dovecot with the prefix "INBOX." the name INBOX.INBOX is INBOX), would make two
// mailboxes one.
func (s *slice) lookAtThere(ctx context.Context, there []mapping.Pair, answers map[string]bool) error {
	for _, pair := range there {
		box, err := s.dst.Examine(ctx, pair.Destination)
		if err != nil {
			if err = faultOf(err, "open destination mailbox", pair.Destination); rehome.ClassOf(err) != rehome.ClassPermanent {
				return err
			}
			answers[pair.Destination] = true
			s.refuseMailbox(pair, err.Error())
			continue
		}
		if twin := s.view.twinOf(box); twin != "" {
			answers[pair.Destination] = true
			s.refuseMailbox(pair, fmt.Sprintf("the name %q opens the mailbox %q there", pair.Destination, twin))
			continue
		}
		if err := s.engine.options.Ledger.ForgetCreations(ctx, s.account.Address, pair.Destination); err != nil { // it is not ours
			return err
		}
	}
	if len(there) == 0 {
		return nil
	}
	return faultOf(s.dst.UnselectAhead(ctx), "close mailboxes at", "the destination")
}

// twinOf returns the listed mailbox that an opened one is under another name, "" when there is none. Where the
// server does not tell them apart (RFC 8474), an equal UIDVALIDITY is reason enough to doubt.
func (v accountView) twinOf(box imap.Selected) string {
	for _, name := range slices.Sorted(maps.Keys(v.dst)) {
		entry := v.dst[name]
		if name == box.Name || entry.Status == nil || box.UIDValidity == 0 || entry.Status.UIDValidity != box.UIDValidity {
			continue
		}
		if box.MailboxID == "" || entry.Status.MailboxID == "" || box.MailboxID == entry.Status.MailboxID {
			return name
		}
	}
	return ""
}

// leaveRefused sets aside what could not be made, and takes it out of what we have made.
func (s *slice) leaveRefused(ctx context.Context, answers map[string]bool) error {
	var refused []string
	for name, no := range answers {
		if no {
			refused = append(refused, name)
		}
	}
	if len(refused) == 0 {
		return nil
	}
	for _, name := range refused {
		s.barDestination(name)
	}
	return s.engine.options.Ledger.ForgetCreations(ctx, s.account.Address, refused...)
}

func destinations(pairs []mapping.Pair) []string {
	names := make([]string, len(pairs))
	for i, pair := range pairs {
		names[i] = pair.Destination
	}
	return names
}

// splitSpecial sets apart what can be made with its special use, where a new mailbox can be given one
// (RFC 6154, section 3).
func (s *slice) splitSpecial(missing []mapping.Pair) (special, plain []mapping.Pair) {
	can := s.dst.Capabilities().Has("CREATE-SPECIAL-USE")
	for _, pair := range missing {
		if can && pair.Use != "" {
			special = append(special, pair)
		} else {
			plain = append(plain, pair)
		}
	}
	return special, plain
}

func (s *slice) createSpecial(ctx context.Context, special []mapping.Pair, judge func(mapping.Pair, error) error) error {
	for _, pair := range special {
		_, err := s.dst.CreateSpecial(ctx, pair.Destination, pair.Use)
		if err := judge(pair, err); err != nil {
			return err
		}
	}
	return nil
}

// missing returns the pairs whose destinations have to be made, each destination once, parents first.
func (s *slice) missing() []mapping.Pair {
	byDestination := map[string]mapping.Pair{}
	for _, pair := range s.view.plan.Pairs {
		if !pair.Container && !s.held[pair.Destination] && !s.view.staysAway(pair) {
			byDestination[pair.Destination] = pair
		}
	}
	var pairs []mapping.Pair
	for _, name := range s.view.plan.Missing() {
		entry, known := s.view.dst[name] // not listed, and found by the survey
		if pair, wanted := byDestination[name]; wanted && !selectable(entry, known) {
			pairs = append(pairs, pair)
		}
	}
	return pairs
}

// makeable leaves out the names to which the server has answered BAD in this pass.
func (s *slice) makeable(missing []mapping.Pair) []mapping.Pair {
	return slices.DeleteFunc(missing, func(pair mapping.Pair) bool {
		words, refused := s.memory.refusedName(pair.Destination)
		if refused {
			s.refuseMailbox(pair, fmt.Sprintf("server says %q", words))
			s.barDestination(pair.Destination)
		}
		return refused
	})
}

// barDestination leaves behind what would go to a mailbox.
func (s *slice) barDestination(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, pair := range s.view.plan.Pairs {
		if pair.Destination == name && !pair.Container {
			s.barred[pair.Source] = true
		}
	}
}

func (s *slice) isBarred(source string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.barred[source]
}

// staysAway says that the destination's user has removed a mailbox, and nothing new goes there.
func (v accountView) staysAway(pair mapping.Pair) bool {
	row, known := v.rows[pair.Source]
	return known && dropped(row) && !v.needsWork(pair)
}

// unsubscribed returns the pairs that are subscribed at the source only. One that is to stay away and is there again is among
// them: a server may have made it together with one below it (RFC 9051, section 6.3.4).
func (s *slice) unsubscribed() []mapping.Pair {
	var pairs []mapping.Pair
	for _, pair := range s.view.plan.Pairs {
		entry, listed := s.view.dst[pair.Destination]
		away := s.view.staysAway(pair) && !selectable(entry, listed)
		if pair.Subscribe && !pair.Container && !entry.Subscribed && !s.isHeld(pair.Destination) && !away {
			pairs = append(pairs, pair)
		}
	}
	return pairs
}

// step is one short command about a pair and what its answer means.
type step struct {
	pair  mapping.Pair
	send  func(ctx context.Context, destination string) (*imap.Answer, error)
	judge func(mapping.Pair, error) error
	makes bool // a mailbox
}

// ahead sends some commands before the first answer is read, and has every answer judged in order. It calls made behind each
// that makes a mailbox.
func ahead(ctx context.Context, steps []step, made func()) error {
	for some := range slices.Chunk(steps, commandsAhead) {
		answers := make([]*imap.Answer, len(some))
		failures := make([]error, len(some))
		for i, step := range some {
			answers[i], failures[i] = step.send(ctx, step.pair.Destination)
		}
		for i, step := range some {
			if failures[i] == nil {
				failures[i] = answers[i].Wait(ctx)
			}
			if err := step.judge(step.pair, failures[i]); err != nil {
				return err
			}
			if step.makes {
				made()
			}
		}
	}
	return nil
}

// judgeCreate makes a finding of a name that the destination refuses; other trouble ends the slice. BAD ends
// the connection: the next slice does not ask for that name again.
func (s *slice) judgeCreate(pair mapping.Pair, err error) (refused bool, _ error) {
	if status, bad := ownBad(err); bad {
		s.memory.refuseName(pair.Destination, status.Text)
		s.noteAdvance()
		return false, &rehome.Fault{Class: rehome.ClassTemporary, Op: "create mailbox", Object: pair.Destination, Server: status.Text, Cause: err}
	}
	err = faultOf(err, "create mailbox", pair.Destination)
	if err == nil || rehome.ClassOf(err) != rehome.ClassPermanent {
		return false, err
	}
	s.refuseMailbox(pair, err.Error())
	return true, nil
}

// refuseMailbox is the finding about a mailbox that the destination does not take.
func (s *slice) refuseMailbox(pair mapping.Pair, why string) {
	s.find(mailboxRefused.On(pair.Source, rehome.Values{"why": why}))
}

// judgeSubscribe makes a refusal a warning: a subscription is a convenience for the user's client.
func (s *slice) judgeSubscribe(pair mapping.Pair, err error) error {
	err = faultOf(err, "subscribe", pair.Destination)
	if err == nil || rehome.ClassOf(err) != rehome.ClassPermanent {
		return err
	}
	s.find(subscriptionRefused.On(pair.Destination, rehome.Values{"why": err}))
	return nil
}
