// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"context"
	"slices"

	"rehome"
	"rehome/internal/mapping"
	"rehome/internal/protocol/imap"
)

// commandsAhead is how many short commands are sent before the first answer is read: a hundred
// mailboxes then cost a few round trips.
const commandsAhead = 50

// createMissing creates and subscribes what the plan asks for, both in one go: each mailbox is subscribed
// behind its own CREATE. Parents that only hold others are made by the server together with their
// children. A mailbox that cannot be created is left out with a finding; the others go on.
//
// What is about to be made is in the ledger first: what we have made, we may rename and delete later.
func (s *slice) createMissing(ctx context.Context) error {
	missing := s.missing()
	if len(missing) > 0 {
		if err := s.engine.options.Ledger.IntendCreations(ctx, s.account.Address, destinations(missing)); err != nil {
			return err
		}
	}
	refused := map[string]bool{}
	judge := func(pair mapping.Pair, err error) error {
		refused[pair.Destination] = err != nil
		return s.judgeCreate(pair, err)
	}
	special, plain := s.splitSpecial(missing)
	if err := s.createSpecial(ctx, special, judge); err != nil {
		return err
	}
	var steps []step
	for _, pair := range plain {
		steps = append(steps, step{pair: pair, send: s.dst.CreateAhead, judge: judge})
	}
	for _, pair := range s.unsubscribed() {
		steps = append(steps, step{pair: pair, send: s.dst.SubscribeAhead, judge: func(pair mapping.Pair, err error) error {
			if refused[pair.Destination] {
				return nil // it is not there, which has been said already
			}
			return s.judgeSubscribe(pair, err)
		}})
	}
	if err := ahead(ctx, steps); err != nil {
		return err
	}
	return s.leaveRefused(ctx, refused)
}

// leaveRefused takes what could not be made out of the plan, and out of what we have made.
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
	s.view.plan.Pairs = slices.DeleteFunc(s.view.plan.Pairs, func(pair mapping.Pair) bool { return answers[pair.Destination] })
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
		if pair, wanted := byDestination[name]; wanted {
			pairs = append(pairs, pair)
		}
	}
	return pairs
}

// staysAway says that the destination's user has removed a mailbox, and nothing new goes there.
func (v accountView) staysAway(pair mapping.Pair) bool {
	row, known := v.rows[pair.Source]
	return known && dropped(row) && !v.needsWork(pair)
}

// unsubscribed returns the pairs that are subscribed at the source only.
func (s *slice) unsubscribed() []mapping.Pair {
	var pairs []mapping.Pair
	for _, pair := range s.view.plan.Pairs {
		if pair.Subscribe && !pair.Container && !s.view.dst[pair.Destination].Subscribed && !s.held[pair.Destination] && !s.view.staysAway(pair) {
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
}

// ahead sends some commands before the first answer is read, and has every answer judged in order.
func ahead(ctx context.Context, steps []step) error {
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
		}
	}
	return nil
}

// judgeCreate makes a finding of a name that the destination refuses; other trouble ends the slice.
func (s *slice) judgeCreate(pair mapping.Pair, err error) error {
	err = faultOf(err, "create mailbox", pair.Destination)
	if err == nil || rehome.ClassOf(err) != rehome.ClassPermanent {
		return err
	}
	s.find(rehome.Finding{
		Code: "mailbox_refused", Severity: rehome.SeverityError, Object: pair.Source,
		Sentence: "the destination does not take this mailbox, its messages stay behind: " + err.Error(),
		NextStep: "give it another name with mail.rename, or set mail.max_name if it is too long, and run sync again",
	})
	return nil
}

// judgeSubscribe makes a refusal a warning: a subscription is a convenience for the user's client.
func (s *slice) judgeSubscribe(pair mapping.Pair, err error) error {
	err = faultOf(err, "subscribe", pair.Destination)
	if err == nil || rehome.ClassOf(err) != rehome.ClassPermanent {
		return err
	}
	s.find(rehome.Finding{
		Code: "subscription_refused", Severity: rehome.SeverityWarning, Object: pair.Destination,
		Sentence: err.Error(), NextStep: "subscribe it in the mail client",
	})
	return nil
}
