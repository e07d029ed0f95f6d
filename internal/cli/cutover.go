// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"rehome"
	"rehome/internal/checkup"
	"rehome/internal/cutover"
	"rehome/internal/journey"

	"github.com/spf13/cobra"
)

func cutoverCommand(f *frame) *cobra.Command {
	group := asGroup(&cobra.Command{Use: "cutover", Short: "Take domains across: plan, run, status, rollback"})
	group.AddCommand(cutoverPlanCommand(f), cutoverRunCommand(f), cutoverStatusCommand(f), cutoverRollbackCommand(f))
	return group
}

// planForms are the ways to write a plan, the usual one first.
func planForms() []string { return []string{"text", "cards", "zone", "dnscontrol"} }

func cutoverPlanCommand(f *frame) *cobra.Command {
	form := planForms()[0]
	cmd := &cobra.Command{
		Use:   "plan [DOMAIN]...",
		Short: "Plan every DNS record before, at and after the switch, and the earliest safe moment",
		Long: `plan looks at each domain as "dns check" does and lists every step: what to ask for, what to publish before
the switch, what to replace at it, what to do afterwards. It says when the switch is safe at the earliest, and why:
old TTLs, stored MTA-STS policies and missing keys take their time. It changes nothing in DNS. It keeps what it has
seen in dns-seen.json in the folder of exports; so run it before you change anything, and again afterwards.

With --as cards, it writes instructions for a person with a form; with --as zone and --as dnscontrol, records for copying.

Exit code 0: every domain may switch now. 6: steps or waiting times remain. 3: something is not known.`,
		Args:              domainNames,
		ValidArgsFunction: f.completeDomains,
		RunE: f.run(f.withMove(func(ctx context.Context, move *journey.Move, args []string) (rehome.Outcome, error) {
			if !slices.Contains(planForms(), form) {
				return rehome.OutcomeDone, &usageError{cause: fmt.Errorf("--as cannot be %q; choose one of %s", form, strings.Join(planForms(), ", ")),
					command: "rehome cutover plan"}
			}
			plans, err := move.PlanCutover(ctx, lowered(args))
			if err != nil {
				return rehome.OutcomeDone, err
			}
			return f.give(plans, func(w io.Writer) error { return f.writeCutovers(w, plans, form) })
		})),
	}
	cmd.Flags().StringVar(&form, "as", form, "form of the plan: "+strings.Join(planForms(), ", "))
	completeValues(cmd, "as", planForms()...)
	return cmd
}

func (f *frame) writeCutovers(w io.Writer, plans cutover.Plans, form string) error {
	for i, p := range plans.Domains {
		if i > 0 {
			fmt.Fprintln(w)
		}
		switch form {
		case "cards":
			fmt.Fprint(w, p.Cards())
		case "zone":
			fmt.Fprint(w, p.ZoneFile())
		case "dnscontrol":
			fmt.Fprint(w, p.DNSControl(cutover.Before), p.DNSControl(cutover.AtSwitch), p.DNSControl(cutover.After))
		default:
			f.writeCutover(w, p)
		}
	}
	if form != "text" || f.quiet {
		return nil
	}
	_, err := fmt.Fprintln(w, paletteFor(w, os.Getenv).of(plans.Outcome(), cutoverSummary(plans)))
	return err
}

// writeCutover prints the steps of one domain, phase by phase, and why the switch has to wait.
func (f *frame) writeCutover(w io.Writer, p cutover.Plan) {
	colors := paletteFor(w, os.Getenv)
	fmt.Fprintln(w, colors.bold(printable(p.Domain))+" (asked at "+clock(p.Seen)+")")
	if p.Who != "" && len(p.Steps) > 0 {
		fmt.Fprintln(w, "  its records can be changed by "+printable(p.Who))
	}
	if p.Writer != nil && len(p.Steps) > 0 {
		fmt.Fprintln(w, "  rehome can write them, to "+printable(p.Writer.Title)+": "+printable(p.Writer.Race()))
	}
	phase := cutover.Phase("")
	subjects := 0
	for _, s := range p.Steps {
		subjects = max(subjects, cells(s.About))
	}
	for _, s := range p.Steps {
		if s.Phase != phase {
			phase = s.Phase
			fmt.Fprintln(w, "  "+colors.bold(strings.ReplaceAll(string(phase), "_", " ")))
		}
		writeAdvice(w, fmt.Sprintf("%2d", s.Order), subjects, checkup.Advice{Subject: s.About, Sentence: stepSentence(s, p.Who)})
	}
	for _, c := range p.Conditions {
		if !f.quiet && c.Ready.After(p.Seen) {
			writeAdvice(w, colors.yellow("~"), len("not before"), checkup.Advice{Subject: "not before",
				Sentence: c.Ready.UTC().Format("2006-01-02 15:04 UTC") + ": " + c.Sentence})
		}
	}
	for _, wait := range p.Waits {
		writeAdvice(w, colors.red("x"), len("waits"), checkup.Advice{Subject: "waits", Sentence: wait})
	}
	fmt.Fprintln(w, "  "+earliest(p))
}

// stepSentence says what to do, and the record as it will be.
func stepSentence(s cutover.Step, usual string) string {
	line := s.Sentence + ": " + s.Name
	if len(s.Wanted) > 0 && s.Type != "" {
		wanted := s.Wanted
		if s.About == "SPF" { // the others stay as they are
			wanted = wanted[:1]
		}
		line += " " + strings.TrimPrefix(strings.Join(prefixed(string(s.Type), wanted), ", "), " ")
		line += fmt.Sprintf(", TTL %d", s.TTL)
	} else if len(s.Wanted) > 0 {
		line += ": " + strings.Join(s.Wanted, ", ")
	}
	if s.Who != usual {
		line += " (" + s.Who + ")"
	}
	return line
}

func prefixed(kind string, data []string) []string {
	var all []string
	for _, d := range data {
		all = append(all, kind+" "+strings.TrimPrefix(d, "CNAME "))
	}
	return all
}

func earliest(p cutover.Plan) string {
	switch {
	case p.Earliest.IsZero():
		return "earliest safe switch: not known until this is done"
	case p.Open():
		return "earliest safe switch: " + p.Earliest.UTC().Format("Mon 2006-01-02 15:04 UTC") + ", if the steps before it are done now"
	case p.Earliest.After(p.Seen):
		return "earliest safe switch: " + p.Earliest.UTC().Format("Mon 2006-01-02 15:04 UTC")
	}
	return "DNS is ready: the switch is safe now"
}

func cutoverSummary(plans cutover.Plans) string {
	switch {
	case plans.Outcome() == rehome.OutcomeDone:
		return "DNS of " + plural(len(plans.Domains), "domain") + " is ready for the switch"
	case plans.Earliest.IsZero():
		return "the earliest moment for all domains is not known yet; the lines marked x say what is missing"
	}
	return "earliest moment for all domains: " + plans.Earliest.UTC().Format(time.RFC3339) + "; run \"rehome cutover plan\" again after each change"
}
