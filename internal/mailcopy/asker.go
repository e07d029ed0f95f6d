// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"context"
	"errors"
	"slices"
	"strings"

	"rehome"
	"rehome/internal/endpoint"
	"rehome/internal/protocol/imap"
)

// asker asks the messages of an open mailbox what they are, to see whether what is known is still true. One message that
// cannot be read must not keep that from being told of the others: it stays silent, and where the connection has broken
// at it more than once it is not asked again in this pass. What is silent is not proved.
type asker struct {
	slice   *slice
	session *endpoint.Session
	mailbox string // by end and name; "" where silence is trouble
	known   *foresight
}

// atSource asks a mailbox of the source.
func (s *slice) atSource(session *endpoint.Session, name string) asker {
	return asker{slice: s, session: session, mailbox: string(rehome.Source) + " " + name}
}

// atDestination asks a mailbox of the destination for what it holds. That it is silent makes nothing be copied again:
// what is booked stays so, and counts as unknown (see silence), and what is not is matched by content, where what a silent one may be
// is left alone (see veil).
func (s *slice) atDestination(session *endpoint.Session, name string) asker {
	return asker{slice: s, session: session, mailbox: string(rehome.Destination) + " " + name}
}

// strict asks the same, and fails where a message is silent: what depends on it is not booked.
func (s *slice) strict(session *endpoint.Session) asker { return asker{slice: s, session: session} }

func (a asker) headers(ctx context.Context, entries []*entry) error {
	return a.ask(ctx, entries, headerSeen, fingerprints)
}

func (a asker) bodies(ctx context.Context, entries []*entry, read func(*entry) bool) error {
	return a.ask(ctx, entries, read, func(ctx context.Context, session *endpoint.Session, entries []*entry) error {
		return readBodies(ctx, session, entries, read)
	})
}

// recognise reads headers, and the bodies of messages that show none, or one that tells nothing; see reader.headers.
func (a asker) recognise(ctx context.Context, entries []*entry) error {
	if err := a.headers(ctx, entries); err != nil {
		return err
	}
	return a.bodies(ctx, slices.DeleteFunc(slices.Clone(entries), headerShown), headerShown)
}

func (a asker) ask(ctx context.Context, entries []*entry, seen func(*entry) bool,
	read func(context.Context, *endpoint.Session, []*entry) error) error {
	a.known.teach(entries)
	if a.mailbox == "" {
		return read(ctx, a.session, entries)
	}
	memory := a.slice.memory
	speaking := memory.speaking(a.mailbox, entries)
	err := unread(a.session, speaking, seen, read(ctx, a.session, speaking))
	var broke *readError
	if !errors.As(err, &broke) || ctx.Err() != nil {
		return err
	}
	if !memory.broke(a.mailbox, broke.uid) {
		return broke.err // by now it is the mailbox, or the server
	}
	a.slice.noteAdvance()
	broke.there = strings.HasPrefix(a.mailbox, string(rehome.Destination)+" ")
	return err
}

// mostBreaks bounds how often the connection may end at the messages of one mailbox, in one pass, until that is not taken for
// the trouble of single messages any more.
const mostBreaks = 64

// broke notes that a server has ended the connection while it was asked for a message, and says whether it is one of few.
func (m *memory) broke(mailbox string, uid imap.UID) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.breaks[mailbox] == nil {
		m.breaks[mailbox] = map[imap.UID]int{}
	}
	m.breaks[mailbox][uid]++
	total := 0
	for _, n := range m.breaks[mailbox] {
		total += n
	}
	return total <= mostBreaks
}

// speaking leaves out the messages at which a server has broken off too often.
func (m *memory) speaking(mailbox string, entries []*entry) []*entry {
	m.mu.Lock()
	defer m.mu.Unlock()
	kept := make([]*entry, 0, len(entries))
	for _, e := range entries {
		if m.breaks[mailbox][e.uid] < maxSuspicions {
			kept = append(kept, e)
		}
	}
	return kept
}
