// SPDX-License-Identifier: Apache-2.0

package mail

import (
	"cmp"
	"strings"

	"rehome"
	"rehome/internal/verify"
)

// Programs that clean up by age may go by when a message came into its mailbox (SAVEDATE, RFC 8514), which is neither the Date field nor
// INTERNALDATE.

// askSaved has both ends asked, where both tell.
func (c *check) askSaved() {
	at, there := c.src.session.Capabilities().Has("SAVEDATE"), c.dst.session.Capabilities().Has("SAVEDATE")
	c.src.saved = c.options.UIDs && at && there
	c.dst.saved = c.src.saved
	if c.options.UIDs && at != there {
		side := rehome.Source
		if at {
			side = rehome.Destination
		}
		c.find(savedNoneCompared, "", rehome.Values{"why": "the " + string(side) + " does not tell (SAVEDATE)"})
	}
}

// unlikeSaved counts the messages that came into the mailbox at another time, and those of which an end does not say when.
func unlikeSaved(same []pair) (other, untold int) {
	for _, p := range same {
		switch {
		case p.src.saved == 0 || p.dst.saved == 0:
			untold++
		case p.src.saved != p.dst.saved:
			other++
		}
	}
	return other, untold
}

// differSaved books the messages of a group that came into the mailbox at another time, and returns how many differences that is.
func (c *check) differSaved(m verify.Mailbox, r *reading) int {
	name := strings.Join(m.Source, ", ")
	if !c.src.saved {
		return 0
	}
	other, untold := unlikeSaved(r.same)
	if untold > 0 {
		c.find(savedNotCompared, name, rehome.Values{"n": untold, "why": "a server does not know it"})
	}
	if other == 0 {
		return 0
	}
	c.differ(verify.Difference{
		Kind: verify.SavedDatesDiffer, Mailbox: name, Object: m.Destination,
		Sentence: "mailbox " + quote(cmp.Or(m.Destination, name)) + " shows another time at the destination at which " +
			verify.Count(int64(other), "message") + " came into it: programs that clean up by age may go by that",
	})
	return 1
}
