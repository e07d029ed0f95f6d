// SPDX-License-Identifier: Apache-2.0

// Package imappair writes the settings of a move between any two IMAP servers, neither of which
// needs to be an atmail.
//
// Its tests hold the product against pairs of real servers of different families, against being
// killed and cut off, and against hostile mail.
package imappair

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"rehome/lab"
)

// Person has the same address and password at both ends.
type Person struct {
	Address, Password string
}

// Options says what moves.
type Options struct {
	Source, Destination string // IMAP, host:port
	Plain               bool   // without TLS, instead of TLS by the lab's authority
	People              []Person
	Dsync               string // destination.dsync, as one line; "" for none
	SourcePOP3          string // host:port, TLS from the first byte; "" for none
	DestinationPOP3     string // likewise
	POP3Timeout         string // of both, "2s"; "" for the default
	More                string // further lines of rehome.yaml
}

// Prepare writes rehome.yaml and the roster into dir, which is made if needed.
func Prepare(l *lab.Lab, dir string, opts Options) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	var roster strings.Builder
	rows := csv.NewWriter(&roster)
	all := [][]string{{"EmailAddress", "SourcePassword", "DestinationPassword"}}
	for _, person := range opts.People {
		all = append(all, []string{person.Address, person.Password, person.Password})
	}
	if err := rows.WriteAll(all); err != nil {
		return err
	}
	end := func(address, more string) string {
		if opts.Plain {
			return fmt.Sprintf("{kind: imap, imap: {address: %q, tls: none, login: user}%s}", address, more)
		}
		return fmt.Sprintf("{kind: imap, imap: {address: %q, tls: implicit, login: user, ca_file: %q}%s}", address, l.CAFile(), more)
	}
	dsync := ""
	if opts.Dsync != "" {
		dsync = ", dsync: " + opts.Dsync
	}
	pop3 := func(address string) string {
		if address == "" {
			return ""
		}
		timeout := ""
		if opts.POP3Timeout != "" {
			timeout = ", timeout: " + opts.POP3Timeout
		}
		return fmt.Sprintf(", pop3: {address: %q, tls: implicit, ca_file: %q%s}", address, l.CAFile(), timeout)
	}
	settings := "organisation: Lab\nroster: people.csv\nsource: " + end(opts.Source, pop3(opts.SourcePOP3)) +
		"\ndestination: " + end(opts.Destination, pop3(opts.DestinationPOP3)+dsync) + "\n" + opts.More
	for name, text := range map[string]string{"people.csv": roster.String(), "rehome.yaml": settings} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}
