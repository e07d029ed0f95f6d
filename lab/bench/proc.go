// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// tick is the unit of times in /proc: USER_HZ, 100 a second on every Linux port that Go has.
const tick = 10 * time.Millisecond

// groupCPU sums what the processes of a group have used, with those of their children that have ended
// and were waited for.
func groupCPU(group int) (time.Duration, error) {
	var sum time.Duration
	err := eachMember(group, func(_ int, used time.Duration) error {
		sum += used
		return nil
	})
	return sum, err
}

// eachMember calls do for each process of a group, with its number and what it has used.
func eachMember(group int, do func(pid int, used time.Duration) error) error {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return err
	}
	for _, path := range stats {
		text, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
			continue
		}
		if err != nil {
			return fmt.Errorf("read the time of processes: %w", err)
		}
		member, used := parseStat(text)
		if member != group {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err != nil {
			return err
		}
		if err := do(pid, used); err != nil {
			return err
		}
	}
	return nil
}

// parseStat reads proc(5) /proc/PID/stat: "pid (name) state ppid pgrp ...", with utime, stime, cutime
// and cstime as fields 14 to 17. The name may hold anything, so the last bracket counts.
func parseStat(text []byte) (group int, used time.Duration) {
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	if len(fields) < 15 {
		return 0, 0
	}
	group, err := strconv.Atoi(string(fields[2]))
	if err != nil {
		return 0, 0
	}
	for _, field := range fields[11:15] {
		ticks, err := strconv.ParseInt(string(field), 10, 64)
		if err != nil {
			return 0, 0
		}
		used += time.Duration(ticks) * tick
	}
	return group, used
}

// peakOctets reads VmHWM of a process: the most memory it has had. A process that has ended has none.
func peakOctets(pid int) int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	return parsePeak(text)
}

func parsePeak(status []byte) int64 {
	_, rest, found := bytes.Cut(status, []byte("\nVmHWM:"))
	if !found {
		return 0
	}
	fields := bytes.Fields(rest)
	if len(fields) == 0 {
		return 0
	}
	kib, err := strconv.ParseInt(string(fields[0]), 10, 64)
	if err != nil {
		return 0
	}
	return kib << 10
}
