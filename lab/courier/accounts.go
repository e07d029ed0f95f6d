// SPDX-License-Identifier: Apache-2.0

package courier

import (
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Account is somebody who may log in.
type Account struct {
	Address  string // the log-in name
	Password string // in clear
}

// AddAccounts writes accounts into the userdb and makes their Maildirs. It returns when they can log
// in. An account that is there already gets the new password.
func (s *Server) AddAccounts(ctx context.Context, accounts ...Account) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, account := range accounts {
		s.accounts[account.Address] = account
		for _, sub := range []string{"cur", "new", "tmp"} {
			if _, err := s.lab.OwnedDir(s.options.Name, "mail", account.Address, "Maildir", sub); err != nil {
				return err
			}
		}
	}
	return s.writeUserDB(ctx)
}

// Home returns the home folder of an account. Its mail is in Maildir below.
func (s *Server) Home(address string) string { return filepath.Join(s.dir, "mail", address) }

// writeUserDB does what makeuserdb does, which has fixed paths: userdb.dat holds what everybody may
// know, userdbshadow.dat the passwords.
func (s *Server) writeUserDB(ctx context.Context) error {
	uid, gid := s.lab.Owner()
	var open, shadow strings.Builder
	for _, address := range slices.Sorted(maps.Keys(s.accounts)) {
		hash, err := s.run(ctx, "/usr/sbin/userdbpw", s.accounts[address].Password+"\n", "-md5")
		if err != nil {
			return err
		}
		fmt.Fprintf(&open, "%s\tuid=%d|gid=%d|home=%s|_=\n", address, uid, gid, s.Home(address))
		fmt.Fprintf(&shadow, "%s\tsystempw=%s\n", address, strings.TrimSpace(hash))
	}
	for name, text := range map[string]string{"userdb": open.String(), "userdbshadow": shadow.String()} {
		base := s.file("etc/courier/" + name)
		if _, err := s.run(ctx, "/usr/lib/courier/courier-authlib/makedatprog", text+".\n", "-", base+".tmp", base+".dat"); err != nil {
			return err
		}
		if err := os.Chmod(base+".dat", 0o600); err != nil {
			return err
		}
	}
	return nil
}

func (s *Server) run(ctx context.Context, program, input string, args ...string) (string, error) {
	command := exec.CommandContext(ctx, s.root.Path(program), args...)
	command.Env, command.Stdin = s.env(), strings.NewReader(input)
	out, err := command.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%s: %w: %s", filepath.Base(program), err, out)
	}
	return string(out), nil
}
