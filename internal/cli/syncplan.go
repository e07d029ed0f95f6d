// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"rehome"
	"rehome/internal/davcopy"
	"rehome/internal/journey"
	"rehome/internal/mailcopy"
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
func (s *spaced) write(t *table, rows int) error {
	if rows == 0 {
		return nil
	}
	if err := s.gap(); err != nil {
		return err
	}
	return t.write(s.w, paletteFor(s.w, os.Getenv))
}

// writeFailed shows which accounts could not be looked at, and why.
func writeFailed(s *spaced, planned []journey.PlannedAccount) error {
	colors := paletteFor(s.w, os.Getenv)
	for _, a := range planned {
		if a.Error == "" {
			continue
		}
		s.begun = true
		if _, err := fmt.Fprintf(s.w, "%s %s: %s\n", colors.red("error:"), printable(a.Account), printable(a.Error)); err != nil {
			return err
		}
		if a.Hint != "" {
			if _, err := fmt.Fprintf(s.w, "  -> %s\n", printable(a.Hint)); err != nil {
				return err
			}
		}
	}
	return nil
}

// writeCollections shows where every address book and calendar would go, and how much of it.
func writeCollections(s *spaced, planned []journey.PlannedAccount) error {
	t := newTable("ACCOUNT", "", "COLLECTION", "AT THE SOURCE", "AT THE DESTINATION", "", "NEW", "CHANGED", "AGAIN", "UNCHANGED", "WHY").alignRight(6, 7, 8, 9)
	rows := 0
	for _, a := range planned {
		for _, c := range a.Collections {
			rows++
			switch {
			case c.Deleted:
				rows--
			case c.Why != "":
				t.add(a.Account, string(c.Kind), c.Name, c.Source, "", "stays", "", "", "", "", c.Why)
			default:
				t.add(a.Account, string(c.Kind), c.Name, c.Source, c.Destination, madeOrThere(c.Exists), number(c.New), number(c.Changed), number(c.Again), number(c.Unchanged), "")
			}
		}
	}
	return s.write(t, rows)
}

// writeLeaving shows what of each collection has vanished at the source, and what becomes of it.
func writeLeaving(s *spaced, planned []journey.PlannedAccount) error {
	t := newTable("ACCOUNT", "COLLECTION", "AT THE DESTINATION", "VANISHED", "REMOVED", "STAY", "WHY").alignRight(3, 4, 5)
	rows := 0
	for _, a := range planned {
		for _, c := range a.Collections {
			if c.Vanished > 0 {
				rows++
				stay := c.Vanished - c.Removed - c.Absent
				t.add(a.Account, c.Name, c.Destination, number(c.Vanished), number(c.Removed), number(stay), whyObjectsStay(c, stay))
			}
		}
	}
	return s.write(t, rows)
}

// whyObjectsStay says why copies of vanished objects are not removed.
func whyObjectsStay(c davcopy.PlannedCollection, stay int) string {
	var parts []string
	if c.Edited > 0 {
		parts = append(parts, number(c.Edited)+" changed there")
	}
	if rest := stay - c.Edited; rest > 0 {
		parts = append(parts, number(rest)+" kept by policy, not ours, or waiting to be confirmed")
	}
	if c.Deleted {
		parts = append(parts, "the source has deleted the collection")
	}
	return strings.Join(parts, "; ")
}

// writeMailboxes shows where every mailbox would go.
func writeMailboxes(s *spaced, planned []journey.PlannedAccount) error {
	t := newTable("ACCOUNT", "MAILBOX AT THE SOURCE", "AT THE DESTINATION", "", "WHY")
	rows := 0
	for _, a := range planned {
		for _, p := range a.Pairs {
			t.add(a.Account, p.Source, p.Destination, madeOrThere(p.Exists), p.Why)
		}
		for _, l := range a.Left {
			t.add(a.Account, l.Source, "", "stays", l.Reason)
		}
		rows += len(a.Pairs) + len(a.Left)
	}
	return s.write(t, rows)
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
	rows := 0
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
			rows++
		}
	}
	return s.write(t, rows)
}

// writeVanished shows what of each mailbox has vanished at the source, and what becomes of it.
func writeVanished(s *spaced, planned []journey.PlannedAccount) error {
	t := newTable("ACCOUNT", "AT THE DESTINATION", "VANISHED", "REMOVED", "STAY", "WHY").alignRight(2, 3, 4)
	rows := 0
	for _, a := range planned {
		for _, v := range a.Vanished {
			stay := v.Messages - v.Removed - v.Absent
			t.add(a.Account, v.Destination, number(v.Messages), number(v.Removed), number(stay), whyStay(v, stay))
			rows++
		}
	}
	return s.write(t, rows)
}

// whyStay says why copies of vanished messages are not removed.
func whyStay(v mailcopy.Vanished, stay int) string {
	var parts []string
	if v.NotOurs > 0 {
		parts = append(parts, number(v.NotOurs)+" were there before the move")
	}
	if v.Changed > 0 {
		parts = append(parts, number(v.Changed)+" changed there")
	}
	if rest := stay - v.NotOurs - v.Changed; rest > 0 {
		parts = append(parts, number(rest)+" kept by policy, or waiting to be confirmed")
	}
	if v.Deleted {
		parts = append(parts, "the source has deleted the mailbox")
	}
	return strings.Join(parts, "; ")
}

func madeOrThere(exists bool) string {
	if exists {
		return "is there"
	}
	return "is made"
}
