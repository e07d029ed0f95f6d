// SPDX-License-Identifier: Apache-2.0

package mail

import (
	"context"
	"slices"
	"time"

	"rehome"
	"rehome/internal/content/message"
	"rehome/internal/verify"
)

// What an earlier comparison has seen says what has happened to a message since: it names the difference, and makes nothing
// equal. A mailbox that does not vouch for what was seen in it says nothing.

// since is what has happened to the message, nil where that is not known.
func (d discrepancy) since() *verify.Change {
	event := func(r *record, gone, arrived verify.Event) *verify.Change {
		switch {
		case !r.box.vouched:
			return nil
		case r.paired != 0:
			return &verify.Change{What: gone, After: time.Unix(r.paired, 0).UTC()}
		case r.uid >= r.box.known.UIDNext:
			return &verify.Change{What: arrived, After: r.box.known.compared}
		}
		return nil
	}
	switch d.kind {
	case verify.MissingMessage:
		return event(d.src, verify.DeletedAtDestination, verify.ArrivedAtSource)
	case verify.ExtraMessage:
		return event(d.dst, verify.DeletedAtSource, verify.ArrivedAtDestination)
	}
	return nil
}

// traces are those of messages that may have been moved at the destination.
type traces struct {
	lost   []lost                    // from where
	strays map[message.Digest][]lost // to where: messages that are only there
	extra  []string                  // mailboxes that are only there
}

// lost is a message that differs, and where.
type lost struct {
	discrepancy
	at    int    // in the list of differences
	there string // the mailbox of the destination
}

// trace notes what of a group may have been moved. The group's differences are listed from the first on.
func (c *check) trace(r *reading, first int) {
	if c.traces.strays == nil {
		c.traces.strays = map[message.Digest][]lost{}
	}
	for i, said := range r.differences {
		d := r.judgement.discrepancies[i]
		switch {
		case said.Since != nil && said.Since.What == verify.DeletedAtDestination && d.src.read():
			c.traces.lost = append(c.traces.lost, lost{d, first + i, r.dst.name})
		case d.kind == verify.ExtraMessage && d.dst.read():
			c.traces.strays[d.dst.digest] = append(c.traces.strays[d.dst.digest], lost{d, first + i, r.dst.name})
		}
	}
}

// lookForMoved names the messages that have been moved at the destination: the same content is now in another mailbox.
func (c *check) lookForMoved(ctx context.Context) error {
	var left []lost
	for _, l := range c.traces.lost {
		strays := c.traces.strays[l.src.digest]
		if len(strays) == 0 {
			left = append(left, l)
			continue
		}
		there := strays[0]
		c.traces.strays[l.src.digest] = strays[1:]
		after := c.mail.Differences[l.at].Since.After
		c.moved(l, printable(there.dst.box.name))
		said := there.difference()
		said.Since = &verify.Change{What: verify.MovedAtDestination, After: after, From: printable(l.there)}
		said.Sentence = there.name() + " is only at the destination: " + said.Since.Clause()
		c.mail.Differences[there.at] = said
	}
	return c.lookInExtra(ctx, left)
}

// moved says of a difference where the message is now.
func (c *check) moved(l lost, to string) {
	said := l.difference()
	said.Since.What, said.Since.To = verify.MovedAtDestination, to
	said.Sentence = l.name() + " is not in its mailbox at the destination: " + said.Since.Clause()
	c.mail.Differences[l.at] = said
}

// lookInExtra looks for messages in the mailboxes that only the destination has, which are not read otherwise: for each it reads
// the ones of its size.
func (c *check) lookInExtra(ctx context.Context, left []lost) error {
	for _, name := range c.traces.extra {
		if len(left) == 0 {
			return nil
		}
		b := &box{side: rehome.Destination, name: name}
		err := c.readLike(ctx, b, left)
		if err != nil {
			if !broken(err) {
				return err
			}
			return c.reconnect(ctx) // it is only a better word that is looked for
		}
		there := map[message.Digest]int{}
		for _, r := range b.records {
			if r.read() {
				there[r.digest]++
			}
		}
		left = slices.DeleteFunc(left, func(l lost) bool {
			if there[l.src.digest] == 0 {
				return false
			}
			there[l.src.digest]--
			c.moved(l, printable(name))
			return true
		})
	}
	return nil
}

func (c *check) readLike(ctx context.Context, b *box, left []lost) error {
	if err := c.dst.examine(ctx, b); err != nil || b.refusal != "" {
		return err
	}
	if err := c.dst.sweep(ctx, b); err != nil {
		return err
	}
	sizes := map[int64]bool{}
	for _, l := range left {
		sizes[l.src.size], sizes[l.src.octets] = true, true
	}
	like, _ := split(b.records, func(r *record) bool { return sizes[r.size] })
	return c.fetch(ctx, c.dst, like, newBodies(nil))
}
