// SPDX-License-Identifier: Apache-2.0

package probemail

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"rehome"
)

// The times between two looks: a message arrives within a second or after a while.
const (
	firstPause   = 500 * time.Millisecond
	longestPause = 15 * time.Second
)

// sight is what one look into both ends has shown.
type sight struct {
	destination, source []Place
	dstErr, srcErr      error
}

// verdict is what a look means.
type verdict struct {
	state          State // Arrived, Spam, AtSource, Missing or Unseen; "" to look again
	sentence, next string
}

// judge decides what a look means. last says that the time is over.
func judge(seen sight, name string, last bool) verdict {
	switch {
	case len(seen.destination) > 0 && junkOnly(seen.destination):
		return verdict{Spam, "the message has arrived in " + seen.destination[0].Name + ", which is for spam: other mail may end there too",
			"ask the destination why it takes the message for spam"}
	case len(seen.destination) > 0:
		return verdict{Arrived, "the message has arrived in " + seen.destination[0].Name, ""}
	case len(seen.source) > 0 && (last || seen.dstErr == nil):
		return verdict{AtSource, "the message has landed at the old server, in " + seen.source[0].Name + "; " + name + " took it",
			"check that the MX records name the new mail hosts, and that the destination delivers the domain's mail itself"}
	case !last:
		return verdict{}
	case seen.dstErr != nil:
		return verdict{Unseen, "nobody could look for the message at the destination: " + seen.dstErr.Error(),
			cmp.Or(rehome.HintOf(seen.dstErr), "see to it that the account can be opened there, then run the same command again")}
	case seen.srcErr != nil:
		return verdict{Missing, "the message is not at the destination, and nobody could look at the old server: " + seen.srcErr.Error(), missingHint}
	}
	return verdict{Missing, "the message is at neither end", missingHint}
}

const missingHint = "the mail host may hold it back: look into its log; the next run looks for this message first"

func junkOnly(places []Place) bool {
	for _, p := range places {
		if !p.Junk {
			return false
		}
	}
	return true
}

// look looks into both ends until the message is found or the time is over, once at least.
func (s *sending) look(ctx context.Context, end time.Time) error {
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		seen := s.lookOnce(ctx)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		last := !time.Now().Add(pause).Before(end)
		if v := judge(seen, cmp.Or(s.row.Host, "an unknown server"), last); v.state != "" {
			return s.conclude(ctx, seen, v)
		}
		if err := wait(ctx, pause); err != nil {
			return err
		}
	}
}

// conclude notes where the message is, and removes it from the destination.
func (s *sending) conclude(ctx context.Context, seen sight, v verdict) error {
	switch v.state {
	case Arrived, Spam:
		s.row.Place = seen.destination[0].Name
		s.result.Seconds = int64(time.Since(s.row.Sent).Round(time.Second).Seconds())
	case AtSource:
		s.row.Place = seen.source[0].Name
	}
	if err := s.save(ctx, v.state, v.sentence, v.next); err != nil || v.state != Arrived && v.state != Spam {
		return err
	}
	if err := s.remove(ctx); err != nil {
		s.result.Sentence += fmt.Sprintf("; it could not be removed there: %v", err)
		s.result.NextStep = cmp.Or(s.result.NextStep, "delete the message by hand")
		return ctx.Err()
	}
	return s.changed(ctx, ActionRemoved, "in "+s.row.Place, "")
}

func (s *sending) remove(ctx context.Context) error {
	box, err := s.Destination(ctx, s.message.Account)
	if err != nil {
		return err
	}
	defer box.Close()
	return box.Remove(ctx, s.row.MessageID, contentOf(s.row.MessageID))
}

func (s *sending) lookOnce(ctx context.Context) (seen sight) {
	seen.destination, seen.dstErr = s.find(ctx, s.Destination)
	if len(seen.destination) == 0 && ctx.Err() == nil {
		seen.source, seen.srcErr = s.find(ctx, s.Source)
	}
	if len(seen.source) > 0 && seen.dstErr == nil { // it may have come between the two looks
		seen.destination, seen.dstErr = s.find(ctx, s.Destination)
	}
	return seen
}

func (s *sending) find(ctx context.Context, open func(context.Context, string) (Mailbox, error)) ([]Place, error) {
	box, err := open(ctx, s.message.Account)
	if err != nil {
		return nil, err
	}
	defer box.Close()
	places, err := box.Find(ctx, s.row.MessageID, contentOf(s.row.MessageID))
	if err != nil && len(places) > 0 {
		err = nil
	}
	return places, errors.Join(err)
}
