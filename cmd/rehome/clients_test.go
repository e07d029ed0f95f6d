// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A responder behind a proxy: it needs no certificate. Two domains, so that one can switch and the other not.
const clientsSettings = `
domains: [example.com, example.net]
roster: people.csv
source: {kind: imap, imap: {address: "old.example.com:993"}, submission: {address: "old.example.com:465"}}
destination: {kind: imap, imap: {address: "new.example.org:993"}, submission: {address: "new.example.org:465"}}
clients: {listen: "%s"}
`

// responding is the program as an administrator runs it.
type responding struct {
	process *exec.Cmd
	address string
	lines   chan string // of standard error
}

func respond(t *testing.T, folder string, args ...string) *responding {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "rehome") // by this name the test's own program is rehome
	if err := os.Symlink(self, name); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 2*time.Minute)
	t.Cleanup(cancel)
	r := &responding{process: exec.CommandContext(ctx, name, append([]string{"clients", "serve"}, args...)...), lines: make(chan string, 100)}
	r.process.Dir = folder
	answer, err := r.process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	said, err := r.process.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.process.Start(); err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(answer); r.address == "" && lines.Scan(); {
		if _, address, found := strings.Cut(lines.Text(), "answering on "); found {
			r.address, _, _ = strings.Cut(address, ";")
		}
	}
	if r.address == "" {
		t.Fatalf("it does not answer: %v", r.process.Wait())
	}
	go func() {
		for lines := bufio.NewScanner(said); lines.Scan(); {
			r.lines <- lines.Text()
		}
		close(r.lines)
	}()
	return r
}

// server is what somebody's Thunderbird is told.
func (r *responding) server(t *testing.T, domain, address string) string {
	t.Helper()
	document, err := exec.CommandContext(t.Context(), "curl", "--silent", "--show-error", "--fail", "--header", "Host: autoconfig."+domain,
		"http://"+r.address+"/mail/config-v1.1.xml?emailaddress="+address).Output()
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(document), "<hostname>")
	host, _, _ := strings.Cut(rest, "<")
	return host
}

// end stops it as a service manager does, and returns the rest of what it has said.
func (r *responding) end(t *testing.T) (said string) {
	t.Helper()
	if err := r.process.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	for line := range r.lines {
		said += line + "\n"
	}
	if err := r.process.Wait(); err != nil {
		t.Errorf("it ended with %v", err)
	}
	return said
}

func TestClientsServe_oneDomainSwitches(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	save := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	save("rehome.yaml", fmt.Sprintf(clientsSettings, "127.0.0.1:0"))
	save("switched.txt", "pilot@example.com destination\n")
	r := respond(t, folder, "-v")
	want := func(r *responding, domain, address, host string) {
		t.Helper()
		if got := r.server(t, domain, address); got != host {
			t.Errorf("%s: got %s, want %s", address, got, host)
		}
	}
	want(r, "example.com", "anna@example.com", "old.example.com")
	want(r, "example.com", "pilot@example.com", "new.example.org")
	want(r, "example.net", "", "old.example.com")

	save("switched.txt", "example.com destination\nlate@example.com source\n")
	for deadline := time.Now().Add(time.Minute); r.server(t, "example.com", "anna@example.com") != "new.example.org"; {
		if time.Now().After(deadline) {
			t.Fatal("the change was not followed")
		}
	}
	want(r, "example.com", "late@example.com", "old.example.com")
	want(r, "example.net", "", "old.example.com")
	said := r.end(t)
	for word, there := range map[string]bool{
		"switched.txt has changed: example.com: destination": true, "kind=autoconfig": true, "anna@": false, "127.0.0.1": false,
	} {
		if strings.Contains(said, word) != there {
			t.Errorf("%q in what it said: %s", word, said)
		}
	}

	save("rehome.yaml", fmt.Sprintf(clientsSettings, r.address)) // the port is free again
	again := respond(t, folder, "--log-addresses", "-v")
	want(again, "example.com", "anna@example.com", "new.example.org")
	want(again, "example.com", "late@example.com", "old.example.com")
	if said := again.end(t); !strings.Contains(said, "account=anna@example.com") {
		t.Errorf("addresses were asked for: %s", said)
	}
}
