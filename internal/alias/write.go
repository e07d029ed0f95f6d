// SPDX-License-Identifier: Apache-2.0

package alias

import (
	"encoding/csv"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"rehome"
)

// WriteCSV writes the sheet in the order in which somebody works it off in the Services tab: one
// row for each name and target, what can be made first. A catch-all shows as "*@domain", because a
// spreadsheet takes a cell that begins with "@" for a formula.
func (p Plan) WriteCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	rows := [][]string{{"No", "Alias", "DeliverTo", "Kind", "State", "Problem", "NextStep"}}
	for i, line := range p.Lines {
		targets := line.Targets
		if len(targets) == 0 {
			targets = []string{""}
		}
		for _, target := range targets {
			rows = append(rows, []string{strconv.Itoa(i + 1), cell(line.Name), cell(target), line.Kind, string(line.State),
				strings.Join(line.Problems, "; "), line.NextStep})
		}
	}
	return out.WriteAll(rows)
}

// cell keeps a spreadsheet from computing what is text.
func cell(text string) string {
	if strings.HasPrefix(text, "@") {
		return "*" + text
	}
	if text != "" && strings.ContainsRune("=+-\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}

// WriteText writes the same for reading.
func (p Plan) WriteText(w io.Writer) error {
	heads := map[State]string{
		StateCreate: "To create at the destination", StateAsk: "To ask about at the destination",
		StateDecide: "To decide", StateLeaveOut: "Left out",
	}
	var b strings.Builder
	state := State("")
	for i, line := range p.Lines {
		if line.State != state {
			state = line.State
			fmt.Fprintf(&b, "%s\n\n", heads[state])
		}
		fmt.Fprintf(&b, "%4d. %s -> %s (%s)\n", i+1, line.Name, strings.Join(line.Targets, ", "), line.Kind)
		for _, problem := range line.Problems {
			fmt.Fprintf(&b, "      because %s\n", problem)
		}
		fmt.Fprintf(&b, "      [ ] %s\n\n", line.NextStep)
	}
	t := p.Totals
	fmt.Fprintf(&b, "%d to create + %d to ask about + %d to decide + %d left out = %d aliases and forwards\n", t.Create, t.Ask, t.Decide,
		t.LeaveOut, t.All)
	_, err := io.WriteString(w, b.String())
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
func (b *Book) entries(plan Plan) (all []entry, byHand []Line) {
	at := map[string]int{}
	put := func(key string, targets ...string) {
		i, known := at[key]
		if !known {
			i, at[key] = len(all), len(all)
			all = append(all, entry{key: key})
		}
		for _, target := range targets {
			if !slices.Contains(all[i].targets, target) {
				all[i].targets = append(all[i].targets, target)
			}
		}
	}
	var domains []Line
	for _, line := range plan.Lines {
		switch {
		case line.State == StateDecide || line.State == StateLeaveOut || !safe(line):
			byHand = append(byHand, line)
		case line.Kind == string(rehome.AliasDomain) && !b.hasCatchAll(strings.TrimPrefix(line.Targets[0], "@")):
			domains = append(domains, line)
		case line.KeepCopy:
			put(line.Name, append([]string{line.Name}, line.Targets...)...)
		default:
			put(line.Name, line.Targets...)
		}
	}
	for _, line := range domains { // last, when it is known which aliases are in the map
		for _, address := range b.behind(strings.TrimPrefix(line.Name, "@")) {
			local, _ := split(address)
			target := local + line.Targets[0]
			if _, in := at[target]; (in || b.accounts[target]) && mapSafe.MatchString(target) {
				put(address, target)
			}
		}
	}
	return b.withAccounts(all), byHand
}

// withAccounts adds the accounts of domains with a catch-all.
func (b *Book) withAccounts(all []entry) []entry {
	have := map[string]bool{}
	for _, e := range all {
		have[e.key] = true
	}
	for account := range b.accounts {
		if _, domain := split(account); have["@"+domain] && !have[account] && mapSafe.MatchString(account) {
			all = append(all, entry{account, []string{account}})
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
		if strings.HasPrefix(key, "@") {
			key = "*" + key
		}
		return key + ": " + strings.Join(e.targets, ", ")
	})
}

func (b *Book) writeMap(w io.Writer, plan Plan, head string, format func(entry) string) error {
	entries, byHand := b.entries(plan)
	text := "# " + head + "\n"
	for _, e := range entries {
		text += format(e) + "\n"
	}
	for _, line := range byHand {
		text += fmt.Sprintf("# not in the map: %q (%s): %s\n", line.Name, line.Kind, line.NextStep)
	}
	_, err := io.WriteString(w, text)
	return err
}
