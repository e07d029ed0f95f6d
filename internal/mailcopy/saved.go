// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"context"

	"rehome/internal/endpoint"
	"rehome/internal/mapping"
	"rehome/internal/protocol/imap"
)

// When messages came into the mailbox goes along where they keep their UIDs, as far as the source tells it (RFC 8514). Programs that
// clean up by age go by it. Of the others the destination says when it has stored them itself: no date is made up.
//
// The listing asks for it, which spares a round trip and a second answer for each message. A source may refuse that, and then is asked
// for it alone, so that it can refuse that without consequences.

// sweepSaved is sweepAhead at the source of a mailbox that may keep UIDs.
func sweepSaved(ctx context.Context, session *endpoint.Session, uids imap.UIDSet) (*listing, error) {
	l := newListing(session, uids)
	l.items.SaveDate = tellsSaved(session)
	return l.ask(ctx)
}

func tellsSaved(session *endpoint.Session) bool { return session.Capabilities().Has("SAVEDATE") }

// sweepSource lists uids of the source.
func (j *mailboxJob) sweepSource(ctx context.Context, uids imap.UIDSet) ([]entry, error) {
	if !j.uids.kept {
		return sweep(ctx, j.src, uids)
	}
	listing, err := sweepSaved(ctx, j.src, uids)
	if err != nil {
		return nil, err
	}
	return listing.wait(ctx)
}

// refusedSaved says that a listing was refused that may be given without these dates.
func (l *listing) refusedSaved(err error) bool {
	return l.items.SaveDate && imap.IsStatus(err, "NO") && l.session.Err() == nil
}

// withoutSaved asks once more.
func (l *listing) withoutSaved(ctx context.Context) error {
	l.items.SaveDate = false
	for i := range l.entries {
		l.entries[i].asked = false
	}
	_, err := l.ask(ctx)
	return err
}

// mayKeepUIDs says, by what both ends list, that the messages of a pair may go by dsync.
func (s *slice) mayKeepUIDs(pair mapping.Pair) bool {
	return s.engine.options.Importer != nil && s.foreseeUIDs(pair) != uidsLost
}

// askSaved fills in the dates of entries, which are in the order of UIDs, as far as their listing has not asked for them.
func (j *mailboxJob) askSaved(ctx context.Context, entries []entry) error {
	var wanted imap.UIDSet
	place := map[imap.UID]int{}
	for i, e := range entries {
		if !e.asked {
			wanted.Add(e.uid)
			place[e.uid] = i
		}
	}
	if wanted.Empty() || !tellsSaved(j.src) {
		return nil
	}
	fetch, err := j.src.Fetch(ctx, wanted, imap.FetchItems{SaveDate: true}, imap.FetchHandler{Message: func(m *imap.Message) error {
		if i, asked := place[m.UID]; asked && imap.KeepableDate(m.SaveDate) {
			entries[i].saved = m.SaveDate
		}
		return nil
	}})
	if err == nil {
		err = fetch.Wait(ctx)
	}
	if j.src.Err() == nil && (imap.IsStatus(err, "NO") || imap.IsStatus(err, "BAD")) {
		err = nil
	}
	return faultOf(err, "list source mailbox", j.pair.Source)
}
