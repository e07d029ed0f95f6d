// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"context"
	"math"

	"rehome/internal/ledger"
	"rehome/internal/mapping"
	"rehome/internal/protocol/imap"
)

// The mailboxes of a small account are copied for the first time in waves, too: they are made in one round trip, opened in the next,
// with a listing and all their messages, and the intents of all are one commit. What is asked for is little by what the source
// has said of them, and goes only into mailboxes that are empty, as new ones are: nothing there has to be compared with anything.
const firstWaveOctets = 1 << 20 // many accounts are copied at once

// rideFirst makes what is missing and brings new mailboxes in waves, if that is the better way: where the rest of the account is not
// worth another connection, and all that is missing is made in one round trip. It returns the other jobs, and whether it has made
// what is missing.
func (s *slice) rideFirst(ctx context.Context, jobs [][]mapping.Pair, missing []mapping.Pair) (alone [][]mapping.Pair, made bool, err error) {
	if s.engine.options.Importer != nil || len(missing) > commandsAhead || !s.canWave() || !s.memory.mayWave() {
		return jobs, false, nil
	}
	planned := map[string]bool{}
	for _, pair := range missing {
		planned[pair.Destination] = true
	}
	kind := wavelet{first: true, octets: firstWaveOctets, little: func(pair mapping.Pair, row ledger.Mailbox) (int64, int64, bool) {
		return s.littleFirst(pair, row, planned)
	}}
	riders, others := s.nextWave(jobs, kind)
	if len(riders) < 2 {
		return jobs, false, nil
	}
	if extras, err := s.extrasFor(ctx, s.view.workOf(others, s.part())); err != nil || extras > 0 {
		return jobs, false, err
	}
	if err := s.createMissing(ctx, missing, func(string) {}); err != nil {
		return nil, false, err
	}
	planned = s.made
	alone, err = s.rideAll(ctx, s.possible(jobs), kind)
	return alone, true, err
}

// littleFirst says that a mailbox was never copied, holds little, and goes into an empty one: one that the destination has shown so,
// or one of ours.
func (s *slice) littleFirst(pair mapping.Pair, row ledger.Mailbox, ours map[string]bool) (messages, octets int64, little bool) {
	status := s.view.src[pair.Source].Status
	if row.ID != 0 || !status.Complete() || !s.unshunned(pair) {
		return 0, 0, false
	}
	if there, listed := s.view.dst[pair.Destination]; listed && !(there.Selectable() && there.Status.Complete() && there.Status.Messages.Is(0)) ||
		!listed && !ours[pair.Destination] {
		return 0, 0, false
	}
	messages, _ = status.Messages.Told()
	told := messages == 0 || status.Size > 0
	return messages, status.Size, told && messages <= foreseenMessages && status.Size <= foreseenOctets
}

// firstAhead opens a source mailbox that was never copied, and asks for a listing and for all that it held when the account was
// listed.
func (j *mailboxJob) firstAhead(ctx context.Context) (*sourceSince, error) {
	opening, err := j.src.ExamineAhead(ctx, j.pair.Source)
	if err != nil {
		return nil, err
	}
	var all, fresh imap.UIDSet
	all.AddRange(1, math.MaxUint32)
	if next := j.slice.view.src[j.pair.Source].Status.UIDNext; next > 1 {
		fresh.AddRange(1, next-1)
	}
	f := &foresight{bodies: map[imap.UID][]byte{}, room: foreseenOctets}
	f.listing = newListing(j.src, all)
	j.foreseen = f
	return &sourceSince{listedPeek: peek{opening: opening}.list(ctx, func() error {
		f.listing.command = f.ask(ctx, j.src, opening, all, listingItems(), imap.FetchHandler{Message: f.listing.take})
		f.ask(ctx, j.src, opening, fresh, imap.FetchItems{Body: true}, imap.FetchHandler{Literal: f.keep})
		return nil
	})}, nil
}

// takeListing hands the listing on that has come with the opening, if it was answered.
func (j *mailboxJob) takeListing(ctx context.Context) {
	f := j.foreseen
	if f == nil || f.listing == nil || f.listing.command == nil || f.listing.command.Wait(ctx) != nil {
		return
	}
	j.listing, f.listing = f.listing, nil
	j.listing.session = j.src
}
