// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"rehome"
	"rehome/internal/endpoint"
	"rehome/internal/ledger"
	"rehome/internal/mapping"
	"rehome/internal/protocol/imap"
)

// A destination that answers NO to a change of flags may do so for a moment, because of one flag of several, or always. The rule: it is
// asked once more, and then for one flag at a time, so that each that it takes is there. What it says that it cannot do (CANNOT, RFC 5530)
// is a flag that it cannot store, as one that PERMANENTFLAGS leaves out. Everything else that it refuses is named and tried again in the next
// pass: it is not booked, and no mod-sequence is noted by which that could tell that nothing has changed. It keeps nothing else back.

// flagRefusals are the changes of flags that the destination refuses in a mailbox, each of one flag.
type flagRefusals struct {
	changes []flagChange
	words   string // of the first refusal
	inARow  int    // refusals, see refusalsInARow
	cannot  keywordLosses
}

// applyFlags makes one change at the destination, as far as that takes it.
func (j *mailboxJob) applyFlags(ctx context.Context, c flagChange) error {
	c.flags = j.flagsRefused.willing(c)
	for range 2 {
		if len(c.flags) == 0 {
			return nil
		}
		if refused, err := j.storeFlags(ctx, c); err != nil || refused == nil {
			return err
		}
	}
	for _, flag := range c.flags {
		one := flagChange{mode: c.mode, flags: []string{flag}, uids: c.uids}
		refused, err := j.storeFlags(ctx, one)
		switch {
		case err != nil:
			return err
		case refused == nil:
		case refused.Code == "CANNOT" && c.mode == imap.StoreAdd:
			for uid := range c.uids.All() {
				j.flagsRefused.cannot.note(uid, one.flags)
			}
		default:
			j.flagsRefused.note(one, withoutTiming(refused.Text))
		}
	}
	return nil
}

// storeFlags gives the command for a change. refused is the NO of a server that goes on.
func (j *mailboxJob) storeFlags(ctx context.Context, c flagChange) (refused *imap.StatusError, err error) {
	err = j.dst.Store(ctx, c.uids, c.mode, c.flags)
	status, is := err.(*imap.StatusError) //nolint:errorlint // what another command was told says nothing of this one
	if !is || status.Kind != "NO" || rehome.ClassOf(endpoint.Fault(err, "", "")) != rehome.ClassPermanent {
		j.flagsRefused.inARow = 0
		return nil, err
	}
	if j.flagsRefused.inARow++; j.flagsRefused.inARow%refusalsInARow == 0 {
		return status, j.dst.Noop(ctx)
	}
	return status, nil
}

// willing leaves out the flags that the destination has refused to other messages of the mailbox, and notes that for these, too.
func (r *flagRefusals) willing(c flagChange) (flags []string) {
	for _, flag := range c.flags {
		i := slices.IndexFunc(r.changes, func(other flagChange) bool { return other.mode == c.mode && strings.EqualFold(other.flags[0], flag) })
		if i < 0 {
			flags = append(flags, flag)
			continue
		}
		r.changes[i].uids.AddSet(c.uids)
	}
	return flags
}

func (r *flagRefusals) note(c flagChange, words string) {
	r.words = cmp.Or(r.words, words)
	c.uids = union(c.uids)
	r.changes = append(r.changes, c)
}

func (r *flagRefusals) findings(pair mapping.Pair) []rehome.Finding {
	all := r.cannot.finding(pair.Source)
	if len(r.changes) == 0 {
		return all
	}
	var uids imap.UIDSet
	flags := map[string]bool{}
	for _, c := range r.changes {
		uids.AddSet(c.uids)
		flags[c.flags[0]] = true
	}
	return append(all, flagsRefused.On(pair.Destination, rehome.Values{"flags": joinNames(flags), "n": uids.Len(), "why": r.words}))
}

// withhold takes what was refused out of what is to be written, and returns of how many messages something is left.
func (u flagUpdate) withhold(refused []flagChange) (messages int) {
	for _, batch := range u.batches {
		for i := range batch.Items {
			item := &batch.Items[i]
			before, changed := u.before[item.DstUID]
			if !changed {
				continue
			}
			for _, c := range refused {
				switch {
				case !c.uids.Contains(item.DstUID):
				case c.mode == imap.StoreAdd:
					item.Flags = minus(item.Flags, c.flags)
				default:
					item.Flags = slices.Concat(item.Flags, c.flags)
				}
			}
			if ledger.FlagSet(item.Flags) != ledger.FlagSet(before) {
				messages++
			}
		}
	}
	return messages
}
