// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"rehome"
	"rehome/internal/ledger"
	"rehome/internal/notify"
	"rehome/internal/people"
	"rehome/internal/worker"
)

// WorkersFollow says how passes by workers follow each other.
type WorkersFollow struct {
	Every  time.Duration              // from the beginning of one to that of the next
	During func() func(WorkersSynced) // returns what is told how far the pass is that begins now
	Passed func(WorkersSynced)        // is told what has come of each pass, but for the last
	Told   func(sentence string)      // what happens between them
}

// FollowOnWorkers is Follow of passes by workers. Each gives a turn to the accounts that have none, and whose wave runs: workers may be at
// work with others, such as those of a wave that somebody has started. When ctx ends, the pass that is under way goes on without it.
func (m *Move) FollowOnWorkers(ctx context.Context, choice people.Choice, options SyncOptions, follow WorkersFollow) (last WorkersSynced, err error) {
	store, err := m.store(ctx)
	if err != nil {
		return last, err
	}
	alerts, err := m.openAlerts(ctx, store, follow.Told)
	if err != nil {
		return last, err
	}
	if alerts != nil {
		alerts.byWorkers = true
	}
	defer alerts.daily(ctx)()
	defer alerts.watch(ctx)()
	news, err := newsSince(ctx, store)
	if err != nil {
		return last, err
	}
	for passes := 0; ; {
		if domain, err := takenAcross(ctx, store); err != nil || domain != "" {
			return last, across(domain, err, passes, follow.Told)
		}
		began := time.Now()
		if options.First, err = news.busy(ctx, last); err != nil {
			m.log.Info("which accounts had news is not known; none comes first", rehome.LogError, err.Error())
		}
		synced, failed := m.followedByWorkers(ctx, choice, options, follow.During())
		alerts.workersPassed(ctx, synced, failed)
		switch err = failed; {
		case err != nil && (ctx.Err() != nil || passes == 0 || rehome.ClassOf(err) == rehome.ClassBug):
			return last, err
		case err != nil:
			follow.Told(triedAgain(err))
		default:
			last, passes = synced, passes+1
		}
		if ctx.Err() != nil {
			break
		}
		if err == nil {
			follow.Passed(synced)
		}
		if !sleepUntil(ctx, nextPass(began, time.Now(), follow.Every)) {
			break
		}
	}
	return last, err
}

// news tells to which accounts workers have brought something, by the audit log: each worker writes there what has come of a turn.
type news struct {
	store  *ledger.Ledger
	behind int64 // the line up to which it was read
}

// newsSince begins with the last pass that somebody has begun, so that a following that starts again knows what the one before did.
func newsSince(ctx context.Context, store *ledger.Ledger) (*news, error) {
	n := &news{store: store}
	began, err := store.Audit.Of(ctx, actionSyncBegan, 1)
	if len(began) > 0 {
		n.behind = began[0].Line
	}
	return n, err
}

// busy are the accounts to which something was brought since it was asked last, and those of which the last pass has left something: as
// those for which a pass of this process has done or left something, see the function of that name.
func (n *news) busy(ctx context.Context, last WorkersSynced) (map[string]bool, error) {
	newest, err := n.store.Audit.Newest(ctx)
	if err != nil {
		return nil, err
	}
	brought, err := n.store.Audit.Objects(ctx, actionSynced, n.behind)
	if err != nil {
		return nil, err
	}
	n.behind = newest
	all := make(map[string]bool, len(brought)+len(last.Left))
	for _, address := range brought {
		all[address] = true
	}
	for _, left := range last.Left {
		all[left.Account] = true
	}
	return all, nil
}

// followedByWorkers is one pass of FollowOnWorkers.
func (m *Move) followedByWorkers(
	ctx context.Context, choice people.Choice, options SyncOptions, told func(WorkersSynced),
) (synced WorkersSynced, err error) {
	who, err := m.chosen(ctx, choice)
	if err != nil {
		return synced, err
	}
	who.patient, who.whole = true, false
	return m.syncOnWorkers(ctx, who, m.lineUpFree, options, told)
}

// lineUpFree is lineUp of the accounts that no worker can have, beside workers that are at work.
func (m *Move) lineUpFree(ctx context.Context, who *selection, options SyncOptions) (run ledger.Run, jobs []worker.Job, held []HeldWave, err error) {
	unlock, err := who.store.Lock()
	switch {
	case err == nil:
		defer unlock()
	case !errors.Is(err, ledger.ErrAtWork):
		return run, nil, nil, err
	}
	if held, err = m.inWaves(ctx, who); err != nil {
		return run, nil, nil, err
	}
	if err := withoutTurn(ctx, who); err != nil || len(who.accounts) == 0 {
		return run, nil, held, err
	}
	options.before(who)
	run, jobs, err = m.beginRun(ctx, *who, options, mostLinedUp)
	return run, jobs, held, err
}

// withoutTurn keeps the accounts that no worker can have: those without a turn, or whose last has failed, as no job is taken for them.
func withoutTurn(ctx context.Context, who *selection) error {
	turns, err := who.store.Passes.Turns(ctx)
	if err != nil {
		return err
	}
	has := map[string]bool{}
	for _, t := range turns {
		has[t.Address] = t.Run > 0 && t.State != ledger.TurnFailed
	}
	who.accounts = slices.DeleteFunc(slices.Clone(who.accounts), func(a rehome.Account) bool { return has[a.Address] })
	return nil
}

// workersPassed is passed of a pass by workers. An account needs somebody when trying again does not help, or has not helped.
func (a *alerter) workersPassed(ctx context.Context, synced WorkersSynced, failed error) {
	if a == nil || ctx.Err() != nil || synced.Interrupted {
		return
	}
	var needs []need
	if failed == nil {
		needs, a.left = leftNeeds(synced.Left, a.left)
	}
	a.over(ctx, needs, failed)
}

// leftNeeds is what needs somebody of the accounts that a pass has left, and these; before are those of the pass before.
func leftNeeds(left []UnfinishedEntry, before map[string]bool) (needs []need, now map[string]bool) {
	var names []string
	now, why := map[string]bool{}, map[string]string{}
	for _, e := range left {
		now[e.Account] = true
		if e.lasting || before[e.Account] {
			names = append(names, e.Account)
			why[e.Account] = e.Error
		}
	}
	if len(names) > 0 {
		slices.Sort(names)
		needs = []need{{"accounts", notify.Need{Sentence: fmt.Sprintf("trying again does not complete %s", plural(len(names), "account")),
			NextStep: `see all of it with "rehome status"`, Accounts: names, Why: why}}}
	}
	return needs, now
}
