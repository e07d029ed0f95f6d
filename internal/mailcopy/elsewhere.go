// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"context"
	"maps"
	"slices"

	"rehome"
	"rehome/internal/content/message"
	"rehome/internal/ledger"
)

// A mailbox that its user has renamed at the destination is known by its UIDVALIDITY, and some servers give a renamed mailbox another
// one, or number all of them anew. Where nothing of the name and nothing of the UIDVALIDITY is left, it is looked for by what is in
// it, among the mailboxes that nobody fills: it counts as found where one alone holds as many messages as were brought, and three of four
// that are looked at are those by their headers, and one at least to the octet. One that holds fewer may be what its user has picked out of
// a mailbox that was removed; what is away then counts as removed, and is not brought again for the sake of a guess.

// findElsewhere finds such mailboxes, and notes where they are. Those that the source has renamed, too, stay where their user has put them.
func (s *slice) findElsewhere(ctx context.Context, renamed []sighting) error {
	s.view.elsewhere = map[int64]string{}
	lost := s.view.lostAtDestination(renamed)
	homes := map[string][]string{} // of each that is lost, what may be it
	claimed := map[string]int{}
	looked := false
	for _, name := range slices.Sorted(maps.Keys(lost)) {
		for _, other := range s.view.strangers(s.view.liveAt(name)) {
			looked = true
			is, err := s.holds(ctx, other, lost[name])
			if err != nil {
				return err
			}
			if is {
				homes[name] = append(homes[name], other)
				claimed[other]++
			}
		}
	}
	for name, found := range homes {
		for _, row := range lost[name] {
			if len(found) == 1 && claimed[found[0]] == 1 {
				s.view.elsewhere[row.ID] = found[0]
			}
		}
	}
	if !looked {
		return nil
	}
	return faultOf(s.dst.UnselectAhead(ctx), "close mailboxes at", "the destination")
}

// lostAtDestination returns the rows whose mailboxes the destination lists neither under their name nor with their UIDVALIDITY, by name.
func (v accountView) lostAtDestination(renamed []sighting) map[string][]ledger.Mailbox {
	lost := map[string][]ledger.Mailbox{}
	for _, row := range v.rows {
		name := row.Anchor.Destination
		entry, listed := v.dst[name]
		source, wanted := v.src[row.Anchor.Source]
		wanted = selectable(source, wanted) || slices.ContainsFunc(renamed, func(s sighting) bool { return s.row.ID == row.ID })
		if wanted && !dropped(row) && !row.Live().Empty() && !selectable(entry, listed) && v.whereIs(row) == "" {
			lost[name] = append(lost[name], row)
		}
	}
	return lost
}

// strangers names the destination's mailboxes that no row fills, and that hold so many messages.
func (v accountView) strangers(messages int) []string {
	filled := map[string]bool{"INBOX": true}
	for _, row := range v.rows {
		filled[row.Anchor.Destination] = true
	}
	var names []string
	for _, name := range slices.Sorted(maps.Keys(v.dst)) {
		entry := v.dst[name]
		if !filled[name] && selectable(entry, true) && entry.Status != nil && entry.Status.UIDValidity != 0 && holds(entry.Status, messages) {
			names = append(names, name)
		}
	}
	return names
}

// holds says that a mailbox of the destination holds the messages of some rows.
func (s *slice) holds(ctx context.Context, name string, rows []ledger.Mailbox) (bool, error) {
	there := s.atDestination(s.dst, name)
	witnesses, _, err := s.witnesses(ctx, rehome.Destination, there, name)
	if err != nil || len(witnesses) == 0 {
		return false, err
	}
	asked := counted(originsIn(witnesses))
	found := 0
	for _, row := range rows {
		n, err := s.foundAmong(ctx, row, asked)
		if err != nil {
			return false, err
		}
		found += n
	}
	if found*4 < len(witnesses)*3 {
		return false, nil
	}
	is, err := s.holdsContent(ctx, there, rows, witnesses)
	return is, faultOf(err, "look at destination mailbox", name)
}

// readEachEnd is how many of the oldest and of the newest messages with the headers of what was brought are read.
const readEachEnd = 4

// holdsContent says that one of the messages of a mailbox that is open is, from the first octet to the last, what was brought: another one
// may have the same header, as letters of one mailing do.
func (s *slice) holdsContent(ctx context.Context, there asker, rows []ledger.Mailbox, witnesses []*entry) (bool, error) {
	asked := counted(originsIn(witnesses))
	brought := map[message.Fingerprint]map[message.Digest]bool{}
	for _, row := range rows {
		err := s.engine.options.Ledger.Brought(ctx, &row, func(batch ledger.Stored) error {
			for _, item := range batch.Items {
				if item.Origin == nil || item.Digest == nil || asked[message.Fingerprint(item.Origin)] == 0 {
					continue
				}
				origin := message.Fingerprint(item.Origin)
				if brought[origin] == nil {
					brought[origin] = map[message.Digest]bool{}
				}
				brought[origin][message.Digest(item.Digest)] = true
			}
			return nil
		})
		if err != nil {
			return false, err
		}
	}
	alike := slices.DeleteFunc(slices.Clone(witnesses), func(e *entry) bool { return brought[e.origin] == nil })
	if n := len(alike); n > 2*readEachEnd {
		alike = slices.Concat(alike[:readEachEnd], alike[n-readEachEnd:])
	}
	if err := there.bodies(ctx, alike, bodySeen); err != nil {
		return false, err
	}
	return slices.ContainsFunc(alike, func(e *entry) bool { return brought[e.origin][e.digest] }), nil
}
