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
	"rehome/internal/people"
	"rehome/internal/rulecopy"
)

func (f *frame) planSync(ctx context.Context, move *journey.Move, accounts people.Choice, options journey.SyncOptions) (rehome.Outcome, error) {
	planned, err := move.PlanSync(ctx, accounts, options)
	if err != nil {
		return rehome.OutcomeDone, err
	}
	return f.give(planned, func(w io.Writer) error { return f.writePlan(w, planned.Accounts) })
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

// writeFailed names the accounts that could not be planned, and why.
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
	t := newTable("ACCOUNT", "KIND", "COLLECTION", "SOURCE", "DESTINATION", "ACTION", "NEW", "CHANGED", "RETRIED", "UNCHANGED",
		"REASON").alignRight(6, 7, 8, 9)
	for _, a := range planned {
		for _, c := range a.Collections {
			switch {
			case c.Deleted: // writeLeaving shows it
			case c.Why != "":
				t.add(a.Account, string(c.Kind), c.Name, c.Source, "", "not copied", "", "", "", "", c.Why)
			default:
				t.add(a.Account, string(c.Kind), c.Name, c.Source, c.Destination, createOrUse(c.Exists), number(c.New), number(c.Changed),
					number(c.Again), number(c.Unchanged), "")
			}
		}
	}
	return s.write(t)
}

// writeLeaving shows how many objects of each collection are gone at the source, and what happens to their copies.
func writeLeaving(s *spaced, planned []journey.PlannedAccount) error {
	t := newTable("ACCOUNT", "COLLECTION", "DESTINATION", "GONE AT SOURCE", "TO REMOVE", "TO KEEP", "REASON").alignRight(3, 4, 5)
	for _, a := range planned {
		for _, c := range a.Collections {
			if c.Vanished > 0 {
				stay := c.Vanished - c.Removed - c.Absent
				t.add(a.Account, c.Name, c.Destination, number(c.Vanished), number(c.Removed), number(stay), whyStay(stay, c.Deleted, "collection",
					because{c.NotOurs + c.Edited, "existed before the move or changed at the destination"}))
			}
		}
	}
	return s.write(t)
}

// writeMailboxes shows where every mailbox would go.
func writeMailboxes(s *spaced, planned []journey.PlannedAccount) error {
	t := newTable("ACCOUNT", "SOURCE MAILBOX", "DESTINATION MAILBOX", "ACTION", "REASON")
	for _, a := range planned {
		for _, p := range a.Pairs {
			t.add(a.Account, p.Source, p.Destination, createOrUse(p.Exists), p.Why)
		}
		for _, l := range a.Left {
			t.add(a.Account, l.Source, "", "not copied", l.Reason)
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

// writeRenamed shows the mailboxes that were renamed at the source, if any.
func writeRenamed(s *spaced, planned []journey.PlannedAccount) error {
	t := newTable("ACCOUNT", "OLD SOURCE NAME", "NEW SOURCE NAME", "DESTINATION MAILBOX", "NEW DESTINATION NAME", "ACTION")
	for _, a := range planned {
		for _, r := range a.Renamed {
			what := "rename"
			switch {
			case r.Obstacle != "":
				what = "copy again: " + r.Obstacle
			case r.From == r.To:
				what = "none"
			}
			t.add(a.Account, r.Was, r.Source, r.From, r.To, what)
		}
	}
	return s.write(t)
}

// writeVanished shows how many messages of each mailbox are gone at the source, and what happens to their copies.
func writeVanished(s *spaced, planned []journey.PlannedAccount) error {
	t := newTable("ACCOUNT", "DESTINATION MAILBOX", "GONE AT SOURCE", "TO REMOVE", "TO KEEP", "REASON").alignRight(2, 3, 4)
	for _, a := range planned {
		for _, v := range a.Vanished {
			stay := v.Messages - v.Removed - v.Absent
			t.add(a.Account, v.Destination, number(v.Messages), number(v.Removed), number(stay), whyStay(stay, v.Deleted, "mailbox",
				because{v.NotOurs, "existed before the move"}, because{v.Changed, "changed at the destination"}))
		}
	}
	return s.write(t)
}

// because is a number of copies that are kept although their originals are gone, and the reason.
type because struct {
	n   int
	why string
}

// whyStay says why copies are kept. Those that none of the reasons covers wait for confirmation or are kept by policy.
// deleted says that the mailbox or collection itself was deleted at the source.
func whyStay(stay int, deleted bool, whole string, reasons ...because) string {
	var parts []string
	for _, r := range reasons {
		if r.n > 0 {
			parts = append(parts, number(r.n)+" "+r.why)
			stay -= r.n
		}
	}
	if stay > 0 {
		parts = append(parts, number(stay)+" kept by policy or waiting for confirmation")
	}
	if deleted {
		parts = append(parts, "the "+whole+" was deleted at the source")
	}
	return strings.Join(parts, "; ")
}

func createOrUse(exists bool) string {
	if exists {
		return "use existing"
	}
	return "create"
}
