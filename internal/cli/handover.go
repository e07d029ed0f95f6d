// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"rehome/internal/journey"
)

func handoverCommand(f *frame) *cobra.Command {
	var options journey.HandoverOptions
	var logs []string
	cmd := &cobra.Command{
		Use:   "handover",
		Short: "Write one bundle for the vendor's operations: hashes, aliases, POP users, DKIM, questions",
		Long: `handover writes what the import of accounts cannot carry and a person at the vendor has to act
on, with a README for that person. Hashes are sealed with age for the recipients in --seal-to and
accounts.seal_to, and for this move itself; nothing secret is in clear. The same people give the same
bundle, octet for octet.

Who fetches by POP3 is read from Dovecot's logs, plain or gzip, if --pop-log names some; otherwise
everybody who may is listed.`,
		Args: cobra.NoArgs,
		RunE: f.run(f.withMove(func(ctx context.Context, move *journey.Move, _ []string) (Outcome, error) {
			if options.Output == "" {
				options.Output = move.HandoverDefault()
			}
			var err error
			if options.POPUsers, err = journey.ReadPOPUsers(logs); err != nil {
				return OutcomeDone, err
			}
			handover, err := move.Handover(ctx, options)
			if err != nil {
				return OutcomeDone, err
			}
			return OutcomeDone, f.answer(handover, func(w io.Writer) error { return writeHandover(w, handover) })
		})),
	}
	cmd.Flags().StringVarP(&options.Output, "output", "o", "", "folder, or file that ends with .tar.gz (default: handover in accounts.output)")
	cmd.Flags().StringArrayVar(&options.SealTo, "seal-to", nil, "age recipient of the vendor (age1... or ssh-...); may be given several times")
	cmd.Flags().StringArrayVar(&logs, "pop-log", nil, "log of the source's Dovecot; may be given several times")
	return cmd
}

func writeHandover(w io.Writer, h journey.Handover) error {
	fmt.Fprintf(w, "wrote %s: %d hashes, %d aliases, %d POP users, DKIM for %d domains, the open questions\n", h.Output, h.Hashes, h.Aliases, h.POPUsers, h.Domains)
	if h.Hashes > 0 && !h.Vendor {
		fmt.Fprintln(w, "nobody but you can open the hashes: ask the vendor for an age recipient, and run again with --seal-to")
	}
	_, err := fmt.Fprintln(w, "next: read its README.txt, then send it to the vendor's support")
	return err
}
