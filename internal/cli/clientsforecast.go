// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"rehome"
	"rehome/internal/forecast"
	"rehome/internal/journey"
)

func clientsForecastCommand(f *frame) *cobra.Command {
	var who *selection
	cmd := &cobra.Command{
		Use:   "forecast",
		Short: "Say whose programs will ask for a password, and how much mail they will download again",
		Long: `forecast says for each account what its programs will make of the switch: whether they ask for a new password,
and how much mail each of them downloads again, and why. It knows that from the accounts' passwords, from the
UIDs and POP3 identifiers of what was copied, and from the programs that "rehome clients devices" has found in
logs. It asks no server. Run it after a sync; "rehome verify --uids" proves the same at both ends.

Every program that keeps copies downloads that much: a telephone, and a computer at home and at work.

Exit code 6: something is not known, and the answer says what would tell.`,
		Args: cobra.NoArgs,
		RunE: f.run(f.withMove(func(ctx context.Context, move *journey.Move, _ []string) (rehome.Outcome, error) {
			only, err := who.choice(f.app.In)
			if err != nil {
				return rehome.OutcomeDone, err
			}
			told, err := move.Foretell(ctx, only)
			if err != nil {
				return rehome.OutcomeDone, err
			}
			return f.give(told, func(w io.Writer) error { return writeForecast(w, told) })
		})),
	}
	who = f.selectAccounts(cmd)
	return cmd
}

func writeForecast(w io.Writer, told journey.Forecast) error {
	t := newTable("ACCOUNT", "ASKS FOR A PASSWORD", "BY IMAP AGAIN", "BY POP3 AGAIN", "WHY")
	unknown := map[string]int{}
	for _, a := range told.Accounts {
		mail, pop := "not known", ""
		if a.Copied {
			mail = againWord(a.IMAP)
		}
		if a.UsesPOP3 {
			pop = "not known"
		}
		if a.UsesPOP3 && a.POP3Known {
			pop = againWord(a.POP3)
		}
		t.add(a.Account, string(a.Password), mail, pop, strings.Join(a.Reasons, "; "))
		for _, what := range a.Unknown {
			unknown[what]++
		}
	}
	if err := t.write(w, paletteFor(w, os.Getenv)); err != nil {
		return err
	}
	for _, what := range slices.Sorted(maps.Keys(unknown)) {
		fmt.Fprintf(w, "not known for %s: %s\n", plural(unknown[what], "account"), what)
	}
	s := told.Sum
	again := "no program downloads mail again, as far as is known"
	if s.Again > 0 {
		again = fmt.Sprintf("programs of %s download %s again", plural(s.Again, "account"), againWord(s.Mail))
	}
	_, err := fmt.Fprintf(w, "users who have to enter a new password: %s of %s, and perhaps %s more; %s\n", number(s.Asked), number(s.Accounts),
		number(s.MayAsk), again)
	return err
}

func againWord(a forecast.Again) string {
	switch {
	case a.Messages == 0:
		return "nothing"
	case a.Octets == 0:
		return plural(int(a.Messages), "message")
	case a.AtLeast:
		return plural(int(a.Messages), "message") + ", more than " + octets(a.Octets)
	}
	return plural(int(a.Messages), "message") + ", " + octets(a.Octets)
}
