// SPDX-License-Identifier: Apache-2.0

// Package scenario prepares whole moves: an atmail 7 with the sample organisation, an empty
// atmail 8, and a folder in which the real binary runs as an administrator would run it.
//
// It is for the demo and for tests of the journey; it checks nothing itself.
package scenario

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"rehome/internal/config"
	"rehome/lab"
	"rehome/lab/atmail7"
	"rehome/lab/atmail8"
	"rehome/lab/corpus"
	"rehome/lab/mailsink"
)

// MaxMessageSize is the destination's limit: the organisation holds one message above it.
const MaxMessageSize = 20 << 20

// Setup is a move about to begin.
type Setup struct {
	Source       *atmail7.Server
	Destination  *atmail8.Server
	Organisation corpus.Organisation
	DAV          bool   // InitArgs names the servers of contacts and calendars too, so that they move
	Rules        bool   // likewise those of rules
	Master       bool   // likewise the master user of the destination, who opens mail, contacts and calendars there
	Dir          string // where rehome.yaml and everything that rehome writes will be

	// What either server mails: answers and forwards of people's rules. Nothing leaves the lab.
	SourceOutbox, DestinationOutbox *mailsink.Sink

	binary string
	lab    *lab.Lab
}

// Prepare starts both servers in the lab and seeds the source. dir is made if needed; binary is rehome.
func Prepare(ctx context.Context, l *lab.Lab, dir, binary string, org corpus.Organisation) (*Setup, error) {
	return PrepareWith(ctx, l, dir, binary, org, corpus.ServerOptions(org))
}

// PrepareWith is Set with a source of other options than the organisation's own.
func PrepareWith(ctx context.Context, l *lab.Lab, dir, binary string, org corpus.Organisation, options atmail7.Options) (*Setup, error) {
	s := &Setup{Organisation: org, Dir: dir, binary: binary, lab: l}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	var err error
	if s.SourceOutbox, err = mailsink.Start(l, "outbox-of-the-source"); err != nil {
		return nil, err
	}
	if s.DestinationOutbox, err = mailsink.Start(l, "outbox-of-the-destination"); err != nil {
		return nil, err
	}
	options.Extra += submission(s.SourceOutbox)
	if s.Source, err = atmail7.Start(l, options); err != nil {
		return nil, err
	}
	destination := atmail8.Options{Domains: org.Domains, MaxMessageSize: MaxMessageSize, Extra: submission(s.DestinationOutbox), Master: true,
		Hosts: []string{NewIMAP}}
	if s.Destination, err = atmail8.Start(l, destination); err != nil {
		return nil, err
	}
	return s, corpus.Seed(ctx, s.Source, org)
}

// submission tells Dovecot whom to give what it mails.
func submission(outbox *mailsink.Sink) string { return "\nsubmission_host = " + outbox.SMTP + "\n" }

// Command prepares one command line of rehome, to be run in Dir.
func (s *Setup) Command(ctx context.Context, args ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, s.binary, args...)
	command.Dir = s.Dir
	return command
}

// InitArgs is the command line that writes rehome.yaml.
func (s *Setup) InitArgs() []string {
	args := []string{
		"init", "--organisation", s.Organisation.Name,
		"--source-imap", s.Source.IMAPS, "--source-master", s.Source.MasterUser,
		"--source-database", fmt.Sprintf("mysql://%s@%s/%s", s.Source.Reader, s.Source.MySQL, s.Source.Database),
		"--destination-imap", s.Destination.IMAPS,
	}
	if s.DAV {
		args = append(args, "--source-dav", s.Source.DAV, "--destination-dav", s.Destination.DAV)
	}
	if s.Rules {
		args = append(args, "--source-sieve", s.Source.Sieve, "--destination-sieve", s.Destination.Sieve)
	}
	if s.Master {
		args = append(args, "--destination-master", s.Destination.MasterUser)
	}
	for _, domain := range s.Organisation.Domains {
		args = append(args, "--domain", domain)
	}
	return args
}

// Configure does what init leaves to the administrator: both secrets go where the settings look for
// them, and the lab's own authority is named.
func (s *Setup) Configure() error {
	file := filepath.Join(s.Dir, "rehome.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var lines []string
	for line := range strings.Lines(string(text)) {
		lines = append(lines, line)
		indent, _, found := strings.Cut(line, "address:")
		if !found {
			indent, _, found = strings.Cut(line, "url: https:")
		}
		if found {
			lines = append(lines, fmt.Sprintf("%sca_file: %s\n", indent, s.lab.CAFile()))
		}
	}
	if err := os.WriteFile(file, []byte(strings.Join(lines, "")), 0o600); err != nil {
		return err
	}
	secrets := map[string]string{config.DraftMasterPassword: s.Source.MasterPassword, config.DraftDatabasePassword: s.Source.ReaderPassword}
	if s.Master {
		secrets[config.DraftTheirMaster] = s.Destination.MasterPassword
	}
	for name, secret := range secrets {
		if err := os.WriteFile(filepath.Join(s.Dir, name), []byte(secret+"\n"), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// Import does what the administrator does in the Account Manager: upload accounts.csv.
func (s *Setup) Import() (atmail8.ImportResult, error) {
	file, err := os.Open(filepath.Join(s.Dir, "accounts", "accounts.csv"))
	if err != nil {
		return atmail8.ImportResult{}, err
	}
	defer file.Close()
	return s.Destination.ImportCSV(file)
}
