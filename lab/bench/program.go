// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
)

// usage is what a client has used.
type usage struct {
	cpu  time.Duration
	peak int64 // octets; 0: not known
}

// program is a command line that can be run any number of times.
type program struct {
	dir  string
	argv []string
	env  []string
}

const (
	peakInterval = 5 * time.Millisecond
	lastWords    = 400
	endPatience  = 5 * time.Second
)

// run runs all programs, so many at once.
func run(ctx context.Context, programs []program, width int) (usage, error) {
	var mu sync.Mutex
	var total usage
	var peaks []int64
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(width)
	for _, p := range programs {
		group.Go(func() error {
			used, err := p.run(ctx)
			mu.Lock()
			defer mu.Unlock()
			total.cpu += used.cpu
			peaks = append(peaks, used.peak)
			return err
		})
	}
	err := group.Wait()
	slices.Sort(peaks)
	for _, peak := range peaks[max(0, len(peaks)-width):] {
		total.peak += peak // the largest that may have been there at once
	}
	return total, err
}

func (p program) run(ctx context.Context) (usage, error) {
	command := exec.CommandContext(ctx, p.argv[0], p.argv[1:]...)
	command.Dir, command.Env = p.dir, append(os.Environ(), p.env...)
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	command.Cancel = func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGKILL) }
	command.WaitDelay = endPatience
	var out tail
	command.Stdout = &out
	command.Stderr = &out
	if err := command.Start(); err != nil {
		return usage{}, err
	}
	stop := WatchPeak(command.Process.Pid)
	err := command.Wait()
	used := usage{peak: stop()}
	if rusage, ok := command.ProcessState.SysUsage().(*syscall.Rusage); ok {
		used.cpu = time.Duration(rusage.Utime.Nano() + rusage.Stime.Nano())
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) && ctx.Err() == nil {
		return used, fmt.Errorf("%s: %w: %s", p.argv[0], err, out.String())
	}
	return used, err
}

// WatchPeak watches the memory of a process until stop is called, which returns the most that it has had. ru_maxrss would not do: Linux lets
// a new program begin with the peak of the process that started it.
func WatchPeak(pid int) (stop func() int64) {
	done := make(chan struct{})
	peak := make(chan int64)
	go func() {
		var most int64
		ticker := time.NewTicker(peakInterval)
		defer ticker.Stop()
		for {
			most = max(most, peakOctets(pid))
			select {
			case <-ticker.C:
			case <-done:
				peak <- most
				return
			}
		}
	}()
	return func() int64 {
		close(done)
		return <-peak
	}
}

// tail keeps the end of what is written to it.
type tail struct{ text []byte }

func (t *tail) Write(p []byte) (int, error) {
	t.text = append(t.text, p...)
	t.text = t.text[max(0, len(t.text)-lastWords):]
	return len(p), nil
}

func (t *tail) String() string { return strings.Join(strings.Fields(string(t.text)), " ") }
