// SPDX-License-Identifier: Apache-2.0

// Package dovecot runs a Dovecot server of its own in a lab, with any mailbox format,
// hierarchy separator and prefix. Accounts come from a passwd-file, or from an SQL database that
// the caller runs.
//
// It is what lab/atmail7 and lab/atmail8 stand on, and enough by itself for a test that only
// needs IMAP servers: Start with some Accounts, then connect.
//
// Version decides which Dovecot it is. Two versions run side by side: see preload/redirect.c.
//
// The server keeps Dovecot's defaults, also the unpleasant ones such as ten connections per user
// and address. What differs is for speed of starting and for privacy of the lab only.
package dovecot

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"rehome/lab"
)

// The mailbox formats.
const (
	Maildir = "maildir"
	Sdbox   = "sdbox"
	Mdbox   = "mdbox"
)

// grace is enough for sessions to end. The master process itself would wait for its helpers in
// steps of a second, some three seconds altogether.
const grace = 200 * time.Millisecond

// Options says what kind of server to start. The zero value is a Maildir server with the
// separator "." and no prefix.
type Options struct {
	Name      string    // folder and log name, its own in the lab; default "dovecot"
	Version   string    // V23 or V24, whose settings are others (see Extra); default V23
	Layout    string    // Maildir, Sdbox or Mdbox; default Maildir
	Separator string    // hierarchy separator; default "."
	Prefix    string    // prefix of the private namespace, such as "INBOX."
	Mailboxes []Mailbox // made for every account at its first log-in
	Accounts  []Account // there from the start, which is faster than AddAccounts

	// SQL is the text of a dovecot-sql.conf file. Accounts are then looked up there; uid, gid,
	// home and mail must come from its user_query. AddAccounts and RemoveAccount do not work.
	SQL string

	Hosts             []string // names in the certificate beside localhost and the addresses
	CertFile, KeyFile string   // instead of a certificate from the lab's authority

	MasterUser     string // may log in as "account*MasterUser"; empty: no master user
	MasterPassword string

	QuotaMB        int    // storage of each account; 0: no limit
	MaxMessageSize int64  // bytes; 0: no limit
	Doveadm        bool   // also listen for doveadm over TCP
	SASL           bool   // also answer for other servers who somebody is, such as Postfix
	ProcessEach    bool   // start an imap process for each connection, as Dovecot does by default and as is fair where speed is measured
	Extra          string // configuration lines, last in the file
}

// Mailbox is made for every account at its first log-in.
type Mailbox struct {
	Name       string // with the server's separator, without the prefix
	SpecialUse string // such as `\Sent` (RFC 6154); empty: none
	Subscribed bool
}

// Server is a running Dovecot. Addresses are "host:port".
type Server struct {
	IMAP, IMAPS, POP3, POP3S, Sieve, LMTP string
	DoveadmTCP, DoveadmPassword           string // empty unless asked for
	MasterUser, MasterPassword            string // empty unless asked for
	SASL                                  string // empty unless asked for

	lab       *lab.Lab
	options   Options
	dir       string
	programs  programs
	abilities sieveAbilities
	process   *lab.Process

	mu       sync.Mutex // guards what follows
	accounts map[string]Account
	revision int64
}

// Start runs a server in the lab. The lab's Close stops it.
func Start(l *lab.Lab, opts Options) (*Server, error) {
	s := &Server{
		lab: l, options: opts.withDefaults(), accounts: map[string]Account{},
		MasterUser: opts.MasterUser, MasterPassword: opts.MasterPassword,
	}
	if err := s.prepare(); err != nil {
		return nil, fmt.Errorf("prepare %s: %w", s.options.Name, err)
	}
	command, args, err := s.programs.command("/usr/sbin/dovecot", "-F", "-c", s.ConfigFile())
	if err != nil {
		return nil, err
	}
	process, err := l.Start(lab.Program{
		Name: s.options.Name, Command: command, Package: "dovecot-core", Args: args,
		Ready: []string{filepath.Join(s.dir, "run", s.options.lastSocket())},
		Grace: grace, Env: s.abilities.environment(),
	})
	if err != nil {
		return nil, err
	}
	s.process = process
	return s, nil
}

// lastSocket is the one that the master process makes after all its listeners.
func (o Options) lastSocket() string {
	if o.Version == V24 {
		return "master"
	}
	return "auth-userdb"
}

func (o Options) withDefaults() Options {
	if o.Name == "" {
		o.Name = "dovecot"
	}
	if o.Layout == "" {
		o.Layout = Maildir
	}
	if o.Separator == "" {
		o.Separator = "."
	}
	return o
}

// prepare writes everything that the server reads.
func (s *Server) prepare() error {
	s.dir = filepath.Join(s.lab.Dir(), s.options.Name)
	if _, err := os.Stat(s.dir); err == nil {
		return errors.New("the lab has a server of this name already")
	}
	for _, sub := range []string{"mail", "sieve"} {
		if _, err := s.lab.OwnedDir(s.options.Name, sub); err != nil {
			return err
		}
	}
	var err error
	if s.programs, err = findPrograms(s.options, s.dir); err != nil {
		return err
	}
	if s.abilities, err = s.options.sieve(); err != nil {
		return err
	}
	if err := s.takeAddresses(); err != nil {
		return err
	}
	for _, account := range s.options.Accounts {
		s.accounts[key(account.Address)] = account
	}
	if err := errors.Join(s.writeAccounts(), s.writeMaster(), s.writeSQL()); err != nil {
		return err
	}
	return s.writeConfig()
}

func (s *Server) takeAddresses() error {
	wanted := []*string{&s.IMAP, &s.IMAPS, &s.POP3, &s.POP3S, &s.Sieve, &s.LMTP}
	if s.options.Doveadm {
		s.DoveadmPassword = "doveadm-of-the-lab"
		wanted = append(wanted, &s.DoveadmTCP)
	}
	if s.options.SASL {
		wanted = append(wanted, &s.SASL)
	}
	for _, addr := range wanted {
		var err error
		if *addr, err = s.lab.Addr(); err != nil {
			return err
		}
	}
	return nil
}

// Dir returns the server's folder.
func (s *Server) Dir() string { return s.dir }

// ConfigFile returns the path of the server's configuration.
func (s *Server) ConfigFile() string { return filepath.Join(s.dir, "dovecot.conf") }

// Home returns the home folder of an account of the passwd-file.
func (s *Server) Home(address string) string { return filepath.Join(s.dir, "mail", key(address)) }

// MailRoot returns the folder below Home that holds an account's mail in the server's format.
func (s *Server) MailRoot(address string) string {
	return filepath.Join(s.Home(address), s.options.Layout)
}

// Owner returns the user and group that own the mail.
func (s *Server) Owner() (uid, gid int) { return s.lab.Owner() }

// LogFile returns the path of the server's log.
func (s *Server) LogFile() string { return s.process.LogFile() }

// LogIns returns how many log-ins to IMAP the server has let in.
func (s *Server) LogIns() (int, error) {
	text, err := os.ReadFile(s.LogFile())
	before := bytes.Count(text, []byte("imap-login: Info: Login: "))
	return before + bytes.Count(text, []byte("imap-login: Info: Logged in: ")), err // since 2.4
}

// Stop ends the server before the lab does.
func (s *Server) Stop() error { return s.process.Stop() }

// Doveadm is the command line that runs doveadm with a configuration of the server, such as ConfigFile.
func (s *Server) Doveadm(config string, args ...string) (argv []string, err error) {
	path, all, err := s.programs.command("/usr/bin/doveadm", append([]string{"-c", config}, args...)...)
	return append([]string{path}, all...), err
}

// Exec runs doveadm with the server's configuration and returns its output.
func (s *Server) Exec(ctx context.Context, args ...string) ([]byte, error) {
	argv, err := s.Doveadm(s.ConfigFile(), args...)
	if err != nil {
		return nil, err
	}
	out, err := exec.CommandContext(ctx, argv[0], argv[1:]...).Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return nil, fmt.Errorf("doveadm %s: %w: %s", args[0], err, exit.Stderr)
	}
	return out, err
}
