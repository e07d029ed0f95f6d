// SPDX-License-Identifier: Apache-2.0

// Package atmail7 runs the stand-in for an atmail 7 server in a lab room: a MariaDB database
// with atmail's tables, a Dovecot that reads its accounts from them, and SabreDAV 1.8 on the same
// database.
//
// It has atmail's shape where a move depends on it: the tables and what a row of each means,
// passwords in every form that was ever stored, Maildir++ below Users.MailDir, the prefix
// "INBOX." and the separator ".", special mailboxes without SPECIAL-USE, a master user with the
// separator "*", principals at principals/users/ACCOUNT. It has no webmail, no administration
// screen and no SMTP.
//
// Start, then AddAccount for each account, then connect.
package atmail7

import (
	"context"
	"database/sql"
	"errors"

	"rehome/lab"
	"rehome/lab/dovecot"
)

// Options says what to start.
type Options struct {
	Name    string   // folder and log names in the room; default "atmail7"
	Domains []string // rows of Domains; default example.test
	Without []string // tables that are left out, for tests of an incomplete database
	NoDAV   bool     // no SabreDAV
	Digest  bool     // SabreDAV asks for Digest with users.digesta1 instead of Basic
	Extra   string   // lines for Dovecot's configuration
}

// Server is a running stand-in. Addresses are "host:port".
type Server struct {
	*dovecot.Server // IMAP, IMAPS, POP3, POP3S, Sieve, LMTP, MasterUser, MasterPassword, Exec

	DAV            string // base URL with a slash at the end; empty without DAV
	MySQL          string
	Socket         string // the database's UNIX socket
	Database       string
	Reader         string // database user that may only read
	ReaderPassword string
	DSN            string // of the reader, as github.com/go-sql-driver/mysql reads it

	room *lab.Room
	db   *sql.DB
}

// Account is one account as atmail keeps it.
type Account struct {
	Address             string
	Stored              string // UserSession.Password: plain, md5 in hex, or crypt(3)
	Clear               string // the password itself if Stored is a hash: for users.digesta1
	FirstName, LastName string // of the address book's own record
	RealName            string // UserSettings.RealName
	Group               string // Users.Ugroup; default "default"
	Status              int    // Users.UserStatus: 0 enabled
	QuotaKB             int
	Forward, AutoReply  string
	CalUser             int // UserSession.CalUser: not 0 is an internal calendar user
}

// Start runs a server in the room. The room's Close stops it.
func Start(room *lab.Room, opts Options) (*Server, error) { return nil, errors.New("not built yet") }

// DB returns the read-write handle on the database, for seeding. The room closes it.
func (s *Server) DB() *sql.DB { return s.db }

// Owner returns the user and group that own the mail.
func (s *Server) Owner() (uid, gid int) { return s.room.Owner() }

// MailDir returns the Maildir++ of an account, with a slash at the end as in Users.MailDir.
func (s *Server) MailDir(account string) string { return "" }

// AddAccount writes the rows of an account and creates its Maildir.
func (s *Server) AddAccount(ctx context.Context, account Account) error {
	return errors.New("not built yet")
}
