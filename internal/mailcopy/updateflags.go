// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"context"
	"slices"
	"strings"

	"rehome/internal/ledger"
	"rehome/internal/protocol/imap"
)

// updateFlags carries over what the source has changed in the flags since they were last applied.
// Flags that a user has changed at the destination since then stay as they are.
func (j *mailboxJob) updateFlags(ctx context.Context) error {
	if j.row.Done.Empty() || !j.flagsDue && (j.row.Fresh || j.flagsUntouched()) {
		return nil
	}
	current, err := j.sourceFlags(ctx)
	if err != nil {
		return faultOf(err, "list source mailbox", j.pair.Source)
	}
	u, err := j.flagChanges(ctx, current)
	if err != nil || len(u.batches) == 0 {
		return err
	}
	if _, err := j.dst.Select(ctx, j.pair.Destination); err != nil {
		return faultOf(err, "open destination mailbox", j.pair.Destination)
	}
	for _, c := range u.changes {
		if err := j.applyFlags(ctx, *c); err != nil {
			return faultOf(err, "change flags in", j.pair.Destination)
		}
	}
	messages := u.withhold(j.flagsRefused.changes)
	j.slice.find(j.flagsRefused.findings(j.pair)...)
	if messages == 0 {
		return nil
	}
	if err := j.ledger().SaveFlags(ctx, u.batches); err != nil {
		return err
	}
	j.slice.count(func(t *Tally) { t.Flagged += messages })
	return nil
}

// flagsUntouched reports whether the source says that nothing has changed (RFC 7162).
func (j *mailboxJob) flagsUntouched() bool {
	return j.row.State.SrcModSeq != 0 && j.row.State.SrcModSeq == j.srcBox.HighestModSeq
}

// sourceFlags lists the present flags of everything that is done and still there, or of what of it has
// changed.
func (j *mailboxJob) sourceFlags(ctx context.Context) (map[imap.UID][]string, error) {
	since := j.row.State.SrcModSeq
	if j.flagsDue || j.hasFallen() {
		since = 0 // of a message that was found at the destination, or that is as it was, also what was changed before
	} else if j.told != nil {
		return j.told, nil
	}
	return j.listFlags(ctx, j.row.Done.Minus(j.row.Gone), since)
}

// flagChange is one STORE for all messages that changed alike.
type flagChange struct {
	mode  imap.StoreMode
	flags []string
	uids  imap.UIDSet // at the destination
}

// flagUpdate is what has changed in the flags of a mailbox.
type flagUpdate struct {
	changes []*flagChange
	batches []ledger.Stored       // to be written when the changes are applied
	before  map[imap.UID][]string // flags that the ledger has of what has changed, by UID at the destination
}

// flagChanges compares the present flags with those of the ledger.
func (j *mailboxJob) flagChanges(ctx context.Context, current map[imap.UID][]string) (flagUpdate, error) {
	u := flagUpdate{before: map[imap.UID][]string{}}
	byKind := map[string]*flagChange{}
	add := func(mode imap.StoreMode, flags []string, uid imap.UID) {
		flags, _ = j.filter.split(flags)
		if len(flags) == 0 {
			return
		}
		key := string(mode) + " " + ledger.FlagSet(flags)
		if byKind[key] == nil {
			byKind[key] = &flagChange{mode: mode, flags: flags}
			u.changes = append(u.changes, byKind[key])
		}
		byKind[key].uids.Add(uid)
	}
	err := j.ledger().Stored(ctx, j.row, func(batch ledger.Stored) error {
		touched := false
		for i := range batch.Items {
			item := &batch.Items[i]
			now, listed := current[item.UID]
			if !listed || ledger.FlagSet(now) == ledger.FlagSet(item.Flags) || j.row.Lost.Contains(item.UID) || j.row.Untold.Contains(item.UID) ||
				j.silent.sources.Contains(item.UID) {
				continue
			}
			add(imap.StoreAdd, minus(now, item.Flags), item.DstUID)
			add(imap.StoreRemove, minus(item.Flags, now), item.DstUID)
			u.before[item.DstUID] = item.Flags
			item.Flags = now
			touched = true
		}
		if touched {
			u.batches = append(u.batches, batch)
		}
		return nil
	})
	return u, err
}

// minus returns the flags of a that are not in b; case does not matter (RFC 9051, section 2.3.2).
func minus(a, b []string) []string {
	var left []string
	for _, flag := range a {
		if !slices.ContainsFunc(b, func(other string) bool { return strings.EqualFold(flag, other) }) {
			left = append(left, flag)
		}
	}
	return left
}
