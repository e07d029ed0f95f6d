// SPDX-License-Identifier: Apache-2.0

package beacon

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
)

const childFolder = "REHOME_TEST_BEACON"

// TestMain is also the process that is killed.
func TestMain(m *testing.M) {
	if folder := os.Getenv(childFolder); folder != "" {
		if _, err := Kindle(folder, "sync", func(bool) any { return "alive" }); err != nil {
			panic(err)
		}
		fmt.Println("burns")
		select {}
	}
	goleak.VerifyTestMain(m)
}

func kindle(t *testing.T, folder, work string, state func(bool) any) *Light {
	t.Helper()
	light, err := Kindle(folder, work, state)
	if err != nil {
		t.Fatal(err)
	}
	return light
}

func look(t *testing.T, folder string, want int) []Sighting {
	t.Helper()
	seen, err := Look(folder)
	if err != nil || len(seen) != want {
		t.Fatalf("got %d beacons, %v; want %d", len(seen), err, want)
	}
	return seen
}

func open(t *testing.T, s Sighting) *View {
	t.Helper()
	view, err := s.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = view.Close() })
	return view
}

func ask(t *testing.T, view *View, want string) {
	t.Helper()
	if line, err := view.Ask(t.Context()); err != nil || string(line) != want {
		t.Errorf("got %q, %v; want %q", line, err, want)
	}
}

// Each answer is of the moment; the last one says that it is the last, to everybody who looks, asked or not.
func TestBeacon_tellsTheMomentAndTheEnd(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "now")
	look(t, folder, 0)
	var count atomic.Int64
	light := kindle(t, folder, "sync", func(ended bool) any { return []any{count.Load(), ended} })
	seen := look(t, folder, 1)[0]
	if seen.Work != "sync" || seen.PID != os.Getpid() || time.Since(seen.Since) > time.Minute {
		t.Errorf("got %+v", seen)
	}
	first, second := open(t, seen), open(t, seen)
	ask(t, first, "[0,false]")
	ask(t, second, "[0,false]")
	count.Store(7)
	ask(t, first, "[7,false]")
	light.Out()
	ask(t, first, "[7,true]")
	ask(t, second, "[7,true]")
	if _, err := first.Ask(t.Context()); !errors.Is(err, ErrOut) {
		t.Errorf("after the end: got %v, want ErrOut", err)
	}
	if _, err := seen.Open(t.Context()); !errors.Is(err, ErrOut) {
		t.Errorf("got %v, want ErrOut", err)
	}
	if _, err := os.Lstat(folder); err == nil {
		t.Error("the folder is left behind")
	}
}

// Nobody else can look, and the path may be longer than the address of a socket.
func TestBeacon_privateAndDeep(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), strings.Repeat("deep/", 40), "now")
	light := kindle(t, folder, "a-verification", func(bool) any { return 1 })
	defer light.Out()
	another := kindle(t, folder, "a-verification", func(bool) any { return 2 })
	defer another.Out()
	for path, want := range map[string]os.FileMode{folder: 0o700, light.file: 0o600, another.file: 0o600} {
		if info, err := os.Lstat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: got %v, %v; want %o", path, info, err, want)
		}
	}
	seen := look(t, folder, 2)
	if seen[0].Work != "a-verification" {
		t.Errorf("got %q", seen[0].Work)
	}
	ask(t, open(t, seen[0]), "1")
	ask(t, open(t, seen[1]), "2")
}

// A process that is killed says nothing, and nobody takes it for one that lives.
func TestBeacon_processDies(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "now")
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), childFolder+"="+folder)
	said, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(said).ReadString('\n'); line != "burns\n" {
		t.Fatalf("got %q, %v", line, err)
	}
	seen := look(t, folder, 1)[0]
	view := open(t, seen)
	ask(t, view, `"alive"`)
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait()
	if line, err := view.Ask(t.Context()); !errors.Is(err, ErrOut) {
		t.Errorf("got %q, %v; want ErrOut", line, err)
	}
	if _, err := look(t, folder, 1)[0].Open(t.Context()); !errors.Is(err, ErrOut) {
		t.Errorf("got %v, want ErrOut", err)
	}
	kindle(t, folder, "sync", func(bool) any { return 1 }).Out()
	look(t, folder, 0) // the next one has cleared it away
}

// Who asks for something else, or brings too many, is turned away, and the others are answered.
func TestBeacon_guests(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	light := kindle(t, folder, "sync", func(bool) any { return 1 })
	defer light.Out()
	seen := look(t, folder, 1)[0]
	stranger, err := net.Dial("unix", light.file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stranger.Close() }()
	if _, err := stranger.Write([]byte("GET / HTTP/1.1\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	if n, err := stranger.Read(make([]byte, 1)); err == nil {
		t.Errorf("a stranger gets %d octets", n)
	}
	view := open(t, seen)
	ask(t, view, "1")
	for range lookersMost - 1 {
		ask(t, open(t, seen), "1")
	}
	if line, err := open(t, seen).Ask(t.Context()); !errors.Is(err, ErrOut) {
		t.Errorf("one too many gets %q, %v", line, err)
	}
	ask(t, view, "1")
}

// Names that are not of a beacon are passed over.
func TestLook_otherFiles(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for _, name := range []string{"sync-12-0.beacon", "README", "-.beacon", "sync-x-0.beacon", "sync--0.beacon"} {
		if err := os.WriteFile(filepath.Join(folder, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	look(t, folder, 0)
}

func FuzzParse(f *testing.F) {
	for _, name := range []string{"sync-12-0.beacon", "a-b-3-99.beacon", "-.beacon", "--.beacon", ".beacon", "sync--1-0.beacon"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if work, pid, ok := parse(name); ok && (pid <= 0 || !strings.HasPrefix(name, work+"-")) {
			t.Errorf("%q: got %q, %d", name, work, pid)
		}
	})
}
