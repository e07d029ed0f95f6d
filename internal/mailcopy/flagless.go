// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"context"
	"maps"
	"slices"

	"rehome/internal/protocol/imap"
)

// A message of which a listing has told no flags has not none: it is unknown which. The rule: before it is copied the source is
// asked for what it has left out once more, as no date can be given to a copy later; and as long as the source does not tell the
// flags of what is copied, no mod-sequence is noted by which a later pass could tell that nothing has changed.

// retold asks once more for what a listing has told nothing of. The date of the newest message has come with the opening, too.
func (j *mailboxJob) retold(ctx context.Context, entries []entry) ([]entry, error) {
	var missing imap.UIDSet
	place := map[imap.UID]int{}
	for i, e := range entries {
		if e.flags == nil {
			missing.Add(e.uid)
			place[e.uid] = i
		}
	}
	if missing.Empty() {
		return entries, nil
	}
	again, err := sweep(ctx, j.src, missing)
	if err != nil {
		return nil, faultOf(err, "list source mailbox", j.pair.Source)
	}
	for _, e := range again {
		if at, asked := place[e.uid]; asked {
			entries[at] = e
		}
	}
	for uid := range missing.All() {
		e := &entries[place[uid]]
		j.flagsDue = j.flagsDue || e.flags == nil
		if uid == j.srcNewest.UID && e.date.IsZero() {
			e.date, e.size = j.srcNewest.InternalDate, max(e.size, j.srcNewest.Size)
		}
	}
	return entries, nil
}

// listFlags returns the flags of messages of the source, as far as it tells them or, since a mod-sequence that is not 0, has changed
// them. It is asked once more for those that it has to tell and has left out; they are unknown then.
func (j *mailboxJob) listFlags(ctx context.Context, uids imap.UIDSet, since uint64) (map[imap.UID][]string, error) {
	told := make(map[imap.UID][]string, uids.Len())
	left := uids
	for range 2 {
		if left.Empty() {
			break
		}
		command, err := j.src.Fetch(ctx, left, imap.FetchItems{Flags: true, ChangedSince: since}, imap.FetchHandler{
			Message: func(m *imap.Message) error {
				if m.Flags != nil { // otherwise it has not said
					told[m.UID] = m.Flags
				}
				return nil
			},
		})
		if err == nil {
			err = command.Wait(ctx)
		}
		if err != nil || since != 0 {
			return told, err
		}
		left = uids.Minus(imap.NewUIDSet(slices.Sorted(maps.Keys(told))...))
	}
	j.flagsUntold = !left.Empty()
	return told, nil
}
