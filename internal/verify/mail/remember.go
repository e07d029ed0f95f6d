// SPDX-License-Identifier: Apache-2.0

package mail

import (
	"context"
	"slices"
	"time"

	"rehome"
	"rehome/internal/verify"
)

// memory is what is kept of an account's mail; a place is a destination mailbox.
type memory struct {
	verify.Memory
	marks map[string]*mark // nil for a place of which nothing can be used
}

func (c *check) remember(ctx context.Context) error {
	c.memory.Memory = c.how.Recall(c.account, rehome.KindMail)
	texts, err := c.memory.Marks(ctx)
	c.memory.marks = make(map[string]*mark, len(texts))
	for place, text := range texts {
		c.memory.marks[place] = decodeMark(text)
	}
	return err
}

// recall gives a group what is kept of it.
func (c *check) recall(ctx context.Context, g *group) error {
	m := c.memory.marks[g.destination]
	if m == nil || !g.exists {
		return nil
	}
	text, err := c.memory.Content(ctx, g.destination)
	if err != nil || text == nil {
		return err
	}
	boxes, err := decodeBoxes(text, m.Compared.Unix(), len(m.Sources)+1)
	if err != nil {
		return nil //nolint:nilerr // what is damaged is no proof: all is read again
	}
	g.known = map[side]*known{}
	add := func(of rehome.Side, s stamp, records []*record) {
		g.known[side{of, s.Name}] = &known{stamp: s, compared: m.Compared, read: m.Read, records: records}
	}
	for i, s := range m.Sources {
		add(rehome.Source, s, boxes[i])
	}
	add(rehome.Destination, m.Destination, boxes[len(m.Sources)])
	return nil
}

// forget lets go what is known of a group that has been compared.
func (g *group) forget() { g.known = nil }

// keep keeps what was read of a group, with the answer where nothing differs in it.
func (c *check) keep(ctx context.Context, g *group, m verify.Mailbox, r *reading) error {
	if c.how.Level != verify.LevelFull {
		return nil
	}
	now := c.now()
	kept := mark{Form: form, Destination: stampOf(r.dst), Read: m.Read, Compared: now}
	for _, b := range r.src {
		kept.Sources = append(kept.Sources, stampOf(b))
	}
	for _, p := range r.same {
		p.src.paired, p.dst.paired = now.Unix(), now.Unix()
	}
	if m.Differences == 0 && r.unsettled == 0 && m.SourceRoot != "" && m.SourceRoot == m.DestinationRoot {
		kept.Settled = &settled{m, totalsOf(verify.LevelFull, r.dst), r.judgement.undated, r.judgement.reordered}
	}
	text, err := kept.encode()
	if err != nil {
		return err
	}
	content := encodeBoxes(now.Unix(), r.boxes()...)
	return c.memory.Keep(ctx, verify.Proof{Place: g.destination, Mark: text, Content: content})
}

// bookSettled books a group in which nothing has happened since.
func (c *check) bookSettled(m *mark) {
	box := m.Settled.Mailbox
	box.Read = m.Read
	c.observe(int(box.Messages), 0)
	c.book(box, m.Settled.There)
	c.mail.Remembered += box.Messages
	c.remarkOn(m.Sources[0].Name, m.Settled.Undated, m.Settled.Reordered)
}

// forget drops what is kept of mailboxes that are no part of the comparison any more.
func (c *check) forget(ctx context.Context, groups []*group) error {
	var gone []string
	for place := range c.memory.marks {
		if !slices.ContainsFunc(groups, func(g *group) bool { return g.destination == place }) {
			gone = append(gone, place)
		}
	}
	return c.memory.Forget(ctx, gone...)
}

// now is to the second, as it is kept.
func (c *check) now() time.Time { return c.how.Now().UTC().Truncate(time.Second) }

// readSince is since when all of a group's messages were read: now, unless some hold from an earlier time.
func (r *reading) readSince(now time.Time) (since time.Time, recalled int64) {
	since = now
	for _, b := range r.boxes() {
		n := b.recalled()
		if b.side == rehome.Source {
			recalled += int64(n)
		}
		if n > 0 && b.known.read.Before(since) {
			since = b.known.read
		}
	}
	return since, recalled
}
