// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"syscall"
)

// Running returns the processes of a process group that still run. Zombies do not count: they
// are dead, and whoever adopted them may take its time to notice.
func Running(group int) ([]int, error) {
	names, err := processes()
	if err != nil {
		return nil, fmt.Errorf("look for processes: %w", err)
	}
	var running []int
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil {
			return nil, fmt.Errorf("look for processes: %w", err)
		}
		// One call in place of a file that is opened, read and closed, for the many that are of other groups.
		of, err := syscall.Getpgid(pid)
		if errors.Is(err, syscall.ESRCH) || err == nil && of != group {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("look for processes: %w", err)
		}
		text, err := os.ReadFile("/proc/" + name + "/stat")
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("look for processes: %w", err)
		}
		if _, state, processGroup := parseStat(text); processGroup == group && state != "Z" && state != "X" {
			running = append(running, pid)
		}
	}
	return running, nil
}

// processes returns the folders of /proc that are processes. A pattern of package filepath would list each of these folders as well.
func processes() ([]string, error) {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	return slices.DeleteFunc(names, func(name string) bool { return name[0] < '0' || name[0] > '9' }), err
}

// parseStat reads proc(5) /proc/PID/stat: "pid (name) state ppid pgrp ...". The name may hold
// anything, brackets and spaces too, so the last bracket counts.
func parseStat(text []byte) (pid int, state string, group int) {
	open := bytes.IndexByte(text, '(')
	end := bytes.LastIndexByte(text, ')')
	if open < 0 || end < open {
		return 0, "", 0
	}
	fields := bytes.Fields(text[end+1:])
	if len(fields) < 3 {
		return 0, "", 0
	}
	pid, _ = strconv.Atoi(string(bytes.TrimSpace(text[:open])))
	group, _ = strconv.Atoi(string(fields[2]))
	return pid, string(fields[0]), group
}
