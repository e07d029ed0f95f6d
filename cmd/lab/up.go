// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"text/tabwriter"

	"github.com/spf13/cobra"
)

func newUp() *cobra.Command {
	var options pairOptions
	command := &cobra.Command{
		Use:   "up",
		Short: "Run an atmail 7 with a sample organisation and an empty atmail 8 cloud until Ctrl-C",
		Args:  cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			var err error
			if options.binary, err = filepath.Abs(options.binary); err != nil {
				return err
			}
			return up(command.Context(), options, command.OutOrStdout())
		},
	}
	flags := command.Flags()
	flags.StringVar(&options.dir, "dir", "", "folder for all data, kept at the end (default: a temporary one)")
	flags.StringVar(&options.binary, "rehome", "bin/rehome", "the rehome that writes the settings")
	flags.IntVar(&options.workers, "workers", 0, "with a store on PostgreSQL, so many workers, and all accounts provided at the destination")
	flags.Float64Var(&options.scale, "scale", 1, "size of the organisation; 1 is some 3,000 messages")
	return command
}

// up runs both servers until ctx is done.
func up(ctx context.Context, options pairOptions, out io.Writer) (err error) {
	p, err := openPair(ctx, options)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.close()) }()
	if said, err := p.Command(ctx, p.InitArgs()...).CombinedOutput(); err != nil {
		return fmt.Errorf("rehome init: %w: %s", err, said)
	}
	if err := p.Configure(); err != nil {
		return err
	}
	next := "rehome check"
	if options.workers > 0 {
		next = "rehome sync --on workers"
		var wait func() error
		if wait, err = p.crew(ctx, options.workers, out); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, wait()) }()
	}
	inbox := filepath.Join(p.lab.Dir(), "account-manager")
	if err := os.Mkdir(inbox, 0o755); err != nil {
		return err
	}
	if err := p.describe(out, inbox, next); err != nil {
		return err
	}
	return manageAccounts(ctx, inbox, p.Destination, out)
}

// describe prints where everything is, and what to try next.
func (p *pair) describe(out io.Writer, inbox, next string) error {
	source, destination := p.Source, p.Destination
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "\tatmail 7 (source)\tatmail 8 cloud (destination)")
	for _, row := range [][3]string{
		{"IMAP", source.IMAP, destination.IMAP},
		{"IMAPS", source.IMAPS, destination.IMAPS},
		{"POP3", source.POP3, destination.POP3},
		{"POP3S", source.POP3S, destination.POP3S},
		{"ManageSieve", source.Sieve, destination.Sieve},
		{"LMTP", source.LMTP, destination.LMTP},
		{"DAV", source.DAV, destination.DAV},
		{"name in TLS", "mail.example.test", "cloud.example.test"},
		{"database", source.DSN, "-"},
		{"master user", source.MasterUser + " " + source.MasterPassword, "-"},
	} {
		fmt.Fprintf(table, "%s\t%s\t%s\n", row[0], row[1], row[2])
	}
	for _, person := range p.Organisation.People {
		fmt.Fprintf(table, "account\t%s %s\t-\n", person.Address, person.Plain)
	}
	fmt.Fprintf(table, "\nauthority\t%s\n", p.lab.CAFile())
	fmt.Fprintf(table, "logs\t%s\n", filepath.Join(p.lab.Dir(), "log"))
	fmt.Fprintf(table, "account manager\tput a CSV file into %s\n", inbox)
	fmt.Fprintf(table, "settings\tcd %s && %s\n\nCtrl-C ends it.\n", p.Dir, next)
	return table.Flush()
}
