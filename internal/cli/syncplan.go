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
	colors := paletteFor(w, os.Getenv)
	t := newTable("ACCOUNT", "MAILBOX AT THE SOURCE", "AT THE DESTINATION", "", "WHY")
	for _, a := range planned {
		if a.Error != "" {
			t.add(a.Account, "", "", "error", a.Error)
		}
		for _, p := range a.Pairs {
			t.add(a.Account, p.Source, p.Destination, madeOrThere(p.Exists), p.Why)
		}
		for _, l := range a.Left {
			t.add(a.Account, l.Source, "", "stays", l.Reason)
		}
	}
	if err := t.write(w, colors); err != nil {
		return err
	}
	if err := f.writeRenamed(w, planned); err != nil {
		return err
	}
	if err := f.writeVanished(w, planned); err != nil {
		return err
	}
	if err := writePlannedRules(w, planned); err != nil {
		return err
	}
	for _, a := range planned {
		if err := f.writeFindings(w, a.Findings, rehome.SeverityWarning); err != nil {
			return err
		}
	}
	return nil
}

// writePlannedRules shows what each rule does, if there are any.
func writePlannedRules(w io.Writer, planned []journey.PlannedAccount) error {
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
	if _, err := fmt.Fprintln(w); err != nil {
		return err
	}
	_, err := writeScripts(w, order, scripts)
	return err
}

// writeRenamed shows which mailboxes have other names by now, if any.
func (f *frame) writeRenamed(w io.Writer, planned []journey.PlannedAccount) error {
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
	return writeUnder(w, t, rows)
}

// writeVanished shows what of each mailbox has vanished at the source, and what becomes of it.
func (f *frame) writeVanished(w io.Writer, planned []journey.PlannedAccount) error {
	t := newTable("ACCOUNT", "AT THE DESTINATION", "VANISHED", "REMOVED", "STAY", "WHY").alignRight(2, 3, 4)
	rows := 0
	for _, a := range planned {
		for _, v := range a.Vanished {
			stay := v.Messages - v.Removed - v.Absent
			t.add(a.Account, v.Destination, number(v.Messages), number(v.Removed), number(stay), whyStay(v, stay))
			rows++
		}
	}
	return writeUnder(w, t, rows)
}

// writeUnder writes a table with an empty line above it, or nothing when it has no rows.
func writeUnder(w io.Writer, t *table, rows int) error {
	if rows == 0 {
		return nil
	}
	if _, err := fmt.Fprintln(w); err != nil {
		return err
	}
	return t.write(w, paletteFor(w, os.Getenv))
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
