// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"rehome"
	"rehome/internal/protocol/imap"
)

func children() map[string]func(path string) error {
	return map[string]func(path string) error{"write": writeIntents, "write little": writeWithinLimit, "lock": holdLock}
}

// child starts this test's binary on a store and returns what it prints, line by line.
func child(t *testing.T, work, path string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	cmd := exec.Command(os.Args[0], path)
	cmd.Env = append(os.Environ(), childVariable+"="+work)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // in case the test has not
		_ = cmd.Wait()
	})
	return cmd, bufio.NewScanner(out)
}

// writeIntents prints the id of every intent once it is written, until an error or the end of the
// process. One of four is received; then its id is printed with a "+".
func writeIntents(path string) error {
	ctx := context.Background()
	l, err := Open(ctx, path)
	if err != nil {
		return err
	}
	m, err := l.Mail.Mailbox(ctx, inbox())
	if err != nil {
		return err
	}
	for uid := imap.UID(1); ; uid++ {
		ids, err := l.Mail.Intend(ctx, m, 1, messages(uid))
		if err == nil {
			fmt.Println(ids[0])
			if uid%4 == 0 {
				if err = l.Mail.Receive(ctx, m, ids[0], messages(uid)); err == nil {
					fmt.Println("+" + strconv.FormatInt(ids[0], 10))
				}
			}
		}
		if err != nil {
			fmt.Printf("error %s|%s|%v\n", rehome.ClassOf(err), rehome.HintOf(err), err)
			return nil
		}
	}
}

// writeWithinLimit is writeIntents where no file can become larger than 1.5 MB, which stands for a
// quota. The signal that comes with it would end the process.
func writeWithinLimit(path string) error {
	signal.Ignore(syscall.SIGXFSZ)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 1_500_000, Max: 1_500_000}); err != nil {
		return err
	}
	return writeIntents(path)
}

// holdLock takes the lock and keeps it until the process is killed.
func holdLock(path string) error {
	l, err := Open(context.Background(), path)
	if err != nil {
		return err
	}
	if _, err := l.Lock(); err != nil {
		return err
	}
	fmt.Println("locked")
	time.Sleep(time.Hour)
	return nil
}

// promised collects what a child has printed.
type promised struct {
	intents, receipts map[int64]bool
	last              string // the line that is no id
}

func (p *promised) note(line string) {
	number, received := strings.CutPrefix(line, "+")
	id, err := strconv.ParseInt(number, 10, 64)
	switch {
	case err != nil:
		p.last = line
	case received:
		p.receipts[id] = true
	default:
		p.intents[id] = true
	}
}

// kept proves that the store holds everything that was promised.
func (p *promised) kept(t *testing.T, path string) {
	t.Helper()
	l := open(t, path)
	m := load(t, l, inbox())
	intents, receipts := map[int64]bool{}, map[int64]bool{}
	for _, i := range m.Intents {
		intents[i.ID] = true
	}
	for _, s := range stored(t, l, m) {
		receipts[s.BatchID] = true
	}
	for id := range p.intents {
		if !intents[id] && !receipts[id] {
			t.Errorf("intent %d is lost", id)
		}
	}
	for id := range p.receipts {
		if !receipts[id] {
			t.Errorf("receipt %d is lost", id)
		}
	}
}

func TestIntend_survivesKill(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "rehome.db")
	all := promised{intents: map[int64]bool{}, receipts: map[int64]bool{}}
	for round := range 4 { // on one store, so that each round opens what a kill has left
		cmd, lines := child(t, "write", path)
		for n := 0; n < 20+13*round && lines.Scan(); n++ {
			all.note(lines.Text())
		}
		must(t, cmd.Process.Signal(syscall.SIGKILL))
		for lines.Scan() { // promises that were on their way
			all.note(lines.Text())
		}
	}
	if len(all.intents) < 100 || len(all.receipts) < 20 || all.last != "" {
		t.Fatalf("%d intents, %d receipts, %q: the children did not work", len(all.intents), len(all.receipts), all.last)
	}
	all.kept(t, path)
}

func TestLedger_quotaUsedUp(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "rehome.db")
	all := promised{intents: map[int64]bool{}, receipts: map[int64]bool{}}
	_, lines := child(t, "write little", path)
	for lines.Scan() {
		all.note(lines.Text())
	}
	words := strings.SplitN(strings.TrimPrefix(all.last, "error "), "|", 3)
	if len(words) != 3 || words[0] != string(rehome.ClassOperator) || !strings.Contains(words[1], "space") ||
		!strings.Contains(words[2], "write store "+path) {
		t.Errorf("the child ended with %q, want an operator's fault about space", all.last)
	}
	if len(all.intents) == 0 {
		t.Fatal("the child did not work")
	}
	all.kept(t, path)
}

func TestLedger_diskFull(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		return // only root can make a small disk; TestLedger_quotaUsedUp is near enough
	}
	dir := mount(t, 0)
	ballast := filepath.Join(dir, "ballast")
	must(t, os.WriteFile(ballast, make([]byte, 20<<10), 0o600)) // what is left has room for all upgrades
	l := open(t, filepath.Join(dir, "rehome.db"))
	m := load(t, l, inbox())
	var err error
	var ids []int64
	written := 0
	for err == nil {
		if ids, err = l.Mail.Intend(t.Context(), m, 1, messages(imap.UID(written+1))); err == nil {
			written++
		}
	}
	wantOperator(t, err, "full", "free space")
	wantOperator(t, l.Mail.Receive(t.Context(), m, 1, messages(1)), "full", "free space")
	if again := load(t, l, inbox()); len(again.Intents) != written || !m.Done.Empty() {
		t.Errorf("%d intents, done %s, want %d and none; the last answer was %v", len(again.Intents), m.Done, written, ids)
	}
	must(t, os.Remove(ballast))
	must(t, l.Mail.Receive(t.Context(), m, 1, messages(1)))
	if again := load(t, l, inbox()); len(again.Intents) != written-1 || again.Done.String() != "1" {
		t.Errorf("after room was made: %d intents, done %s, want %d and 1", len(again.Intents), again.Done, written-1)
	}
}

// mount makes a disk of 1 MB; the caller is root.
func mount(t *testing.T, flags uintptr) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("rehome-test", dir, "tmpfs", flags, "size=1536k"); err != nil {
		t.Fatalf("mount a small disk, which needs CAP_SYS_ADMIN: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Errorf("unmount: %v", err)
		}
	})
	return dir
}

func TestLock_twoProcesses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path, link := filepath.Join(dir, "rehome.db"), filepath.Join(dir, "link.db")
	l := open(t, path)
	must(t, os.Symlink(path, link))
	cmd, lines := child(t, "lock", path)
	if !lines.Scan() || lines.Text() != "locked" {
		t.Fatalf("the child says %q", lines.Text())
	}
	if locked, err := l.Locked(); err != nil || !locked {
		t.Errorf("locked %v, %v, while another process holds it", locked, err)
	}
	for _, name := range []string{path, link} {
		if unlock, err := open(t, name).Lock(); err == nil {
			unlock()
			t.Errorf("two hold the lock of %s", name)
		} else {
			wantOperator(t, err, fmt.Sprintf("in use by another rehome run (pid %d)", cmd.Process.Pid), "rehome status")
		}
	}
	must(t, l.Passes.Begin(t.Context(), queued("a"))) // the lock keeps nobody from reading or writing

	must(t, cmd.Process.Kill())
	_ = cmd.Wait() // "signal: killed"
	unlock, err := l.Lock()
	for deadline := time.Now().Add(5 * time.Second); err != nil && time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		unlock, err = l.Lock()
	}
	must(t, err)
	if _, err := open(t, path).Lock(); err == nil {
		t.Error("two of one process hold the lock")
	}
	unlock()
	if locked, err := l.Locked(); err != nil || locked {
		t.Errorf("locked %v, %v, while nobody holds it", locked, err)
	}
	if unlock, err = open(t, path).Lock(); err != nil {
		t.Fatalf("after unlock: %v", err)
	}
	unlock()
}
