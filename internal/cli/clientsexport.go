// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"rehome"
	"rehome/internal/journey"
)

func clientsExportCommand(f *frame) *cobra.Command {
	var who *selection
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Write each user's contacts, calendars and tasks at the source into files that other programs import",
		Long: `export writes for each user, to the folder clients/export in accounts.output, a folder and a .zip with

  contacts/BOOK.vcf                           one file for each address book
  calendars/CALENDAR.ics, tasks/CALENDAR.ics  one for each calendar, each time zone once
  calendars without invitations/...           the same without attendees, for programs that would invite them again
  other objects/...                           what is damaged or of another encoding, as it is
  what "clients documents" writes for this user

Each file is read back and compared with what the source returned. Run it before the switch as a backup. The source is only read.

Exit code 5: an account or an object could not be read; run the command again.`,
		Args: cobra.NoArgs,
		RunE: f.run(f.withMove(func(ctx context.Context, move *journey.Move, _ []string) (rehome.Outcome, error) {
			only, err := who.choice(f.app.In)
			if err != nil {
				return rehome.OutcomeDone, err
			}
			bundles, err := move.ExportBundles(ctx, only)
			if err != nil {
				return rehome.OutcomeDone, err
			}
			return f.give(bundles, func(w io.Writer) error { return writeBundles(w, bundles) })
		})),
	}
	who = f.selectAccounts(cmd)
	return cmd
}

func writeBundles(w io.Writer, bundles journey.Bundles) error {
	t := newTable("ACCOUNT", "CONTACTS", "EVENTS AND TASKS", "BY THEMSELVES", "NOT READ").alignRight(1, 2, 3, 4)
	for _, b := range bundles.Accounts {
		numbers := map[rehome.Kind]int{}
		beside := 0
		for _, c := range b.Collections {
			numbers[c.Kind] += c.Objects
			beside += c.Beside
		}
		_, unread := b.Objects()
		t.add(b.Account, number(numbers[rehome.KindContacts]), number(numbers[rehome.KindCalendars]), number(beside), number(unread))
	}
	if err := t.write(w, paletteFor(w, os.Getenv)); err != nil {
		return err
	}
	for _, b := range bundles.Accounts {
		for _, c := range b.Collections {
			for _, u := range c.Unread {
				fmt.Fprintf(w, "warning: %s of %s could not be read: %s\n", printable(u.Object), printable(b.Account), printable(u.Why))
			}
		}
		for _, l := range b.LeftOut {
			fmt.Fprintf(w, "note: %q of %s is left out: %s\n", printable(l.Name), printable(b.Account), printable(l.Why))
		}
	}
	for _, failed := range bundles.Failed {
		fmt.Fprintf(w, "warning: nothing was written for %s: %s\n", printable(failed.Account), printable(failed.Why))
		if failed.Hint != "" {
			fmt.Fprintf(w, "  -> %s\n", printable(failed.Hint))
		}
	}
	_, err := fmt.Fprintf(w, "wrote the contacts and calendars of %s into %s\n", plural(len(bundles.Accounts), "account"), bundles.Folder)
	return err
}
