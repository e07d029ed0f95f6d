// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"rehome"
	"rehome/internal/journey"
	"rehome/internal/rulecopy"
)

func (f *frame) planSync(ctx context.Context, move *journey.Move, accounts []string, options journey.SyncOptions) (Outcome, error) {
	planned, err := move.PlanSync(ctx, accounts, options)
	if err != nil {
		return OutcomeDone, err
	}
	outcome := OutcomeDone
	for _, a := range planned {
		if a.Error != "" {
			outcome = OutcomePartial
		}
	}
	return outcome, f.answer(map[string]any{"accounts": planned}, func(w io.Writer) error { return f.writePlan(w, planned) })
}

func (f *frame) writePlan(w io.Writer, planned []journey.PlannedAccount) error {
	parts := &spaced{w: w}
	for _, write := range []func(*spaced, []journey.PlannedAccount) error{
		writeFailed, writeCollections, writeLeaving, writeMailboxes, writeRenamed, writeVanished, writePlannedRules,
	} {
		if err := write(parts, planned); err != nil {
			return err
		}
	}
	for _, a := range planned {
		if err := f.writeFindings(w, a.Findings, rehome.SeverityWarning); err != nil {
			return err
		}
	}
	return nil
}

// spaced writes tables with an empty line between them.
type spaced struct {
	w     io.Writer
	begun bool
}

// gap begins a part.
func (s *spaced) gap() error {
	if !s.begun {
		s.begun = true
		return nil
	}
	_, err := fmt.Fprintln(s.w)
	return err
}

// write writes a table, or nothing when it has no rows.
func (s *spaced) write(t *table) error {
	if len(t.rows) == 0 {
		return nil
	}
	if err := s.gap(); err != nil {
		return err
	}
	return t.write(s.w, paletteFor(s.w, os.Getenv))
}

// writeFailed shows which accounts could not be looked at, and why.
func writeFailed(s *spaced, planned []journey.PlannedAccount) error {
	for _, a := range planned {
		s.begun = s.begun || a.Error != ""
		if err := writeTrouble(s.w, a.Account, a.Error, a.Hint); err != nil {
			return err
		}
	}
	return nil
}

// writeCollections shows where every address book and calendar would go, and how much of it.
func writeCollections(s *spaced, planned []journey.PlannedAccount) error {
	t := newTable("ACCOUNT", "", "COLLECTION", "AT THE SOURCE", "AT THE DESTINATION", "", "NEW", "CHANGED", "TRIED AGAIN", "UNCHANGED", "WHY").alignRight(6, 7, 8, 9)
	for _, a := range planned {
		for _, c := range a.Collections {
			switch {
			case c.Deleted: // it is among those of which something has vanished
			case c.Why != "":
				t.add(a.Account, string(c.Kind), c.Name, c.Source, "", "stays", "", "", "", "", c.Why)
			default:
				t.add(a.Account, string(c.Kind), c.Name, c.Source, c.Destination, madeOrThere(c.Exists), number(c.New), number(c.Changed), number(c.Again), number(c.Unchanged), "")
			}
		}
	}
	return s.write(t)
}

// writeLeaving shows what of each collection has vanished at the source, and what becomes of it.
func writeLeaving(s *spaced, planned []journey.PlannedAccount) error {
	t := newTable("ACCOUNT", "COLLECTION", "AT THE DESTINATION", "VANISHED", "REMOVED", "STAY", "WHY").alignRight(3, 4, 5)
	for _, a := range planned {
		for _, c := range a.Collections {
			if c.Vanished > 0 {
				stay := c.Vanished - c.Removed - c.Absent
				t.add(a.Account, c.Name, c.Destination, number(c.Vanished), number(c.Removed), number(stay), whyStay(stay, c.Deleted, "collection",
					because{c.NotOurs + c.Edited, "were there before the move, or changed there"}))
			}
		}
	}
	return s.write(t)
}

// writeMailboxes shows where every mailbox would go.
func writeMailboxes(s *spaced, planned []journey.PlannedAccount) error {
	t := newTable("ACCOUNT", "MAILBOX AT THE SOURCE", "AT THE DESTINATION", "", "WHY")
	for _, a := range planned {
		for _, p := range a.Pairs {
			t.add(a.Account, p.Source, p.Destination, madeOrThere(p.Exists), p.Why)
		}
		for _, l := range a.Left {
			t.add(a.Account, l.Source, "", "stays", l.Reason)
		}
	}
	return s.write(t)
}

// writePlannedRules shows what each rule does, if there are any.
func writePlannedRules(s *spaced, planned []journey.PlannedAccount) error {
	scripts := map[string][]rulecopy.Action{}
	var order []string
	for _, a := range planned {
		if len(a.Rules) > 0 {
			order = append(order, a.Account)
			scripts[a.Account] = a.Rules
		}
	}
	if len(order) == 0 {
		return nil
	}
	if err := s.gap(); err != nil {
		return err
	}
	_, err := writeScripts(s.w, order, scripts)
	return err
}

// writeRenamed shows which mailboxes have other names by now, if any.
func writeRenamed(s *spaced, planned []journey.PlannedAccount) error {
	t := newTable("ACCOUNT", "RENAMED", "IS NOW", "AT THE DESTINATION", "WILL BE", "")
	for _, a := range planned {
		for _, r := range a.Renamed {
			what := "renamed there too"
			switch {
			case r.Obstacle != "":
				what = "copied anew: " + r.Obstacle
			case r.From == r.To:
				what = "is so already"
			}
			t.add(a.Account, r.Was, r.Source, r.From, r.To, what)
		}
	}
	return s.write(t)
}

// writeVanished shows what of each mailbox has vanished at the source, and what becomes of it.
func writeVanished(s *spaced, planned []journey.PlannedAccount) error {
	t := newTable("ACCOUNT", "AT THE DESTINATION", "VANISHED", "REMOVED", "STAY", "WHY").alignRight(2, 3, 4)
	for _, a := range planned {
		for _, v := range a.Vanished {
			stay := v.Messages - v.Removed - v.Absent
			t.add(a.Account, v.Destination, number(v.Messages), number(v.Removed), number(stay), whyStay(stay, v.Deleted, "mailbox",
				because{v.NotOurs, "were there before the move"}, because{v.Changed, "changed there"}))
		}
	}
	return s.write(t)
}

// because is how many copies of what has vanished are not removed, and why.
type because struct {
	n   int
	why string
}

// whyStay says why so many copies stay; what is in none of the reasons waits, or is kept by policy. deleted says
// that the source has the mailbox or collection itself no more.
func whyStay(stay int, deleted bool, whole string, reasons ...because) string {
	var parts []string
	for _, r := range reasons {
		if r.n > 0 {
			parts = append(parts, number(r.n)+" "+r.why)
			stay -= r.n
		}
	}
	if stay > 0 {
		parts = append(parts, number(stay)+" kept by policy, or waiting to be confirmed")
	}
	if deleted {
		parts = append(parts, "the source has deleted the "+whole)
	}
	return strings.Join(parts, "; ")
}

func madeOrThere(exists bool) string {
	if exists {
		return "is there"
	}
	return "is made"
}
