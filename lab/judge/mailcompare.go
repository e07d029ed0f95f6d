// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// MailTerms is what a test knows of a move of mail, and the judge is not to find out by itself. The zero
// value wants everything as it is, under the same names.
type MailTerms struct {
	// Where tells where the mail of a source mailbox belongs; "" is nowhere. Several may belong into one.
	Where func(source string) (destination string)
	// Flag tells as what the destination holds a flag, in lower case; "" where it cannot.
	Flag func(flag string) string
	// Redated says that the destination could not keep the date, and may show that one.
	Redated func(source, destination time.Time) bool
	// Bare compares messages as Courier keeps them: without carriage returns that end no line, and with an end of
	// the last line.
	Bare bool
	// Saved wants messages to show the time at which they came into the source's mailbox, where both ends tell it.
	Saved bool
	// Own says that a mailbox of the destination is its user's own: whatever it holds is right.
	Own func(destination string) bool
	// Uses are the special uses that mailboxes of the destination must have after the move.
	Uses map[string]string
}

// CompareMail returns everything in which the destination is not what the source and the terms want.
func CompareMail(src, dst *Mail, terms MailTerms) Differences {
	c := mailComparison{src: src, dst: dst, terms: terms}
	wanted := c.wanted()
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		c.mailbox(wanted[name], dst.Mailboxes[name], name)
	}
	c.notes("", "", src.Notes, dst.Notes)
	for _, name := range slices.Sorted(maps.Keys(dst.Mailboxes)) {
		box := dst.Mailboxes[name]
		if len(wanted[name]) > 0 || len(box.Messages) == 0 && box.Refusal == "" || terms.Own != nil && terms.Own(name) {
			continue
		}
		c.add(Difference{Kind: MailboxExtra, Place: name, Destination: fmt.Sprintf("%d messages %s", len(box.Messages), box.Refusal)})
	}
	return c.found
}

type mailComparison struct {
	src, dst *Mail
	terms    MailTerms
	found    Differences
}

func (c *mailComparison) add(d Difference) { c.found = append(c.found, d) }

// wanted returns the source mailboxes that belong into each mailbox of the destination.
func (c *mailComparison) wanted() map[string][]*Mailbox {
	wanted := map[string][]*Mailbox{}
	for _, name := range slices.Sorted(maps.Keys(c.src.Mailboxes)) {
		to := name
		if c.terms.Where != nil {
			to = c.terms.Where(name)
		}
		if to != "" {
			wanted[to] = append(wanted[to], c.src.Mailboxes[name])
		}
	}
	return wanted
}

// mailbox compares one mailbox of the destination with those that belong into it.
func (c *mailComparison) mailbox(from []*Mailbox, to *Mailbox, name string) {
	place := from[0].Name
	lost := to == nil
	if lost {
		c.add(Difference{Kind: MailboxLost, Place: place, Source: "there", Destination: fmt.Sprintf("no mailbox %q", name)})
		to = &Mailbox{}
	}
	var want, got []*Message
	for _, box := range from {
		if box.Refusal != "" {
			c.add(Difference{Kind: MailboxUnopened, Place: box.Name, Source: box.Refusal})
		}
		for i := range box.Messages {
			want = append(want, &box.Messages[i])
		}
		if !lost && to.Refusal == "" {
			c.notes(box.Name, name, box.Notes, to.Notes)
		}
		if !lost && c.src.Subscribed[box.Name] && !c.dst.Subscribed[name] {
			c.add(Difference{Kind: NotSubscribed, Place: box.Name, Source: "subscribed", Destination: fmt.Sprintf("%q is not", name)})
		}
	}
	if to.Refusal != "" {
		c.add(Difference{Kind: MailboxUnopened, Place: place, Destination: to.Refusal})
	}
	for i := range to.Messages {
		got = append(got, &to.Messages[i])
	}
	if use := c.terms.Uses[name]; use != "" && !slices.Contains(to.Uses, use) {
		c.add(Difference{Kind: OtherUse, Place: place, Source: use, Destination: strings.Join(to.Uses, " ")})
	}
	c.messages(place, want, got)
}

// messages compares two multisets of content, and the looks of what is at both ends.
func (c *mailComparison) messages(place string, want, got []*Message) {
	want, got = c.given(place, want, "source"), c.given(place, got, "destination")
	wanted := c.byContent(want)
	gotten := c.byContent(got)
	var lost, extra []*Message
	for _, m := range want {
		copies := wanted[c.content(m)]
		there := gotten[c.content(m)]
		if copies[0] != m {
			continue // its group has been looked at
		}
		lost = append(lost, c.copies(copies, there)...)
	}
	for _, m := range got {
		if len(wanted[c.content(m)]) == 0 {
			extra = append(extra, m)
		}
	}
	c.strangers(place, lost, extra)
}

// given sets aside what an end lists and does not give.
func (c *mailComparison) given(place string, all []*Message, end string) (rest []*Message) {
	for _, m := range all {
		switch {
		case m.Refusal == "":
			rest = append(rest, m)
		case end == "source":
			c.add(Difference{Kind: Unreadable, Place: m.Mailbox, Name: m.ID, What: m.name(), Source: m.Refusal})
		default:
			c.add(Difference{Kind: Unreadable, Place: place, Name: m.ID, What: m.name(), Destination: m.Refusal})
		}
	}
	return rest
}

func (c *mailComparison) byContent(all []*Message) map[[32]byte][]*Message {
	groups := map[[32]byte][]*Message{}
	for _, m := range all {
		groups[c.content(m)] = append(groups[c.content(m)], m)
	}
	return groups
}

func (c *mailComparison) content(m *Message) [32]byte {
	if c.terms.Bare {
		return m.Bare
	}
	return m.Settled
}

// copies pairs the copies of one message and returns those that have none at the destination.
func (c *mailComparison) copies(want, got []*Message) (lost []*Message) {
	if more := len(got) - len(want); more > 0 {
		c.add(Difference{
			Kind: Twice, Place: want[0].Mailbox, Name: want[0].ID, What: want[0].name(),
			Source: fmt.Sprintf("%d times", len(want)), Destination: fmt.Sprintf("%d times, %s", len(got), uids(got)),
		})
	}
	// The likeliest pairs first: all the same, the same date, the same flags, whatever is left.
	for _, alike := range []func(a, b *Message) bool{
		func(a, b *Message) bool { return c.sameDate(a, b) && c.sameFlags(a, b) },
		c.sameDate,
		c.sameFlags,
		func(a, b *Message) bool { return true },
	} {
		want, got = c.pair(want, got, alike)
	}
	return want
}

func (c *mailComparison) pair(want, got []*Message, alike func(a, b *Message) bool) (wantLeft, gotLeft []*Message) {
	gotLeft = slices.Clone(got)
	for _, m := range want {
		at := slices.IndexFunc(gotLeft, func(other *Message) bool { return alike(m, other) })
		if at < 0 {
			wantLeft = append(wantLeft, m)
			continue
		}
		c.looks(m, gotLeft[at])
		gotLeft = slices.Delete(gotLeft, at, at+1)
	}
	return wantLeft, gotLeft
}

// looks compares what is not content.
func (c *mailComparison) looks(a, b *Message) {
	if !c.sameFlags(a, b) {
		c.add(Difference{Kind: FlagsDiffer, Place: a.Mailbox, Name: a.ID, What: a.name(), Source: fmt.Sprint(a.Flags), Destination: fmt.Sprint(b.Flags)})
	}
	if c.terms.Saved && !a.Saved.IsZero() && !b.Saved.IsZero() && !a.Saved.Equal(b.Saved) {
		c.add(Difference{Kind: SavedDiffers, Place: a.Mailbox, Name: a.ID, What: a.name(), Source: shown(a.Saved), Destination: shown(b.Saved)})
	}
	if !c.sameDate(a, b) {
		c.add(Difference{Kind: DateDiffers, Place: a.Mailbox, Name: a.ID, What: a.name(), Source: shown(a.Date), Destination: shown(b.Date)})
	}
}

func shown(date time.Time) string {
	if date.IsZero() {
		return "no date"
	}
	return date.Format(time.DateTime)
}

func (c *mailComparison) sameDate(a, b *Message) bool {
	return a.Date.Equal(b.Date) || c.terms.Redated != nil && c.terms.Redated(a.Date, b.Date)
}

func (c *mailComparison) sameFlags(a, b *Message) bool {
	if c.terms.Flag == nil {
		return slices.Equal(a.Flags, b.Flags)
	}
	var wanted []string
	for _, flag := range a.Flags {
		if kept := c.terms.Flag(flag); kept != "" {
			wanted = append(wanted, kept)
		}
	}
	slices.Sort(wanted)
	return slices.Equal(slices.Compact(wanted), b.Flags)
}

// strangers names what has no counterpart; two of one Message-ID are one message that was changed.
func (c *mailComparison) strangers(place string, lost, extra []*Message) {
	for _, m := range lost {
		at := slices.IndexFunc(extra, func(other *Message) bool { return m.ID != "" && other.ID == m.ID })
		if at < 0 {
			c.add(Difference{Kind: Lost, Place: m.Mailbox, Name: m.ID, What: m.name(), Source: m.facts()})
			continue
		}
		c.add(Difference{Kind: Changed, Place: m.Mailbox, Name: m.ID, What: m.name(), Source: m.facts(), Destination: extra[at].facts()})
		extra = slices.Delete(slices.Clone(extra), at, at+1)
	}
	for _, m := range extra {
		c.add(Difference{Kind: Extra, Place: place, Name: m.ID, What: m.name(), Destination: m.facts()})
	}
}

func (m *Message) facts() string {
	return fmt.Sprintf("uid %d, %d octets, %s, flags %v", m.UID, m.Octets, shown(m.Date), m.Flags)
}

func uids(all []*Message) string {
	slices.SortFunc(all, func(a, b *Message) int { return cmp.Compare(a.UID, b.UID) })
	list := make([]string, 0, len(all))
	for _, m := range all[:min(len(all), 10)] {
		list = append(list, fmt.Sprint(m.UID))
	}
	return "uid " + strings.Join(list, " ")
}
