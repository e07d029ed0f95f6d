// SPDX-License-Identifier: Apache-2.0

// Package cyrus runs a Cyrus server of its own in a lab: IMAP, POP3, CalDAV, CardDAV, ManageSieve
// and LMTP, with or without scheduling. What its calendars mail to people outside goes to a
// mailsink.
//
// Debian's packages conflict with Dovecot's: scripts/packages unpacks them, nothing is installed.
// The server keeps the defaults of Cyrus 3.6 where Options says nothing: separator "/", mailboxes
// beside INBOX, one calendar and one address book for each account.
//
// Start with some Accounts, then connect. Log-in names are addresses with a domain.
package cyrus

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"rehome/lab"
	"rehome/lab/mailsink"
)

const (
	// realm is the domain of those who have none: the administrator.
	realm = "cyrus.lab.test"

	startPatience = 30 * time.Second

	// grace is enough for sessions to end.
	grace = 500 * time.Millisecond
)

// Options says what kind of server to start. The zero value is Cyrus as it comes, without
// scheduling.
type Options struct {
	Name      string    // folder and log name, its own in the lab; default "cyrus"
	Accounts  []Account // there from the start
	Mailboxes []Mailbox // made for every account at its first log-in
	Domains   []string  // whose calendar users are local, beside those of Accounts

	Dots        bool // separator "." as in old Cyrus (unixhierarchysep: no), not "/"
	InboxPrefix bool // mailboxes below INBOX as in old Cyrus (altnamespace: no), not beside it

	// Scheduling makes the server act on invitations: it delivers them to local calendars, and mails
	// them to other people by way of the outbox.
	Scheduling bool

	Hosts          []string // names in the certificate beside localhost and the addresses
	QuotaMB        int      // storage of each account; 0: no limit
	MaxMessageSize int64    // bytes; 0: no limit
	Extra          string   // lines of imapd.conf, last in the file
}

// Mailbox is made for every account at its first log-in.
type Mailbox struct {
	Name       string // with the server's separator, without the prefix
	SpecialUse string // such as `\Sent` (RFC 6154); empty: none
	Subscribed bool
}

// Server is a running Cyrus. Addresses are "host:port".
type Server struct {
	IMAP, IMAPS, Sieve, LMTP string
	POP3, POP3S              string
	HTTP, HTTPS              string // of CalDAV and CardDAV
	Admin, AdminPassword     string // may do everything over IMAP

	Outbox *mailsink.Sink // what calendars mail to people outside

	lab     *lab.Lab
	root    lab.Unpacked
	options Options
	dir     string
	process *lab.Process
}

// Start runs a server in the lab. The lab's Close stops it.
func Start(l *lab.Lab, opts Options) (*Server, error) {
	if opts.Name == "" {
		opts.Name = "cyrus"
	}
	s := &Server{lab: l, options: opts, Admin: "admin", AdminPassword: "admin-of-the-lab"}
	if err := s.prepare(); err != nil {
		return nil, fmt.Errorf("prepare %s: %w", opts.Name, err)
	}
	process, err := l.Start(lab.Program{
		Name: opts.Name, Command: s.root.Path("/usr/lib/cyrus/bin/master"), Package: "cyrus-common",
		Args: []string{"-D", "-C", s.file("imapd.conf"), "-M", s.file("cyrus.conf"), "-p", s.file("config/master.pid")},
		Env:  s.root.Env(), Ready: []string{s.IMAP, s.IMAPS, s.POP3, s.POP3S, s.HTTP, s.HTTPS, s.Sieve, s.LMTP}, Grace: grace,
	})
	if err != nil {
		return nil, err
	}
	s.process = process
	ctx, cancel := context.WithTimeout(context.Background(), startPatience)
	defer cancel()
	return s, s.AddAccounts(ctx, opts.Accounts...)
}

// prepare writes everything that the server reads.
func (s *Server) prepare() error {
	var err error
	for _, need := range [][2]string{{"/usr/lib/cyrus/bin/imapd", "cyrus-imapd"}, {"/usr/lib/cyrus/bin/httpd", "cyrus-caldav"},
		{"/usr/lib/cyrus/bin/pop3d", "cyrus-pop3d"}} {
		if s.root, err = lab.FindUnpacked(need[0], need[1]); err != nil {
			return err
		}
	}
	s.dir = filepath.Join(s.lab.Dir(), s.options.Name)
	if _, err := os.Stat(s.dir); err == nil {
		return errors.New("the lab has a server of this name already")
	}
	for _, addr := range []*string{&s.IMAP, &s.IMAPS, &s.POP3, &s.POP3S, &s.HTTP, &s.HTTPS, &s.Sieve, &s.LMTP} {
		if *addr, err = s.lab.Addr(); err != nil {
			return err
		}
	}
	if s.Outbox, err = mailsink.Start(s.lab, s.options.Name+"-outbox"); err != nil {
		return err
	}
	if err := s.writeConfig(); err != nil {
		return err
	}
	return s.setPassword(context.Background(), s.Admin, realm, s.AdminPassword)
}

func (s *Server) file(name string) string { return filepath.Join(s.dir, name) }

// DAV returns the URL at which discovery of CalDAV and CardDAV begins, without TLS.
func (s *Server) DAV() string { return "http://" + s.HTTP + "/dav/" }

// DAVS returns the same with TLS by the lab's authority.
func (s *Server) DAVS() string { return "https://" + s.HTTPS + "/dav/" }

// Dir returns the server's folder.
func (s *Server) Dir() string { return s.dir }

// Pid returns the master's process, which leads the group of all the server's processes.
func (s *Server) Pid() int { return s.process.Pid() }

// Stop ends the server before the lab does.
func (s *Server) Stop() error { return s.process.Stop() }
