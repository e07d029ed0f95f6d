// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

func TestConfine_aProcessAndItsChildren(t *testing.T) {
	t.Parallel()
	last := strconv.Itoa(runtime.NumCPU() - 1)
	shell := exec.Command("sh", "-c", "read go; grep Cpus_allowed_list /proc/self/status")
	in, err := shell.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	shell.Stdout = &out
	if err := shell.Start(); err != nil {
		t.Fatal(err)
	}
	if err := confine(shell.Process.Pid, last); err != nil {
		t.Error(err)
	}
	if _, err := in.Write([]byte("\n")); err != nil {
		t.Error(err)
	}
	if err := shell.Wait(); err != nil {
		t.Error(err)
	}
	if got := strings.Fields(out.String()); len(got) != 2 || got[1] != last {
		t.Errorf("a child of the process may run on %q, want processor %s", out.String(), last)
	}
	if err := confine(shell.Process.Pid, last); err != nil {
		t.Errorf("a process that has ended: %v", err)
	}
	if err := confine(os.Getpid(), "no-list"); err == nil {
		t.Error("got no error for a list of processors that is none")
	}
}
