// SPDX-License-Identifier: Apache-2.0

package dsync

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"time"
)

// Command starts a program that speaks dsync on its standard input and output: "doveadm dsync-server -u USER" on this machine,
// or on another one by ssh (man doveadm-sync, dsync_remote_cmd). The words are given to the program as they are: no shell reads
// them. Closing the stream ends the program.
func Command(ctx context.Context, argv ...string) (Stream, error) {
	if len(argv) == 0 {
		return nil, errors.New("dsync: no command")
	}
	c := &command{gone: make(chan struct{})}
	c.process = exec.CommandContext(context.WithoutCancel(ctx), argv[0], argv[1:]...) // it lives as long as the stream
	c.process.Stderr = &c.log
	c.process.WaitDelay = leaveTime // a child of its own may keep the log open
	if err := c.start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", argv[0], err)
	}
	if ctx.Err() != nil {
		_ = c.Close() // the context says why
		return nil, ctx.Err()
	}
	return c, nil
}

// command is a program with its two ends. These are pipes of our own, because those of os/exec do not show their deadlines.
type command struct {
	process *exec.Cmd
	in, out *os.File
	log     tail
	once    sync.Once
	gone    chan struct{} // closed when the program has left, and all that it has said is there
	how     error         // it left
}

func (c *command) start() error {
	theirIn, in, err := os.Pipe()
	if err != nil {
		return err
	}
	out, theirOut, err := os.Pipe()
	if err != nil {
		return errors.Join(err, theirIn.Close(), in.Close())
	}
	c.process.Stdin, c.process.Stdout, c.in, c.out = theirIn, theirOut, in, out
	err = c.process.Start()
	closed := errors.Join(theirIn.Close(), theirOut.Close())
	if err != nil {
		return errors.Join(err, closed, in.Close(), out.Close())
	}
	go func() {
		c.how = c.process.Wait()
		close(c.gone)
	}()
	return closed
}

// Read reads what the program says. At its end, what it has written to its log tells more than that there is no more.
func (c *command) Read(p []byte) (int, error) {
	n, err := c.out.Read(p)
	if n == 0 && errors.Is(err, io.EOF) {
		c.waitFor(farewellTime)
		if words := c.log.words(); words != "" {
			return 0, &PeerError{Text: words}
		}
	}
	return n, err
}

func (c *command) Write(p []byte) (int, error)        { return c.in.Write(p) }
func (c *command) SetWriteDeadline(t time.Time) error { return c.in.SetWriteDeadline(t) }

// waitFor reports whether the program leaves in time.
func (c *command) waitFor(patience time.Duration) bool {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-c.gone:
		return true
	case <-timer.C:
		return false
	}
}

// leaveTime is how long a program may take to leave once its input has ended.
const leaveTime = 10 * time.Second

// Close ends the input, gives the program a moment, and ends it.
func (c *command) Close() error {
	var err error
	c.once.Do(func() {
		err = errors.Join(c.in.Close(), c.out.Close())
		if !c.waitFor(leaveTime) {
			_ = c.process.Process.Kill() // one that has just left needs none
			<-c.gone
		}
		var exit *exec.ExitError
		if !errors.As(c.how, &exit) { // how it left is no matter: it was told to
			err = cmp.Or(err, c.how)
		}
	})
	return err
}

// tail keeps the end of a log.
type tail struct {
	mu   sync.Mutex
	text []byte
}

const maxTail = 2000

// Write keeps the last octets.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	if len(t.text) > maxTail {
		t.text = bytes.Clone(t.text[len(t.text)-maxTail:])
	}
	return len(p), nil
}

func (t *tail) words() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return printable(string(t.text))
}
