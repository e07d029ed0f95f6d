// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"rehome/lab/postgres"
)

// connectionsPerWorker is how many a PostgreSQL server needs for each, the ledger's and the queue's, and some.
const connectionsPerWorker = 40

// crew provides all accounts at the destination, moves the store to a PostgreSQL server, and runs workers until ctx is done; wait
// returns when they have ended.
func (p *pair) crew(ctx context.Context, workers int, out io.Writer) (wait func() error, err error) {
	server, err := postgres.Start(p.lab, postgres.Options{Connections: (workers + 1) * connectionsPerWorker})
	if err != nil {
		return nil, err
	}
	file := filepath.Join(p.Dir, "rehome.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	settings := strings.Replace(string(text), "store: rehome.db\n", "store: "+server.Address("postgres")+"\n", 1)
	if err := os.WriteFile(file, []byte(settings), 0o600); err != nil {
		return nil, err
	}
	if said, err := p.Command(ctx, "accounts", "export").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("rehome accounts export: %w: %s", err, said)
	}
	if _, err := p.Import(); err != nil {
		return nil, err
	}
	var group errgroup.Group
	shown := &sync.Mutex{}
	for i := range workers {
		command := p.Command(ctx, "worker", "run")
		command.Cancel = func() error { return command.Process.Signal(syscall.SIGTERM) }
		command.WaitDelay = time.Minute
		said := &labelled{label: fmt.Sprintf("worker %d: ", i+1), to: out, shown: shown}
		command.Stdout, command.Stderr = said, said
		group.Go(func() error {
			if err := command.Run(); err != nil && !errors.Is(err, ctx.Err()) {
				return fmt.Errorf("worker %d: %w", i+1, err)
			}
			return nil
		})
	}
	return group.Wait, nil
}

// labelled shows whole lines, with a label before each.
type labelled struct {
	label string
	to    io.Writer
	shown *sync.Mutex // held by whoever shows a line

	line []byte // without its end
}

// Write implements io.Writer.
func (l *labelled) Write(b []byte) (int, error) {
	l.shown.Lock()
	defer l.shown.Unlock()
	l.line = append(l.line, b...)
	for {
		line, rest, whole := bytes.Cut(l.line, []byte("\n"))
		if !whole {
			return len(b), nil
		}
		if _, err := fmt.Fprintf(l.to, "%s%s\n", l.label, line); err != nil {
			return 0, err
		}
		l.line = rest
	}
}
