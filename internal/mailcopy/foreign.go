// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"rehome"
	"rehome/internal/content/message"
	"rehome/internal/ledger"
	"rehome/internal/mapping"
	"rehome/internal/protocol/imap"
)

// A log-in may open another person's mail one day: a home folder that was mixed up, a login map with a wrong
// line, an address that was given away. Nothing of that may be copied before somebody has looked.

const (
	askedMailboxes = 10  // of the source, the fullest first
	askedEachEnd   = 100 // of their oldest and of their newest messages
	foreignShare   = 10  // less than one known of so many is another person's account
)

// lineage is what the listing says of a source mailbox that was copied before.
type lineage int

const (
	unclear   lineage = iota // the source does not tell
	missing                  // not listed any more
	broken                   // it does not go on where it was left
	continued                // it goes on where it was left, by its numbers
	untouched                // as it was left
)

// lineageOf compares a row with the listing.
func lineageOf(row ledger.Mailbox, entry imap.ListEntry, listed bool) lineage {
	if !selectable(entry, listed) {
		return missing
	}
	status := entry.Status
	switch {
	case status == nil || status.UIDNext == 0 || status.UIDValidity == 0 || row.Anchor.SrcUIDValidity == 0:
		return unclear
	case status.UIDValidity != row.Anchor.SrcUIDValidity || status.UIDNext < row.State.SrcUIDNext || status.UIDNext <= row.Done.Minus(row.Gone).Max():
		return broken
	case status.MailboxID != "" && row.State.SrcMailboxID != "" && status.MailboxID != row.State.SrcMailboxID:
		return broken
	case status.UIDNext == row.State.SrcUIDNext && status.Messages.Is(row.State.SrcMessages) && sameOctets(row.State, status):
		return untouched
	}
	return continued
}

// testimony is what speaks for and against an account's being the one that was copied before.
type testimony struct {
	known int // messages that were at the source at the last pass
	goes  int // mailboxes that go on where they were left, and have been used before
	asked int // messages that were looked at now
	found int // of those, known
}

// foreign decides: no mailbox goes on, and of the messages that are there now hardly any is known. A user who
// deletes everything and gets new mail has an INBOX that goes on; a server that renumbers everything still has
// the messages.
func (e testimony) foreign() bool {
	return e.known > 0 && e.goes == 0 && e.asked > 0 && e.found*foreignShare < min(e.asked, e.known)
}

// familiar sorts the rows by what the listing says of them. Settled says that there is nothing to look into:
// a mailbox is as it was left and none speaks against it.
func (v accountView) familiar() (e testimony, goesOn []ledger.Mailbox, settled bool) {
	counted := map[lineage]int{}
	for _, name := range slices.Sorted(maps.Keys(v.rows)) {
		row := v.rows[name]
		entry, listed := v.src[name]
		known := row.Done.Minus(row.Gone).Len()
		e.known += known
		l := lineageOf(row, entry, listed)
		if known > 0 {
			counted[l]++
		}
		switch {
		case l != continued && l != untouched:
		case known > 0:
			goesOn = append(goesOn, row)
		case entry.Status.UIDNext > 1:
			e.goes++ // emptied by its user, and used since it was made
		}
	}
	slices.SortStableFunc(goesOn, func(a, b ledger.Mailbox) int { return cmp.Compare(b.Done.Len(), a.Done.Len()) })
	settled = e.known == 0 || counted[untouched]+counted[unclear] > 0 && counted[broken]+counted[missing] == 0
	return e, goesOn, settled
}

// recognise stops the account when its source has become another person's. A damaged message at which the source ends
// the connection must not stop it: it is left out from the next slice on.
func (s *slice) recognise(ctx context.Context) error {
	if s.engine.options.ConfirmSource {
		return nil
	}
	e, goesOn, settled := s.view.familiar()
	if settled {
		return nil
	}
	opened, err := s.countGoing(ctx, goesOn, &e)
	if err == nil && e.goes == 0 {
		opened, err = s.askSource(ctx, &e)
	}
	if err == nil && opened { // extensions are switched on while no mailbox is open (RFC 5161, section 3.1)
		err = faultOf(s.src.UnselectAhead(ctx), "close mailboxes at", "the source")
	}
	if err != nil {
		return err
	}
	if e.foreign() {
		_, messages, _ := s.view.totals()
		s.foreign = true
		s.find(e.finding())
		s.count(func(t *Tally) { t.Held += int(max(messages, 1)) })
	}
	return nil
}

// countGoing asks mailboxes that go on by their numbers, until one is known by its messages: two accounts that
// were made in the same second may have the same numbers. Opened says that a mailbox is left open.
func (s *slice) countGoing(ctx context.Context, goesOn []ledger.Mailbox, e *testimony) (opened bool, err error) {
	for _, row := range goesOn[:min(len(goesOn), askedMailboxes)] {
		name := row.Anchor.Source
		if opened, err = s.openFor(ctx, s.src, "open source mailbox", name); err != nil {
			return opened, err
		}
		if !opened {
			continue
		}
		st, err := s.askNewest(ctx, s.atSource(s.src, name), row, atSource(row))
		if err != nil {
			return opened, faultOf(err, "look again at source mailbox", name)
		}
		if st.other.Empty() {
			e.goes++
			break
		}
	}
	return opened, nil
}

// askSource looks at messages of the fullest mailboxes and counts those that the ledger knows.
func (s *slice) askSource(ctx context.Context, e *testimony) (opened bool, err error) {
	asked := map[message.Fingerprint]int{}
	pairs := slices.Clone(s.view.plan.Pairs)
	slices.SortStableFunc(pairs, func(a, b mapping.Pair) int { return cmp.Compare(s.view.listedAt(b.Source), s.view.listedAt(a.Source)) })
	for _, pair := range pairs[:min(len(pairs), askedMailboxes)] {
		if pair.Container {
			continue
		}
		var origins []message.Fingerprint
		if origins, opened, err = s.originsOf(ctx, rehome.Source, s.atSource(s.src, pair.Source), pair.Source); err != nil {
			return opened, err
		}
		for _, origin := range origins {
			asked[origin]++
			e.asked++
		}
	}
	for _, row := range s.view.rows {
		found, err := s.foundAmong(ctx, row, asked)
		if err != nil {
			return opened, err
		}
		e.found += found
	}
	return opened, nil
}

// foundAmong counts the messages of a row that are among those asked, each of these used once.
func (s *slice) foundAmong(ctx context.Context, row ledger.Mailbox, asked map[message.Fingerprint]int) (found int, err error) {
	err = s.engine.options.Ledger.Brought(ctx, &row, func(batch ledger.Stored) error {
		for _, item := range batch.Items {
			if item.Origin == nil {
				continue
			}
			if origin := message.Fingerprint(item.Origin); asked[origin] > 0 {
				asked[origin]--
				found++
			}
		}
		return nil
	})
	return found, err
}

// counted is how often each of some origins is there.
func counted(origins []message.Fingerprint) map[message.Fingerprint]int {
	asked := map[message.Fingerprint]int{}
	for _, origin := range origins {
		asked[origin]++
	}
	return asked
}

// listedAt is how many messages the source lists in a mailbox.
func (v accountView) listedAt(source string) int64 {
	if status := v.src[source].Status; status != nil {
		n, _ := status.Messages.Told()
		return n
	}
	return 0
}

// originsOf returns the origins of some of the oldest and some of the newest messages of a mailbox. What its end does not show bears no
// witness.
func (s *slice) originsOf(ctx context.Context, side rehome.Side, a asker, name string) (
	origins []message.Fingerprint, opened bool, err error) {
	witnesses, opened, err := s.witnesses(ctx, side, a, name)
	return originsIn(witnesses), opened, err
}

func originsIn(witnesses []*entry) (origins []message.Fingerprint) {
	for _, e := range witnesses {
		origins = append(origins, e.origin)
	}
	return origins
}

// witnesses opens a mailbox, and returns those messages with their headers.
func (s *slice) witnesses(ctx context.Context, side rehome.Side, a asker, name string) (witnesses []*entry, opened bool, err error) {
	if opened, err = s.openFor(ctx, a.session, "open "+string(side)+" mailbox", name); err != nil || !opened {
		return nil, opened, err
	}
	all, err := a.session.SearchAll(ctx, 1)
	if err != nil {
		return nil, opened, faultOf(err, "list "+string(side)+" mailbox", name)
	}
	oldest, rest := head(all, askedEachEnd)
	_, newest := head(rest, max(rest.Len()-askedEachEnd, 0))
	var entries []*entry
	for uid := range union(oldest, newest).All() {
		entries = append(entries, &entry{uid: uid})
	}
	if err := a.headers(ctx, entries); err != nil {
		return nil, opened, faultOf(err, "list "+string(side)+" mailbox", name)
	}
	return slices.DeleteFunc(entries, func(e *entry) bool { return !e.original }), opened, nil
}

func (e testimony) finding() rehome.Finding {
	return SourceForeign.On("", rehome.Values{"asked": e.asked, "found": e.found})
}
