// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"io"
	"os"

	"rehome"
	"rehome/internal/journey"

	"github.com/spf13/cobra"
)

func accountsCommand(f *frame) *cobra.Command {
	group := asGroup(&cobra.Command{Use: "accounts", Short: "Bring the people across: list, plan, export, hand out passwords, check"})
	group.AddCommand(accountsListCommand(f), accountsPlanCommand(f), accountsExportCommand(f), accountsPasswordsCommand(f),
		accountsCheckCommand(f), accountsTestPasswordCommand(f), accountsSettingsCommand(f), accountsImportCommand(f))
	return group
}

func accountsListCommand(f *frame) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "Show who moves and who stays",
		Args:  cobra.NoArgs,
		RunE: f.run(f.withMove(func(ctx context.Context, move *journey.Move, _ []string) (Outcome, error) {
			list, err := move.People(ctx)
			if err != nil {
				return OutcomeDone, err
			}
			return OutcomeDone, f.answer(list, func(w io.Writer) error { return f.writePeople(w, list) })
		})),
	}
}

func (f *frame) writePeople(w io.Writer, list journey.People) error {
	t := newTable("ACCOUNT", "NAME", "PASSWORD AT THE SOURCE", "AT THE DESTINATION")
	for _, p := range list.Moving {
		t.add(p.Account, p.Name, string(p.PasswordForm), p.DestinationPassword)
	}
	for _, s := range list.Staying {
		t.add(s.Account, "", "", "stays: "+s.Reason)
	}
	return t.write(w, paletteFor(w, os.Getenv))
}

func accountsExportCommand(f *frame) *cobra.Command {
	return &cobra.Command{
		Use:   "export",
		Short: "Write accounts.csv for the destination and a sealed sheet of temporary passwords",
		Long: `export writes the file that the destination's Account Manager imports. Who has a readable
password that the destination accepts keeps it. Everybody else gets a temporary one, which is
made once and sealed in temporary-passwords.csv.age; a second export uses the same ones.

accounts.csv holds passwords in clear, because the import wants them. Delete it afterwards.`,
		Args: cobra.NoArgs,
		RunE: f.run(f.withMove(func(ctx context.Context, move *journey.Move, _ []string) (Outcome, error) {
			export, err := move.ExportAccounts(ctx)
			if err != nil {
				return OutcomeDone, err
			}
			return OutcomeDone, f.answer(export, func(w io.Writer) error { return f.writeExport(w, export) })
		})),
	}
}

func (f *frame) writeExport(w io.Writer, export journey.Export) error {
	for _, file := range export.Files {
		fmt.Fprintf(w, "wrote %s\n", file)
	}
	if export.Shares != "" {
		fmt.Fprintf(w, "wrote %s: who sees whose calendars and contacts, to be shared again at the destination\n", export.Shares)
	}
	fmt.Fprintf(w, "%d accounts: %d keep the own password, %d get a temporary one (%d made now)\n",
		export.Accounts, export.Own, export.Temporary, export.New)
	if export.Sheet != "" {
		fmt.Fprintf(w, "the temporary passwords are sealed in %s; read them with \"rehome accounts passwords\"\n", export.Sheet)
	}
	for _, s := range export.Staying {
		fmt.Fprintf(w, "not exported: %s (%s)\n", printable(s.Account), printable(s.Reason))
	}
	if err := f.writeFindings(w, export.Findings, rehome.SeverityWarning); err != nil {
		return err
	}
	_, err := fmt.Fprintln(w, "next: import the file at the destination, then run \"rehome sync\"; delete the file when the import is done")
	return err
}

func accountsPasswordsCommand(f *frame) *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "passwords --output FILE",
		Short: "Open the sealed sheet of temporary passwords into a file",
		Long: `passwords writes the temporary passwords in clear into a file that only its owner can
read, for the person who hands them out. They are never shown at the terminal. "rehome secrets
purge" knows the file, and destroys it.`,
		Args: cobra.NoArgs,
		RunE: f.run(f.withMove(func(ctx context.Context, move *journey.Move, _ []string) (Outcome, error) {
			if err := move.WritePasswords(ctx, output); err != nil {
				return OutcomeDone, err
			}
			return OutcomeDone, f.answer(map[string]string{"file": output}, func(w io.Writer) error {
				_, err := fmt.Fprintf(w, "wrote %s; when everybody has a password of their own, \"rehome secrets purge\" destroys it\n", output)
				return err
			})
		})),
	}
	cmd.Flags().StringVarP(&output, "output", "o", "", "file to write, which must not exist")
	_ = cmd.MarkFlagRequired("output") // the flag exists, it is defined above
	return cmd
}
