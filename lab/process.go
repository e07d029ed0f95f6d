// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	defaultPatience = 30 * time.Second
	stopPatience    = 5 * time.Second
	tailLines       = 40
)

// Program says how to run one server in the foreground.
type Program struct {
	Name    string   // names its log file and stands in errors
	Command string   // looked up in PATH and in the sbin folders
	Package string   // the Debian package that brings Command
	Args    []string // no secrets: everybody can read them
	Env     []string // "KEY=value", added to a small environment
	AsOwner bool     // run as the lab's owner, not as the caller
	Ready   []string // must answer before Start returns: "host:port", or the path of a UNIX socket

	// Grace is how long the program may take to end when it is asked to, before it is killed;
	// default 5 s.
	Grace time.Duration
}

// Process is a running program of a lab.
type Process struct {
	program Program
	lab     *Lab
	cmd     *exec.Cmd
	done    chan struct{} // closed when the program has ended

	stopOnce sync.Once
	stopErr  error
}

// FindProgram returns the path of an installed command, or an error that names the package.
func FindProgram(command, debianPackage string) (string, error) {
	if path, err := exec.LookPath(command); err == nil {
		return path, nil
	}
	for _, dir := range []string{"/usr/local/sbin", "/usr/sbin", "/sbin"} {
		if path, err := exec.LookPath(filepath.Join(dir, command)); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("the lab needs %s, which is not installed: apt-get install %s", command, debianPackage)
}

// NeedFile returns an error that names the Debian package if an installed file is missing.
func NeedFile(path, debianPackage string) error {
	if _, err := os.Stat(path); err != nil {
		return fmt.Errorf("the lab needs %s, which is not installed: apt-get install %s", path, debianPackage)
	}
	return nil
}

// Start runs the program in a process group of its own and waits until all its addresses answer.
// A program that dies before that is an error with the end of its log. The lab's Close stops it.
func (r *Lab) Start(program Program) (*Process, error) {
	process, err := r.launch(program, nil)
	if err != nil {
		return nil, err
	}
	if err := process.waitReady(); err != nil {
		return nil, errors.Join(err, process.Stop())
	}
	return process, nil
}

// Run runs the program to its end, with stdin as its input. Failure is an error with the end of
// its log.
func (r *Lab) Run(program Program, stdin io.Reader) error {
	process, err := r.launch(program, stdin)
	if err != nil {
		return err
	}
	<-process.done
	if !process.cmd.ProcessState.Success() {
		err = fmt.Errorf("%s failed: %v; its last words:\n%s", program.Name, process.cmd.ProcessState, process.LogTail())
	}
	return errors.Join(err, process.Stop())
}

// launch starts the program and makes the lab responsible for it.
func (r *Lab) launch(program Program, stdin io.Reader) (*Process, error) {
	path, err := FindProgram(program.Command, program.Package)
	if err != nil {
		return nil, err
	}
	log, err := os.OpenFile(r.logFile(program.Name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", program.Name, err)
	}
	defer log.Close()
	cmd := exec.Command(path, program.Args...)
	cmd.Dir = r.dir
	cmd.Stdin = stdin
	cmd.Stdout = log
	cmd.Stderr = log
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH") + ":/usr/sbin:/sbin", "LANG=C.UTF-8", "HOME=" + r.dir}, program.Env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if uid, gid := r.Owner(); program.AsOwner && uid != os.Geteuid() {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	}
	process := &Process{program: program, lab: r, cmd: cmd, done: make(chan struct{})}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", program.Name, err)
	}
	watched := r.watchman.add(process.Pid())
	go func() {
		_ = cmd.Wait() // how it ended is in ProcessState, what it said in the log
		close(process.done)
	}()
	return process, errors.Join(watched, r.OnClose(process.Stop))
}

func (p *Process) waitReady() error {
	deadline := time.Now().Add(defaultPatience)
	for _, addr := range p.program.Ready {
		for !answers(addr) {
			select {
			case <-p.done:
				return fmt.Errorf("%s ended at once: %v; its last words:\n%s", p.program.Name, p.cmd.ProcessState, p.LogTail())
			case <-time.After(5 * time.Millisecond):
			}
			if time.Now().After(deadline) {
				return fmt.Errorf("%s does not answer on %s after %v; its last words:\n%s", p.program.Name, addr, defaultPatience, p.LogTail())
			}
		}
	}
	return nil
}

func answers(addr string) bool {
	network := "tcp"
	if strings.HasPrefix(addr, "/") {
		network = "unix"
	}
	conn, err := net.DialTimeout(network, addr, time.Second)
	if err != nil {
		return false
	}
	return conn.Close() == nil
}

// Pid returns the process id, which is also the id of the process group.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Done is closed when the program has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// LogFile returns the file that holds what the program has written.
func (p *Process) LogFile() string { return p.lab.logFile(p.program.Name) }

// LogTail returns the last lines of the program's output.
func (p *Process) LogTail() string { return p.lab.logTail(p.program.Name) }

// Stop asks the program to end, then kills what is left of its process group. It returns when
// the whole group is gone. Stopping twice is allowed.
func (p *Process) Stop() error {
	// Once only: later the id of the group may belong to somebody else.
	p.stopOnce.Do(func() { p.stopErr = p.stop() })
	return p.stopErr
}

func (p *Process) stop() error {
	select {
	case <-p.done:
	default:
		_ = p.cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-p.done:
		case <-time.After(cmp.Or(p.program.Grace, stopPatience)):
		}
	}
	if err := killGroup(p.Pid()); err != nil {
		return fmt.Errorf("stop %s: %w", p.program.Name, err)
	}
	<-p.done
	return p.lab.watchman.remove(p.Pid())
}

// killGroup kills a process group and waits until nothing of it runs. Most groups are gone at once, and the kernel says so when they are killed
// again. Those that nobody has waited for yet still take signals, and are looked for: but to look through all processes of the machine costs
// more than all else that a short test does, so that it is done late, and ever more seldom.
func killGroup(group int) error {
	pause := time.Millisecond
	for deadline := time.Now().Add(stopPatience); time.Now().Before(deadline); time.Sleep(pause) {
		pause = min(2*pause, 100*time.Millisecond)
		err := syscall.Kill(-group, syscall.SIGKILL)
		if errors.Is(err, syscall.ESRCH) {
			return nil
		}
		if err != nil {
			return err
		}
		if pause < 16*time.Millisecond {
			continue
		}
		members, err := Running(group)
		if err != nil || len(members) == 0 {
			return err
		}
	}
	return fmt.Errorf("process group %d is still there after it was killed", group)
}

func (r *Lab) logFile(name string) string { return filepath.Join(r.dir, "log", name+".log") }

func (r *Lab) logTail(name string) string {
	text, err := os.ReadFile(r.logFile(name))
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-tailLines):], "\n")
}
