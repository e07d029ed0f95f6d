// SPDX-License-Identifier: Apache-2.0

package mail

import (
	"slices"
	"time"

	"rehome/lab/simulation"
)

// A mailbox of the destination that can be opened, and not be changed (RFC 4314, section 4): for ever, from the beginning or from
// some instant on, or for a while. Who had it open for writing finds out at the next command.

// sealedPhase is how long one that is read-only for a while is so, or is not.
const sealedPhase = 10 * time.Second

// sealed says that nothing can be written to a mailbox now.
func (h *habits) sealed(box *mailbox) bool {
	if h.side != "destination" || box.name == "INBOX" {
		return false
	}
	key := box.names[0]
	phase := int(time.Since(clockBegins()) / sealedPhase)
	return h.sealedForEver(key) && h.sealedSince(key) <= time.Since(clockBegins()) || h.fails(writesDenied, phase, key)
}

// sealedForEver says that it will be so once, and does not end, by the first name of a mailbox.
func (h *habits) sealedForEver(name string) bool {
	return h.side == "destination" && name != "INBOX" && h.often(boxReadOnly, name)
}

// sealedSince is how long after the beginning that is.
func (h *habits) sealedSince(name string) time.Duration {
	c := h.chance.With(boxReadOnly, "since").With(name)
	if c.With("ever").Happens(0.5) {
		return 0
	}
	return c.Between(0, 2*time.Minute)
}

// sealedWords is how the server says so.
func (h *habits) sealedWords(box *mailbox) string {
	return "NO " + simulation.Pick(h.chance.With(boxReadOnly, "words").With(box.names[0]), "[NOPERM] permission denied", "Permission denied",
		"[NOPERM] mailbox is read-only", "mailbox is read-only")
}

// sealedEver says that a mailbox of the destination is, or will be, one that nobody can write to.
func (w *world) sealedEver(target string) bool {
	return slices.ContainsFunc(w.dst.ever, func(box *mailbox) bool {
		return slices.Contains(box.names, target) && w.habits["destination"].sealedForEver(box.names[0])
	})
}
