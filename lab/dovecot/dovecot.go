// SPDX-License-Identifier: Apache-2.0

// Package dovecot runs a Dovecot server of its own in a lab room, with any mailbox format,
// hierarchy separator and prefix. Accounts come from a passwd-file, or from passdb and userdb
// blocks that the caller hands in.
//
// It is what lab/atmail7 and lab/atmail8 stand on, and enough by itself for a test that only
// needs two IMAP servers: Start, then AddAccounts, then connect.
package dovecot

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"

	"rehome/lab"
)

// The mailbox formats.
const (
	Maildir = "maildir"
	Sdbox   = "sdbox"
	Mdbox   = "mdbox"
)

// Options says what kind of server to start. The zero value is a Maildir server with the
// separator "." and no prefix.
type Options struct {
	Name      string // folder, instance and log name in the room; default "dovecot"
	Layout    string // Maildir, Sdbox or Mdbox; default Maildir
	Separator string // hierarchy separator; default "."
	Prefix    string // prefix of the private namespace, such as "INBOX."
	Hosts     []string
	Mailboxes []Mailbox // made at the first log-in
	Accounts  []Account // of the passwd-file from the start

	// AuthBlocks replaces the passwd-file by passdb and userdb blocks of the caller. The lines
	// must give uid, gid, home and mail. AddAccounts and RemoveAccount then fail.
	AuthBlocks string

	MasterUser     string // may log in as "account*MasterUser"; empty: no master user
	MasterPassword string

	QuotaMB        int   // storage of each account; 0: no limit
	MaxMessageSize int64 // bytes; 0: no limit
	Doveadm        bool  // also listen for doveadm over TCP, with DoveadmPassword
	Extra          string // configuration lines, last in the file
}

// Mailbox is made for every account at its first log-in.
type Mailbox struct {
	Name       string // with the server's separator, without the prefix
	SpecialUse string // such as `\Sent` (RFC 6154); empty: none
	Subscribed bool
}

// Account is one line of the passwd-file.
type Account struct {
	Address  string // the log-in name
	Password string // in clear, or "{SCHEME}value"
	QuotaMB  int    // 0: as in Options
}

// Server is a running Dovecot. The addresses are "host:port".
type Server struct {
	IMAP, IMAPS, POP3, POP3S, Sieve, LMTP string
	DoveadmTCP, DoveadmPassword           string // empty unless asked for
	MasterUser, MasterPassword            string // empty unless asked for
	CertFile                              string

	room    *lab.Room
	options Options
	dir     string
}

// Start runs a server in the room. The room's Close stops it.
func Start(room *lab.Room, opts Options) (*Server, error) { return nil, errors.New("not built yet") }

// AddAccounts adds accounts to the passwd-file and returns when they can log in. An account that
// is there is replaced.
func (s *Server) AddAccounts(accounts ...Account) error { return errors.New("not built yet") }

// RemoveAccount takes the account out of the passwd-file and returns when it cannot log in any
// more. Its mail stays on disk; who is logged in stays so.
func (s *Server) RemoveAccount(address string) error { return errors.New("not built yet") }

// Home returns the home folder of an account of the passwd-file.
func (s *Server) Home(address string) string { return filepath.Join(s.dir, "mail", address) }

// MailLocation returns where the mail of an account of the passwd-file lies.
func (s *Server) MailLocation(address string) string { return filepath.Join(s.Home(address), s.options.Layout) }

// Exec runs doveadm with the server's configuration and returns its output.
func (s *Server) Exec(ctx context.Context, args ...string) ([]byte, error) {
	out, err := exec.CommandContext(ctx, "doveadm", append([]string{"-c", s.ConfigFile()}, args...)...).Output()
	if err != nil {
		return nil, fmt.Errorf("doveadm %s: %w", args[0], err)
	}
	return out, nil
}

// ConfigFile returns the path of the server's configuration.
func (s *Server) ConfigFile() string { return filepath.Join(s.dir, "dovecot.conf") }
