// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"context"

	"rehome"
)

// prepare creates and subscribes what the plan asks for. Parents that only hold others are made by
// the server together with their children. A mailbox that cannot be created is left out with a
// finding; the others go on.
func (s *slice) prepare(ctx context.Context) error {
	missing := map[string]bool{}
	for _, name := range s.view.plan.Missing() {
		missing[name] = true
	}
	kept := s.view.plan.Pairs[:0:0]
	for _, pair := range s.view.plan.Pairs {
		if missing[pair.Destination] && !pair.Container {
			delete(missing, pair.Destination)
			ok, err := s.create(ctx, pair.Source, pair.Destination)
			if err != nil {
				return err
			}
			if !ok {
				continue
			}
		}
		kept = append(kept, pair)
		if pair.Subscribe && !pair.Container && !s.view.dst[pair.Destination].Subscribed {
			if err := s.subscribe(ctx, pair.Destination); err != nil {
				return err
			}
		}
	}
	s.view.plan.Pairs = kept
	return nil
}

// create makes one mailbox; ok is false when the destination refuses its name.
func (s *slice) create(ctx context.Context, source, destination string) (ok bool, err error) {
	err = faultOf(s.dst.Create(ctx, destination), "create mailbox", destination)
	if err == nil || rehome.ClassOf(err) != rehome.ClassPermanent {
		return err == nil, err
	}
	s.find(rehome.Finding{
		Code: "mailbox_refused", Severity: rehome.SeverityError, Object: source,
		Sentence: "the destination does not take this mailbox, its messages stay behind: " + err.Error(),
		NextStep: "give it another name with mail.rename and run sync again",
	})
	return false, nil
}

// subscribe is a convenience for the user's client: a refusal is a warning.
func (s *slice) subscribe(ctx context.Context, name string) error {
	err := faultOf(s.dst.Subscribe(ctx, name), "subscribe", name)
	if err == nil || rehome.ClassOf(err) != rehome.ClassPermanent {
		return err
	}
	s.find(rehome.Finding{
		Code: "subscription_refused", Severity: rehome.SeverityWarning, Object: name,
		Sentence: err.Error(), NextStep: "subscribe it in the mail client",
	})
	return nil
}
