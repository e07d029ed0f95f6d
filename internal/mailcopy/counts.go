// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"log/slog"

	"rehome"
	"rehome/internal/pass"
)

// Counts is what slices have done, and what they have seen last.
type Counts struct {
	Tally     Tally
	Census    Census // of the source's messages
	Mailboxes int
	Octets    int64 // at the source; -1 when the server does not say
}

// Plus implements pass.Counts.
func (c Counts) Plus(later pass.Counts, looked bool) pass.Counts {
	l, ok := later.(Counts)
	if !ok {
		return c
	}
	sum := c
	sum.Tally.Add(l.Tally)
	if !looked { // it cannot know of any
		sum.Tally.Restore(c.Tally)
		return sum
	}
	sum.Census = l.Census
	sum.Mailboxes = l.Mailboxes
	sum.Octets = l.Octets
	return sum
}

// Size implements pass.Sized.
func (c Counts) Size() pass.Size {
	return pass.Size{
		Mailboxes: int64(c.Mailboxes), Messages: c.Census.Messages(), Octets: max(c.Octets, 0),
		There: c.Census.There, Failed: c.Census.Failed,
	}
}

// LogValue implements slog.LogValuer.
func (c Counts) LogValue() slog.Value {
	return slog.GroupValue(
		slog.Int(rehome.LogMailboxes, c.Mailboxes), slog.Int64(rehome.LogMessages, c.Census.Messages()), slog.Int64(rehome.LogThere, c.Census.There),
		slog.Int(rehome.LogCopied, c.Tally.Copied), slog.Int64(rehome.LogOctets, c.Tally.Octets), slog.Int(rehome.LogAdopted, c.Tally.Adopted),
		slog.Int64(rehome.LogUnchanged, c.Unchanged()), slog.Int(rehome.LogFlagged, c.Tally.Flagged), slog.Int(rehome.LogRemoved, c.Tally.Removed),
		slog.Int(rehome.LogHeld, c.Tally.Held), slog.Int64(rehome.LogFailed, c.Census.Failed), slog.Int64(rehome.LogRemaining,
			c.Census.Left+c.Census.Stuck),
	)
}

// Unchanged counts the messages that were at the destination before the pass.
func (c Counts) Unchanged() int64 {
	return max(c.Census.There-int64(c.Tally.Copied)-int64(c.Tally.Adopted), 0) // some may have vanished meanwhile
}

// Tally counts messages.
type Tally struct {
	Copied  int   // written by this slice
	Adopted int   // found at the destination and taken over by this slice
	Flagged int   // whose flags this slice brought up to date
	Removed int   // removed at the destination by this slice
	Octets  int64 // of the copied ones

	// States and not events.
	Failed   int // see Census
	Kept     int // vanished at the source, and still at the destination
	Deserted int // at the source, and deleted or moved away by the destination's user
	Held     int // waiting for somebody to confirm a large loss at either end
}

// Add adds what another slice of the same pass did; of states the later slice knows best.
func (t *Tally) Add(later Tally) {
	t.Copied += later.Copied
	t.Adopted += later.Adopted
	t.Flagged += later.Flagged
	t.Removed += later.Removed
	t.Octets += later.Octets
	t.Restore(later)
}

// Restore takes the states over from other.
func (t *Tally) Restore(other Tally) {
	t.Failed = other.Failed
	t.Kept = other.Kept
	t.Deserted = other.Deserted
	t.Held = other.Held
}
