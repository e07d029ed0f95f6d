// SPDX-License-Identifier: Apache-2.0

package cyrus

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"rehome/lab"
)

// Account is somebody who may log in.
type Account struct {
	Address  string // the log-in name, with a domain
	Password string // in clear
	QuotaMB  int    // 0: as in Options
}

// AddAccounts adds accounts and returns when their mailboxes, calendars and address books are
// there. An account that is there already gets the new password.
func (s *Server) AddAccounts(ctx context.Context, accounts ...Account) error {
	for _, account := range accounts {
		if err := s.addAccount(ctx, account); err != nil {
			return fmt.Errorf("add %s to %s: %w", account.Address, s.options.Name, err)
		}
	}
	return nil
}

func (s *Server) addAccount(ctx context.Context, account Account) error {
	user, domain, found := strings.Cut(account.Address, "@")
	if !found {
		return fmt.Errorf("the address has no domain")
	}
	if err := s.setPassword(ctx, user, domain, account.Password); err != nil {
		return err
	}
	// The first log-in makes the mailboxes, and the DAV side is there only when INBOX is.
	if err := s.talk(ctx, account.Address, account.Password, "b NOOP"); err != nil {
		return err
	}
	if account.QuotaMB == 0 {
		return nil
	}
	separator := "/"
	if s.options.Dots {
		separator = "."
	}
	return s.talk(ctx, s.Admin, s.AdminPassword,
		fmt.Sprintf("b SETQUOTA %s (STORAGE %d)", quote("user"+separator+account.Address), account.QuotaMB<<10))
}

// talk says one command over IMAP, which must succeed.
func (s *Server) talk(ctx context.Context, user, password, command string) error {
	imap, err := lab.Dial(ctx, s.IMAP, nil)
	if err != nil {
		return err
	}
	defer imap.Close()
	if _, err := imap.Hear("* OK"); err != nil {
		return err
	}
	logIn := fmt.Sprintf("a LOGIN {%d+}\r\n%s {%d+}\r\n%s", len(user), user, len(password), password)
	for _, line := range []string{logIn, command} {
		tag := line[:2]
		answer, _, err := imap.Ask(line, tag)
		if err != nil {
			return err
		}
		if !strings.HasPrefix(answer, tag+"OK") {
			return fmt.Errorf("the server answers %s", answer)
		}
	}
	return nil
}

// setPassword writes into the database of SASL.
func (s *Server) setPassword(ctx context.Context, user, domain, password string) error {
	path, err := lab.FindProgram("saslpasswd2", "sasl2-bin")
	if err != nil {
		return err
	}
	command := exec.CommandContext(ctx, path, "-f", s.file("sasldb2"), "-c", "-p", "-u", domain, user)
	command.Stdin = strings.NewReader(password + "\n")
	var said bytes.Buffer
	command.Stdout = &said
	command.Stderr = &said
	if err := command.Run(); err != nil {
		return fmt.Errorf("saslpasswd2: %w: %s", err, bytes.TrimSpace(said.Bytes()))
	}
	return s.own(s.file("sasldb2"))
}

// own gives a file to the user that the server runs as.
func (s *Server) own(path string) error {
	user, err := serverUser()
	if err != nil {
		return err
	}
	return os.Chown(path, user.uid, user.gid)
}

func quote(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}
