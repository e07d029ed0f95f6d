// SPDX-License-Identifier: Apache-2.0

// Package atmail7 runs the stand-in for an atmail 7 server in a lab: a MariaDB database
// with atmail's tables, a Dovecot that reads its accounts from them, and SabreDAV 1.8 on the same
// database.
//
// It has atmail's shape where a move depends on it: the tables and what a row of each means,
// passwords in every form that was ever stored, switches per group, Maildir++ at Users.MailDir,
// the prefix "INBOX." and the separator ".", special mailboxes without SPECIAL-USE, a master user
// with the separator "*", principals at principals/users/ACCOUNT. It has no webmail, no
// administration screen and no SMTP.
//
// Start, then AddAccount for each account, then connect.
package atmail7

import (
	"cmp"
	"database/sql"
	"fmt"
	"slices"

	"rehome/lab"
	"rehome/lab/dovecot"
)

// Options says what to start.
type Options struct {
	Name    string   // folder and log names, its own in the lab; default "atmail7"
	Domains []string // rows of Domains; default example.test
	Without []string // tables that are left out, for tests of an incomplete database
	SQLMode string   // of the database; atmail wants the default, none
	NoDAV   bool     // no SabreDAV
	Digest  bool     // SabreDAV asks for Digest with users.digesta1 instead of Basic
	Extra   string   // lines for Dovecot's configuration
}

// Server is a running stand-in. Addresses are "host:port". Of the embedded server the methods for
// passwd-file accounts do not apply.
type Server struct {
	*dovecot.Server // IMAP, IMAPS, POP3, POP3S, Sieve, LMTP, MasterUser, MasterPassword, Exec, Owner

	DAV            string // base URL with a slash at the end; empty without DAV
	MySQL          string
	Socket         string // the database's UNIX socket
	Database       string
	Reader         string // database user that may only read
	ReaderPassword string
	DSN            string // of the reader, as github.com/go-sql-driver/mysql reads it

	lab     *lab.Lab
	options Options
	db      *sql.DB
	groups  []int
}

// Start runs a server in the lab. The lab's Close stops it.
func Start(l *lab.Lab, opts Options) (*Server, error) {
	opts.Name = cmp.Or(opts.Name, "atmail7")
	if opts.Domains == nil {
		opts.Domains = []string{"example.test"}
	}
	s := &Server{lab: l, options: opts}
	if err := s.startDatabase(); err != nil {
		return nil, fmt.Errorf("start the database of %s: %w", opts.Name, err)
	}
	if err := s.startMail(); err != nil {
		return nil, err
	}
	if opts.NoDAV {
		return s, nil
	}
	if err := s.startDAV(); err != nil {
		return nil, fmt.Errorf("start SabreDAV of %s: %w", opts.Name, err)
	}
	return s, nil
}

// DB returns the read-write handle on the database, for seeding. The lab closes it.
func (s *Server) DB() *sql.DB { return s.db }

// Groups returns the process groups of the database and of SabreDAV.
func (s *Server) Groups() []int { return s.groups }

// has reports whether the database has the table.
func (s *Server) has(table string) bool { return !slices.Contains(s.options.Without, table) }
