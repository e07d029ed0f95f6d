// SPDX-License-Identifier: Apache-2.0

// Package fetchmail is a computer whose program reads mail by POP3, leaves it on the server and remembers by their identifiers
// (RFC 1939, section 7) which messages it has. It knows nothing of rehome.
package fetchmail

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"

	"rehome/lab"
)

// Computer is one on which somebody has fetchmail.
type Computer struct {
	Dir               string // its own: what the program remembers and has got
	Address, Password string
}

// Fetch polls a server, at host:port with TLS from the first byte, and returns how many messages the program has got in all.
// Whatever the server's address, it is the same mailbox to the program.
func (c Computer) Fetch(ctx context.Context, pop3s string) (messages int, err error) {
	program, err := lab.FindProgram("fetchmail", "fetchmail")
	if err != nil {
		return 0, err
	}
	host, port, err := net.SplitHostPort(pop3s)
	if err != nil {
		return 0, err
	}
	got, settings := filepath.Join(c.Dir, "pop"), filepath.Join(c.Dir, "fetchmailrc")
	// One file a message. The name behind poll is what it remembers identifiers under.
	text := fmt.Sprintf(`set idfile %q
poll mail.example.test via %q service %s protocol pop3 uidl no dns
  user %q password %q ssl no sslcertck keep nofetchall mda "sh -c 'cat > %s/$$'"
`, c.idFile(), host, port, c.Address, c.Password, got)
	if err := errors.Join(os.MkdirAll(got, 0o700), os.WriteFile(settings, []byte(text), 0o600)); err != nil {
		return 0, err
	}
	cmd := exec.CommandContext(ctx, program, "--fetchmailrc", settings, "--pidfile", filepath.Join(c.Dir, "pid"), "--nodetach", "--nosyslog")
	cmd.Env = append(os.Environ(), "HOME="+c.Dir, "FETCHMAILHOME="+c.Dir)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !(errors.As(err, &exit) && exit.ExitCode() == 1) { // 1: nothing new
		return 0, fmt.Errorf("fetchmail: %w\n%s", err, out)
	}
	files, err := os.ReadDir(got)
	return len(files), err
}

// Remembered is what the program has written down of what it has; empty before it has got anything.
func (c Computer) Remembered() string {
	text, err := os.ReadFile(c.idFile())
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err.Error()
	}
	return string(bytes.TrimSpace(text))
}

func (c Computer) idFile() string { return filepath.Join(c.Dir, "fetchids") }
