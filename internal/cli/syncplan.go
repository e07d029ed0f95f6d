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
	return f.give(planned, func(w io.Writer) error { return f.writePlan(w, planned) })
}

// writePlan prints how much each account has, and below that where everything goes that does not stay as it is.
func (f *frame) writePlan(w io.Writer, plan journey.Planned) error {
	planned := plan.Accounts
	parts := &spaced{w: w}
	steps := []func(*spaced, []journey.PlannedAccount) error{
		writeFailed, writeAmounts, f.writeCollections, writeLeaving, f.writeMailboxes, writeRenamed, writeVanished, writePlannedRules,
	}
	if f.quiet {
		steps = steps[:1]
	}
	for _, write := range steps {
		if err := write(parts, planned); err != nil {
			return err
		}
	}
	for _, a := range planned {
		if err := f.writeFindings(w, a.Findings, rehome.SeverityWarning); err != nil {
			return err
		}
	}
	if f.quiet {
		return nil
	}
	_, err := fmt.Fprintln(w, orderNote(planned)+planSummary(plan))
	return err
}

// writeAmounts shows how much each account has, and how much of it a pass would copy.
func writeAmounts(s *spaced, planned []journey.PlannedAccount) error {
	t := newTable("ACCOUNT", "MESSAGES", "SIZE", "NEW", "NEW SIZE", "NEW CONTACTS", "NEW EVENTS", "TIME").alignRight(1, 2, 3, 4, 5, 6, 7)
	for _, a := range planned {
		row := []string{a.Account, "", "", "", "", "", "", ""}
		if m := a.Mail; m != nil {
			copy(row[1:], []string{
				number(int(m.Messages)), octetsOrUnknown(m.Octets), number(int(m.NewMessages)), octetsOrUnknown(m.NewOctets),
			})
			row[7] = about(a.Seconds)
		}
		row[5], row[6] = number(toCopy(a, rehome.KindContacts)), number(toCopy(a, rehome.KindCalendars))
		if a.Mail != nil || len(a.Collections) > 0 {
			t.add(row...)
		}
	}
	return s.write(t)
}

// toCopy counts the objects of a kind that a pass would write.
func toCopy(a journey.PlannedAccount, kind rehome.Kind) int {
	n := 0
	for _, c := range a.Collections {
		if c.Kind == kind && c.Why == "" {
			n += c.New + c.Changed + c.Again
		}
	}
	return n
}

// orderNote says how many mailboxes may not keep the order of their messages; "" where all do.
func orderNote(planned []journey.PlannedAccount) string {
	n := 0
	for _, a := range planned {
		if a.Mail != nil {
			n += a.Mail.Unordered
		}
	}
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("in %s the new messages will not be in the source's order (mail.order: relaxed), which mail programs show that sort "+
		"by arrival\n", plural(n, "mailbox"))
}

func octetsOrUnknown(n int64) string {
	if n < 0 {
		return "unknown"
	}
	return octets(n)
}

// about renders a time that is no promise.
func about(seconds int64) string {
	switch {
	case seconds == 0:
		return ""
	case seconds < 60:
		return "1 min"
	case seconds < 3600:
		return fmt.Sprintf("%d min", (seconds+59)/60)
	}
	return fmt.Sprintf("%d h %d min", seconds/3600, seconds%3600/60)
}

// planSummary sums up, and says what the time stands on.
func planSummary(plan journey.Planned) string {
	var messages, size int64
	objects := 0
	for _, a := range plan.Accounts {
		if a.Mail != nil {
			messages += a.Mail.NewMessages
			size += max(a.Mail.NewOctets, 0)
		}
		objects += toCopy(a, rehome.KindContacts) + toCopy(a, rehome.KindCalendars)
	}
	if messages == 0 && objects == 0 {
		return "nothing new to copy; nothing was written"
	}
	text := "to copy: " + amountOf(messages, objects)
	if size > 0 {
		text += ", " + octets(size)
	}
	if e := plan.Estimate; e != nil && e.Seconds > 0 {
		text += fmt.Sprintf(", about %s at %s/s and %s messages/s", about(e.Seconds), octets(e.BytesPerSecond), number(int(e.MessagesPerSecond)))
		if e.Partial {
			text += ", without what could not be counted"
		}
	}
	return text + "; nothing was written"
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

// writeCollections shows where every address book and calendar would go of which something changes, or all. Their addresses at
// both ends are in the JSON.
func (f *frame) writeCollections(s *spaced, planned []journey.PlannedAccount) error {
	t := newTable("ACCOUNT", "KIND", "COLLECTION", "ACTION", "NEW", "CHANGED", "RETRIED", "UNCHANGED", "REASON").alignRight(4, 5, 6, 7)
	for _, a := range planned {
		for _, c := range a.Collections {
			switch {
			case c.Deleted: // writeLeaving shows it
			case c.Why != "":
				t.add(a.Account, string(c.Kind), c.Name, "not copied", "", "", "", "", c.Why)
			case f.all || !c.Exists || c.New+c.Changed+c.Again > 0:
				t.add(a.Account, string(c.Kind), c.Name, createOrUse(c.Exists), number(c.New), number(c.Changed), number(c.Again),
					number(c.Unchanged), "")
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
					because{c.NotOurs + c.Edited, "existed before the move or changed at the destination"},
					because{c.Unshown, "not returned by the destination"}))
			}
		}
	}
	return s.write(t)
}

// writeMailboxes shows where every mailbox would go that is made, gets another name or stays behind, or all.
func (f *frame) writeMailboxes(s *spaced, planned []journey.PlannedAccount) error {
	t := newTable("ACCOUNT", "SOURCE MAILBOX", "DESTINATION MAILBOX", "ACTION", "REASON")
	for _, a := range planned {
		for _, p := range a.Pairs {
			if f.all || !p.Exists || !p.Plain() {
				why := p.Why
				if p.Plain() {
					why = "" // that is as anybody expects
				}
				t.add(a.Account, p.Source, p.Destination, createOrUse(p.Exists), why)
			}
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
