// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"fmt"
	"io"
	"os/exec"
	"syscall"
)

// watchScript reads "add GROUP" and "del GROUP" lines. At the end of its input, which comes when
// the writer has died, kill -9 included, it kills the process groups that are left.
//
// The kernel's parent-death signal would not do: it is lost when a program changes its user,
// it does not reach grandchildren (PHP's workers, Dovecot's log-in processes), and it is bound to
// the thread that forked.
const watchScript = `
trap '' INT TERM HUP
groups=' '
while read -r verb group; do
  case $verb in
    add) groups="$groups$group " ;;
    del) groups="${groups%% $group *} ${groups#* $group }" ;;
  esac
done
for group in $groups; do kill -s KILL -- "-$group"; done
`

// watchman is a small process of its own that outlives the opener of a lab by a moment.
type watchman struct {
	cmd  *exec.Cmd
	pipe io.WriteCloser
}

func startWatchman() (*watchman, error) {
	cmd := exec.Command("/bin/sh", "-c", watchScript)
	// A session of its own: Ctrl-C at the terminal must not end it before the servers.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	pipe, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start the lab's watchman: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the lab's watchman: %w", err)
	}
	return &watchman{cmd: cmd, pipe: pipe}, nil
}

func (w *watchman) add(group int) error {
	_, err := fmt.Fprintf(w.pipe, "add %d\n", group)
	return err
}

func (w *watchman) remove(group int) error {
	_, err := fmt.Fprintf(w.pipe, "del %d\n", group)
	return err
}

// end ends the watchman. Calling it twice is allowed.
func (w *watchman) end() error {
	if w.cmd.ProcessState != nil {
		return nil
	}
	_ = w.pipe.Close()
	return w.cmd.Wait()
}
