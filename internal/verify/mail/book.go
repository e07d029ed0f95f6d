// SPDX-License-Identifier: Apache-2.0

package mail

import (
	"fmt"
	"strings"

	"rehome"
	"rehome/internal/verify"
)

// book adds a group to the totals and the list.
func (c *check) book(m verify.Mailbox, dst verify.Totals) {
	c.mail.Source.Add(verify.Totals{Mailboxes: len(m.Source), Messages: m.Messages, Octets: m.Octets})
	c.mail.Destination.Add(dst)
	c.mail.Mailboxes = append(c.mail.Mailboxes, m)
}

func (c *check) bookMissing(g *group, m verify.Mailbox, r *reading) {
	m.Differences = 1
	c.book(m, verify.Totals{})
	holding := "no messages"
	switch {
	case len(r.refused()) > 0 || len(r.shortened()) > 0:
		holding = "an unknown number of messages"
	case m.Messages > 0:
		holding = verify.Count(m.Messages, "message")
	}
	d := verify.Difference{
		Kind: verify.MissingMailbox, Mailbox: strings.Join(m.Source, ", "), Object: m.Destination, Source: holding,
		Sentence: "mailbox " + quoteAll(g.sources) + " with " + holding + " is not at the destination, where it would be " + quote(g.destination),
	}
	if kept := c.memory.marks[g.destination]; kept.of(g) {
		d.Since = &verify.Change{What: verify.DeletedAtDestination, After: kept.Compared}
		d.Sentence += ": " + d.Since.Clause()
	}
	c.differ(d)
}

func (c *check) bookCounts(m verify.Mailbox, r *reading, dstOctets int64) {
	dstMessages := counted(r.dst)
	m.Messages = counted(r.src...)
	c.observe(int(m.Messages), 0)
	m.Differences = c.differShortened(m, r)
	if r.unsettled > 0 {
		c.unsettled = true
		c.find(mailboxNotAtRest, r.src[0].name, rehome.Values{"n": r.unsettled})
	} else if m.Messages != dstMessages {
		m.Differences++
		c.differ(verify.Difference{
			Kind: verify.CountDiffers, Mailbox: strings.Join(m.Source, ", "), Object: m.Destination,
			Source: verify.Count(m.Messages, "message"), Destination: verify.Count(dstMessages, "message"),
			Sentence: fmt.Sprintf("mailbox %q has %s at the source and %s at the destination",
				strings.Join(m.Source, ", "), verify.Count(m.Messages, "message"), verify.Count(dstMessages, "message")),
		})
	}
	c.book(m, verify.Totals{Mailboxes: 1, Messages: dstMessages, Octets: dstOctets})
}

// bookRefused books a group of which an end does not open all: nothing is known of its messages.
func (c *check) bookRefused(m verify.Mailbox, r *reading) {
	refused := r.refused()
	m.Messages, m.Octets, m.Differences = counted(r.src...), -1, len(refused)
	c.book(m, verify.Totals{Mailboxes: 1, Messages: counted(r.dst), Octets: -1})
	for _, b := range refused {
		c.differUnreadable(m, quote(b.name), string(b.side), fmt.Sprintf("the server says %q", b.refusal))
	}
}

// differShortened books what the mailboxes hold and do not show, and returns how many differences that is.
func (c *check) differShortened(m verify.Mailbox, r *reading) int {
	shortened := r.shortened()
	for _, b := range shortened {
		holding := "an unknown number of messages"
		if n, told := b.short.Told(); told {
			holding = verify.Count(n, "message")
		}
		d := verify.Difference{
			Kind: verify.UnlistedMessages, Mailbox: strings.Join(m.Source, ", "), Object: m.Destination,
			Sentence: fmt.Sprintf("the %s reports that mailbox %s holds %s that it does not list; whether they are equal is unknown",
				b.side, quote(b.name), holding),
		}
		if d.Source = holding; b.side == rehome.Destination {
			d.Source = ""
			d.Destination = holding
		}
		c.differ(d)
	}
	return len(shortened)
}

func (c *check) differUnreadable(m verify.Mailbox, names, side, why string) {
	c.differ(verify.Difference{
		Kind: verify.UnreadableMailbox, Mailbox: strings.Join(m.Source, ", "), Object: m.Destination,
		Sentence: "mailbox " + names + " cannot be read at the " + side + ": " + why,
	})
}

// bookMessages books what reading the messages has shown.
func (c *check) bookMessages(m verify.Mailbox, r *reading, level verify.Level) verify.Mailbox {
	src, dst := totalsOf(level, r.src...), totalsOf(level, r.dst)
	m.Messages, m.Octets = src.Messages, src.Octets
	m.Differences = len(r.judgement.discrepancies) + c.differShortened(m, r) + c.differUIDs(m, r) + c.differSaved(m, r)
	if level == verify.LevelFull && len(r.shortened()) == 0 {
		m.SourceRoot, m.DestinationRoot = root(r.src...), root(r.dst)
	}
	if level == verify.LevelFull {
		since, recalled := r.readSince(c.now())
		m.Read = since
		c.mail.Remembered += recalled
	}
	c.book(m, dst)
	for _, d := range r.judgement.discrepancies {
		c.mail.Counts[d.kind]++
	}
	r.differences = r.differences[:min(len(r.differences), c.room())] // there may be less room than when they were named
	c.trace(r, len(c.mail.Differences))
	c.mail.Differences = append(c.mail.Differences, r.differences...)
	c.mail.Unlisted += len(r.judgement.discrepancies) - len(r.differences)
	c.remark(r)
	return m
}

func totalsOf(level verify.Level, boxes ...*box) verify.Totals {
	t := verify.Totals{Mailboxes: len(boxes)}
	for _, b := range boxes {
		for _, r := range b.records {
			octets := r.size
			if octets == 0 {
				octets = -1 // not told
			}
			if level == verify.LevelFull && r.read() {
				octets = r.octets
			}
			t.AddMail(1, octets)
		}
	}
	return t
}

// remark raises what is no difference and worth knowing.
func (c *check) remark(r *reading) {
	name := r.src[0].name
	switch {
	case r.unsettled > 0:
		c.unsettled = true
		c.find(mailboxNotAtRest, name, rehome.Values{"n": r.unsettled})
	case r.changed:
		c.find(mailboxChanging, name, nil)
	}
	c.remarkOn(name, r.judgement.undated, r.judgement.reordered)
}

func (c *check) remarkOn(name string, undated, reordered int) {
	if undated > 0 {
		c.find(dateNotKept, name, rehome.Values{"n": undated})
	}
	if reordered > 0 {
		c.find(orderDiffers, name, rehome.Values{"n": reordered})
	}
}
