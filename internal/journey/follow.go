// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"errors"
	"fmt"
	"time"

	"rehome"
	"rehome/internal/ledger"
	"rehome/internal/people"
)

// FollowOptions say how passes follow each other.
type FollowOptions struct {
	Every time.Duration // from the beginning of one to that of the next
	Quiet QuietHours    // in which none runs

	// Begin returns who watches the pass that begins now, and what is called when that is over.
	Begin func() (watcher Watcher, over func())

	Passed func(Synced)          // is told what has come of each pass, but for the last
	Told   func(sentence string) // what happens between them
}

// How long others have the ledger between two passes at least, and how often is looked whether a domain is being taken across.
const (
	leastPause   = time.Minute
	crossingLook = 5 * time.Second
)

// Follow runs one pass after the other until ctx ends, somebody stops it, or a domain is being taken across, and returns what has come
// of the last one. Trouble with one pass is told, and the next one tries again; an error of the first one ends it. Accounts to which the
// last pass has brought something come first in the next.
func (m *Move) Follow(ctx context.Context, choice people.Choice, options SyncOptions, follow FollowOptions) (Synced, error) {
	store, err := m.store(ctx)
	if err != nil {
		return Synced{}, err
	}
	alerts, err := m.openAlerts(ctx, store, follow.Told)
	if err != nil {
		return Synced{}, err
	}
	defer alerts.daily(ctx)()
	defer alerts.watch(ctx)()
	options.patient = true
	f := &follower{
		options:  follow,
		crossing: func(ctx context.Context) (string, error) { return takenAcross(ctx, store) },
		pass: func(ctx context.Context, first map[string]bool, yield *passYield) (Synced, error) {
			watcher, over := follow.Begin()
			defer over()
			person := watcher.finish
			options.First, watcher.Finish = first, func() (<-chan struct{}, func()) { return yield.finishing(person) }
			synced, err := m.Sync(ctx, choice, options, watcher)
			alerts.passed(ctx, synced, err)
			return synced, err
		},
	}
	return f.run(ctx)
}

// takenAcross is a domain that is on its way across, or has been taken across; "" for none. One that waits at its gates is not:
// what is copied until then is copied no more by its final pass.
func takenAcross(ctx context.Context, store *ledger.Ledger) (string, error) {
	all, err := store.Cutovers.All(ctx)
	for _, c := range all {
		if c.State != "" && c.State != ledger.CutoverGates && c.State != ledger.CutoverRolledBack {
			return c.Domain, err
		}
	}
	return "", err
}

// follower is Follow without what it does.
type follower struct {
	options  FollowOptions
	crossing func(ctx context.Context) (domain string, err error)
	pass     func(ctx context.Context, first map[string]bool, yield *passYield) (Synced, error)
}

func (f *follower) run(ctx context.Context) (last Synced, err error) {
	var first map[string]bool
	for passes := 0; ; {
		if over := f.options.Quiet.Over(time.Now()); over.After(time.Now()) {
			f.options.Told("quiet hours: the next pass begins at " + over.Format("15:04"))
			if !sleepUntil(ctx, over) {
				return last, stopped(ctx, passes, err)
			}
		}
		if domain, err := f.crossing(ctx); err != nil || domain != "" {
			return last, across(domain, err, passes, f.options.Told)
		}
		began := time.Now()
		yield := f.watch(ctx)
		var synced Synced
		synced, err = f.pass(ctx, first, yield)
		why := yield.over()
		if err != nil {
			if ctx.Err() != nil || passes == 0 || rehome.ClassOf(err) == rehome.ClassBug {
				return last, err
			}
			f.options.Told(triedAgain(err))
		} else {
			if why == byQuiet || why == byCrossing {
				synced.Interrupted = false // by nobody: what is left is brought later
			}
			last, first, passes = synced, busy(synced), passes+1
		}
		if why == byPerson || ctx.Err() != nil {
			break
		}
		if err == nil && why != byCrossing {
			f.options.Passed(synced)
		}
		if why != byCrossing && !sleepUntil(ctx, nextPass(began, time.Now(), f.options.Every)) {
			break
		}
	}
	return last, err // of the last pass: what one before it has brought is not all of it
}

// across ends it because a domain is taken across, or nobody can tell.
func across(domain string, err error, passes int, told func(string)) error {
	if err != nil {
		return err
	}
	if passes > 0 {
		told(domain + " is being taken across: no further pass begins")
		return nil
	}
	return &rehome.Fault{Class: rehome.ClassOperator, Op: "follow", Object: domain, Cause: errors.New("it is being taken across"),
		Hint: `see "rehome cutover status"; for one pass, run "rehome sync" without --follow`}
}

// stopped is the error of what was stopped between two passes, of which the last one has failed or not, or before anything has come of it.
func stopped(ctx context.Context, passes int, failed error) error {
	if passes == 0 {
		return ctx.Err()
	}
	return failed
}

func triedAgain(err error) string {
	text := fmt.Sprintf("this pass could not begin: %v", err)
	if hint := rehome.HintOf(err); hint != "" {
		text += "; " + hint
	}
	return text + "; the next one tries again"
}

// nextPass is when the pass behind one begins.
func nextPass(began, ended time.Time, every time.Duration) time.Time {
	at := began.Add(every)
	if least := ended.Add(leastPause); at.Before(least) {
		return least
	}
	return at
}

// busy are the accounts for which a pass has done or left something.
func busy(s Synced) map[string]bool {
	all := map[string]bool{}
	for _, a := range s.Accounts {
		if a.Changed() {
			all[a.Account] = true
		}
	}
	return all
}

// sleepUntil waits, and reports whether the time has come.
func sleepUntil(ctx context.Context, at time.Time) bool {
	timer := time.NewTimer(time.Until(at))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
