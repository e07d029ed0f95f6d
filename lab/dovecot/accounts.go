// SPDX-License-Identifier: Apache-2.0

package dovecot

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// revisionUser is a line of the passwd-file that nobody can log in as. Its home names the
// revision of the file, so that one can ask which revision the server has read.
const revisionUser = "revision.of.the.lab"

const reloadPatience = 10 * time.Second

// Account is one line of the passwd-file.
type Account struct {
	Address  string // the log-in name
	Password string // in clear
	QuotaMB  int    // 0: as in Options
	Refusal  string // if not empty, the right password does not help either, and these are the server's words
}

// AddAccounts adds accounts to the passwd-file and returns when they can log in, which takes up
// to a second. An account that is there already is replaced.
func (s *Server) AddAccounts(ctx context.Context, accounts ...Account) error {
	return s.change(ctx, func() {
		for _, account := range accounts {
			s.accounts[key(account.Address)] = account
		}
	})
}

// RemoveAccount takes the account out of the passwd-file and returns when it can no longer log
// in, which takes up to a second. Its mail stays on disk; sessions that are open go on.
func (s *Server) RemoveAccount(ctx context.Context, address string) error {
	return s.change(ctx, func() { delete(s.accounts, key(address)) })
}

// HasAccount reports whether the passwd-file has the account.
func (s *Server) HasAccount(address string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, found := s.accounts[key(address)]
	return found
}

func (s *Server) change(ctx context.Context, edit func()) error {
	if s.options.SQL != "" {
		return fmt.Errorf("%s keeps its accounts in a database, not in a passwd-file", s.options.Name)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	edit()
	if err := s.writeAccounts(); err != nil {
		return err
	}
	return s.waitRevision(ctx)
}

// waitRevision waits until the server has read the file. Dovecot looks at a passwd-file once a
// second at most.
func (s *Server) waitRevision(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, reloadPatience)
	defer cancel()
	for {
		home, err := s.Exec(ctx, "user", "-f", "home", revisionUser)
		if err == nil && strings.TrimSpace(string(home)) == s.revisionHome() {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s does not read its new accounts: %w", s.options.Name, errors.Join(ctx.Err(), err))
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (s *Server) revisionHome() string { return "/revision/" + strconv.FormatInt(s.revision, 10) }

func (s *Server) writeAccounts() error {
	if s.options.SQL != "" {
		return nil
	}
	s.revision++
	var text strings.Builder
	fmt.Fprintf(&text, "%s:*::::%s::\n", revisionUser, s.revisionHome())
	for _, name := range slices.Sorted(maps.Keys(s.accounts)) {
		text.WriteString(s.accountLine(s.accounts[name]))
	}
	path := filepath.Join(s.dir, "accounts")
	if err := writeForAuth(path, text.String()); err != nil {
		return err
	}
	// Dovecot tells a new file by a new time in whole seconds or a new size: step by one second
	// for each revision, so that two changes in one second are two changes.
	stamp := time.Unix(1_000_000_000+s.revision, 0)
	return os.Chtimes(path, stamp, stamp)
}

// accountLine renders user:password:uid:gid:gecos:home:shell:extra. The password is encoded
// because a colon would end the field.
func (s *Server) accountLine(account Account) string {
	line := fmt.Sprintf("%s:%s::::%s::", key(account.Address), encodePassword(account.Password), s.Home(account.Address))
	if account.QuotaMB > 0 {
		field := "quota_rule=*:storage="
		if s.options.Version == V24 {
			field = "quota/user/storage_size="
		}
		line += fmt.Sprintf("userdb_%s%dM", field, account.QuotaMB)
	}
	if account.Refusal != "" {
		// Only a space ends a field here; what stands for it is a space to a reader.
		line += " nologin reason=" + strings.ReplaceAll(account.Refusal, " ", "\u00a0")
	}
	return line + "\n"
}

func (s *Server) writeMaster() error {
	if s.MasterUser == "" {
		return nil
	}
	return writeForAuth(filepath.Join(s.dir, "masters"), s.MasterUser+":"+encodePassword(s.MasterPassword)+"\n")
}

func (s *Server) writeSQL() error {
	if s.options.SQL == "" {
		return nil
	}
	return writeForAuth(filepath.Join(s.dir, "sql.conf"), s.options.SQL)
}

func encodePassword(clear string) string {
	return "{PLAIN.b64}" + base64.StdEncoding.EncodeToString([]byte(clear))
}

// key is the form of a log-in name in files and paths: the server folds names to lower case.
func key(address string) string { return strings.ToLower(address) }

// writeForAuth replaces a file that only Dovecot's authentication process may read.
func writeForAuth(path, text string) error {
	temporary := path + ".new"
	if err := os.WriteFile(temporary, []byte(text), 0o600); err != nil {
		return err
	}
	if os.Geteuid() == 0 {
		account, err := user.Lookup("dovecot")
		if err != nil {
			return fmt.Errorf("the lab needs Dovecot's own user: apt-get install dovecot-core: %w", err)
		}
		uid, err := strconv.Atoi(account.Uid)
		if err != nil {
			return err
		}
		if err := os.Chown(temporary, uid, -1); err != nil {
			return err
		}
	}
	return os.Rename(temporary, path)
}
