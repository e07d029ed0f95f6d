// SPDX-License-Identifier: Apache-2.0

package scenario_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// elsewhere is another machine: it has rehome and the files that somebody has brought, and neither settings nor ledger.
type elsewhere struct {
	t   *testing.T
	dir string
}

func newElsewhere(t *testing.T) elsewhere {
	t.Helper()
	return elsewhere{t, t.TempDir()}
}

func (e elsewhere) bring(name string, content []byte) {
	e.t.Helper()
	path := filepath.Join(e.dir, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, content, 0o600)); err != nil {
		e.t.Fatal(err)
	}
}

// run runs rehome there with --json, and decodes what it prints.
func (e elsewhere) run(code int, into any, args ...string) {
	e.t.Helper()
	command := exec.CommandContext(e.t.Context(), binary, append(args, "--json")...)
	command.Dir, command.Env = e.dir, []string{"HOME=" + e.dir, "PATH="}
	out, err := command.Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		e.t.Fatal(err)
	}
	if command.ProcessState.ExitCode() != code {
		e.t.Fatalf("rehome %v ended with %d, not %d\n%.2000s", args, command.ProcessState.ExitCode(), code, out)
	}
	if err := json.Unmarshal(out, into); err != nil {
		e.t.Fatalf("%v\n%.2000s", err, out)
	}
}

// checkedFiles is the promised part of "certificate check --json".
type checkedFiles struct {
	Files []struct{ File, Problem string }
}

// checkedAudit is the promised part of "audit check --json".
type checkedAudit struct{ Lines, Broken int64 }

// Papers are checked where there is nothing but the file and the public key: whatever digit of a certificate is altered, it
// is no certificate any more, and a log of which a line was taken out, or two were exchanged, fails at that line.
func TestPapers_onAnotherMachine(t *testing.T) {
	t.Parallel()
	s := set(t, 0.02)
	s.provision()
	s.want(6, "sync", "--quiet")
	s.want(5, "verify", "--quiet") // a message is planted that is too large
	made := answer[struct {
		Folder   string
		Key      string `json:"public_key"`
		Accounts []struct{ Account string }
		Audit    struct{ Digest string } `json:"audit_log"`
	}](s, 5, "certificate", "issue")
	if len(made.Accounts) < 3 {
		t.Fatalf("certificates of %v", made.Accounts)
	}
	log := s.want(0, "audit", "show", "--json").out
	t.Run("certificates", func(t *testing.T) {
		t.Parallel()
		for kind, every := range map[string]int{".json": 1, ".html": 7} {
			file, err := os.ReadFile(filepath.Join(s.Dir, made.Folder, made.Accounts[0].Account+kind))
			if err != nil {
				if file, err = os.ReadFile(filepath.Join(made.Folder, made.Accounts[0].Account+kind)); err != nil {
					t.Fatal(err)
				}
			}
			checkAltered(t, file, kind, made.Key, every)
		}
	})
	t.Run("audit log", func(t *testing.T) {
		t.Parallel()
		checkLog(t, log, made.Audit.Digest)
	})
}

// checkAltered checks a file as it is, and copies of it in each of which one digit is another.
func checkAltered(t *testing.T, file []byte, kind, key string, every int) {
	t.Helper()
	e := newElsewhere(t)
	e.bring("whole/as-it-was"+kind, file)
	var found checkedFiles
	e.run(0, &found, "certificate", "check", "--key", key, "whole")
	digits, written := 0, 0
	for i, c := range file {
		if c < '0' || c > '9' {
			continue
		}
		if digits++; digits%every == 0 {
			altered := slices.Clone(file)
			altered[i] = '0' + (c-'0'+1)%10
			e.bring(fmt.Sprintf("altered/%06d%s", i, kind), altered)
			written++
		}
	}
	if written < 200 {
		t.Errorf("%s: only %d digits were altered", kind, written)
	}
	e.run(5, &found, "certificate", "check", "--key", key, "altered")
	if len(found.Files) != written {
		t.Errorf("%s: %d files of %d were checked", kind, len(found.Files), written)
	}
	for _, f := range found.Files {
		if f.Problem == "" {
			t.Errorf("%s is taken for genuine", f.File)
		}
	}
}

// checkLog checks a log as it is, and what somebody may make of it.
func checkLog(t *testing.T, log, end string) {
	t.Helper()
	e := newElsewhere(t)
	lines := slices.Collect(strings.Lines(log))
	if len(lines) < 5 {
		t.Fatalf("the log has %d lines", len(lines))
	}
	check := func(what string, code int, broken int, lines []string, args ...string) {
		t.Helper()
		e.bring("log", []byte(strings.Join(lines, "")))
		var found checkedAudit
		e.run(code, &found, append([]string{"audit", "check", "log"}, args...)...)
		if found.Broken != int64(broken) {
			t.Errorf("%s: it fails at line %d, want %d", what, found.Broken, broken)
		}
	}
	check("as it was written", 0, 0, lines)
	for i := range lines {
		taken := slices.Delete(slices.Clone(lines), i, i+1)
		if last := i == len(lines)-1; last { // which nothing in the log itself can tell
			check("the last line was taken out", 5, i+1, taken, "--end", end)
			continue
		}
		check(fmt.Sprintf("line %d was taken out", i+1), 5, i+1, taken)
		exchanged := slices.Clone(lines)
		exchanged[i], exchanged[i+1] = exchanged[i+1], exchanged[i]
		check(fmt.Sprintf("lines %d and %d were exchanged", i+1, i+2), 5, i+1, exchanged)
	}
}
