// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// tries is how often a contender may fail before the others go on without it: a single failure may be
// the machine's.
const tries = 2

// turns lets the contenders of a row take turns.
type turns struct {
	options Options
	stage   scene
	dir     string
	key     string
	number  int // runs so far
}

func (t *turns) play(ctx context.Context) ([]Contender, error) {
	var players []contender
	for _, c := range t.stage.contenders() {
		if t.options.wants(c.name()) {
			players = append(players, c)
		}
	}
	results := make([]Contender, len(players))
	for i := range players {
		results[i].Name = players[i].name()
	}
	for round := range t.options.Runs {
		for i, p := range players {
			if len(results[i].Failures) >= tries {
				continue
			}
			fmt.Fprintf(t.options.Log, "%s: %s, run %d\n", t.key, p.name(), round+1)
			if err := t.turn(ctx, p, &results[i]); err != nil {
				return nil, err
			}
		}
	}
	return results, nil
}

// turn runs one contender once. What the contender does wrong goes into its result; an error is the
// bench's own, or the end of ctx.
func (t *turns) turn(ctx context.Context, c contender, into *Contender) error {
	t.number++
	dir := filepath.Join(t.dir, fmt.Sprintf("run%d", t.number))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	run, note, err := t.measure(ctx, c, dir)
	if note != "" {
		into.Note = note
	}
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		fmt.Fprintf(t.options.Log, "%s: %s failed: %v\n", t.key, c.name(), err)
		into.Failures = append(into.Failures, err.Error())
	default:
		into.Runs = append(into.Runs, run)
	}
	return nil
}

// measure is one run with all that belongs to it. The check comes behind the clock.
func (t *turns) measure(ctx context.Context, c contender, dir string) (run Run, note string, err error) {
	// The preparation may copy everything once, for a run that then has nothing to do.
	ready, cancel := context.WithTimeoutCause(ctx, 2*t.options.Patience, errPatience)
	defer cancel()
	next, err := c.prepare(ready, dir)
	if err != nil {
		return run, "", fmt.Errorf("prepare: %w", cause(ready, err))
	}
	if next.clean != nil {
		defer func() { err = errors.Join(err, next.clean()) }()
	}
	if run, err = t.clock(ctx, next); err != nil {
		return run, next.note, err
	}
	if err := next.check(ctx); err != nil {
		return run, next.note, fmt.Errorf("void: %w", err)
	}
	return run, next.note, nil
}

var errPatience = errors.New("it took longer than the limit")

// cause says why a context ended, in place of the signal that killed a program then.
func cause(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// clock starts a trial and takes all figures around it.
func (t *turns) clock(ctx context.Context, next *trial) (Run, error) {
	syscall.Sync() // what an earlier run has left to write must not be this run's burden
	ctx, cancel := context.WithTimeoutCause(ctx, t.options.Patience, errPatience)
	defer cancel()
	before, err := t.stand()
	if err != nil {
		return Run{}, err
	}
	begun := time.Now()
	used, err := next.start(ctx)
	took := time.Since(begun)
	if err != nil {
		if errors.Is(cause(ctx, err), errPatience) {
			return Run{}, fmt.Errorf("%w of %v", errPatience, t.options.Patience)
		}
		return Run{}, err
	}
	after, err := t.stand()
	if err != nil {
		return Run{}, err
	}
	run := Run{Seconds: took.Seconds(), Part: next.part, ClientCPU: used.cpu.Seconds(), PeakOctets: used.peak}
	for side := range run.ServerCPU {
		run.ServerCPU[side] = (after.cpu[side] - before.cpu[side]).Seconds()
		run.Trips[side] = after.trips[side] - before.trips[side]
		run.LogIns[side] = after.logIns[side] - before.logIns[side]
	}
	run.Counted = after.counted
	return run, nil
}

// standing is what the servers have used so far.
type standing struct {
	counts
	cpu [2]time.Duration
}

func (t *turns) stand() (s standing, err error) {
	if s.counts, err = t.stage.counts(); err != nil {
		return s, err
	}
	for side, groups := range t.stage.servers() {
		for _, group := range groups {
			cpu, err := groupCPU(group)
			if err != nil {
				return s, err
			}
			s.cpu[side] += cpu
		}
	}
	return s, nil
}
