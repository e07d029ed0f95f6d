// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"rehome"
	"rehome/internal/checkup"
	"rehome/internal/clientcheck"
	"rehome/internal/journey"
)

func clientsCheckCommand(f *frame) *cobra.Command {
	var who *selection
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Look from outside at what each kind of mail program and telephone finds",
		Long: `check looks at each domain as Thunderbird, Thunderbird for Android, Outlook, Apple devices and DAVx5 do
when they set themselves up: which document each finds, what it says, and whether the servers in it answer
with a valid certificate. It compares that with the settings and with clients.switched.

Without --account it takes one user of each domain who has switched and one who has not. It logs in
nowhere. Places that the programs ask hear from it too: the domain's web server and, if that has no
document, Mozilla's database and the web server of the mail host. Run it on a machine outside of your
network.

Exit code 0: each program gets the right settings; there may be warnings. 5: one does not, a server
cannot be used, or something is not known.`,
		Example: "  rehome clients check\n  rehome clients check --account anna@example.com",
		Args:    cobra.NoArgs,
		RunE: f.run(f.withMove(func(ctx context.Context, move *journey.Move, _ []string) (rehome.Outcome, error) {
			only, err := who.choice(f.app.In)
			if err != nil {
				return rehome.OutcomeDone, err
			}
			checked, err := move.CheckClients(ctx, only)
			if err != nil {
				return rehome.OutcomeDone, err
			}
			return f.give(checked, func(w io.Writer) error { return f.writeClientsChecked(w, checked) })
		})),
	}
	who = f.selectAccounts(cmd)
	return cmd
}

func (f *frame) writeClientsChecked(w io.Writer, checked journey.ClientsChecked) error {
	colors := paletteFor(w, os.Getenv)
	if !checked.Switched && !f.quiet {
		fmt.Fprintln(w, "note: there is no file clients.switched, so every domain counts as not switched")
	}
	for _, d := range checked.Domains {
		f.writeClientsOf(w, colors, d)
	}
	if f.quiet {
		return nil
	}
	_, err := fmt.Fprintln(w, colors.of(checked.Outcome(), clientsSummary(checked)))
	return err
}

// writeClientsOf prints a line for each client and each server of a domain.
func (f *frame) writeClientsOf(w io.Writer, colors palette, d clientcheck.Domain) {
	sides := map[rehome.Side]string{rehome.Source: "has not switched", rehome.Destination: "has switched"}
	fmt.Fprintf(w, "%s (%s)\n", colors.bold(printable(d.Domain)), sides[d.Side])
	for _, c := range d.Clients {
		if f.quiet && c.Level != checkup.LevelError {
			continue
		}
		writeAdvice(w, mark(c.Level, colors), 0, checkup.Advice{Sentence: c.Sentence, NextStep: withWho(c.NextStep, c.Who)})
	}
	for _, s := range d.Servers {
		if f.quiet && s.Level != checkup.LevelError {
			continue
		}
		writeAdvice(w, mark(s.Level, colors), 0, checkup.Advice{Sentence: string(s.Service) + ": " + s.Sentence, NextStep: withWho(s.NextStep, s.Who)})
	}
}

func withWho(step, who string) string {
	if step == "" || who == "" {
		return step
	}
	return step + " (" + who + ")"
}

func clientsSummary(checked journey.ClientsChecked) string {
	programs, servers := rehome.Severity(""), rehome.Severity("")
	for _, f := range checked.Findings {
		into := &programs
		if clientcheck.AboutServer(f) {
			into = &servers
		}
		if *into != rehome.SeverityError {
			*into = f.Severity
		}
	}
	switch {
	case programs == rehome.SeverityError:
		return "a program gets wrong settings or none, or it is not known which: see the lines marked x"
	case servers == rehome.SeverityError:
		return "a server that programs are told cannot be used: see the lines marked x"
	case programs != "" || servers != "":
		return "each program gets the right settings; review the lines marked !"
	}
	return "each program gets the right settings"
}
