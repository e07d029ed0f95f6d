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
// pass: it is not booked, and no mod-sequence is noted by which that could tell that nothing has changed. It keeps nothing else back. A BAD
// ends the connection: the mailbox is begun anew, its flags are tried one at a time, and after a few such answers the keywords that are left count as
// refused.

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
	alone := false
	c.flags = slices.DeleteFunc(c.flags, func(flag string) bool {
		words, known := j.slice.memory.badFlag(j.pair.Source, c.mode, flag)
		if alone = alone || known; words != "" {
			j.flagsRefused.note(c.of(flag), words)
		}
		return words != ""
	})
	for range 2 {
		if len(c.flags) == 0 {
			return nil
		}
		if alone {
			break
		}
		if refused, err := j.storeFlags(ctx, c); err != nil || refused == nil {
			return err
		}
	}
	for _, flag := range c.flags {
		one := c.of(flag)
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

// of is the change of one of the flags.
func (c flagChange) of(flag string) flagChange {
	return flagChange{mode: c.mode, flags: []string{flag}, uids: union(c.uids)}
}

// badFlags is a change of flags to which the destination has answered BAD.
type badFlags struct {
	change flagChange
	reason *imap.StatusError
}

func (e *badFlags) Error() string { return e.reason.Error() }
func (e *badFlags) Unwrap() error { return e.reason }

// noteBadFlags notes such an answer: a flag that was tried alone is refused, and of several each is tried alone, unless there were too many.
func (m *memory) noteBadFlags(source string, bad *badFlags) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.badStores[source]++
	for _, flag := range bad.change.flags {
		words := ""
		if len(bad.change.flags) == 1 {
			words = cmp.Or(withoutTiming(bad.reason.Text), "BAD")
		}
		m.badFlags[flagKey(source, bad.change.mode, flag)] = words
	}
	if m.badStores[source] > badsInGroups {
		m.badFlags[source] = cmp.Or(withoutTiming(bad.reason.Text), "BAD")
	}
}

// badFlag says that a flag has to be tried alone, or with words that it is refused.
func (m *memory) badFlag(source string, mode imap.StoreMode, flag string) (words string, known bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if words, known = m.badFlags[flagKey(source, mode, flag)]; words == "" && len(withoutKeywords([]string{flag})) == 0 {
		words = m.badFlags[source]
	}
	return words, known
}

func flagKey(source string, mode imap.StoreMode, flag string) string {
	return source + "\n" + string(mode) + " " + strings.ToLower(flag)
}

// storeFlags gives the command for a change. refused is the NO of a server that goes on.
func (j *mailboxJob) storeFlags(ctx context.Context, c flagChange) (refused *imap.StatusError, err error) {
	err = j.dst.Store(ctx, c.uids, c.mode, c.flags)
	if status, bad := ownBad(err); bad {
		return nil, &badFlags{c, status}
	}
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
