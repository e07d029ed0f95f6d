// SPDX-License-Identifier: Apache-2.0

// Package operator runs the real binary in a folder, one command line after the other, as an
// administrator would.
//
// Main in the TestMain of a package, then an Operator for each test.
package operator

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// Main runs the tests of a package with rehome built once for all of them: binary is set to its path.
// It is what a TestMain hands to os.Exit.
func Main(m *testing.M, binary *string) int {
	dir, err := os.MkdirTemp("", "rehome-binary-")
	if err == nil {
		defer func() { _ = os.RemoveAll(dir) }()
		*binary, err = Build(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// Ready names a binary that was just built of this source, for all packages of tests that drive it: to link it takes seconds each time.
const Ready = "REHOME_BINARY"

// Build compiles rehome into dir, as it is given to people, and returns the path of the binary; or of the one that Ready names. Built without
// C, it shares what the compiler made of everything below it with the tests of cost: with C, all of it is compiled once more.
func Build(dir string) (string, error) {
	if binary := os.Getenv(Ready); binary != "" {
		return binary, nil
	}
	binary := filepath.Join(dir, "rehome")
	command := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", binary, "rehome/cmd/rehome")
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build rehome: %w\n%s", err, out)
	}
	return binary, nil
}

// lookAtSource looks at all that the binary is built of, once. "go test" remembers a result for as long as the program of the test and the
// files that its tests have looked at are as they were: without this, it would tell how a former binary has passed. It does not see what a
// TestMain looks at, nor what the compiler does.
var lookAtSource = sync.OnceValue(func() error {
	module, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return fmt.Errorf("find the source of rehome: %w", err)
	}
	root := filepath.Dir(strings.TrimSpace(string(module)))
	files, err := filepath.Glob(filepath.Join(root, "*.*"))
	if err != nil {
		return err
	}
	for _, folder := range []string{"internal", filepath.Join("cmd", "rehome")} {
		err := filepath.WalkDir(filepath.Join(root, folder), func(path string, _ fs.DirEntry, err error) error {
			files = append(files, path)
			return err
		})
		if err != nil {
			return err
		}
	}
	for _, file := range files {
		if _, err := os.Stat(file); err != nil {
			return err
		}
	}
	return nil
})

// Operator is a folder and the binary that runs in it.
type Operator struct {
	Dir, Binary string
	Started     func(pid int)                  // if not nil, told of each process as soon as it runs
	Ended       func(args []string, o Outcome) // if not nil, told of each outcome
}

// Command prepares a command line of rehome. It is killed when ctx ends.
func (d Operator) Command(ctx context.Context, args ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, d.Binary, args...)
	command.Dir = d.Dir
	if err := lookAtSource(); err != nil {
		command.Err = err
	}
	return command
}

// Outcome is what a command line printed and how it ended.
type Outcome struct {
	Out, Err string
	Code     int
}

// Run runs a command line to its end, whatever it may be.
func (d Operator) Run(t testing.TB, args ...string) Outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	command := d.Command(context.Background(), args...)
	command.Stdout = &stdout
	command.Stderr = &stderr
	err := command.Start()
	if err == nil {
		if d.Started != nil {
			d.Started(command.Process.Pid)
		}
		err = command.Wait()
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("rehome %v: %v", args, err)
	}
	o := Outcome{Out: stdout.String(), Err: stderr.String(), Code: command.ProcessState.ExitCode()}
	if d.Ended != nil {
		d.Ended(args, o)
	}
	return o
}

// longest is how much of a long answer a failure shows.
const longest = 3000

// Want runs a command line that must end with code.
func (d Operator) Want(t testing.TB, code int, args ...string) Outcome {
	t.Helper()
	o := d.Run(t, args...)
	if o.Code != code {
		t.Fatalf("rehome %v ended with %d, not %d\n%.*s%.*s", args, o.Code, code, longest, o.Out, longest, o.Err)
	}
	return o
}

// Answer runs a command line with --json, which must end with code, and decodes what it prints.
func Answer[T any](t testing.TB, d Operator, code int, args ...string) T {
	t.Helper()
	return Decode[T](t, d.Want(t, code, append(args, "--json")...))
}

// Decode reads what a command line with --json printed.
func Decode[T any](t testing.TB, o Outcome) T {
	t.Helper()
	var decoded T
	if err := json.Unmarshal([]byte(o.Out), &decoded); err != nil {
		t.Fatalf("decode: %v\n%.*s%.*s", err, longest, o.Out, longest, o.Err)
	}
	return decoded
}

// Synced is the promised part of what "sync --json" prints.
type Synced struct {
	Accounts []struct {
		Account, Error, Hint string
		Mail                 struct{ Copied, Adopted, Unchanged, Removed, Kept, Deserted, Held, Failed, Bytes int }
	}
}

// Counted is how "sync --json" counts the messages of an account.
type Counted struct {
	Messages, Copied, Adopted, Unchanged, Failed, Deserted, Waiting, Remaining, Unknown int

	There int `json:"at_destination"`
}

// Census is the part of what "sync --json" prints that counts messages.
type Census struct {
	Accounts []struct {
		Account string
		Mail    Counted
	}
}

// Verified is the promised part of what "verify --json" and "report --json" print.
type Verified struct {
	Verdict  string
	Accounts []struct {
		Account, Verdict string
		Mail             struct {
			Source, Destination struct{ Mailboxes, Messages, Octets int }
			Differences         []struct{ Kind, Mailbox, Sentence string }
		}
		Findings []struct{ Code, Sentence string }
	}
}
