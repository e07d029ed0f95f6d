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

// prepare creates and subscribes what the plan asks for, both in one go: each mailbox is subscribed
// behind its own CREATE. Parents that only hold others are made by the server together with their
// children. A mailbox that cannot be created is left out with a finding; the others go on.
func (s *slice) prepare(ctx context.Context) error {
	refused := map[string]bool{}
	var steps []step
	for _, pair := range s.missing() {
		steps = append(steps, step{pair: pair, send: s.dst.CreateAhead, judge: func(pair mapping.Pair, err error) error {
			refused[pair.Destination] = err != nil
			return s.judgeCreate(pair, err)
		}})
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
	s.view.plan.Pairs = slices.DeleteFunc(s.view.plan.Pairs, func(pair mapping.Pair) bool { return refused[pair.Destination] })
	return nil
}

// missing returns the pairs whose destinations have to be made, each destination once, parents first.
func (s *slice) missing() []mapping.Pair {
	byDestination := map[string]mapping.Pair{}
	for _, pair := range s.view.plan.Pairs {
		if !pair.Container {
			byDestination[pair.Destination] = pair
		}
	}
	var pairs []mapping.Pair
	for _, name := range s.view.plan.Missing() {
		pairs = append(pairs, byDestination[name])
	}
	return pairs
}

// unsubscribed returns the pairs that are subscribed at the source only.
func (s *slice) unsubscribed() []mapping.Pair {
	var pairs []mapping.Pair
	for _, pair := range s.view.plan.Pairs {
		if pair.Subscribe && !pair.Container && !s.view.dst[pair.Destination].Subscribed {
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
		NextStep: "give it another name with mail.rename and run sync again",
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
