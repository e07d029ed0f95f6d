// SPDX-License-Identifier: Apache-2.0

package mapping

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// keyOf returns what two names share when the destination, or a human, takes them for one: the
// same composed form (RFC 9051 section 5.1), INBOX in any case, and the same case throughout if
// the destination folds it.
func (p *planner) keyOf(name string) string {
	name = norm.NFC.String(name)
	top, below, found := strings.Cut(name, p.dst.separator())
	if isInbox(top) {
		name = inbox
		if found {
			name += p.dst.separator() + below
		}
	}
	if p.rules.FoldsCase {
		name = foldCase(name)
	}
	return name
}

// claim is a destination name that is spoken for.
type claim struct {
	name string
	open bool // an exact rename sent a mailbox here: the one that belongs here may share it
}

// free says that nobody has claimed the name and that no virtual mailbox has it.
func (p *planner) free(name string) bool {
	_, claimed := p.claims[p.keyOf(name)]
	existing, found := p.listed(name)
	return !claimed && !(found && existing.virtual())
}

// take claims the name for n, in the spelling of who claimed it first or of the destination.
func (p *planner) take(n *node, name string, open bool) {
	key := p.keyOf(name)
	before, claimed := p.claims[key]
	if claimed {
		name = before.name
	} else if existing, found := p.listed(name); found {
		name = existing.Name
	}
	if key == p.keyOf(inbox) {
		name = inbox
		open = false
	}
	p.claims[key] = claim{name: name, open: open}
	n.placed = name
}

// unique returns head+part, shortened if it is too long and numbered if it is taken. The numbers
// keep clear of all names that source mailboxes want, whether they exist at the destination or
// not: so the answer stays the same after they have been created.
func (p *planner) unique(n *node, head, part string) (name string, why string) {
	name, shortened := p.fit(n, head, part, "")
	if shortened {
		why = whyTooLong
	}
	if p.free(name) || p.claims[p.keyOf(name)].open {
		return name, why
	}
	for i := 2; ; i++ {
		name, _ = p.fit(n, head, part, "-"+strconv.Itoa(i))
		if p.free(name) && p.wanted[p.keyOf(name)] == 0 {
			return name, whyTaken
		}
	}
}

// maxPart is what one level of a name may take in modified UTF-7: stores keep it as the name of a file.
// Dovecot 2.3 refuses 256 octets (measured).
const maxPart = 255

// holds says that the destination can hold a name, by its length.
func (p *planner) holds(head, part string) bool {
	return encodedLength(part) <= maxPart && (p.rules.MaxName <= 0 || encodedLength(head+part) <= p.rules.MaxName)
}

// fit returns head+part+tail, with the part cut and marked by a hash of the source name where the
// whole is too long for the destination. If not even the mark fits below the parent, the mailbox
// moves to the top.
func (p *planner) fit(n *node, head, part, tail string) (name string, shortened bool) {
	whole := head + part + tail
	if p.holds(head, part+tail) {
		return whole, false
	}
	sum := sha256.Sum256([]byte(n.Name))
	mark := "-" + hex.EncodeToString(sum[:4])
	if short, fits := p.shorten(head, part, mark+tail); fits {
		return short, true
	}
	if short, fits := p.shorten(p.dst.Prefix, p.letters.spell(part, true), mark+tail); fits {
		return short, true
	}
	return whole, false
}

// shorten cuts the part until the whole fits, as long as a character of it remains.
func (p *planner) shorten(head, part, tail string) (name string, fits bool) {
	letters := []rune(part)
	for n := min(len(letters), maxPart); n > 0; n-- { // each takes an octet or more
		if cut := string(letters[:n]) + tail; p.holds(head, cut) {
			return head + cut, true
		}
	}
	return "", false
}

// encodedLength returns the octets of a name in modified UTF-7 (RFC 3501 section 5.1.3).
func encodedLength(name string) int {
	length := 0
	units := 0 // units: UTF-16 code units of the run that base64 encodes
	endRun := func() {
		if units > 0 {
			length += 2 + (units*16+5)/6
			units = 0
		}
	}
	for _, r := range name {
		switch {
		case r == '&':
			endRun()
			length += 2
		case r >= ' ' && r <= '~':
			endRun()
			length++
		case r > 0xffff:
			units += 2
		default:
			units++
		}
	}
	endRun()
	return length
}
