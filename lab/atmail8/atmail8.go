// SPDX-License-Identifier: Apache-2.0

// Package atmail8 runs the stand-in for an atmail 8 cloud account in a lab: a Dovecot whose
// accounts are made by the Account Manager's CSV import, and Radicale for calendars and contacts
// behind TLS.
//
// The import enforces the cloud's password policy by code of its own: it is the other side of
// what the product checks before. There is no web administration and no SMTP, and Radicale, with
// collections below /ACCOUNT/, stands in for the cloud's SabreDAV.
//
// Start, then ImportCSV, then connect.
package atmail8

import (
	"cmp"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"

	"rehome/lab"
	"rehome/lab/dovecot"
)

// hostName is the name in the server's certificate.
const hostName = "cloud.example.test"

// Options says what to start.
type Options struct {
	Name           string   // folder and log names, its own in the lab; default "atmail8"
	Layout         string   // dovecot.Sdbox (default), dovecot.Mdbox or dovecot.Maildir
	Domains        []string // that the import accepts; default example.test
	QuotaMB        int      // storage of each account; 0: no limit
	MaxMessageSize int64    // bytes; 0: no limit
	NoDAV          bool     // no Radicale
	Doveadm        bool     // a doveadm listener over TCP
	Master         bool     // a master user, "ACCOUNT*USER"
	Hosts          []string // names in the certificate beside its own
	Extra          string   // lines for Dovecot's configuration
}

// Server is a running stand-in. Addresses are "host:port".
type Server struct {
	// IMAP, IMAPS, POP3, POP3S, Sieve, LMTP, Doveadm..., Master..., Exec, Owner. An account that
	// is added by its AddAccounts is one without DAV, past the import and its policy.
	*dovecot.Server

	DAV      string // base URL over TLS, with a slash at the end; empty without DAV
	DAVPlain string // the same without TLS
	Domains  []string

	lab     *lab.Lab
	options Options
	groups  []int // of Radicale

	mu        sync.Mutex        // guards what follows
	passwords map[string]string // of the imported accounts, by address
}

// Start runs a server in the lab. The lab's Close stops it.
func Start(l *lab.Lab, opts Options) (*Server, error) {
	opts.Name = cmp.Or(opts.Name, "atmail8")
	opts.Layout = cmp.Or(opts.Layout, dovecot.Sdbox)
	if opts.Domains == nil {
		opts.Domains = []string{"example.test"}
	}
	s := &Server{lab: l, options: opts, Domains: opts.Domains, passwords: map[string]string{}}
	var both errgroup.Group
	both.Go(s.startMail)
	if !opts.NoDAV {
		both.Go(s.startDAV)
	}
	if err := both.Wait(); err != nil {
		return nil, fmt.Errorf("start %s: %w", opts.Name, err)
	}
	return s, nil
}

// Groups returns the process groups that serve contacts and calendars, without the front door.
func (s *Server) Groups() []int { return s.groups }

func (s *Server) startMail() error {
	options := dovecot.Options{
		Name: s.options.Name, Layout: s.options.Layout, Separator: "/",
		Mailboxes: []dovecot.Mailbox{
			{Name: "Sent", SpecialUse: `\Sent`, Subscribed: true},
			{Name: "Drafts", SpecialUse: `\Drafts`, Subscribed: true},
			{Name: "Trash", SpecialUse: `\Trash`, Subscribed: true},
			{Name: "Spam", SpecialUse: `\Junk`, Subscribed: true},
		},
		Hosts: append([]string{hostName}, s.options.Hosts...), SASL: true, // its own mail hosts ask who somebody is
		QuotaMB: s.options.QuotaMB, MaxMessageSize: s.options.MaxMessageSize,
		Doveadm: s.options.Doveadm, Extra: s.options.Extra,
	}
	if s.options.Master {
		options.MasterUser = "importer"
		options.MasterPassword = "master-of-the-lab"
	}
	server, err := dovecot.Start(s.lab, options)
	s.Server = server
	return err
}
