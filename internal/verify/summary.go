// SPDX-License-Identifier: Apache-2.0

package verify

import "rehome/internal/content/pim"

// Tell returns what the whole is made of.
func (d Document) Tell() Summary {
	s := Summary{Accounts: len(d.Accounts)}
	for _, a := range d.Accounts {
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
		s.Contacts.add(a.Contacts)
		s.Calendars.add(a.Calendars)
		if a.Mail == nil {
			continue
		}
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
	Contacts, Calendars              ObjectSummary
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
