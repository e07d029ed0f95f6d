// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"context"
	"errors"

	"rehome/internal/endpoint"
	"rehome/internal/protocol/imap"
)

// asker asks the messages of an open mailbox what they are, to see whether what is known is still true. At the source
// one message that cannot be read must not keep that from being told of the others: it stays silent, and where the
// connection has broken at it more than once it is not asked again in this pass. What is silent is not proved.
type asker struct {
	slice   *slice
	session *endpoint.Session
	source  string // the mailbox at the source, "" at the destination
}

func (a asker) headers(ctx context.Context, entries []*entry) error {
	return a.ask(ctx, entries, headerSeen, fingerprints)
}

func (a asker) bodies(ctx context.Context, entries []*entry, read func(*entry) bool) error {
	return a.ask(ctx, entries, read, func(ctx context.Context, session *endpoint.Session, entries []*entry) error {
		return readBodies(ctx, session, entries, read)
	})
}

func (a asker) ask(ctx context.Context, entries []*entry, seen func(*entry) bool,
	read func(context.Context, *endpoint.Session, []*entry) error) error {
	if a.source == "" {
		return read(ctx, a.session, entries)
	}
	memory := a.slice.memory
	speaking := memory.speaking(a.source, entries)
	err := unread(a.session, speaking, seen, read(ctx, a.session, speaking))
	var broke *readError
	if errors.As(err, &broke) && ctx.Err() == nil {
		memory.broke(a.source, broke.uid)
		a.slice.noteAdvance()
	}
	return err
}

// broke notes that the source has ended the connection while it was asked for a message.
func (m *memory) broke(source string, uid imap.UID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.breaks[source] == nil {
		m.breaks[source] = map[imap.UID]int{}
	}
	m.breaks[source][uid]++
}

// speaking leaves out the messages at which the source has broken off too often.
func (m *memory) speaking(source string, entries []*entry) []*entry {
	m.mu.Lock()
	defer m.mu.Unlock()
	kept := make([]*entry, 0, len(entries))
	for _, e := range entries {
		if m.breaks[source][e.uid] < maxSuspicions {
			kept = append(kept, e)
		}
	}
	return kept
}
