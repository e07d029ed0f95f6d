// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"rehome"
	"rehome/internal/handover"
	"rehome/internal/journey"
)

func accountsSettingsCommand(f *frame) *cobra.Command {
	var who *selection
	var sheets bool
	cmd := &cobra.Command{
		Use:   "settings",
		Short: "Show each user's webmail settings: signature, reply-to, name, time zone, language",
		Long: `settings shows the webmail settings of each user, which no other command copies. With --sheets it also
writes three files for each user to the folder people in accounts.output: a page that explains what
changes (as "clients documents" does), the settings as JSON and, for a user with a temporary password, a
sealed letter that contains it. Run "accounts export" first; it creates these passwords.`,
		Args: cobra.NoArgs,
		RunE: f.run(f.withMove(func(ctx context.Context, move *journey.Move, _ []string) (rehome.Outcome, error) {
			read := move.Settings
			if sheets {
				read = move.PersonalSheets
			}
			only, err := who.choice(f.app.In)
			if err != nil {
				return rehome.OutcomeDone, err
			}
			settings, err := read(ctx, only)
			if err != nil {
				return rehome.OutcomeDone, err
			}
			return f.give(settings, func(w io.Writer) error { return writeSettings(w, settings) })
		})),
	}
	who = f.selectAccounts(cmd)
	cmd.Flags().BoolVar(&sheets, "sheets", false, "write a page for each user")
	return cmd
}

func writeSettings(w io.Writer, settings journey.Sheets) error {
	t := newTable("ACCOUNT", "NAME", "REPLY-TO", "TIME ZONE", "LANGUAGE", "SIGNATURE")
	for _, p := range settings.People {
		t.add(p.Account, p.DisplayName, p.ReplyTo, p.TimeZone, p.Language, signatureWord(p))
	}
	if err := t.write(w, paletteFor(w, os.Getenv)); err != nil {
		return err
	}
	if settings.Folder == "" {
		return nil
	}
	writeLeftOut(w, settings.LeftOut)
	_, err := fmt.Fprintf(w, "wrote %s and %s into %s\n", plural(settings.Sheets, "page"), plural(settings.Letters, "sealed letter"), settings.Folder)
	return err
}

func signatureWord(p handover.PersonalSetting) string {
	switch {
	case p.Signature == "":
		return ""
	case p.HTML:
		return "HTML"
	}
	return plural(strings.Count(p.Signature, "\n")+1, "line")
}
