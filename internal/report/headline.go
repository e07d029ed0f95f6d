// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/dustin/go-humanize/english"

	"rehome/internal/verify"
)

// summary counts the accounts by their result.
type summary struct {
	accounts, equal, differ int
	unread                  int // an end could not be read
	unverified              int // not verified yet
	outdated                int // copied again after the verification

	source, destination verify.Totals
	contacts, calendars verify.ObjectSummary
	scripts             int // of rules
	differences         int
	accepted            int // differences that somebody has accepted
	levels              map[verify.Level]int
	remembered          int64     // messages and objects that were not read again
	read                time.Time // the earliest time at which one of them was read
}

func (r *Report) summary() summary {
	whole := r.document.Tell()
	s := summary{
		accounts: whole.Accounts, equal: whole.Equal, differ: whole.Differ,
		source: whole.Source, destination: whole.Destination, differences: whole.Differences, accepted: whole.Accepted,
		contacts: whole.Contacts, calendars: whole.Calendars, scripts: whole.Scripts, remembered: whole.Remembered, read: whole.Read,
		levels: map[verify.Level]int{},
	}
	for _, a := range r.accounts {
		switch {
		case a.verified.IsZero():
			s.unverified++
		case a.result.Verdict == verify.Unknown:
			s.unread++
		default:
			s.levels[a.result.Level]++
		}
		if a.outdated() {
			s.outdated++
		}
	}
	return s
}

// The tones of the page, which its colours follow.
const (
	toneEqual   = "equal"
	toneDiffers = "differs"
	toneOpen    = "open"
)

func (s summary) tone() string {
	switch {
	case s.differ+s.unread > 0:
		return toneDiffers
	case s.accounts == 0 || s.unverified+s.outdated > 0:
		return toneOpen
	}
	return toneEqual
}

// headline is the verdict in one sentence.
func (s summary) headline() string {
	switch {
	case s.accounts == 0:
		return "No accounts yet"
	case s.unverified == s.accounts:
		return "Not verified yet: " + count(s.accounts, "account")
	case s.equal == s.accounts && s.outdated > 0:
		return "Both ends were equal" + s.but() + ", but " + count(s.outdated, "account") + " " +
			english.PluralWord(s.outdated, "was", "were") + " copied again since: " + s.amount()
	case s.equal == s.accounts:
		return "Both ends are equal" + s.but() + ": " + s.amount()
	}
	var parts []string
	add := func(n int, one, many string) {
		if n == 0 {
			return
		}
		text := humanize.Comma(int64(n)) + " " + many
		if n == 1 {
			text = "1 " + one
		}
		if len(parts) == 0 {
			text = s.of(n, one, many)
		}
		parts = append(parts, text)
	}
	add(s.differ, "differs", "differ")
	add(s.unread, "could not be read", "could not be read")
	add(s.unverified, "is not verified yet", "are not verified yet")
	add(s.equal, "is equal", "are equal")
	return strings.Join(parts, ", ")
}

// but names what was accepted: ", with 2 accepted differences"; "" if nothing was.
func (s summary) but() string {
	if s.accepted == 0 {
		return ""
	}
	return ", with " + count(s.accepted, "accepted difference")
}

// of begins the headline: "2 of 11 accounts differ".
func (s summary) of(n int, one, many string) string {
	if n == 1 {
		many = one
	}
	if n == s.accounts {
		return count(n, "account") + " " + many
	}
	return fmt.Sprintf("%s of %s %s", humanize.Comma(int64(n)), count(s.accounts, "account"), many)
}

// amount says how much was compared: "11 accounts, 3,104 messages, 62 MB".
func (s summary) amount() string {
	text := count(s.accounts, "account")
	objects := s.contacts.Source + s.calendars.Source + s.scripts
	if s.source.Messages > 0 || objects == 0 {
		text += ", " + count(int(s.source.Messages), "message")
	}
	if n := s.contacts.Source; n > 0 {
		text += ", " + count(n, "contact")
	}
	if n := s.calendars.Source; n > 0 {
		text += ", " + count(n, "event")
	}
	if s.scripts > 0 {
		text += ", " + count(s.scripts, "script")
	}
	if s.source.Octets > 0 {
		text += ", " + octets(s.source.Octets)
	}
	return text
}

// proof says how the verdict was reached.
func (s summary) proof() string {
	var parts []string
	for _, level := range []verify.Level{verify.LevelFull, verify.LevelMetadata, verify.LevelCounts} {
		if n := s.levels[level]; n > 0 {
			parts = append(parts, count(n, "account")+" "+levelPhrase(level))
		}
	}
	switch {
	case len(parts) == 0:
		return ""
	case len(parts) == 1 && s.levels[verify.LevelFull] == s.accounts:
		if s.contacts.Source+s.calendars.Source > 0 {
			return "Every message, contact and event was read at both ends and compared by content." + s.since()
		}
		return "Every message was read at both ends and compared by content." + s.since()
	}
	return "Compared: " + strings.Join(parts, ", ") + "."
}

// since says when what has not changed was read; "" where all of it was read for this comparison.
func (s summary) since() string {
	if s.remembered == 0 {
		return ""
	}
	return " What had not changed since an earlier comparison was not read again; the oldest was read " + timeText(s.read) + "."
}

// levelPhrase says what a level compares.
func levelPhrase(level verify.Level) string {
	switch level {
	case verify.LevelFull:
		return "by the content of every message"
	case verify.LevelMetadata:
		return "by the flags, date and size of every message"
	case verify.LevelCounts:
		return "by the number of messages"
	}
	return ""
}

func count(n int, thing string) string {
	return humanize.Comma(int64(n)) + " " + english.PluralWord(n, thing, "")
}

func octets(n int64) string {
	if n < 0 {
		return "–"
	}
	return humanize.Bytes(uint64(n))
}
