// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"rehome/lab"
	"rehome/lab/operator"
)

// screen is an output that can be read while it is written.
type screen struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

// await waits until the text is on the screen, and returns all of it.
func (s *screen) await(t *testing.T, text string) string {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Minute); ; time.Sleep(10 * time.Millisecond) {
		s.mu.Lock()
		shown := s.text.String()
		s.mu.Unlock()
		if strings.Contains(shown, text) {
			return shown
		}
		if time.Now().After(deadline) {
			t.Fatalf("never shown: %q; but:\n%s", text, shown)
		}
	}
}

// buildRehome makes the binary that writes the settings.
func buildRehome(t *testing.T) string {
	t.Helper()
	binary, err := operator.Build(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return binary
}

// The lab runs two servers, workers that copy between them as soon as somebody wants it, and imports files into the folder of the account
// manager; all ends together.
func TestUp_importsFilesAndEnds(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	dir := lab.Open(t).Dir()
	binary := buildRehome(t)
	var out screen
	done := make(chan error, 1)
	go func() { done <- up(ctx, pairOptions{dir: dir, binary: binary, scale: 0.01, workers: 2}, &out) }()
	shown := out.await(t, "Ctrl-C ends it")
	for _, want := range []string{"anna@example.com ", filepath.Join(dir, "ca.pem"), "reader:", "https://127.", "rehome sync --on workers"} {
		if !strings.Contains(shown, want) {
			t.Errorf("the table lacks %q:\n%s", want, shown)
		}
	}
	csv := "EmailAddress,FirstName,LastName,Password\nzoe@example.com,Zoe,Zorn,Zoe-in-the-lab-1\nbob@example.com,Bob,Berlin,bob\n"
	inbox := filepath.Join(dir, "account-manager")
	for name, text := range map[string]string{"a.new": csv, "b.new": "nonsense\n"} {
		if err := os.WriteFile(filepath.Join(inbox, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(filepath.Join(inbox, name), filepath.Join(inbox, name+".csv")); err != nil {
			t.Fatal(err)
		}
	}
	out.await(t, "1 accounts created, 1 rows rejected\n  line 3 bob@example.com: password is shorter")
	out.await(t, "b.new.csv is refused")
	out.await(t, "worker 2: may use ")
	sync := exec.CommandContext(ctx, binary, "sync", "--on", "workers")
	sync.Dir = filepath.Join(dir, "move")
	said, err := sync.CombinedOutput()
	refused := strings.Contains(string(said), "anna@example.com: INBOX.Archive") && strings.Contains(string(said), "accounts complete")
	if sync.ProcessState == nil || sync.ProcessState.ExitCode() != 6 || !refused { // one message of the sample is too large for the destination
		t.Errorf("sync: %v\n%s", err, said)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	out.await(t, "has ended; it completed ")
}

// TestOpenPair_sideBySide runs four servers at once and looks at each by its own names.
func TestOpenPair_sideBySide(t *testing.T) {
	t.Parallel()
	var pairs [2]*pair
	var starts errgroup.Group
	for i := range pairs {
		starts.Go(func() (err error) {
			pairs[i], err = openPair(t.Context(), pairOptions{scale: 0.01})
			return err
		})
	}
	if err := starts.Wait(); err != nil {
		t.Fatal(err)
	}
	for i, p := range pairs {
		greet(t, p.Source.IMAPS, p.lab.ClientTLS("mail.example.test"), "* OK")
		greet(t, p.Destination.IMAPS, p.lab.ClientTLS("cloud.example.test"), "* OK")
		greet(t, p.Destination.POP3S, p.lab.ClientTLS("cloud.example.test"), "+OK")
		greet(t, p.Destination.Sieve, nil, `"IMPLEMENTATION"`)
		if _, err := lab.Dial(t.Context(), p.Source.IMAPS, pairs[1-i].lab.ClientTLS("mail.example.test")); err == nil {
			t.Error("a certificate of one room is trusted in another")
		}
		if err := p.close(); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(p.lab.Dir()); !os.IsNotExist(err) {
			t.Errorf("the temporary folder after the end: %v", err)
		}
	}
}

func greet(t *testing.T, addr string, config *tls.Config, want string) {
	t.Helper()
	talk, err := lab.Dial(t.Context(), addr, config)
	if err != nil {
		t.Fatal(err)
	}
	defer talk.Close()
	if _, err := talk.Hear(want); err != nil {
		t.Errorf("%s: %v", addr, err)
	}
}
