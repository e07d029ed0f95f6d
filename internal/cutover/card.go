// SPDX-License-Identifier: Apache-2.0

package cutover

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// CardsOf returns instructions for some steps of the plan.
func (p Plan) CardsOf(steps []Step) string {
	p.Steps = slices.Clone(steps)
	for i := range p.Steps {
		p.Steps[i].Order = i + 1
	}
	return p.Cards()
}

// Cards returns the plan as instructions for a person with a form in front of them: one thing at a time, each value on a line of
// its own to be copied.
func (p Plan) Cards() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, DNS as of %s\n", p.Domain, p.Seen.UTC().Format("2006-01-02 15:04 UTC"))
	for _, s := range p.Steps {
		fmt.Fprintf(&b, "\n%d of %d  %s, by %s\n    %s\n", s.Order, len(p.Steps), phaseTitle(s.Phase), oneLine(s.Who), oneLine(s.Sentence))
		if s.Action == File || s.Action == Ask || s.Action == Decide {
			fmt.Fprintf(&b, "    for      %s\n", oneLine(s.Name))
			lines(&b, "    now      ", s.Now)
			lines(&b, "    wanted   ", s.Wanted)
			continue
		}
		p.form(&b, s)
	}
	b.WriteString("\nIf the panel adds \"." + p.Zone + "\" to a value by itself, end the value with a dot. Touch nothing that is not named here.\n")
	return b.String()
}

// form shows what to delete and what to enter.
func (p Plan) form(b *strings.Builder, s Step) {
	for _, data := range s.Now {
		if !slices.Contains(s.Wanted, data) {
			fmt.Fprintf(b, "    DELETE   %s\n", oneLine(strings.TrimSpace(typed(s, data))))
		}
	}
	for _, data := range s.Wanted {
		verb := "ADD"
		if slices.Contains(s.Now, data) {
			verb = "KEEP"
		}
		if verb == "KEEP" && s.Type == "TXT" && s.About == "SPF" {
			fmt.Fprintf(b, "    KEEP     %s\n", oneLine(typed(s, data)))
			continue
		}
		fmt.Fprintf(b, "    %-8s Type     %s\n             Name     %s%s\n", verb, s.Type, relative(s.Name, p.Zone), orEmpty(s.Name, p.Zone))
		for _, field := range entered(s, data) {
			fmt.Fprintf(b, "             %-8s %s\n", field[0], oneLine(field[1]))
		}
		fmt.Fprintf(b, "             TTL      %d (%s)\n", s.TTL, period(time.Duration(s.TTL)*time.Second))
	}
}

// typed shows a record on one line.
func typed(s Step, data string) string {
	if strings.HasPrefix(data, "CNAME ") {
		return data
	}
	return string(s.Type) + " " + data
}

func orEmpty(name, zone string) string {
	if name == zone {
		return " (or empty)"
	}
	return ""
}

// entered are the fields of a panel.
func entered(s Step, data string) [][2]string {
	data = strings.TrimPrefix(data, "CNAME ")
	fields := strings.Fields(data)
	switch {
	case s.Type == "MX" && len(fields) == 2:
		return [][2]string{{"Priority", fields[0]}, {"Value", fields[1]}}
	case s.Type == "SRV" && len(fields) == 4:
		return [][2]string{{"Priority", fields[0]}, {"Weight", fields[1]}, {"Port", fields[2]}, {"Target", fields[3]}}
	}
	return [][2]string{{"Value", data}}
}

func lines(b *strings.Builder, lead string, values []string) {
	for _, v := range values {
		fmt.Fprintf(b, "%s%s\n", lead, oneLine(v))
	}
}
