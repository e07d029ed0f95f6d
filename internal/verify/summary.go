// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"time"

	"rehome/internal/content/pim"
)

// Tell returns what the whole is made of.
func (d Document) Tell() Summary {
	s := Summary{Accounts: len(d.Accounts)}
	for _, a := range d.Accounts {
		s.Read = earliest(s.Read, a.Read())
		switch a.Verdict {
		case Equal:
			s.Equal++
		case Differs:
			s.Differ++
		default:
			s.Unknown++
		}
		s.Differences += a.Differences()
		s.Accepted += len(a.Accepted)
		for _, objects := range []*Objects{a.Contacts, a.Calendars} {
			if objects != nil {
				s.Remembered += int64(objects.Remembered)
			}
		}
		s.Contacts.add(a.Contacts)
		s.Calendars.add(a.Calendars)
		if a.Rules != nil {
			s.Scripts += a.Rules.Source.Scripts
		}
		if a.Mail == nil {
			continue
		}
		s.Remembered += a.Mail.Remembered
		s.Source.Add(a.Mail.Source)
		s.Destination.Add(a.Mail.Destination)
	}
	return s
}

// Summary counts a Document.
type Summary struct {
	Accounts, Equal, Differ, Unknown int
	Differences                      int
	Accepted                         int // differences that somebody has accepted, beside the others
	Source, Destination              Totals
	Remembered                       int64     // messages and objects of the source that were not read again
	Read                             time.Time // the earliest time at which something was read that was not read again; zero at lower levels
	Contacts, Calendars              ObjectSummary
	Scripts                          int // of rules, at the source
}

// Read is when the account was last read in full: everything of it was read then or later. It is zero unless all of it was compared
// at LevelFull.
func (a Account) Read() time.Time {
	var read time.Time
	if a.Mail != nil {
		for _, box := range a.Mail.Mailboxes {
			read = earliest(read, box.Read)
		}
	}
	for _, objects := range []*Objects{a.Contacts, a.Calendars} {
		if objects != nil {
			for _, c := range objects.Collections {
				read = earliest(read, c.Read)
			}
		}
	}
	return read
}

// earliest is the earlier of two times, of which zero is none.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// ObjectSummary counts the objects of a Document.
type ObjectSummary struct {
	Source, Destination int
	Verdicts            map[pim.State]int
}

func (s *ObjectSummary) add(o *Objects) {
	if o == nil {
		return
	}
	if s.Verdicts == nil {
		s.Verdicts = map[pim.State]int{}
	}
	s.Source += o.Source.Objects
	s.Destination += o.Destination.Objects
	for verdict, n := range o.States {
		s.Verdicts[verdict] += n
	}
}
