// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"time"

	"rehome"
	"rehome/internal/beacon"
	"rehome/internal/conductor"
	"rehome/internal/endpoint"
)

// Work that is shown to other processes while it is done.
const (
	workSync   = "sync"   // a pass, also one of "findings retry" or of the cutover
	workVerify = "verify" // a comparison
)

// Running is what another process does at a moment, in the numbers that it shows itself.
type Running struct {
	Work  string    `json:"work"` // sync or verify
	PID   int       `json:"pid"`
	Began time.Time `json:"began"`
	State RunState  `json:"state"`

	Accounts          int                     `json:"accounts"`
	Known             int                     `json:"known"` // accounts whose messages are counted
	Finished          int                     `json:"finished"`
	Failed            int                     `json:"failed"`   // of those
	Messages          int64                   `json:"messages"` // of the accounts that are known
	Octets            int64                   `json:"bytes"`    // likewise; -1 when a server does not say
	Done              int64                   `json:"done"`     // messages at the destination
	Copied            int64                   `json:"copied"`   // by this pass, or read by this comparison
	CopiedOctets      int64                   `json:"copied_bytes"`
	Objects           int64                   `json:"objects"` // contacts and calendar objects that were dealt with
	ElapsedSeconds    float64                 `json:"elapsed_seconds"`
	MessagesPerSecond float64                 `json:"messages_per_second"`
	OctetsPerSecond   float64                 `json:"bytes_per_second"`
	LeftSeconds       float64                 `json:"left_seconds"` // 0: nothing to tell it from
	QuietSeconds      float64                 `json:"quiet_seconds"`
	Waiting           string                  `json:"waiting"`    // what holds mailboxes up, as a sentence
	Slowed            string                  `json:"slowed"`     // what a host has said about our speed
	HeldUp            []endpoint.Share        `json:"held_up_by"` // in the last minute, the most first
	HeldUpWhole       []endpoint.Share        `json:"held_up_by_since_the_beginning"`
	Servers           []endpoint.ServerShares `json:"servers"` // what the time of each server's connections was spent with since the beginning
	Awaited           string                  `json:"awaited"` // the host whose answer is waited for
	AwaitedSeconds    float64                 `json:"awaited_seconds"`
}

// RunState says whether a process still works.
type RunState string

// The states.
const (
	RunNone    RunState = "none" // nothing runs
	RunRunning RunState = "running"
	RunEnded   RunState = "ended" // in order, whatever has come of it
	RunDied    RunState = "died"  // without a word: killed, or crashed; the numbers are the last that it told
)

// Outcome implements rehome.Answer: what was killed has left something to do.
func (r Running) Outcome() rehome.Outcome {
	if r.State == RunDied {
		return rehome.OutcomeRemaining
	}
	return rehome.OutcomeDone
}

// Snapshot returns the numbers as the process that works has them.
func (r Running) Snapshot() conductor.Snapshot {
	return conductor.Snapshot{
		Accounts: r.Accounts, Known: r.Known, Finished: r.Finished, Failed: r.Failed, Messages: r.Messages, Octets: r.Octets, Done: r.Done,
		Copied: r.Copied, CopiedOctets: r.CopiedOctets, Objects: r.Objects, Elapsed: duration(r.ElapsedSeconds),
		MessagesPerSecond: r.MessagesPerSecond, OctetsPerSecond: r.OctetsPerSecond, Left: duration(r.LeftSeconds),
		Waiting: r.Waiting, Quiet: duration(r.QuietSeconds), Slowed: r.Slowed,
		HeldUp: conductor.HeldUp{Lately: r.HeldUp, Whole: r.HeldUpWhole, Servers: r.Servers},
	}
}

// take sets the numbers.
func (r *Running) take(s conductor.Snapshot) {
	r.Accounts, r.Known, r.Finished, r.Failed, r.Messages, r.Octets, r.Done = s.Accounts, s.Known, s.Finished, s.Failed, s.Messages, s.Octets, s.Done
	r.Copied, r.CopiedOctets, r.Objects, r.ElapsedSeconds = s.Copied, s.CopiedOctets, s.Objects, s.Elapsed.Seconds()
	r.MessagesPerSecond, r.OctetsPerSecond, r.LeftSeconds = s.MessagesPerSecond, s.OctetsPerSecond, s.Left.Seconds()
	r.Waiting, r.QuietSeconds, r.Slowed = s.Waiting, s.Quiet.Seconds(), s.Slowed
	r.HeldUp, r.HeldUpWhole, r.Servers = nonNil(s.HeldUp.Lately), nonNil(s.HeldUp.Whole), nonNil(s.HeldUp.Servers)
}

func duration(seconds float64) time.Duration {
	return time.Duration(math.Round(seconds * float64(time.Second)))
}

// beacons is the folder where processes that work with this move are seen.
func (m *Move) beacons() string {
	if m.settings.StoreIsFile() {
		return beacon.Folder(m.settings.Store)
	}
	return beacon.Folder(filepath.Join(m.settings.Folder(), "rehome"))
}

// show lets other processes see work until the returned function is called. That nobody can see it is no reason not to do it.
func (m *Move) show(work string, progress *conductor.Progress) (over func()) {
	began, counted := time.Now(), m.works.begin(work, progress)
	light, err := beacon.Kindle(m.beacons(), work, func(ended bool) any {
		r := Running{Work: work, PID: os.Getpid(), Began: began, State: RunRunning}
		if ended {
			r.State = RunEnded
		}
		r.take(progress.Snapshot())
		if wait, waits := m.waits.Longest(); waits {
			r.Awaited, r.AwaitedSeconds = wait.For, time.Since(wait.Since).Seconds()
		}
		return r
	})
	if err != nil {
		m.log.Info("nobody can watch", rehome.LogError, err.Error())
		return counted
	}
	return func() {
		light.Out()
		counted()
	}
}

// Watch asks a process that syncs or verifies with this move, at every tick until it has ended, tells what it answers, and
// returns the last of it. Where several work, it is the one that has begun first. It takes no lock, reads no ledger and keeps
// nobody from working. When ctx ends, the last answer is returned as running.
func (m *Move) Watch(ctx context.Context, ticks <-chan time.Time, tell func(Running) error) (Running, error) {
	seen, err := beacon.Look(m.beacons())
	if err != nil {
		return Running{}, m.watchFault(err)
	}
	for _, s := range seen {
		view, err := s.Open(ctx)
		switch {
		case errors.Is(err, beacon.ErrOut):
			continue
		case err != nil:
			return Running{}, m.watchFault(err)
		}
		defer func() { _ = view.Close() }()
		last, err := follow(ctx, s, view, ticks, tell)
		if err != nil {
			return last, m.watchFault(err)
		}
		return last, nil
	}
	if len(seen) > 0 {
		last := seen[len(seen)-1]
		return Running{Work: last.Work, PID: last.PID, Began: last.Since, State: RunDied}, nil
	}
	return Running{State: RunNone}, nil
}

// Glance asks once what a process of this machine and user does with this move, be it this one; the state is none where nobody does.
func (m *Move) Glance(ctx context.Context) (Running, error) {
	var seen Running
	_, err := m.Watch(ctx, nil, func(r Running) error {
		seen = r
		return errGlanced
	})
	if errors.Is(err, errGlanced) {
		return seen, nil
	}
	return Running{State: RunNone}, err
}

var errGlanced = errors.New("seen")

// follow asks until the process has ended, or ctx.
func follow(ctx context.Context, s beacon.Sighting, view *beacon.View, ticks <-chan time.Time, tell func(Running) error) (Running, error) {
	last := Running{Work: s.Work, PID: s.PID, Began: s.Since, State: RunRunning}
	for {
		line, err := view.Ask(ctx)
		switch {
		case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
			return last, nil
		case errors.Is(err, beacon.ErrOut):
			last.State = RunDied
			return last, nil
		case err != nil:
			return last, err
		}
		if err := json.Unmarshal(line, &last); err != nil {
			return last, fmt.Errorf("process %d answers in another way: %w", s.PID, err)
		}
		if err := tell(last); err != nil || last.State != RunRunning {
			return last, err
		}
		select {
		case <-ctx.Done():
		case <-ticks:
		}
	}
}

func (m *Move) watchFault(err error) error {
	hint := "watch with the version of rehome that runs the move"
	if errors.Is(err, os.ErrPermission) {
		hint = "watch as the user who runs the move"
	}
	return &rehome.Fault{Class: rehome.ClassOperator, Op: "watch", Object: m.beacons(), Cause: err, Hint: hint}
}
