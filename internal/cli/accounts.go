// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"io"
	"os"

	"rehome"
	"rehome/internal/journey"
	"rehome/internal/people"

	"github.com/spf13/cobra"
)

func accountsCommand(f *frame) *cobra.Command {
	group := asGroup(&cobra.Command{Use: "accounts", Short: "Migrate accounts: list, plan, export, passwords, check"})
	group.AddCommand(accountsListCommand(f), accountsPlanCommand(f), accountsExportCommand(f), accountsPasswordsCommand(f),
		accountsCheckCommand(f), accountsTestPasswordCommand(f), accountsSettingsCommand(f), accountsImportCommand(f))
	return group
}

func accountsListCommand(f *frame) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "Show which accounts move and which stay",
		Args:  cobra.NoArgs,
		RunE: f.run(f.withMove(func(ctx context.Context, move *journey.Move, _ []string) (rehome.Outcome, error) {
			list, err := move.People(ctx)
			if err != nil {
				return rehome.OutcomeDone, err
			}
			return f.give(list, func(w io.Writer) error { return f.writePeople(w, list) })
		})),
	}
}

func (f *frame) writePeople(w io.Writer, list people.List) error {
	t := newTable("ACCOUNT", "NAME", "SOURCE PASSWORD", "DESTINATION PASSWORD")
	for _, p := range list.Moving {
		t.add(p.Account, p.Name, string(p.PasswordForm), p.DestinationPassword)
	}
	for _, s := range list.Staying {
		t.add(s.Account, "", "", "does not move: "+s.Reason)
	}
	if err := t.write(w, paletteFor(w, os.Getenv)); err != nil {
		return err
	}
	return f.writeFindings(w, list.Findings, rehome.SeverityWarning)
}

func accountsExportCommand(f *frame) *cobra.Command {
	return &cobra.Command{
		Use:   "export",
		Short: "Write accounts.csv for the destination and a sealed sheet of temporary passwords",
		Long: `export writes the file that the destination's Account Manager imports. Users keep their current
password if rehome can read it and the destination accepts it. All others get a temporary password,
which is created once and sealed in temporary-passwords.csv.age; later exports use the same one.

accounts.csv contains passwords in clear text, because the import requires them. Delete it after the
import.`,
		Args: cobra.NoArgs,
		RunE: f.run(f.withMove(func(ctx context.Context, move *journey.Move, _ []string) (rehome.Outcome, error) {
			export, err := move.ExportAccounts(ctx)
			if err != nil {
				return rehome.OutcomeDone, err
			}
			return f.give(export, func(w io.Writer) error { return f.writeExport(w, export) })
		})),
	}
}

func (f *frame) writeExport(w io.Writer, export journey.Export) error {
	for _, file := range export.Files {
		fmt.Fprintf(w, "wrote %s\n", file)
	}
	if export.Shares != "" {
		fmt.Fprintf(w, "wrote %s: the shared calendars and address books, to share again at the destination\n", export.Shares)
	}
	fmt.Fprintf(w, "%s: %d with their current password, %d with a temporary one (%d new)\n",
		plural(export.Accounts, "account"), export.Own, export.Temporary, export.New)
	if export.Sheet != "" {
		fmt.Fprintf(w, "the temporary passwords are sealed in %s; open it with \"rehome accounts passwords\"\n", export.Sheet)
	}
	for _, s := range export.Staying {
		fmt.Fprintf(w, "not exported: %s (%s)\n", printable(s.Account), printable(s.Reason))
	}
	if err := f.writeFindings(w, export.Findings, rehome.SeverityWarning); err != nil {
		return err
	}
	_, err := fmt.Fprintln(w, "next: import the file at the destination, then run \"rehome accounts check\"; \"rehome next\" says when the file may go")
	return err
}

func accountsPasswordsCommand(f *frame) *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "passwords --output FILE",
		Short: "Write the temporary passwords to a file in clear text",
		Long: `passwords opens the sealed sheet and writes the temporary passwords in clear text to a file that only
you can read, so that you can hand them out. It never shows them at the terminal. Afterwards, destroy
the file with "rehome secrets purge".`,
		Args: cobra.NoArgs,
		RunE: f.run(f.withMove(func(ctx context.Context, move *journey.Move, _ []string) (rehome.Outcome, error) {
			written, err := move.WritePasswords(ctx, output)
			if err != nil {
				return rehome.OutcomeDone, err
			}
			return f.give(written, func(w io.Writer) error {
				_, err := fmt.Fprintf(w, "wrote %s; hand them out, then destroy it with \"rehome secrets purge --yes\"; \"rehome next\" says when "+
					"users may change them\n", written.File)
				return err
			})
		})),
	}
	cmd.Flags().StringVarP(&output, "output", "o", "", "file to write; it must not exist")
	completeFiles(cmd, "output")
	_ = cmd.MarkFlagRequired("output") // the flag exists, it is defined above
	return cmd
}
