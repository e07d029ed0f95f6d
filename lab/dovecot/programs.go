// SPDX-License-Identifier: Apache-2.0

package dovecot

import (
	_ "embed"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"rehome/lab"
)

// The versions.
const (
	V23 = "2.3" // as installed
	V24 = "2.4" // of Debian 13, unpacked beside it
)

// modules are where Debian puts what a server needs beside the core, and the packages.
var modules = [][2]string{
	{"/usr/lib/dovecot/imap", "dovecot-imapd"},
	{"/usr/lib/dovecot/pop3", "dovecot-pop3d"},
	{"/usr/lib/dovecot/lmtp", "dovecot-lmtpd"},
	{"/usr/lib/dovecot/managesieve", "dovecot-managesieved"},
	{"/usr/lib/dovecot/modules/lib90_sieve_plugin.so", "dovecot-sieve"},
}

// programs are the binaries of a Dovecot: those that are installed, or, with a root, unpacked ones of another Debian.
type programs struct {
	root     lab.Unpacked
	redirect string // path of preload/redirect.c, built for root
}

//go:embed preload/redirect.c
var redirect string

// findPrograms makes sure that everything is there. What is built for them goes to dir.
func findPrograms(o Options, dir string) (programs, error) {
	if o.Version == V24 {
		return unpackedPrograms(o, dir)
	}
	if _, err := lab.FindProgram("dovecot", "dovecot-core"); err != nil {
		return programs{}, err
	}
	needed := modules
	if o.SQL != "" {
		needed = append(slices.Clone(modules), [2]string{"/usr/lib/dovecot/modules/libdriver_mysql.so", "dovecot-mysql"})
	}
	for _, module := range needed {
		if err := lab.NeedFile(module[0], module[1]); err != nil {
			return programs{}, err
		}
	}
	return programs{}, nil
}

func unpackedPrograms(o Options, dir string) (p programs, err error) {
	if o.SQL != "" {
		return p, errors.New("accounts from a database are not set up for Dovecot " + V24)
	}
	for _, module := range modules {
		if p.root, err = lab.FindUnpackedTrixie(module[0], module[1]); err != nil {
			return p, err
		}
	}
	gcc, err := lab.FindProgram("gcc", "gcc")
	if err != nil {
		return p, err
	}
	loader, libraries, err := p.loader()
	if err != nil {
		return p, err
	}
	p.redirect = filepath.Join(dir, "redirect.so")
	args := []string{"-shared", "-fPIC", "-O1", "-x", "c", "-o", p.redirect}
	for name, value := range map[string]string{"ROOT": string(p.root), "LOADER": loader, "LIBRARIES": libraries, "SELF": p.redirect} {
		args = append(args, fmt.Sprintf("-D%s=%q", name, value))
	}
	command := exec.Command(gcc, append(args, "-")...)
	command.Stdin = strings.NewReader(redirect)
	if out, err := command.CombinedOutput(); err != nil {
		return p, fmt.Errorf("build redirect.so: %w: %s", err, out)
	}
	return p, nil
}

// loader returns the unpacked loader of programs, and where it finds libraries.
func (p programs) loader() (path, libraries string, err error) {
	found, err := filepath.Glob(p.root.Path("/usr/lib*/ld-linux*.so*"))
	if err != nil || len(found) == 0 {
		return "", "", fmt.Errorf("the lab needs a loader below %s: run scripts/packages", p.root)
	}
	folders, err := filepath.Glob(p.root.Path("/usr/lib/*-linux-gnu*"))
	return found[0], strings.Join(append(folders, p.root.Path("/usr/lib/dovecot")), ":"), err
}

// command says how to start a program, such as "/usr/bin/doveadm", with arguments.
func (p programs) command(program string, args ...string) (path string, all []string, err error) {
	if p.root == "" {
		path, err = lab.FindProgram(filepath.Base(program), "dovecot-core")
		return path, args, err
	}
	loader, libraries, err := p.loader()
	return loader, append([]string{"--library-path", libraries, "--preload", p.redirect, "--argv0", program, p.root.Path(program)}, args...), err
}
