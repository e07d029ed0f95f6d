// SPDX-License-Identifier: Apache-2.0

package rulecopy

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"rehome/internal/content/sieve"
	"rehome/internal/content/table"
)

// byHand says what a person does about a rule where nobody takes scripts.
func byHand(rule sieve.Rule) string {
	does := func(deed string) bool { return slices.Contains(rule.Deeds, deed) }
	simple := []string{"fileinto", "setflag", "addflag", "removeflag", "keep", "discard", "stop"}
	switch {
	case rule.Off:
		return "nothing: the rule is switched off at the source"
	case does("vacation"):
		return "in the destination's webmail, set up the automatic answer on the day of the switch, not before; the whole text is in the file"
	case does("redirect"):
		return "in the destination's webmail, set up the forward on the day of the switch, not before; or ask the provider for it"
	case slices.ContainsFunc(rule.Deeds, func(deed string) bool { return !slices.Contains(simple, deed) }):
		return "ask the provider whether this can be done at all; without it, the message is simply delivered"
	}
	return "in the destination's webmail, set it up as a filter, in this order"
}

// preface says what the sheet is for.
const preface = `Rules that nobody could store at the destination. Either of two ways brings each account's rules across:

1. The provider, or who runs the destination, stores the file as the account's Sieve script (RFC 5228) and
   switches it on. One that answers or forwards is switched on after the switch, not before: until then
   both servers would answer.
2. Somebody enters the rules in the destination's webmail, one after the other in this order, or hands the
   account's part of this sheet to the person.

`

// WriteText writes what is to be handed over, account by account, for reading.
func WriteText(w io.Writer, outcomes []Moved) error {
	var b strings.Builder
	b.WriteString(preface)
	for _, o := range outcomes {
		if len(o.Scripts)+len(o.Findings) == 0 {
			continue
		}
		fmt.Fprintf(&b, "%s\n\n", o.Account)
		for _, a := range o.Scripts {
			writeScript(&b, a)
		}
		for _, f := range o.Findings {
			fmt.Fprintf(&b, "  ! %s: %s\n      [ ] %s\n\n", f.Object, f.Sentence, f.NextStep)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func writeScript(b *strings.Builder, a Action) {
	fmt.Fprintf(b, "  %s: %q, %s\n", a.File, a.Name, a.standing())
	if len(a.Needs) > 0 {
		fmt.Fprintf(b, "  the server must offer %s\n", strings.Join(a.Needs, ", "))
	}
	b.WriteByte('\n')
	if len(a.Lines) == 0 {
		b.WriteString("      rehome cannot describe what it does: read the file\n\n")
	}
	for i, line := range a.Lines {
		fmt.Fprintf(b, "%4d. %s\n      [ ] %s\n\n", i+1, line.Words, line.NextStep)
	}
}

// standing says whether a script is to run.
func (a Action) standing() string {
	switch {
	case a.Person && a.Active:
		return "not to be activated before somebody has corrected it as shown below"
	case a.Waits:
		return "to be activated after the switch, not before"
	case a.Active:
		return "to be activated"
	}
	return "inactive at the source, and stays inactive"
}

// WriteCSV writes the same for a spreadsheet, a row for each rule.
func WriteCSV(w io.Writer, outcomes []Moved) error {
	rows := [][]string{{"Account", "Script", "File", "SwitchOn", "No", "Rule", "NextStep"}}
	for _, o := range outcomes {
		for _, a := range o.Scripts {
			lines := a.Lines
			if len(lines) == 0 {
				lines = []Line{{Words: "rehome cannot describe what it does: read the file"}}
			}
			for i, line := range lines {
				rows = append(rows, []string{o.Account, a.Name, a.File, a.standing(), strconv.Itoa(i + 1), line.Words, line.NextStep})
			}
		}
		for _, f := range o.Findings {
			rows = append(rows, []string{o.Account, f.Object, "", "", "", f.Sentence, f.NextStep})
		}
	}
	return table.Write(w, slices.Values(rows))
}
