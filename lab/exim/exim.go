// SPDX-License-Identifier: Apache-2.0

// Package exim asks a real Exim where it would send mail, with a table of aliases as an export writes it.
// Nothing listens, and nothing is ever sent: it is "exim -bt", address by address.
package exim

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"rehome/lab"
)

// Options say what the Exim knows.
type Options struct {
	Domains  []string // that it is the mail host of
	Accounts []string // mailboxes
	Aliases  string   // the text of the table
}

// Exim is one that is set up.
type Exim struct {
	dir     string
	command []string
	env     []string
}

const program = "/usr/sbin/exim4"

// New sets up an Exim in the lab.
func New(l *lab.Lab, options Options) (*Exim, error) {
	root, err := lab.FindUnpacked(program, "exim4-daemon-light")
	if err != nil {
		return nil, err
	}
	// Debian's Exim begins by looking up a user that only its installed package makes.
	wrapper, err := filepath.Glob("/usr/lib/*/libnss_wrapper.so")
	if err != nil || len(wrapper) == 0 {
		return nil, fmt.Errorf("the lab needs Debian's package libnss-wrapper: run scripts/packages")
	}
	dir := filepath.Join(l.Dir(), "exim")
	e := &Exim{dir: dir, command: []string{root.Path(program), "-C", filepath.Join(dir, "configure"), "-bt"}}
	e.env = append(slices.Concat(os.Environ(), root.Env()), "LD_PRELOAD="+wrapper[0],
		"NSS_WRAPPER_PASSWD="+filepath.Join(dir, "passwd"), "NSS_WRAPPER_GROUP="+filepath.Join(dir, "group"))
	for name, text := range map[string]string{
		"configure": fmt.Sprintf(configure, dir, strings.Join(options.Domains, " : "), root.Path(program)), "aliases": options.Aliases,
		"accounts": strings.Join(options.Accounts, ": x\n") + ": x\n",
		"passwd":   "root:x:0:0::/:/bin/sh\nDebian-exim:x:8:8::/:/bin/false\n", "group": "root:x:0:\nDebian-exim:x:8:\n",
	} {
		if err := errors.Join(os.MkdirAll(filepath.Join(dir, "spool"), 0o755), os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644)); err != nil {
			return nil, err
		}
	}
	// Exim writes its spool and log as its own user.
	return e, errors.Join(os.Chmod(l.Dir(), 0o711), os.Chown(dir, 8, 8), os.Chown(filepath.Join(dir, "spool"), 8, 8))
}

// Route returns the addresses that mail for address ends up at, sorted; none if it would bounce.
func (e *Exim) Route(address string) ([]string, error) {
	command := exec.Command(e.command[0], append(e.command[1:], address)...)
	command.Env = e.env
	var stderr bytes.Buffer
	command.Stderr = &stderr
	out, err := command.Output()
	var exit *exec.ExitError
	// 2 says that an address cannot be routed.
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 2) || stderr.Len() > 0 {
		return nil, fmt.Errorf("exim -bt %s: %w\n%s%s", address, err, out, &stderr)
	}
	var found []string
	for line := range strings.Lines(string(out)) {
		// What belongs to an address is indented; one that bounces has a sentence.
		target := strings.TrimSuffix(strings.TrimSpace(line), "   [duplicate, would not be delivered]")
		if line[0] != ' ' && target != "" && !strings.Contains(target, " ") {
			found = append(found, target)
		}
	}
	slices.Sort(found)
	return slices.Compact(found), nil
}

// Deliver hands Exim a message for address, waits until it is delivered, and returns the main log.
func (e *Exim) Deliver(from, address string) (string, error) {
	command := exec.Command(e.command[0], append(slices.Clone(e.command[1:len(e.command)-1]), "-odf", "-f", from, address)...)
	command.Env = e.env
	command.Stdin = strings.NewReader("Subject: x\n\nx\n")
	if out, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("exim %s: %w\n%s", address, err, out)
	}
	log, err := os.ReadFile(filepath.Join(e.dir, "mainlog"))
	return string(log), err
}

// configure has the redirect router as the manual tells to write it. Mail for elsewhere goes there.
const configure = `exim_path = %[3]s
keep_environment = ^.*
spool_directory = %[1]s/spool
log_file_path = %[1]s/%%slog
primary_hostname = mx.lab.test
domainlist ours = %[2]s
begin routers
elsewhere:
  driver = accept
  domains = ! +ours
  transport = away
aliases:
  driver = redirect
  data = ${lookup{$local_part@$domain}lsearch*@{%[1]s/aliases}}
  forbid_file
  forbid_pipe
  forbid_include
accounts:
  driver = accept
  condition = ${lookup{$local_part@$domain}lsearch{%[1]s/accounts}{yes}{no}}
  transport = away
begin transports
away:
  driver = appendfile
  file = /dev/null
  user = Debian-exim
`
