// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"rehome"
	"rehome/internal/pass"
)

// kindOfWork is what a pass needs of one kind of work: its step, and how to begin and end with it.
type kindOfWork struct {
	step     pass.Step
	workers  int              // accounts that may be at work at once; 0 sets no bound
	close    func() error     // nil when nothing has to be closed
	findings []rehome.Finding // of the pass as a whole: why the kind stays behind while the others go on
}

// opener begins a kind of work: it reaches what the kind needs, so that a host that is down is one clear error and not one
// for each account. No step means that the kind does not move. An error ends the pass before anything is touched.
type opener func(ctx context.Context, who selection, hosts hosts, options SyncOptions, watcher Watcher) (kindOfWork, error)

// kindsOfWork are all of them, in the order in which the steps of an account run: contacts and calendars first, because
// they are small and missed at once, and rules last, when the mailboxes are there into which they sort. Another kind is
// another line.
func (m *Move) kindsOfWork() []opener {
	if m.simulated != nil {
		return []opener{m.openSimulated}
	}
	return []opener{m.openObjects, m.openMail, m.openRules}
}

// openAll begins all kinds of work that move. What was opened is closed when one of them fails.
func openAll(
	ctx context.Context, openers []opener, who selection, hosts hosts, options SyncOptions, watcher Watcher,
) (opened []kindOfWork, err error) {
	defer func() {
		if err != nil {
			err = errors.Join(err, closeAll(opened))
		}
	}()
	for _, open := range openers {
		work, err := open(ctx, who, hosts, options, watcher)
		opened = append(opened, work)
		if err != nil {
			return opened, err
		}
	}
	return opened, nil
}

func closeAll(opened []kindOfWork) error {
	var failures []error
	for _, work := range opened {
		if work.close != nil {
			failures = append(failures, work.close())
		}
	}
	return errors.Join(failures...)
}

// stepsOf returns the steps of what was opened, and the smallest of their bounds on accounts at work at once; 0 for none.
func stepsOf(opened []kindOfWork) (steps []pass.Step, workers int) {
	for _, work := range opened {
		if work.step == nil {
			continue
		}
		steps = append(steps, work.step)
		if work.workers > 0 {
			workers = min(cmp.Or(workers, work.workers), work.workers)
		}
	}
	return steps, workers
}

// Kinds returns all kinds that can be named, in the order of the manual.
func Kinds() []rehome.Kind {
	return []rehome.Kind{rehome.KindMail, rehome.KindContacts, rehome.KindCalendars, rehome.KindRules}
}

// wants says whether a kind moves, when only some were named, or none.
func wants(only []rehome.Kind, kind rehome.Kind) bool {
	return len(only) == 0 || slices.Contains(only, kind)
}

// movesMail says whether mail moves: if it was asked for, or nothing was and the settings name the servers for it. A move may be
// one of contacts and calendars alone.
func (m *Move) movesMail(only []rehome.Kind) bool {
	if len(only) > 0 {
		return wants(only, rehome.KindMail)
	}
	return m.settings.Source.IMAP.Address != "" || m.settings.Destination.IMAP.Address != ""
}
