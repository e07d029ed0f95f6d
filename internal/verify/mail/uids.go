// SPDX-License-Identifier: Apache-2.0

package mail

import (
	"cmp"
	"fmt"
	"strings"

	"rehome/internal/protocol/imap"
	"rehome/internal/verify"
)

// Programs that keep a copy know a message by the mailbox, its UIDVALIDITY and the message's UID (RFC 9051, section 2.3.1.1). What
// they know stays true after a move only if all three are the same, and if the destination gives no UID again that was given.

// numbered is what one end tells of a mailbox beside its messages.
type numbered struct {
	validity uint32
	next     imap.UID // 0 when it is not told
	highest  imap.UID // of all messages
}

func numbersOf(b *box) numbered {
	n := numbered{validity: b.state.UIDValidity, next: b.state.UIDNext}
	for _, r := range b.records {
		n.highest = max(n.highest, r.uid)
	}
	return n
}

// unused says that no program can know anything of a mailbox.
func (n numbered) unused() bool { return n.highest == 0 && n.next <= 1 }

// renumbered counts the messages that have another UID at the destination. Of several that are the same, each may have that of any.
func renumbered(same []pair) (count int) {
	there := make(map[imap.UID]*record, len(same))
	for _, p := range same {
		there[p.dst.uid] = p.dst
	}
	for _, p := range same {
		if p.src.uid == p.dst.uid {
			continue
		}
		twin := there[p.src.uid]
		if twin == nil || twin.size != p.dst.size || twin.digest != p.dst.digest || !twin.read() && twin.date != p.dst.date {
			count++
		}
	}
	return count
}

// uidFault says in what the UIDs of a mailbox differ, the gravest first; "" for nothing.
func uidFault(src, dst numbered, moved, messages int) (source, destination, sentence string) {
	again := "mail programs download " + verify.Count(int64(messages), "message") + " again"
	if messages == 0 {
		again = "mail programs forget what they know of it"
	}
	switch {
	case src.unused():
		return "", "", ""
	case src.validity == 0 || dst.validity == 0:
		return "", "", "has no UIDVALIDITY at one end: whether mail programs download it again is unknown"
	case src.validity != dst.validity:
		return fmt.Sprintf("UIDVALIDITY %d", src.validity), fmt.Sprintf("UIDVALIDITY %d", dst.validity),
			fmt.Sprintf("has UIDVALIDITY %d at the source and %d at the destination: %s", src.validity, dst.validity, again)
	case moved > 0:
		return "", "", fmt.Sprintf("has %s with another UID at the destination: mail programs download them again",
			verify.Count(int64(moved), "message"))
	}
	next := max(src.next, src.highest+1)
	if dst.next >= next {
		return "", "", ""
	}
	source, destination = fmt.Sprintf("UIDNEXT %d", next), fmt.Sprintf("UIDNEXT %d", dst.next)
	if dst.next == 0 {
		return source, "", "has no UIDNEXT at the destination: whether it gives UIDs again that mail programs know is unknown"
	}
	return source, destination, fmt.Sprintf("assigns UID %d next at the destination and %d at the source: mail programs can take a new "+
		"message for one that they know", dst.next, next)
}

// differUIDs books in what the UIDs of a group differ, and returns how many differences that is.
func (c *check) differUIDs(m verify.Mailbox, r *reading) int {
	if !c.options.UIDs || r.dst == nil || len(r.src) == 0 {
		return 0
	}
	d := verify.Difference{Kind: verify.UIDsDiffer, Mailbox: strings.Join(m.Source, ", "), Object: m.Destination}
	if len(r.src) > 1 {
		d.Sentence = "has the messages of several mailboxes of the source: mail programs download all of it again"
	} else {
		d.Source, d.Destination, d.Sentence = uidFault(numbersOf(r.src[0]), numbersOf(r.dst), renumbered(r.same), len(r.src[0].records))
	}
	if d.Sentence == "" {
		return 0
	}
	d.Sentence = "mailbox " + quote(cmp.Or(d.Object, d.Mailbox)) + " " + d.Sentence
	c.differ(d)
	return 1
}
