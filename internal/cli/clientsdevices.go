// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"rehome"
	"rehome/internal/journey"
	"rehome/internal/maillog"
)

func clientsDevicesCommand(f *frame) *cobra.Command {
	var who *selection
	cmd := &cobra.Command{
		Use:   "devices [LOG]...",
		Short: "Find out from logs which programs and devices each user has",
		Long: `devices reads logs of the source and remembers which programs use which account: from logins by IMAP, POP3,
ManageSieve and submission, from the ID that mail programs send (imap_id_log in Dovecot), and from the access
log of the web server that has calendars and contacts. Logs are files or folders, plain or compressed. You can
read the same log again. Without LOG, it shows what is known.

Each user's page has instructions for these devices first ("rehome clients documents"). A device that no log
shows may still be in use.

Exit code 6: a log could not be read to its end, or was not understood.`,
		RunE: f.run(f.withMove(func(ctx context.Context, move *journey.Move, args []string) (rehome.Outcome, error) {
			only, err := who.choice(f.app.In)
			if err != nil {
				return rehome.OutcomeDone, err
			}
			known, err := move.CountDevices(ctx, only, args)
			if err != nil {
				return rehome.OutcomeDone, err
			}
			return f.give(known, func(w io.Writer) error { return writeDevices(w, known) })
		})),
	}
	who = f.selectAccounts(cmd)
	return cmd
}

func writeDevices(w io.Writer, known journey.Devices) error {
	t := newTable("ACCOUNT", "PROGRAM", "BY", "LAST USED")
	unknown := 0
	for _, one := range known.Accounts {
		if len(one.Devices) == 0 {
			unknown++
		}
		account := one.Account
		for _, d := range one.Devices {
			name, last := d.Name, ""
			if name == "" {
				name = "does not say its name"
			}
			if !d.Last.IsZero() {
				last = d.Last.Format(time.DateOnly)
			}
			t.add(account, name, strings.Join(d.Protocols, ", "), last)
			account = ""
		}
	}
	if err := t.write(w, paletteFor(w, os.Getenv)); err != nil {
		return err
	}
	if known.Logs != nil {
		writeLogsRead(w, *known.Logs, useLine)
	}
	if n := len(known.Strangers); n > 0 {
		fmt.Fprintf(w, "note: the logs name %s with no account that moves, or with more than one: %s\n",
			plural(n, "user"), printable(listed(known.Strangers)))
	}
	writeOwnLogins(w, known.Own)
	if known.Full {
		fmt.Fprintln(w, "note: an account has more programs than are counted")
	}
	_, err := fmt.Fprintf(w, "programs are known for %s of %s\n", number(len(known.Accounts)-unknown), plural(len(known.Accounts), "account"))
	return err
}

func useLine(n maillog.Counts) string { return plural(n.Uses, "use") }
