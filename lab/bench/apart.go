// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// In a real move the destination is a machine of its own, so that nobody but its own programs takes its time. With Options.Apart it has
// the last processor for itself, and this process, the source and the tools have the others.

// stepAside leaves the last processor to the destinations. What is started from here on inherits that.
func stepAside() error {
	if runtime.NumCPU() < 2 {
		return errors.New("--apart needs two processors, and this machine has one")
	}
	return confine(os.Getpid(), fmt.Sprintf("0-%d", runtime.NumCPU()-2))
}

// giveProcessor moves the servers of these process groups, and whatever they will start, to the last processor.
func giveProcessor(groups []int) error {
	last := strconv.Itoa(runtime.NumCPU() - 1)
	for _, group := range groups {
		err := eachMember(group, func(pid int, _ time.Duration) error { return confine(pid, last) })
		if err != nil {
			return err
		}
	}
	return nil
}

// confine lets all threads of a process run on these processors only; a process that has ended meanwhile needs none.
func confine(pid int, processors string) error {
	said, err := exec.Command("taskset", "--all-tasks", "--pid", "--cpu-list", processors, strconv.Itoa(pid)).CombinedOutput()
	if _, gone := os.Stat(fmt.Sprintf("/proc/%d", pid)); err != nil && gone == nil {
		return fmt.Errorf("taskset for process %d: %w: %s", pid, err, strings.TrimSpace(string(said)))
	}
	return nil
}
