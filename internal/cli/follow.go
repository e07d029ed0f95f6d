// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"rehome"
	"rehome/internal/conductor"
	"rehome/internal/journey"
	"rehome/internal/people"
)

// followFlags are the flags of sync that keep passes coming.
type followFlags struct {
	follow bool
	every  time.Duration
	quiet  string
}

// usualEvery is how often a pass begins unless somebody says otherwise, and leastEvery how often at most.
const (
	usualEvery = 15 * time.Minute
	leastEvery = time.Minute
)

func (s *followFlags) add(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&s.follow, "follow", false, "run one pass after the other until Ctrl-C, or until a domain is taken across")
	cmd.Flags().DurationVar(&s.every, "every", usualEvery, "with --follow: from the beginning of one pass to that of the next")
	cmd.Flags().StringVar(&s.quiet, "quiet-hours", "", "with --follow: hours of the day in which no pass runs, such as 08:00-18:00")
	for _, other := range []string{"plan", "dry-run", "confirm-deletions", "confirm-source", "copy-again"} {
		cmd.MarkFlagsMutuallyExclusive("follow", other) // what somebody has looked at is of one moment
	}
}

// check reads the flags together.
func (s *followFlags) check(place string) (quiet journey.QuietHours, err error) {
	wrong := func(err error) error { return &usageError{cause: err, command: "rehome sync"} }
	switch {
	case place == onWorkers && s.quiet != "":
		return quiet, wrong(errors.New("--quiet-hours works on this machine only; with --on workers, give the waves their hours: " +
			`"rehome wave set WAVE --window"`))
	case s.every < leastEvery:
		return quiet, wrong(fmt.Errorf("invalid value %s for --every; use %s or more", s.every, leastEvery))
	}
	if quiet, err = journey.ParseQuietHours(s.quiet); err != nil {
		return quiet, wrong(fmt.Errorf("invalid value for --quiet-hours: %w", err))
	}
	return quiet, nil
}

// followSync runs passes until they are to end, and answers with the last.
func (f *frame) followSync(
	ctx context.Context, move *journey.Move, accounts people.Choice, options journey.SyncOptions, s syncFlags,
) (rehome.Outcome, error) {
	quiet, err := s.passes.check(s.place)
	if err != nil {
		return rehome.OutcomeDone, err
	}
	if s.place == onWorkers {
		return f.followOnWorkers(ctx, move, accounts, options, s.passes.every)
	}
	synced, err := move.Follow(ctx, accounts, options, journey.FollowOptions{
		Every: s.passes.every, Quiet: quiet,
		Begin: func() (journey.Watcher, func()) {
			progress := conductor.NewProgress()
			return journey.Watcher{Progress: progress, Finish: f.brake.Finish}, f.watch(progress)
		},
		Passed: func(synced journey.Synced) {
			f.say("%s: %s", shortTime(time.Now(), time.Now()), printable(passedWords(synced)))
		},
		Told: func(sentence string) { f.say("%s", printable(sentence)) },
	})
	if err != nil {
		return rehome.OutcomeDone, err
	}
	return f.give(synced, func(w io.Writer) error { return f.writeSynced(w, synced) })
}

// followOnWorkers is followSync of passes by workers.
func (f *frame) followOnWorkers(
	ctx context.Context, move *journey.Move, accounts people.Choice, options journey.SyncOptions, every time.Duration,
) (rehome.Outcome, error) {
	synced, err := move.FollowOnWorkers(ctx, accounts, options, journey.WorkersFollow{
		Every: every, During: f.tellWorkers,
		Passed: func(synced journey.WorkersSynced) {
			f.say("%s: %s", shortTime(time.Now(), time.Now()), printable(workersPassedWords(synced)))
		},
		Told: func(sentence string) { f.say("%s", printable(sentence)) },
	})
	if err != nil {
		return rehome.OutcomeDone, err
	}
	return f.give(synced, func(w io.Writer) error { return writeWorkersSynced(w, synced) })
}

// workersPassedWords say in a line what has come of a pass by workers that others follow.
func workersPassedWords(s journey.WorkersSynced) string {
	words := fmt.Sprintf("%s of %s done", number(int(s.Finished)), plural(int(s.Accounts), "account"))
	if n := len(s.Left); n > 0 {
		words += fmt.Sprintf(`, %s not complete: see "rehome status"`, plural(n, "account")+verb(n, " is", " are"))
	}
	if len(s.Held) > 0 || s.Standing > 0 {
		words += `; others wait for their wave: see "rehome wave status"`
	}
	return words
}

// passedWords say in a line what has come of a pass that others follow.
func passedWords(s journey.Synced) string {
	contacts, calendars := s.TotalObjects()
	words := "copied " + amountOf(int64(s.Total().Copied), contacts.Copied+contacts.Updated+calendars.Copied+calendars.Updated)
	if n := s.Problems(); n > 0 {
		words += fmt.Sprintf(`, %s: see "rehome status"`, remain(n))
	}
	return words
}
