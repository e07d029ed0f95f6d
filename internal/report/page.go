// SPDX-License-Identifier: Apache-2.0

package report

import (
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/dustin/go-humanize"

	"rehome/internal/verify"
)

// page is what the template shows: text, ready to be escaped.
type page struct {
	Organisation        string
	Source, Destination string
	Generated, Version  string

	Tone, Headline, Proof string
	Tiles                 []tile
	Topics, Notes         []topic
	Accounts              []accountRow
}

// tile is one number of the summary.
type tile struct{ Label, Value, Note string }

// accountRow is one row of the table, with the details that it unfolds to.
type accountRow struct {
	Address       string
	Tone, Verdict string
	Messages      string
	Size          string
	Differences   string
	Level, Time   string
	Outdated      bool

	Collections []collectionRow
	Scripts     []scriptRow
	Repairs     []string

	Copied    string // about the last pass, "" before the first
	Mailboxes []mailboxRow
	LeftOut   []leftOutRow
	Missing   string // why there are no details
}

type mailboxRow struct {
	Source, Destination string // Destination is "" if the name is the same
	Messages, Size      string
	Differences         string
	SourceRoot          string
	DestinationRoot     string // "" if it equals SourceRoot
	Read                string // when it was last read in full
}

type leftOutRow struct{ Mailbox, Reason, Messages string }

func (r *Report) page() page {
	s := r.summary()
	p := page{
		Organisation: clean(r.input.Organisation), Source: clean(r.input.Source), Destination: clean(r.input.Destination),
		Generated: timeText(r.input.Generated), Version: clean(r.input.Version),
		Tone: s.tone(), Headline: s.headline(), Proof: s.proof(),
		Tiles:  r.tiles(s),
		Topics: cleanTopics(r.topics()), Notes: cleanTopics(r.notes()),
	}
	for _, a := range r.accounts {
		p.Accounts = append(p.Accounts, newAccountRow(a))
	}
	return p
}

func (r *Report) tiles(s summary) []tile {
	tiles := []tile{
		{"Accounts", humanize.Comma(int64(s.accounts)), humanize.Comma(int64(s.equal)) + " equal"},
		{"Messages", humanize.Comma(s.source.Messages), humanize.Comma(s.destination.Messages) + " at the destination"},
		{"Mail", octets(s.source.Octets), octets(s.destination.Octets) + " at the destination"},
		{"Differences", humanize.Comma(int64(s.differences)), differencesNote(s)},
	}
	if n := s.contacts.Source + s.calendars.Source; n > 0 {
		tiles = slices.Insert(tiles, 3, tile{"Contacts and events", humanize.Comma(int64(n)), objectsNote(s)})
	}
	if first, last := r.span(); !first.IsZero() {
		tiles = append(tiles, tile{"Verified", last.UTC().Format("2 Jan 2006"), spanText(first, last)})
	}
	return tiles
}

// spanText says when the verification ran; the tile shows the day on which it ended.
func spanText(first, last time.Time) string {
	first, last = first.UTC().Truncate(time.Minute), last.UTC().Truncate(time.Minute)
	end := last.Format("15:04 UTC")
	switch {
	case first.Equal(last):
		return "at " + end
	case first.Format(time.DateOnly) == last.Format(time.DateOnly):
		return first.Format("15:04") + " to " + end
	}
	return "since " + timeText(first)
}

func differencesNote(s summary) string {
	switch {
	case s.unverified+s.unread > 0:
		return "in the verified accounts"
	case s.differences == 0:
		return "none"
	}
	return "in " + count(s.differ, "account")
}

// span returns when the first and the last verification ended.
func (r *Report) span() (first, last time.Time) {
	for _, a := range r.accounts {
		if a.verified.IsZero() {
			continue
		}
		if first.IsZero() || a.verified.Before(first) {
			first = a.verified
		}
		if a.verified.After(last) {
			last = a.verified
		}
	}
	return first, last
}

func newAccountRow(a account) accountRow {
	row := accountRow{Address: clean(a.Address), Level: string(a.result.Level), Time: timeText(a.verified), Outdated: a.outdated()}
	row.Tone, row.Verdict = verdictOf(a)
	if !a.Finished.IsZero() {
		row.Copied = "last pass ended " + timeText(a.Finished) + ", " + count(int(a.Copied), "message") + " copied"
		if a.Failed > 0 {
			row.Copied += ", " + humanize.Comma(a.Failed) + " rejected by the destination"
		}
	}
	row.Collections = append(collectionRows("contacts", a.result.Contacts), collectionRows("calendar", a.result.Calendars)...)
	row.Repairs = repairs(a.result)
	row.Scripts = scriptRows(a.result.Rules)
	mail := a.result.Mail
	if mail == nil {
		row.Missing = "the mail has not been compared yet"
		return row
	}
	row.Messages, row.Size = humanize.Comma(mail.Source.Messages), octets(mail.Source.Octets)
	row.Differences = humanize.Comma(int64(a.result.Differences()))
	for _, m := range mail.Mailboxes {
		row.Mailboxes = append(row.Mailboxes, newMailboxRow(m))
	}
	for _, l := range mail.LeftOut {
		row.LeftOut = append(row.LeftOut, leftOutRow{clean(l.Mailbox), clean(l.Reason), count(int(l.Messages), "message")})
	}
	return row
}

func verdictOf(a account) (tone, verdict string) {
	switch {
	case a.verified.IsZero():
		return toneOpen, "not verified"
	case a.result.Verdict == verify.Equal:
		return toneEqual, "equal"
	case a.result.Verdict == verify.Differs:
		return toneDiffers, "differs"
	}
	return toneDiffers, "unreadable"
}

func newMailboxRow(m verify.Mailbox) mailboxRow {
	row := mailboxRow{
		Source: clean(strings.Join(m.Source, " + ")), Messages: humanize.Comma(m.Messages), Size: octets(m.Octets),
		SourceRoot: m.SourceRoot, Read: timeText(m.Read),
	}
	if m.Destination != row.Source {
		row.Destination = clean(m.Destination)
	}
	if m.DestinationRoot != m.SourceRoot {
		row.DestinationRoot = m.DestinationRoot
	}
	if m.Differences > 0 {
		row.Differences = humanize.Comma(int64(m.Differences))
	}
	return row
}

func timeText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2 Jan 2006, 15:04 UTC")
}

// clean replaces control characters and those that change the direction of writing (Unicode Standard
// Annex 9), which could disguise a line. The template does the escaping.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return '\ufffd'
		}
		return r
	}, s)
}

func cleanTopics(all []topic) []topic {
	for i := range all {
		all[i].Title, all[i].NextStep = clean(all[i].Title), clean(all[i].NextStep)
		for j := range all[i].Groups {
			g := &all[i].Groups[j]
			g.Account = clean(g.Account)
			for k := range g.Lines {
				g.Lines[k] = clean(g.Lines[k])
			}
		}
	}
	return all
}
