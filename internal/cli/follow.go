// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
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
	case place != onThisMachine:
		return quiet, wrong(fmt.Errorf("--follow is for this machine; leave out --on %s", place))
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

// passedWords say in a line what has come of a pass that others follow.
func passedWords(s journey.Synced) string {
	contacts, calendars := s.TotalObjects()
	words := "copied " + amountOf(int64(s.Total().Copied), contacts.Copied+contacts.Updated+calendars.Copied+calendars.Updated)
	if n := s.Problems(); n > 0 {
		words += fmt.Sprintf(`, %s: see "rehome status"`, remain(n))
	}
	return words
}
