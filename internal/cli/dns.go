// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"rehome"
	"rehome/internal/checkup"
	"rehome/internal/cutover"
	"rehome/internal/journey"
	"rehome/internal/protocol/dns"

	"github.com/spf13/cobra"
)

func dnsCommand(f *frame) *cobra.Command {
	group := asGroup(&cobra.Command{Use: "dns", Short: "Look at the domains' DNS and prepare it: check, lower-ttl, stage"})
	group.AddCommand(dnsCheckCommand(f), dnsLowerTTLCommand(f), dnsStageCommand(f))
	return group
}

func dnsCheckCommand(f *frame) *cobra.Command {
	return &cobra.Command{
		Use:   "check [DOMAIN]...",
		Short: "Compare the DNS records of each domain with what the destination needs",
		Long: `check asks every authoritative server of each domain, from the root servers down, and no resolver. For each
record it says what it is, what it should be and who can change it: where mail goes, who may send it, keys,
policies, and the names under which programs find their servers. What the destination needs comes from
destination.dns and the destination's servers in the settings. Without DOMAIN, it looks at all domains that
move. Where dns.providers says how the records are changed, it also tries whether they could be. It changes
nothing.

Exit code 0: every record is known and works; some may have to be changed for the move. 3: a record is
broken or not known, or the servers of a domain disagree.`,
		Example:           "  rehome dns check example.com",
		Args:              domainNames,
		ValidArgsFunction: f.completeDomains,
		RunE: f.run(f.withMove(func(ctx context.Context, move *journey.Move, args []string) (rehome.Outcome, error) {
			report, err := move.CheckDNS(ctx, lowered(args))
			if err != nil {
				return rehome.OutcomeDone, err
			}
			return f.give(report, func(w io.Writer) error { return f.writeDNS(w, report) })
		})),
	}
}

// domainNames demands names that can be asked for.
func domainNames(_ *cobra.Command, args []string) error {
	for _, name := range args {
		if !dns.ValidName(name) || strings.ContainsAny(name, "@/: ") || !strings.Contains(strings.Trim(name, "."), ".") {
			return fmt.Errorf("%q is no domain", name)
		}
	}
	return nil
}

func lowered(names []string) []string {
	var all []string
	for _, name := range names {
		all = append(all, strings.ToLower(strings.TrimSuffix(name, ".")))
	}
	return all
}

func (f *frame) writeDNS(w io.Writer, report cutover.Report) error {
	colors := paletteFor(w, os.Getenv)
	for i, d := range report.Domains {
		if i > 0 && !f.quiet {
			fmt.Fprintln(w)
		}
		f.writeDomain(w, colors, d)
	}
	if f.quiet {
		return nil
	}
	_, err := fmt.Fprintln(w, colors.of(report.Outcome(), dnsSummary(report)))
	return err
}

// writeDomain prints a line for each record, and below it what to do and what each server says where they differ.
func (f *frame) writeDomain(w io.Writer, colors palette, d cutover.Domain) {
	fmt.Fprintln(w, colors.bold(printable(d.Domain))+" "+printable(domainLine(d)))
	if len(d.Records) > 0 && !f.quiet {
		fmt.Fprintln(w, "  its records can be changed by "+printable(d.Who))
	}
	subjects := 0
	for _, r := range d.Records {
		subjects = max(subjects, cells(r.About))
	}
	for _, r := range d.Records {
		if f.quiet && r.State != cutover.Wrong && r.State != cutover.Unknown {
			continue
		}
		advice := checkup.Advice{Subject: r.About, Sentence: r.Sentence, NextStep: r.NextStep}
		if r.NextStep != "" && r.Who != d.Who {
			advice.NextStep += " (" + r.Who + ")"
		}
		writeAdvice(w, recordMark(r.State, colors), subjects, advice)
		for _, server := range r.Servers {
			fmt.Fprintf(w, "%s%s\n", strings.Repeat(" ", subjects+6), printable(serverLine(server)))
		}
	}
	for _, finding := range d.Findings {
		// The others are about a record, whose line has said it.
		subject, apart := cutover.Apart(finding)
		if !apart || f.quiet && finding.Severity != rehome.SeverityError {
			continue
		}
		writeAdvice(w, mark(levelOf(finding.Severity), colors), subjects,
			checkup.Advice{Subject: subject, Sentence: finding.Sentence, NextStep: finding.NextStep})
	}
}

// domainLine says whose servers were asked, and when.
func domainLine(d cutover.Domain) string {
	if d.Zone == "" {
		return "(asked at " + clock(d.Seen) + ")"
	}
	line := "(zone " + d.Zone
	if d.Provider != "" {
		line += " at " + d.Provider
	}
	switch d.Signed.State {
	case dns.Secure:
		line += ", signed until " + d.Signed.Expires.UTC().Format(time.DateOnly)
	case dns.Insecure:
		line += ", not signed"
	case dns.Unchecked:
		line += ", signatures not checked"
	}
	var serials []string
	for _, s := range d.Serials {
		serial := s.Server + " " + s.Serial
		if len(serials) == 0 || serials[len(serials)-1] != serial {
			serials = append(serials, serial)
		}
	}
	if len(serials) > 0 {
		line += "; versions: " + strings.Join(serials, ", ")
	}
	return line + "; asked at " + clock(d.Seen) + ")"
}

func clock(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

func serverLine(s cutover.Said) string {
	says := strings.Join(s.Says, ", ")
	switch {
	case s.Words != "":
		says = s.Words
	case says == "":
		says = "there is none"
	}
	return strings.TrimSpace(s.Server+" "+s.Addr) + " at " + s.At.UTC().Format(time.TimeOnly) + ": " + says
}

func recordMark(state cutover.State, colors palette) string {
	switch state {
	case cutover.Right:
		return colors.green("+")
	case cutover.Change:
		return colors.yellow("~")
	case cutover.Warning:
		return colors.yellow("!")
	}
	return colors.red("x")
}

func levelOf(severity rehome.Severity) checkup.Level {
	switch severity {
	case rehome.SeverityError:
		return checkup.LevelError
	case rehome.SeverityWarning:
		return checkup.LevelWarning
	}
	return checkup.LevelOK
}

func dnsSummary(report cutover.Report) string {
	n := map[cutover.State]int{}
	for _, d := range report.Domains {
		for _, r := range d.Records {
			n[r.State]++
		}
	}
	line := fmt.Sprintf("%s: %d right, %d to change (~), %d to look at (!), %d wrong or not known (x)", plural(len(report.Domains), "domain"),
		n[cutover.Right], n[cutover.Change], n[cutover.Warning], n[cutover.Wrong]+n[cutover.Unknown])
	return line
}
