// SPDX-License-Identifier: Apache-2.0

package scenario_test

import (
	"context"
	"encoding/json"
	"errors"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// running is a line of "rehome watch --json".
type running struct {
	State string `json:"state"`
	PID   int    `json:"pid"`
}

// watchAfter returns what "rehome watch" says when nothing runs.
func (s *testSetup) watchAfter() running {
	s.t.Helper()
	out, err := s.Command(context.Background(), "watch", "--json").Output()
	var run running
	if code := exitCodeOf(err); code != 0 && code != 5 || json.Unmarshal(out, &run) != nil {
		s.t.Errorf("watch: exit code %d, %s", code, out)
	}
	return run
}

func exitCodeOf(err error) int {
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return exit.ExitCode()
	}
	return 0
}

// watchBeside shows the pass that has begun or is about to, until it ends, and returns what gives its last numbers.
func (s *testSetup) watchBeside() (last func() string) {
	s.t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		if run, err := filepath.Glob(filepath.Join(s.Dir, "*.now", "sync-*")); err == nil && len(run) == 1 {
			break
		}
		if time.Now().After(deadline) {
			s.t.Fatal("no pass can be watched")
		}
	}
	command := s.Command(context.Background(), "watch")
	var out strings.Builder
	command.Stdout, command.Stderr = &out, &out
	if err := command.Start(); err != nil {
		s.t.Fatal(err)
	}
	return func() string {
		if err := command.Wait(); err != nil || !strings.Contains(out.String(), "sync has ended") {
			s.t.Errorf("watch: %v\n%s", err, out.String())
		}
		return progressOf(out.String())
	}
}

// progressOf returns the last numbers that a progress line has, without speed.
func progressOf(shown string) string {
	lines := regexp.MustCompile(`(?m)^[0-9,]+ of [0-9,]+ accounts?, [0-9,]+ (of [0-9,]+ )?messages?( \(.*known\))?`).FindAllString(shown, -1)
	if len(lines) == 0 {
		return ""
	}
	return lines[len(lines)-1]
}
