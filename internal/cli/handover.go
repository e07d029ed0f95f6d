// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"rehome"
	"rehome/internal/handover"
	"rehome/internal/journey"
)

func handoverCommand(f *frame) *cobra.Command {
	var options journey.HandoverOptions
	cmd := &cobra.Command{
		Use:   "handover",
		Short: "Write a bundle for the vendor: hashes, aliases, POP users, DKIM, questions",
		Long: `handover writes everything that the account import cannot carry and that the vendor has to act on, with a
README for the vendor. Hashes are sealed with age for the recipients in --seal-to and accounts.seal_to,
and for this move itself; no secret is in clear text. The same accounts give the same bundle, octet for
octet.

The POP3 users are read from the logs given with --pop-log: of Dovecot, Courier, Cyrus or qpopper, plain
or compressed, as files or folders. Without logs, every user who may use POP3 is listed. A log that tells
of no login at all is refused, because it does not show that nobody uses POP3. With --uidls and source.pop3,
the list also says how many POP3 identifiers (UIDL) each of these users has, what the source makes them of,
and with which setting a Dovecot or a Cyrus makes the same. When the vendor is done, "rehome verify --uids"
proves what was kept.`,
		Args: cobra.NoArgs,
		RunE: f.run(f.withMove(func(ctx context.Context, move *journey.Move, _ []string) (rehome.Outcome, error) {
			if options.Output == "" {
				options.Output = move.HandoverDefault()
			}
			handover, err := move.Handover(ctx, options)
			if err != nil {
				return rehome.OutcomeDone, err
			}
			return f.give(handover, func(w io.Writer) error { return writeHandover(w, handover) })
		})),
	}
	cmd.Flags().StringVarP(&options.Output, "output", "o", "", "folder, or file name ending in .tar.gz (default: handover in accounts.output)")
	cmd.Flags().StringArrayVar(&options.SealTo, "seal-to", nil, "age recipient of the vendor, age1... or ssh-... (repeatable)")
	cmd.Flags().StringArrayVar(&options.POPLogs, "pop-log", nil, "log file or folder with the source's POP3 logins (repeatable)")
	cmd.Flags().BoolVar(&options.UIDLs, "uidls", false, "count the POP3 identifiers of these users at the source, and say what they are made of")
	completeFiles(cmd, "output", "pop-log")
	return cmd
}

// enoughDays is how long a log of POP3 covers to show all who poll, holidays included.
const enoughDays = 30

func writeHandover(w io.Writer, h handover.Bundle) error {
	fmt.Fprintf(w, "wrote %s: %s, %s, %s, DKIM for %s, the open questions\n", h.Output, count(h.Hashes, "hash", "hashes"),
		count(h.Aliases, "alias", "aliases"), plural(h.POPUsers, "POP user"), plural(h.Domains, "domain"))
	if h.POPLog != nil {
		writeLogsRead(w, h.POPLog.Read, popLine)
		writeOwnLogins(w, h.POPLog.Own)
		switch days := h.POPLog.Days(); {
		case days == 0:
			fmt.Fprintln(w, "note: the logs do not say which days they cover")
		case days < enoughDays:
			fmt.Fprintf(w, "note: the logs cover %s; whoever fetches mail less often is not in them\n", plural(days, "day"))
		}
	}
	if h.UIDLs > 0 {
		fmt.Fprintf(w, "%s of these users counted; when the vendor has kept them: rehome verify --uids\n", plural(h.UIDLs, "POP3 identifier"))
	}
	if h.UIDLs > 0 && h.Unread > 0 {
		fmt.Fprintf(w, "warning: the identifiers of %s could not be counted; pop-users.csv says why\n", plural(h.Unread, "user"))
	}
	if len(h.Unknown) > 0 {
		fmt.Fprintf(w, "warning: the logs name %s with no account that moves, or with more than one: %s\n",
			plural(len(h.Unknown), "POP3 user"), printable(listed(h.Unknown)))
	}
	if h.Hashes > 0 && !h.Vendor {
		fmt.Fprintln(w, "only you can open the hashes; ask the vendor for an age recipient and run the command again with --seal-to")
	}
	_, err := fmt.Fprintln(w, "next: read README.txt in the bundle, then send the bundle to the vendor's support")
	return err
}
