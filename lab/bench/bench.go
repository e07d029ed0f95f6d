// SPDX-License-Identifier: Apache-2.0

// Package bench measures rehome beside other tools and beside the raw limit of the servers, all in the
// same run on real servers, and renders a Markdown table.
//
// Ratios hold from machine to machine, seconds do not: every figure is the median of runs that
// alternate between the contenders, each into accounts that nobody has touched before. What arrived is
// counted after each run; a run that left something out has no figure. A contender that fails or takes
// too long is shown as that, and the others go on.
//
// A caller takes these steps: Rows or Choose for the lines to measure, Measure for each result as it comes,
// Render for the table. It is a command and no test; nothing fails because it is slow.
//
// To add a kind of work (contacts, calendars): a scene that starts the servers and fills the source; a
// contender for each tool, whose trial is one run; a row whose open function makes the scene. Turns,
// medians, CPU time of the servers, time limits and the table are the same for every kind. To add a tool
// to the work with mail: one file with a mailTool, and a line in mailTools.
package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Options of a run.
type Options struct {
	Binary   string        // rehome
	Before   string        // an older rehome, to be measured beside it; "" for none
	Dir      string        // room for servers and runs, reachable by the users that servers run as
	Runs     int           // of each contender in each row
	Tools    []string      // only contenders whose names begin so; empty: all
	Scale    float64       // share of each row's messages, for trying out; 1 is the real table
	Apart    bool          // the destination has a processor for itself, as if it were another machine
	Patience time.Duration // what one run may take
	Log      io.Writer     // what is under way
}

// wants reports whether a contender was chosen.
func (o Options) wants(name string) bool {
	return len(o.Tools) == 0 || slices.ContainsFunc(o.Tools, func(tool string) bool { return strings.HasPrefix(name, tool) })
}

// build is a rehome that is measured.
type build struct {
	binary string
	way    string // behind its name, to tell it from the other one
}

// builds are the rehome that is measured, and the older one where there is one.
func (o Options) builds() []build {
	all := []build{{binary: o.Binary}}
	if o.Before != "" {
		all = append(all, build{o.Before, " before"})
	}
	return all
}

// scaled returns the share of n that is measured, and not less than least.
func (o Options) scaled(n, least int) int { return max(least, int(float64(n)*o.Scale)) }

// scene is what one row is played on: servers that run, a source that is filled.
type scene interface {
	// load says how much a whole run moves.
	load() Load
	// contenders are all that can do this work, in the order of the table.
	contenders() []contender
	// servers returns the process groups of the servers at the source and at the destination.
	servers() [2][]int
	// counts returns what was counted so far.
	counts() (counts, error)
	close() error
}

// counts are of the source and of the destination.
type counts struct {
	trips   [2]int // round trips
	counted bool   // whether these are known
	logIns  [2]int // 0 where the servers do not tell
}

// contender is a tool that does a row's work.
type contender interface {
	name() string
	// prepare makes the next run ready: fresh accounts, settings. dir is empty and the run's own.
	prepare(ctx context.Context, dir string) (*trial, error)
}

// trial is one run that is ready to start.
type trial struct {
	start func(ctx context.Context) (usage, error) // what is timed
	check func(ctx context.Context) error          // nil if everything arrived
	clean func() error                             // gives the disk back; nil: nothing to do
	part  float64                                  // share of the row's work that this run does
	note  string                                   // what a reader of the table has to know
}

// Measure measures a row after the other and hands each result to take.
func Measure(ctx context.Context, options Options, rows []Row, take func(Result) error) error {
	if options.Apart {
		if err := stepAside(); err != nil {
			return err
		}
	}
	for i, row := range rows {
		if i > 0 {
			settle(ctx)
		}
		result, err := runRow(ctx, options, row, filepath.Join(options.Dir, fmt.Sprint(i)))
		if err != nil {
			return fmt.Errorf("%s: %w", row.Key, err)
		}
		if err := take(result); err != nil {
			return err
		}
	}
	return nil
}

// settle waits until the disk has forgotten the files of the row before. ext4 takes five seconds; see
// remover.
func settle(ctx context.Context) {
	syscall.Sync()
	select {
	case <-ctx.Done():
	case <-time.After(settleTime):
	}
}

const settleTime = 10 * time.Second

func runRow(ctx context.Context, options Options, row Row, dir string) (result Result, err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return result, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	options.Patience = max(options.Patience, row.patience)
	fmt.Fprintf(options.Log, "%s: prepare\n", row.Key)
	stage, err := row.open(ctx, dir, options)
	if err != nil {
		return result, err
	}
	defer func() { err = errors.Join(err, stage.close()) }()
	if options.Apart {
		if err := giveProcessor(stage.servers()[destination]); err != nil {
			return result, err
		}
		row.Line += ", destination apart"
	}
	result = Result{Key: row.Key, Work: row.Work, Destination: row.Destination, Line: row.Line, Again: row.Again, Load: stage.load(),
		Taken: time.Now().UTC()}
	if options.Scale != 1 {
		result.Work += fmt.Sprintf(" (%g %% of them)", options.Scale*100)
	}
	t := turns{options: options, stage: stage, dir: dir, key: row.Key}
	result.Contenders, err = t.play(ctx)
	return result, err
}
