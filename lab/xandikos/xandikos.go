// SPDX-License-Identifier: Apache-2.0

// Package xandikos runs Xandikos 0.2.8 in a lab: a server for contacts and calendars that takes
// nearly everything, keeps it in git, and answers a refused PUT with a multistatus.
//
// Xandikos has one user and no passwords. A script of the package runs an application of it for
// each account, behind Basic authentication, so that a client finds what it finds at any host. There
// is no scheduling and no TLS.
//
// Start, then connect to URL, or to Calendar and Book directly.
package xandikos

import (
	"cmp"
	_ "embed"
	"encoding/json"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"

	"rehome/lab"
)

//go:embed server.py
var serverPy []byte

const (
	library = "/usr/lib/python3/dist-packages/xandikos/web.py"
	python  = "/usr/bin/python3" // Debian's, which alone finds Debian's libraries
)

// Account is one user.
type Account struct{ Address, Password string }

// Options says what to start.
type Options struct {
	Name     string // folder and log names, its own in the lab; default "xandikos"
	Accounts []Account
}

// Server is a running Xandikos.
type Server struct {
	URL string // base URL with a slash at the end; discovery begins here
}

// Start runs a server in the lab. Each account has a default calendar and a default address book.
// The lab's Close stops it.
func Start(l *lab.Lab, opts Options) (*Server, error) {
	opts.Name = cmp.Or(opts.Name, "xandikos")
	if err := lab.NeedFile(library, "xandikos"); err != nil {
		return nil, err
	}
	addr, err := l.Addr()
	if err != nil {
		return nil, err
	}
	args, err := prepare(l, opts)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", opts.Name, err)
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	if _, err := l.Start(lab.Program{
		Name: opts.Name, Command: python, Package: "python3", AsOwner: true,
		Args: []string{args.script, args.data, host, port, args.accounts}, Ready: []string{addr},
		Env: author(),
	}); err != nil {
		return nil, err
	}
	return &Server{URL: "http://" + addr + "/"}, nil
}

// author is who git says has changed something: the owner's user id has no name on the system.
func author() []string {
	return []string{
		"GIT_AUTHOR_NAME=lab", "GIT_AUTHOR_EMAIL=lab@example.test", "GIT_COMMITTER_NAME=lab", "GIT_COMMITTER_EMAIL=lab@example.test",
	}
}

// paths are the files of a server.
type paths struct{ script, data, accounts string }

func prepare(l *lab.Lab, opts Options) (paths, error) {
	dir, err := l.OwnedDir(opts.Name)
	if err != nil {
		return paths{}, err
	}
	data, err := l.OwnedDir(opts.Name, "data")
	if err != nil {
		return paths{}, err
	}
	passwords := map[string]string{}
	for _, account := range opts.Accounts {
		passwords[account.Address] = account.Password
	}
	text, err := json.Marshal(passwords)
	if err != nil {
		return paths{}, err
	}
	p := paths{script: filepath.Join(dir, "server.py"), data: data, accounts: filepath.Join(dir, "accounts.json")}
	for path, content := range map[string][]byte{p.script: serverPy, p.accounts: text} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			return paths{}, err
		}
		uid, gid := l.Owner()
		if err := os.Chown(path, uid, gid); err != nil {
			return paths{}, err
		}
	}
	return p, nil
}

// Calendar returns the URL of an account's default calendar.
func (s *Server) Calendar(address string) string {
	return s.URL + url.PathEscape(address) + "/calendars/calendar/"
}

// Book returns the URL of an account's default address book.
func (s *Server) Book(address string) string {
	return s.URL + url.PathEscape(address) + "/contacts/addressbook/"
}
