// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"log/slog"
	"maps"

	"rehome"
	"rehome/internal/pass"
)

// Counts is what slices have done, and what they have seen last, by kind. A kind that was not looked at is not in it.
type Counts map[rehome.Kind]Tally

// Plus implements pass.Counts.
func (c Counts) Plus(later pass.Counts, looked bool) pass.Counts {
	l, ok := later.(Counts)
	if !ok || !looked {
		return c
	}
	sum := maps.Clone(c)
	for kind, tally := range l {
		all := sum[kind]
		all.Add(tally)
		sum[kind] = all
	}
	return sum
}

// LogValue implements slog.LogValuer.
func (c Counts) LogValue() slog.Value {
	var kinds []slog.Attr
	for kind, tally := range c {
		kinds = append(kinds, slog.Any(string(kind), tally))
	}
	return slog.GroupValue(kinds...)
}

// LogValue implements slog.LogValuer.
func (t Tally) LogValue() slog.Value {
	return slog.GroupValue(
		slog.Int(rehome.LogObjects, t.Objects), slog.Int(rehome.LogCopied, t.Copied), slog.Int(rehome.LogUpdated, t.Updated),
		slog.Int(rehome.LogAdopted, t.Adopted), slog.Int(rehome.LogUnchanged, t.Unchanged()), slog.Int(rehome.LogRemoved, t.Removed),
		slog.Int(rehome.LogHeld, t.Held), slog.Int(rehome.LogFailed, t.Failed()), slog.Int(rehome.LogRemaining, t.Remaining),
		slog.Int64(rehome.LogOctets, t.Octets),
	)
}

// Tally counts objects. Objects is the sum of Copied, Updated, Adopted, Unchanged, Quarantined, Conflicts, Held,
// Deserted and Remaining.
type Tally struct {
	Objects     int   // at the source, as far as it was listed
	Copied      int   // written by this slice
	Updated     int   // written again because the source changed them
	Adopted     int   // found at the destination and taken over by this slice
	Repaired    int   // of the copied and updated ones
	Removed     int   // removed at the destination by this slice
	Quarantined int   // not at the destination because it refuses them or keeps something else
	Conflicts   int   // edited at both ends
	Held        int   // would make the destination send invitations
	Deserted    int   // were at the destination, and are there no more, or only in an earlier version; not copied again
	Doubted     int   // vanished from the source, so many at once that somebody has to confirm it
	Remaining   int   // not tried yet, or begun: nobody knows whether they are at the destination
	Lasting     int   // of the quarantined, in conflict, held, missing and remaining: what repeating does not mend
	Octets      int64 // of the copied and updated ones
}

// Failed counts what is not at the destination as the source has it.
func (t Tally) Failed() int { return t.Quarantined + t.Conflicts + t.Held + t.Deserted }

// Unchanged counts the objects that were at the destination before.
func (t Tally) Unchanged() int {
	return max(t.Objects-t.Copied-t.Updated-t.Adopted-t.Failed()-t.Remaining, 0) // some may have vanished meanwhile
}

// Add adds what another slice of the same pass did. What is a state and not an event the later slice
// knows best.
func (t *Tally) Add(later Tally) {
	t.count(later)
	t.Objects = later.Objects
	t.Quarantined = later.Quarantined
	t.Conflicts = later.Conflicts
	t.Held = later.Held
	t.Doubted = later.Doubted
	t.Deserted = later.Deserted
	t.Remaining = later.Remaining
	t.Lasting = later.Lasting
}

// count adds events and no states.
func (t *Tally) count(done Tally) {
	t.Copied += done.Copied
	t.Updated += done.Updated
	t.Adopted += done.Adopted
	t.Repaired += done.Repaired
	t.Removed += done.Removed
	t.Octets += done.Octets
}
