// SPDX-License-Identifier: Apache-2.0

package mail

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"rehome/internal/protocol/imap"
	"rehome/internal/verify"
)

// difference puts a discrepancy into words.
func (d discrepancy) difference() verify.Difference {
	r := d.src
	if r == nil {
		r = d.dst
	}
	out := verify.Difference{
		Kind: d.kind, Mailbox: printable(r.box.name), Object: d.messageID(),
		Source: d.src.facts(), Destination: d.dst.facts(), Sentence: d.name() + " ",
	}
	if d.src != nil {
		out.UID = uint32(d.src.uid)
	}
	switch d.kind {
	case verify.MissingMessage:
		out.Sentence += "is not at the destination"
	case verify.ExtraMessage:
		out.Sentence += "is only at the destination"
	case verify.ChangedMessage:
		out.Sentence += fmt.Sprintf("has different content at the destination (%s)", d.dst.facts())
	case verify.UnreadableMessage:
		out.Sentence += "is listed, but not returned by the " + d.withholder()
	case verify.FlagsDiffer:
		out.Source, out.Destination = flagText(d.src.flags), flagText(d.dst.flags)
		out.Sentence += "has the flags " + out.Source + " at the source and " + out.Destination + " at the destination"
	case verify.DateDiffers:
		out.Source, out.Destination = dateText(d.src.date), dateText(d.dst.date)
		out.Sentence += "is dated " + out.Source + " at the source and " + out.Destination + " at the destination"
	}
	if out.Since = d.since(); out.Since != nil {
		out.Sentence += ": " + out.Since.Clause()
	}
	return out
}

// name points at the message: by what a mail client can search for, and by where it is.
func (d discrepancy) name() string {
	r := d.src
	side := "source"
	if r == nil {
		r = d.dst
		side = "destination"
	}
	what := "a message"
	switch id := d.messageID(); {
	case id != "":
		what = "message " + id
	case r.header != nil:
		what = "a message without Message-ID"
	}
	return fmt.Sprintf("%s of %s (%s at the %s)", what, quote(r.box.name), r.facts(), side)
}

// messageID returns the Message-ID as far as it is known.
func (d discrepancy) messageID() string {
	for _, r := range []*record{d.src, d.dst} {
		if r != nil && r.header != nil && r.header.id != "" {
			return r.header.id
		}
	}
	return ""
}

// withholder names the sides that do not give the message.
func (d discrepancy) withholder() string {
	var sides []string
	for _, r := range []*record{d.src, d.dst} {
		if r != nil && r.unreadable() {
			sides = append(sides, string(r.box.side))
		}
	}
	return strings.Join(sides, " and the ")
}

// facts says in short what an end shows; "" for a message that it does not have.
func (r *record) facts() string {
	switch {
	case r == nil:
		return ""
	case !r.listed():
		return fmt.Sprintf("uid %d", r.uid)
	}
	size := humanize.Comma(r.size) + " octets"
	if !r.sized() {
		size = "size unknown"
	}
	return fmt.Sprintf("uid %d, %s, %s", r.uid, size, dateText(r.date))
}

func flagText(flags string) string {
	switch flags {
	case "":
		return "(none)"
	case untold:
		return untold
	}
	words := strings.Fields(flags)
	for i, word := range words {
		if name, ok := imap.SystemFlag(word); ok {
			words[i] = name
		}
	}
	slices.Sort(words)
	return strings.Join(words, " ")
}

func dateText(date int64) string {
	if date == noDate {
		return "no date"
	}
	return time.Unix(date, 0).UTC().Format("2006-01-02 15:04:05 UTC")
}

// quote renders a mailbox name inside a sentence: whatever a name holds cannot leave its quotes.
func quote(name string) string { return strconv.Quote(printable(name)) }

func printable(name string) string { return imap.PrintableName(name) }
