// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"bytes"
	"context"
	"crypto/sha256"
	"maps"
	"slices"
	"strings"

	"rehome/internal/endpoint"
	"rehome/internal/ledger"
	"rehome/internal/mapping"
	"rehome/internal/protocol/imap"
)

// Annotations (RFC 5464) are what programs note about a mailbox: a comment, a colour, what a folder is for. They go by IMAP,
// whichever way the messages take: dsync would store what its server keeps of its own as well, and would let the newer value win.
//
// What was brought is remembered, by its digest. A later change at the source follows only where the destination still has what was
// brought: what its user has set, changed or removed there stays. What is gone at the source goes under the same rules as messages.
// What an end does not tell is unknown, and unknown is never gone.

// shownNotes is what an end tells of the annotations of a mailbox.
type shownNotes struct {
	told    bool
	part    bool              // there are more than it tells
	digests map[string][]byte // by entry
	values  map[string]string // of those that may have to be brought
}

// mostValues bounds what of an account's annotations is held in memory until it is brought, in octets; the rest comes next time.
const mostValues = 8 << 20

// named says that an entry has a name that a server may be told (RFC 5464, section 4.1).
func named(entry string) bool {
	return len(entry) <= 1024 && !strings.ContainsAny(entry, "*%") &&
		!strings.ContainsFunc(entry, func(r rune) bool { return r < ' ' || r > '~' })
}

func digestOf(value string) []byte {
	sum := sha256.Sum256([]byte(value))
	return sum[:]
}

// askNotes asks an end for the annotations of mailboxes, many at a time. A refusal tells nothing: Dovecot announces the extension
// also where it has no place for them (mail_attribute_dict).
func askNotes(ctx context.Context, session *endpoint.Session, mailboxes []string,
	tell func(mailbox string, found imap.Annotations, told bool)) error {
	for some := range slices.Chunk(mailboxes, commandsAhead) {
		var failed error
		asked := make([]*imap.MetadataCommand, 0, len(some))
		for _, name := range some {
			command, err := session.MetadataAhead(ctx, name)
			if err != nil {
				failed = err
				break
			}
			asked = append(asked, command)
		}
		for i, command := range asked {
			found, err := command.Wait(ctx)
			refused := imap.IsStatus(err, "NO") || imap.IsStatus(err, "BAD") && session.Err() == nil
			if err != nil && !refused && failed == nil {
				failed = err
			}
			tell(some[i], found, err == nil)
		}
		if failed != nil {
			return failed
		}
	}
	return nil
}

// noteStep is what is to be done about one annotation.
type noteStep int

const (
	noteStays     noteStep = iota // the destination's is its user's
	noteSame                      // both ends have it
	noteWritten                   // to be
	noteRemoved                   // to be
	noteGone                      // from both ends
	noteUncertain                 // the destination does not tell
)

// noteDue says that the destination has to be asked about an annotation that the source shows (src), or does not (nil).
func noteDue(known *ledger.Annotation, src []byte) bool {
	switch {
	case known == nil:
		return src != nil
	case src == nil:
		return known.Wrote != nil || known.Writing != nil
	}
	return known.Writing != nil || !bytes.Equal(known.Seen, src)
}

// decideNote decides by the digests of what the source and the destination have; nil is nothing.
func decideNote(known *ledger.Annotation, src, dst []byte, told bool) noteStep {
	begun := known != nil && known.Wrote == nil && known.Writing != nil // there was nothing there
	ours := known != nil && dst != nil && (bytes.Equal(dst, known.Wrote) || bytes.Equal(dst, known.Writing))
	switch {
	case !told && src != nil && (known == nil || begun): // its refusal says why
		return noteWritten
	case !told:
		return noteUncertain
	case src == nil && dst == nil:
		return noteGone
	case src == nil && ours:
		return noteRemoved
	case src == nil:
		return noteStays
	case bytes.Equal(src, dst):
		return noteSame
	case ours, dst == nil && (known == nil || begun):
		return noteWritten
	}
	return noteStays
}

// mailboxNotes is what is known of the annotations of a mailbox, by entry.
type mailboxNotes map[string]ledger.Annotation

// about returns what is known of an annotation of what is the destination's mailbox now, or nil.
func (m mailboxNotes) about(entry, destination string, validity uint32) *ledger.Annotation {
	known, found := m[entry]
	elsewhere := known.Destination != destination || known.DstUIDValidity != 0 && validity != 0 && known.DstUIDValidity != validity
	if !found || elsewhere {
		return nil
	}
	return &known
}

// newShownNotes keeps the digests of what may go along, and the values of what may have to; room is how many octets of those.
func newShownNotes(mailbox string, found imap.Annotations, told bool, known mailboxNotes, room *int) shownNotes {
	shown := shownNotes{told: told, part: found.Part, digests: map[string][]byte{}, values: map[string]string{}}
	for _, entry := range slices.Sorted(maps.Keys(found.Values)) {
		value := found.Values[entry]
		if !mapping.AnnotationMoves(mailbox, entry) {
			continue
		}
		digest := digestOf(value)
		if note, noted := known[entry]; !noted || note.Writing != nil || !bytes.Equal(note.Seen, digest) {
			if len(value) > *room {
				shown.part = true
				continue
			}
			*room -= len(value)
			shown.values[entry] = value
		}
		shown.digests[entry] = digest
	}
	return shown
}
