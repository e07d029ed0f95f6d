// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"rehome"
	"rehome/internal/journey"
)

func storeCommand(f *frame) *cobra.Command {
	group := asGroup(&cobra.Command{Use: "store", Short: "Move the ledger to another place"})
	group.AddCommand(storeCopyCommand(f))
	return group
}

func storeCopyCommand(f *frame) *cobra.Command {
	var passwords [2]string
	cmd := &cobra.Command{
		Use:   "copy FROM TO",
		Short: "Copy the ledger from a file to PostgreSQL, or back",
		Long: `copy copies a ledger, with that of the way back if there is one, to a place where none is yet. FROM and
TO are files or addresses of PostgreSQL, as in the setting store. Nothing may run with either of them.

Every table is read again at its new place and compared: all of it is there, or nothing. FROM stays as
it is. Set store to TO afterwards, and run nothing with FROM any more.

--from-password and --to-password say where a password is kept, as in the settings; they never are one.`,
		Example: "  rehome store copy rehome.db postgres://mover@db.example.com/rehome --to-password file:secrets/store",
		Args:    placed,
	}
	cmd.RunE = f.run(func(ctx context.Context, args []string) (rehome.Outcome, error) {
		var places [2]journey.StorePlace
		for i := range places {
			places[i].Name = args[i]
			if passwords[i] == "" {
				continue
			}
			if err := places[i].Password.UnmarshalText([]byte(passwords[i])); err != nil {
				return rehome.OutcomeDone, err
			}
		}
		copied, err := journey.CopyStore(ctx, places[0], places[1])
		if err != nil {
			return rehome.OutcomeDone, err
		}
		return f.give(copied, func(w io.Writer) error { return writeStoreCopied(w, copied, args[1]) })
	})
	cmd.Flags().StringVar(&passwords[0], "from-password", "", "where the password for FROM is kept: env:, file:, cmd: or keyring:")
	cmd.Flags().StringVar(&passwords[1], "to-password", "", "likewise for TO")
	return cmd
}

func writeStoreCopied(w io.Writer, copied journey.StoreCopied, to string) error {
	what := "the ledger"
	if len(copied.WayBack) > 0 {
		what += ", and that of the way back,"
	}
	_, err := fmt.Fprintf(w,
		"copied %s: %s, read again and equal\nnow set this in the settings, and run nothing with the old one any more:\n  store: %s\n",
		what, plural(int(copied.Rows()), "row"), printable(to))
	return err
}
