// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"io"
	"os"

	"rehome"
	"rehome/internal/clientsetup"
	"rehome/internal/journey"

	"github.com/spf13/cobra"
)

func clientsCommand(f *frame) *cobra.Command {
	group := asGroup(&cobra.Command{Use: "clients",
		Short: "Set up users' mail programs and telephones: documents, devices, forecast, export, notify, serve, check"})
	group.AddCommand(clientsDocumentsCommand(f), clientsDevicesCommand(f), clientsForecastCommand(f), clientsExportCommand(f),
		clientsNotifyCommand(f), clientsServeCommand(f), clientsCheckCommand(f))
	return group
}

func clientsDocumentsCommand(f *frame) *cobra.Command {
	var who *selection
	cmd := &cobra.Command{
		Use:   "documents",
		Short: "Write what mail programs and telephones read to set themselves up",
		Long: `documents writes to the folder clients in accounts.output:

  DOMAIN/source, DOMAIN/destination
      config-v1.1.xml and config-v1.2.xml for Thunderbird and others, user-agent-configuration.json,
      the DNS records (records.zone), and the servers as JSON
  people/ADDRESS...
      a page that says what changes and what to do (.html), a profile for Apple devices (.mobileconfig), what
      Outlook gets (.autodiscover.xml), a QR code for Thunderbird on Android, and links that set up calendars
      and contacts on Android

The page says what is right at that moment, before or after the user's switch. The other files of people
describe the destination: hand them out on the day of the switch. No file contains a password. A server
without encryption or without a public name is left out, with the reason.

Exit code 6: the destination's documents lack a server that every mail program needs.`,
		Args: cobra.NoArgs,
		RunE: f.run(f.withMove(func(ctx context.Context, move *journey.Move, _ []string) (rehome.Outcome, error) {
			only, err := who.choice(f.app.In)
			if err != nil {
				return rehome.OutcomeDone, err
			}
			written, err := move.ClientDocuments(ctx, only)
			if err != nil {
				return rehome.OutcomeDone, err
			}
			return f.give(written, func(w io.Writer) error { return writeClientDocuments(w, written) })
		})),
	}
	who = f.selectAccounts(cmd)
	return cmd
}

func writeClientDocuments(w io.Writer, written clientsetup.Written) error {
	t := newTable("DOMAIN", "SIDE", "IMAP", "POP3", "SUBMISSION", "SIEVE", "CALENDARS AND CONTACTS", "WEBMAIL")
	for _, d := range written.Domains {
		for _, s := range []clientsetup.Service{d.Source, d.Destination} {
			dav := ""
			if s.DAV != nil {
				dav = s.DAV.String()
			}
			t.add(d.Domain, string(s.Side), serverWord(s.IMAP), serverWord(s.POP3), serverWord(s.Submission), serverWord(s.Sieve), dav, s.Webmail)
		}
	}
	if err := t.write(w, paletteFor(w, os.Getenv)); err != nil {
		return err
	}
	writeLeftOut(w, written.LeftOut)
	signed := "not signed"
	if written.Signed {
		signed = "signed"
	}
	_, err := fmt.Fprintf(w, "wrote the documents of %s and %s into %s; the profiles are %s\n",
		plural(len(written.Domains), "domain"), count(written.People, "person", "people"), written.Folder, signed)
	return err
}

// writeLeftOut says each reason once, however many domains it is true of.
func writeLeftOut(w io.Writer, leftOut []clientsetup.LeftOut) {
	said := map[string]bool{}
	for _, left := range leftOut {
		if said[left.Sentence] {
			continue
		}
		said[left.Sentence] = true
		word := "note"
		if left.Needed {
			word = "warning"
		}
		fmt.Fprintf(w, "%s: %s\n  -> %s\n", word, printable(left.Sentence), printable(left.NextStep))
	}
}

func serverWord(s clientsetup.Server) string {
	if !s.Known() {
		return ""
	}
	return fmt.Sprintf("%s:%d (%s)", s.Host, s.Port, s.Security)
}
