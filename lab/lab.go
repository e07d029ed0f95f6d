// SPDX-License-Identifier: Apache-2.0

// Package lab runs real servers on loopback addresses for tests and trials.
//
// A Lab is a folder, a certificate authority, a loopback address of its own, and the processes that
// were started in it. Nothing is shared between labs, so any number of them run side by side;
// nothing outside the lab's folder is read or written except installed programs. When the lab
// closes, or the process that opened it dies in whatever way, its servers die too.
//
// A test calls Open and hands the lab to the Start function of a server package
// (lab/dovecot, lab/atmail7, lab/atmail8). A program calls New and later Close.
//
// The package knows no mail. It is for Linux with Debian's packages installed; it starts
// nothing by systemd, and it does not install anything. As root the servers' data belongs to a
// user id of its own; without root everything runs as the caller.
package lab

import (
	"crypto/ecdsa"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
)

// ownerID is the user and group id of the servers' data if the caller is root: the one that an
// atmail server has for its mail store.
const ownerID = 3000

// maxPath leaves space for the longest socket name below a lab: a UNIX socket path has at
// most 107 bytes (unix(7)).
const maxPath = 60

// Lab is one lab. Its methods may be called from several goroutines.
type Lab struct {
	dir      string
	host     netip.Addr
	caKey    *ecdsa.PrivateKey
	caCert   *x509.Certificate
	watchman *watchman

	mu      sync.Mutex
	closed  bool
	ports   map[uint16]bool
	closers []func() error
}

// New makes a lab in dir, which is created if it is not there. Every folder above dir must
// be open to other users when the caller is root, because the servers then run as another user.
// The caller closes the lab.
func New(dir string) (*Lab, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("open a lab: %w", err)
	}
	if len(dir) > maxPath {
		return nil, fmt.Errorf("open a lab in %s: the path has more than %d characters, too long for the sockets in it", dir, maxPath)
	}
	if err := os.MkdirAll(filepath.Join(dir, "log"), 0o755); err != nil {
		return nil, fmt.Errorf("open a lab: %w", err)
	}
	if err := checkReachable(dir); err != nil {
		return nil, err
	}
	l := &Lab{dir: dir, ports: map[uint16]bool{}}
	if l.host, err = freeHost(); err != nil {
		return nil, err
	}
	if err := l.createAuthority(); err != nil {
		return nil, err
	}
	if l.watchman, err = startWatchman(); err != nil {
		return nil, err
	}
	return l, nil
}

// Close stops everything in reverse order of its start and reports what went wrong. It leaves
// the folder alone. Closing twice is allowed.
func (r *Lab) Close() error {
	r.mu.Lock()
	closers := r.closers
	r.closers = nil
	r.closed = true
	r.mu.Unlock()
	var all []error
	for i := len(closers) - 1; i >= 0; i-- {
		all = append(all, closers[i]())
	}
	return errors.Join(append(all, r.watchman.end())...)
}

// OnClose has stop called when the lab closes, before whatever was started earlier is stopped.
// If the lab is closed already, stop is called at once.
func (r *Lab) OnClose(stop func() error) error {
	r.mu.Lock()
	if !r.closed {
		r.closers = append(r.closers, stop)
		r.mu.Unlock()
		return nil
	}
	r.mu.Unlock()
	return errors.Join(errors.New("the lab is closed"), stop())
}

// Dir returns the lab's folder as an absolute path.
func (r *Lab) Dir() string { return r.dir }

// Host returns the loopback address that is the lab's own.
func (r *Lab) Host() string { return r.host.String() }

// Owner returns the user and group that own the servers' data: an id of their own if the caller
// is root, otherwise the caller.
func (r *Lab) Owner() (uid, gid int) {
	if os.Geteuid() == 0 {
		return ownerID, ownerID
	}
	return os.Getuid(), os.Getgid()
}

// OwnedDir creates the folder at the path below the lab and returns its absolute path. It and
// what had to be made above it belong to the owner; nobody else can enter it.
func (r *Lab) OwnedDir(elem ...string) (string, error) {
	uid, gid := r.Owner()
	dir := r.dir
	for i, name := range elem {
		mode := os.FileMode(0o755)
		if i == len(elem)-1 {
			mode = 0o700
		}
		dir = filepath.Join(dir, name)
		err := os.Mkdir(dir, mode)
		if err == nil {
			err = os.Chown(dir, uid, gid)
		}
		if err != nil && !errors.Is(err, fs.ErrExist) {
			return "", fmt.Errorf("create a folder in the lab: %w", err)
		}
	}
	return dir, nil
}

// WriteOwned writes a file that belongs to the owner; nobody else can read it.
func (r *Lab) WriteOwned(path, text string) error {
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return err
	}
	uid, gid := r.Owner()
	return os.Chown(path, uid, gid)
}

func checkReachable(dir string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	for ; ; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		if err != nil {
			return fmt.Errorf("open a lab: %w", err)
		}
		if info.Mode().Perm()&0o001 == 0 {
			return fmt.Errorf("open a lab: %s is closed to other users, and the servers do not run as root: choose a folder "+
				"below one that is open, or chmod o+x it", dir)
		}
		if dir == filepath.Dir(dir) {
			return nil
		}
	}
}
