// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"rehome"
	"rehome/internal/config"
	"rehome/internal/scout"
	"rehome/internal/vault"

	"github.com/spf13/cobra"
)

func initCommand(f *frame) *cobra.Command {
	var draft config.Draft
	var sourceKind, destinationKind, message string
	cmd := &cobra.Command{
		Use:   "init [DOMAIN|ADDRESS]",
		Short: "Create rehome.yaml and the key for sealed files",
		Long: `init writes the settings file, creates the folder secrets/ beside it, which only you can read, and
stores a new age identity there: the key that opens the files that rehome seals. It never overwrites
an existing file. At a terminal it asks for the values that the flags do not give, and looks at once
whether the servers answer. You can leave it with Ctrl-C: the answers are kept beside the settings file,
and the same command goes on.

With a domain, or the address of somebody there, it first looks at what the world sees: where mail goes, who runs the domain's
DNS, signatures, policies and keys, and the servers that records and the documents of mail programs name. It tries these, and
usual names and ports, and proposes each answer with where it comes from. It logs in nowhere. An address is sent to the servers
that documents for mail programs come from, as a mail program would do. Without a terminal, it takes what has answered with a
valid certificate, and asks for nothing.`,
		Example: `  rehome init example.com
  rehome init --organisation "Example Ltd" --domain example.com \
    --source-imap mail.example.com:993 --source-database mysql://reader@127.0.0.1:3306/atmail \
    --source-master mover --destination-imap imap.us-east.atmailcloud.com:993`,
		Args: placed,
		RunE: f.run(func(ctx context.Context, args []string) (rehome.Outcome, error) {
			draft.Domains = listOf(strings.Join(draft.Domains, " "))
			draft.SourceKind, draft.DestinationKind = config.SourceKind(sourceKind), config.DestinationKind(destinationKind)
			return rehome.OutcomeDone, f.initialise(ctx, draft, strings.Join(args, ""), message)
		}),
	}
	flags := cmd.Flags()
	flags.StringVar(&draft.Organisation, "organisation", "", "name of the organisation")
	flags.StringSliceVar(&draft.Domains, "domain", nil, "mail domain to move (repeatable)")
	flags.StringVar(&sourceKind, "source-kind", "", "type of source: atmail7 (default) or imap")
	completeValues(cmd, "source-kind", string(config.SourceAtmail7), string(config.SourceIMAP))
	flags.StringVar(&draft.SourceIMAP, "source-imap", "", "source IMAP server, host:port")
	flags.StringVar(&draft.SourceMaster, "source-master", "", "master user that can open every account at the source")
	flags.StringVar(&draft.SourceDatabase, "source-database", "", "source database, mysql://user@host:port/name")
	flags.StringVar(&destinationKind, "destination-kind", "", "type of destination: atmail8 (default) or imap")
	completeValues(cmd, "destination-kind", string(config.DestinationAtmail8), string(config.DestinationIMAP))
	flags.StringVar(&draft.DestinationIMAP, "destination-imap", "", "destination IMAP server, host:port")
	flags.StringVar(&draft.DestinationMaster, "destination-master", "", "master user that can open every account at the destination")
	flags.StringVar(&draft.SourceDAV, "source-dav", "", "URL of the source CalDAV and CardDAV server (default: the source database)")
	flags.StringVar(&draft.DestinationDAV, "destination-dav", "",
		"URL of the destination CalDAV and CardDAV server; without it contacts and calendars are not copied")
	flags.StringVar(&draft.SourcePOP3, "source-pop3", "", "source POP3 server, host:port")
	flags.StringVar(&draft.SourceSubmission, "source-submission", "", "server to which users send at the source, host:port")
	flags.StringVar(&draft.SourceWebmail, "source-webmail", "", "address of the source's webmail")
	flags.StringVar(&draft.DestinationPOP3, "destination-pop3", "", "destination POP3 server, host:port")
	flags.StringVar(&draft.DestinationSubmission, "destination-submission", "", "server to which users send at the destination, host:port")
	flags.StringVar(&draft.DestinationWebmail, "destination-webmail", "", "address of the destination's webmail")
	flags.StringVar(&draft.SourceSieve, "source-sieve", "", "source ManageSieve server, host:port (default: the rules in the source database)")
	flags.StringVar(&draft.DestinationSieve, "destination-sieve", "", "destination ManageSieve server, host:port; without it rules are written to files")
	flags.StringVar(&message, "mail", "", "saved message that was sent through the old server: its header names the keys that sign mail there")
	flags.StringVar(&draft.Store, "store", "", "ledger: an SQLite file, or an address of PostgreSQL (default rehome.db)")
	flags.StringVar(&draft.Roster, "roster", "", "CSV file of accounts (default people.csv if there is no database)")
	completeFiles(cmd, "mail", "store", "roster")
	return cmd
}

// initResult is the answer of init.
type initResult struct {
	Written   []string `json:"written"`
	Identity  string   `json:"identity"`
	Recipient string   `json:"recipient,omitempty"` // empty if the identity was there before
	NextSteps []string `json:"next_steps"`
	// Found is what a look at the domain has shown; nil without one.
	Found *scout.Found `json:"found,omitempty"`
}

func (f *frame) initialise(ctx context.Context, draft config.Draft, domain, message string) error {
	if _, err := os.Lstat(f.configFile); err == nil {
		return existsFault(f.configFile)
	}
	found, err := f.scouted(ctx, domain, message, &draft)
	if err != nil {
		return err
	}
	if err := f.ask(ctx, &draft, found); err != nil {
		return err
	}
	text, err := draft.YAML()
	if err != nil {
		return err
	}
	settings, err := config.Parse(f.configFile, text)
	if err != nil {
		return err // before anything is written
	}
	result := initResult{Identity: settings.Secrets.Identity, NextSteps: nextSteps(settings)}
	if found.Domain != "" {
		result.Found = &found
	}
	if result.Recipient, err = f.ensureIdentity(settings.Secrets.Identity); err != nil {
		return err
	}
	if result.Recipient != "" {
		result.Written = append(result.Written, settings.Secrets.Identity)
	}
	if err := writeNew(f.configFile, text); err != nil {
		return err
	}
	result.Written = append(result.Written, f.configFile)
	if err := os.Remove(f.draftFile()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return writeFault(f.draftFile(), err)
	}
	return f.answer(result, result.print)
}

// ensureIdentity makes the secrets folder and the identity, and leaves an identity that is there.
func (f *frame) ensureIdentity(file string) (recipient string, err error) {
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return "", writeFault(filepath.Dir(file), err)
	}
	if _, err := os.Lstat(file); err == nil {
		return "", nil
	}
	return f.app.NewIdentity(file)
}

func writeNew(file string, content []byte) error {
	err := vault.WriteNew(file, content)
	if errors.Is(err, fs.ErrExist) {
		return existsFault(file)
	}
	return err
}

func existsFault(file string) error {
	return &rehome.Fault{Class: rehome.ClassOperator, Op: "write", Object: file,
		Cause: &config.SettingsError{Cause: errors.New("the file already exists")},
		Hint:  "edit it, or name another file with -c"}
}

// nextSteps lists what the operator does now, in order.
func nextSteps(settings *config.Config) []string {
	var steps []string
	for _, placed := range settings.References() {
		steps = append(steps, fmt.Sprintf("store the secret for %s (%s), readable only by you (chmod 600)", placed.Key, placed.Reference))
	}
	if settings.Roster != "" {
		steps = append(steps, fmt.Sprintf("list the accounts in %s, readable only by you (chmod 600): EmailAddress,FirstName,LastName,Password",
			settings.Roster))
	}
	return append(steps,
		fmt.Sprintf("back up %s in a safe place: without it nobody can open the sealed files", settings.Secrets.Identity),
		"run: rehome config check --secrets",
		"run: rehome check",
		"from then on, \"rehome next\" says what to do")
}

func (r initResult) print(w io.Writer) error {
	for _, file := range r.Written {
		fmt.Fprintln(w, "wrote", file)
	}
	if r.Recipient != "" {
		fmt.Fprintf(w, "sealed files are opened with %s\nits public key is %s\n", r.Identity, r.Recipient)
	}
	fmt.Fprintln(w, "\nnext:")
	for i, step := range r.NextSteps {
		if _, err := fmt.Fprintf(w, "%2d. %s\n", i+1, step); err != nil {
			return err
		}
	}
	return nil
}
