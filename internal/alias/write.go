// SPDX-License-Identifier: Apache-2.0

package alias

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"rehome"
	"rehome/internal/content/table"
)

// WriteCSV writes the sheet in the order in which somebody works it off in the Services tab: one
// row for each name and target, what can be made first. A catch-all shows as "*@domain", because a
// spreadsheet takes a cell that begins with "@" for a formula.
func (p Plan) WriteCSV(w io.Writer) error { return table.Write(w, p.rows) }

// rows yields the rows of the sheet.
func (p Plan) rows(yield func([]string) bool) {
	if !yield([]string{"No", "Alias", "DeliverTo", "Kind", "State", "Problem", "NextStep"}) {
		return
	}
	for i, line := range p.Lines {
		targets := line.Targets
		if len(targets) == 0 {
			targets = []string{""}
		}
		problems := someOf(line.Problems)
		for _, target := range targets {
			if !yield([]string{strconv.Itoa(i + 1), cell(line.Name), cell(target), line.Kind, string(line.State), problems, line.NextStep}) {
				return
			}
		}
	}
}

// someOf joins the first problems of a line and says how many more there are. The line has a row for each of its targets: with all
// problems in every one, a list with ten thousand targets that do not exist would make gigabytes. The text and the JSON have all.
func someOf(problems []string) string {
	const shown = 10
	if more := len(problems) - shown; more > 0 {
		return fmt.Sprintf("%s; and %d more: see aliases.txt", strings.Join(problems[:shown], "; "), more)
	}
	return strings.Join(problems, "; ")
}

// cell shows a catch-all as its own form.
func cell(text string) string {
	if strings.HasPrefix(text, "@") {
		return "*" + text
	}
	return text
}

// WriteText writes the same for reading.
func (p Plan) WriteText(w io.Writer) error {
	heads := map[State]string{
		StateCreate: "To create at the destination", StateAsk: "To ask about at the destination",
		StateDecide: "To decide", StateLeaveOut: "Left out",
	}
	b := bufio.NewWriter(w) // keeps the first error
	state := State("")
	for i, line := range p.Lines {
		if line.State != state {
			state = line.State
			fmt.Fprintf(b, "%s\n\n", heads[state])
		}
		fmt.Fprintf(b, "%4d. %s -> %s (%s)\n", i+1, line.Name, strings.Join(line.Targets, ", "), line.Kind)
		for _, problem := range line.Problems {
			fmt.Fprintf(b, "      because %s\n", problem)
		}
		fmt.Fprintf(b, "      [ ] %s\n\n", line.NextStep)
	}
	t := p.Totals
	fmt.Fprintf(b, "%d to create + %d to ask about + %d to decide + %d left out = %d aliases and forwards\n", t.Create, t.Ask, t.Decide,
		t.LeaveOut, t.All)
	return b.Flush()
}

// WriteJSON writes the same for scripts, line by line.
func (p Plan) WriteJSON(w io.Writer) error {
	b := bufio.NewWriter(w)
	fmt.Fprint(b, "{\n  \"lines\": [")
	separator := "\n    "
	for _, line := range p.Lines {
		if err := writeIndented(b, separator, "    ", line); err != nil {
			return err
		}
		separator = ",\n    "
	}
	if len(p.Lines) > 0 {
		fmt.Fprint(b, "\n  ")
	}
	if err := writeIndented(b, "],\n  \"totals\": ", "  ", p.Totals); err != nil {
		return err
	}
	fmt.Fprint(b, "\n}\n")
	return b.Flush()
}

func writeIndented(w io.Writer, before, prefix string, value any) error {
	text, err := json.MarshalIndent(value, prefix, "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s%s", before, text)
	return err
}

// entry is one key of a map with what it delivers to.
type entry struct {
	key     string
	targets []string
}

// entries are the lines of a map: what the plan makes or asks about, since who hosts the mail can
// have any kind. A domain alias is written address by address, so that addresses which do not exist
// are still refused at the door; and the accounts of a domain with a catch-all stand for themselves,
// because otherwise it would take their mail.
func (b *Book) entries(plan Plan) (all []entry, byHand []int) {
	at := make(map[string]int, len(plan.Lines))
	all = make([]entry, 0, len(plan.Lines))
	put := func(key string, targets ...string) {
		if i, known := at[key]; known {
			all[i].targets = append(all[i].targets, targets...) // its own, and it grows: a list may have as many rows as the source
			return
		}
		at[key] = len(all)
		all = append(all, entry{key, slices.Clip(targets)})
	}
	var domains []string
	for i, line := range plan.Lines {
		switch {
		case line.State == StateDecide || line.State == StateLeaveOut || !safe(line):
			byHand = append(byHand, i)
		case line.Kind == string(rehome.AliasDomain) && !b.leadsToCatchAll(line.Name):
			domains = append(domains, strings.TrimPrefix(line.Name, "@"))
		case line.KeepCopy:
			put(line.Name, line.Name)
			put(line.Name, line.Targets...)
		default:
			put(line.Name, line.Targets...)
		}
	}
	for _, domain := range domains { // last, when it is known which aliases are in the map
		for _, address := range b.behind(domain) {
			if b.own(address) != ByNothing { // who has it to the letter
				continue
			}
			if target := b.firstOf(address, func(a string) bool { _, in := at[a]; return in || b.accounts[a] }); mapSafe.MatchString(target) {
				put(address, target)
			}
		}
	}
	all = b.withAccounts(all, at)
	for i := range all {
		all[i].targets = eachOnce(all[i].targets)
	}
	return all, byHand
}

// leadsToCatchAll reports whether an alias for a domain comes to one with a catch-all, so that it takes any address.
func (b *Book) leadsToCatchAll(name string) bool {
	for station := range b.stations(name) {
		if _, domain := split(station); station != name && b.hasCatchAll(domain) {
			return true
		}
	}
	return false
}

// firstOf returns the first of what stands for an address in the domains behind its own; "" if there is none.
func (b *Book) firstOf(address string, fits func(string) bool) string {
	for station := range b.stations(address) {
		if station != address && fits(station) {
			return station
		}
	}
	return ""
}

func eachOnce(list []string) []string {
	if len(list) < 2 {
		return list
	}
	seen := make(map[string]bool, len(list))
	return slices.DeleteFunc(slices.Clone(list), func(one string) bool { again := seen[one]; seen[one] = true; return again })
}

// withAccounts adds the accounts of domains with a catch-all.
func (b *Book) withAccounts(all []entry, at map[string]int) []entry {
	for domain := range b.catchAll {
		if _, in := at["@"+domain]; !in {
			continue
		}
		for _, address := range b.byDomain[domain] {
			if _, in := at[address]; !in && b.accounts[address] && mapSafe.MatchString(address) {
				all = append(all, entry{address, []string{address}})
			}
		}
	}
	slices.SortFunc(all, func(x, y entry) int { return strings.Compare(x.key, y.key) })
	return all
}

// mapSafe is what neither Postfix nor Exim reads as anything but an address: both give a meaning
// to a first "|", "/", ":" or "#" (virtual(5); Exim's specification, 22.5).
var mapSafe = regexp.MustCompile(`^(?:[a-z0-9_][a-z0-9._+=-]*)?@[a-z0-9._-]+$`)

func safe(line Line) bool {
	return mapSafe.MatchString(line.Name) && !slices.ContainsFunc(line.Targets, func(t string) bool { return !mapSafe.MatchString(t) })
}

// WritePostfix writes a table for virtual_alias_maps.
func (b *Book) WritePostfix(w io.Writer, plan Plan) error {
	return b.writeMap(w, plan, "Table for Postfix: run postmap on it and name it in virtual_alias_maps (virtual(5)).", func(e entry) string {
		return e.key + "\t" + strings.Join(e.targets, ", ")
	})
}

// WriteExim writes a file for a redirect router.
func (b *Book) WriteExim(w io.Writer, plan Plan) error {
	return b.writeMap(w, plan, "File for a redirect router of Exim: data = ${lookup{$local_part@$domain}lsearch*@{FILE}}", func(e entry) string {
		key := e.key
		if strings.HasPrefix(e.targets[0], "@") {
			return fmt.Sprintf("# not in the map: %q (domain): Exim needs a router of its own for %s", key, e.targets[0])
		}
		if strings.HasPrefix(key, "@") {
			key = "*" + key
		}
		return key + ": " + strings.Join(e.targets, ", ")
	})
}

func (b *Book) writeMap(w io.Writer, plan Plan, head string, format func(entry) string) error {
	entries, byHand := b.entries(plan)
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "# %s\n", head)
	for _, e := range entries {
		fmt.Fprintln(out, format(e))
	}
	for _, i := range byHand {
		line := plan.Lines[i]
		fmt.Fprintf(out, "# not in the map: %q (%s): %s\n", line.Name, line.Kind, line.NextStep)
	}
	return out.Flush()
}
