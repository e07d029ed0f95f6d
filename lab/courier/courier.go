// SPDX-License-Identifier: Apache-2.0

// Package courier runs a Courier IMAP server of its own in a lab: IMAP with and without TLS,
// accounts in Courier's own userdb, Maildir, separator ".", everything below "INBOX.".
//
// Debian's packages conflict with Dovecot's: scripts/packages unpacks them, nothing is installed.
// Courier's programs have fixed paths; preload/redirect.c says how they are turned to the lab. The server
// keeps the defaults of Debian's configuration, also the unpleasant ones such as 20 connections for
// each client address.
//
// Start with some Accounts, then connect.
package courier

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"rehome/lab"
)

//go:embed preload/redirect.c
var redirect string

const (
	// grace is short because Courier's programs end at once or not at all.
	grace = 200 * time.Millisecond

	tcpd   = "/usr/sbin/couriertcpd"
	daemon = "/usr/lib/courier/courier-authlib/authdaemond"
)

// Options says what kind of server to start.
type Options struct {
	Name     string    // folder and log name, its own in the lab; default "courier"
	Accounts []Account // there from the start
	Hosts    []string  // names in the certificate beside localhost and the addresses
	Extra    string    // lines of /etc/courier/imapd, last in the file
	POP3     bool      // also listen for POP3
}

// Server is a running Courier. Addresses are "host:port".
type Server struct {
	IMAP, IMAPS string
	POP3, POP3S string // empty unless asked for

	lab     *lab.Lab
	root    lab.Unpacked
	options Options
	dir     string
	group   []*lab.Process

	mu       sync.Mutex // guards what follows
	accounts map[string]Account
}

// Start runs a server in the lab. The lab's Close stops it.
func Start(l *lab.Lab, opts Options) (*Server, error) {
	if opts.Name == "" {
		opts.Name = "courier"
	}
	s := &Server{lab: l, options: opts, accounts: map[string]Account{}}
	if err := s.prepare(); err != nil {
		return nil, fmt.Errorf("prepare %s: %w", opts.Name, err)
	}
	if err := s.AddAccounts(context.Background(), opts.Accounts...); err != nil {
		return nil, err
	}
	for _, program := range s.programs() {
		process, err := l.Start(program)
		if err != nil {
			return nil, err
		}
		s.group = append(s.group, process)
	}
	return s, nil
}

// programs are the authentication daemon and one listener for each port, started as Debian's own
// scripts do.
func (s *Server) programs() []lab.Program {
	couriertls := s.root.Path("/usr/bin/couriertls") + " -server -tcpd"
	programs := []lab.Program{
		{
			Name: s.options.Name + "-auth", Command: s.root.Path(daemon), Package: "courier-authdaemon",
			Env: s.env(), Ready: []string{s.file("run/courier/authdaemon/socket")}, Grace: grace,
		},
		s.listener(s.options.Name, s.IMAP, "imapd", "", "/usr/lib/courier/courier/imaplogin", "/usr/bin/imapd"),
		s.listener(s.options.Name+"-tls", s.IMAPS, "imapd", couriertls, "/usr/lib/courier/courier/imaplogin", "/usr/bin/imapd"),
	}
	if s.options.POP3 {
		const login, program = "/usr/lib/courier/courier/courierpop3login", "/usr/lib/courier/courier/courierpop3d"
		programs = append(programs, s.listener(s.options.Name+"-pop3", s.POP3, "pop3d", "", login, program),
			s.listener(s.options.Name+"-pop3-tls", s.POP3S, "pop3d", couriertls, login, program))
	}
	return programs
}

// listener answers at one port, with the settings of a service, perhaps through another program.
func (s *Server) listener(name, addr, service, through, login, program string) lab.Program {
	host, port, _ := strings.Cut(addr, ":")
	script := fmt.Sprintf(`set -a; . %[1]s/etc/courier/%[8]s-ssl; . %[1]s/etc/courier/%[8]s; %[2]s`+
		` -address=%[3]s -maxprocs=$MAXDAEMONS -maxperip=$MAXPERIP -nodnslookup -noidentlookup %[4]s %[5]s %[6]s %[7]s $MAILDIRPATH`,
		s.dir, "exec "+s.root.Path(tcpd), host, port, through, s.root.Path(login), s.root.Path(program), service)
	return lab.Program{Name: name, Command: "/bin/sh", Package: "dash", Args: []string{"-c", script}, Env: s.env(), Ready: []string{addr}, Grace: grace}
}

// prepare writes everything that the server reads.
func (s *Server) prepare() error {
	var err error
	if s.root, err = lab.FindUnpacked(tcpd, "courier-base"); err != nil {
		return err
	}
	s.dir = filepath.Join(s.lab.Dir(), s.options.Name)
	if err := os.Mkdir(s.dir, 0o755); err != nil {
		return err
	}
	for _, dir := range []string{"etc/courier", "run/courier/authdaemon"} {
		if err := os.MkdirAll(s.file(dir), 0o755); err != nil {
			return err
		}
	}
	wanted := []*string{&s.IMAP, &s.IMAPS}
	if s.options.POP3 {
		wanted = append(wanted, &s.POP3, &s.POP3S)
	}
	for _, addr := range wanted {
		if *addr, err = s.lab.Addr(); err != nil {
			return err
		}
	}
	return errors.Join(s.writeConfig(), s.buildRedirect())
}

// writeConfig adds what has to differ to Debian's own files.
func (s *Server) writeConfig() error {
	pem, err := s.certificate()
	if err != nil {
		return err
	}
	tls := "COURIERTLS=" + s.root.Path("/usr/bin/couriertls") + "\nTLS_CERTFILE=" + pem + "\nTLS_DHPARAMS=\nTLS_CACHEFILE=\n"
	changes := map[string]string{
		"authdaemonrc": "authmodulelist=\"authuserdb\"\ndaemons=2\nauthdaemonvar=" + s.file("run/courier/authdaemon") + "\n",
		// The locks are for several servers on one store, and need a file monitor beside the server.
		"imapd":     "IMAP_USELOCKS=0\n" + s.options.Extra + "\n",
		"imapd-ssl": tls,
	}
	if s.options.POP3 {
		changes["pop3d"], changes["pop3d-ssl"] = "", tls
	}
	for name, ours := range changes {
		text, err := os.ReadFile(s.root.Path("/etc/courier/" + name))
		if err != nil {
			return err
		}
		if err := os.WriteFile(s.file("etc/courier/"+name), append(text, "\n"+ours...), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// certificate writes both halves into one file, as Courier wants it, and returns its path.
func (s *Server) certificate() (string, error) {
	var both []byte
	certFile, keyFile, err := s.lab.Issue(s.options.Hosts...)
	for _, half := range []string{certFile, keyFile} {
		if err == nil {
			var text []byte
			text, err = os.ReadFile(half)
			both = append(both, text...)
		}
	}
	if err != nil {
		return "", err
	}
	return s.file("imapd.pem"), os.WriteFile(s.file("imapd.pem"), both, 0o600)
}

func (s *Server) buildRedirect() error {
	gcc, err := lab.FindProgram("gcc", "gcc")
	if err != nil {
		return err
	}
	command := exec.Command(gcc, "-shared", "-fPIC", "-O1", "-x", "c", "-o", s.file("redirect.so"), "-")
	command.Stdin = strings.NewReader(redirect)
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("build redirect.so: %w: %s", err, out)
	}
	return nil
}

// env is for every program of the server, and for what they start.
func (s *Server) env() []string {
	libraries := s.root.Env()
	for i := range libraries {
		libraries[i] += ":" + s.root.Path("/usr/lib/courier-authlib")
	}
	return append(libraries, "LD_PRELOAD="+s.file("redirect.so"), "COURIER_LAB="+s.dir)
}

func (s *Server) file(name string) string { return filepath.Join(s.dir, name) }

// Dir returns the server's folder.
func (s *Server) Dir() string { return s.dir }

// Stop ends the server before the lab does.
func (s *Server) Stop() error {
	var all []error
	for _, process := range s.group {
		all = append(all, process.Stop())
	}
	return errors.Join(all...)
}
