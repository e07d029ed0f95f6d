// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"errors"
	"slices"
	"time"

	"rehome"
	"rehome/internal/conductor"
	"rehome/internal/ledger"
	"rehome/internal/ledger/postgres"
	"rehome/internal/people"
	"rehome/internal/worker"
)

// WorkersSynced is a pass by workers, as the ledger shows it.
type WorkersSynced struct {
	Accounts    int64             `json:"accounts"`
	Finished    int64             `json:"finished"` // those that have failed included
	Failed      int64             `json:"failed"`
	Working     int64             `json:"working"`
	Workers     []string          `json:"workers"`               // that are there
	Hindered    []HinderedWorker  `json:"hindered,omitempty"`    // of them, those that can do nothing for now
	Left        []UnfinishedEntry `json:"left"`                  // what keeps accounts from being complete
	Standing    int64             `json:"standing,omitempty"`    // accounts whose wave does not run; workers go on with them when it does
	Held        []HeldWave        `json:"held,omitempty"`        // waves that do not run: their accounts were left out
	Interrupted bool              `json:"interrupted,omitempty"` // this command ended before the pass, which goes on

	Lost string `json:"-"` // why the store cannot be asked for the moment; what else is said is of the look before
}

// HinderedWorker is one that is there and can do nothing for now.
type HinderedWorker struct {
	Worker string `json:"worker"`
	Reason string `json:"reason"` // with the next step
}

func hinderedOf(there []ledger.Worker) (all []HinderedWorker) {
	for _, w := range there {
		if w.Hindered != "" {
			all = append(all, HinderedWorker{w.Name, w.Hindered})
		}
	}
	return all
}

// Outcome implements rehome.Answer.
func (s WorkersSynced) Outcome() rehome.Outcome {
	switch {
	case s.Interrupted:
		return rehome.OutcomeInterrupted
	case slices.ContainsFunc(s.Held, HeldWave.stopped):
		return rehome.OutcomeWaiting
	case s.Failed > 0 || s.Standing > 0 || slices.ContainsFunc(s.Left, func(e UnfinishedEntry) bool { return !e.lasting }):
		return rehome.OutcomeRemaining
	case len(s.Left) > 0:
		return rehome.OutcomeStuck
	}
	return rehome.OutcomeDone
}

// lookPause is how often the ledger is asked how far the workers are. Where many accounts make a look long, there are fewer, so that they
// take only a small part of what the ledger can do; and where many are left: workers do not end a thousand accounts in a second.
const (
	lookPause        = 50 * time.Millisecond
	lookPart         = 50
	lookPerLeft      = time.Millisecond
	longestLookPause = 10 * time.Second // for what is left; a look that takes long waits longer
)

// pauseBehind is how long it is until the next look, behind one that took so long and found so many accounts left.
func pauseBehind(took time.Duration, left int64) time.Duration {
	return max(lookPause, lookPart*took, min(time.Duration(left)*lookPerLeft, longestLookPause))
}

// SyncOnWorkers puts the accounts of a choice into the queue of the workers, and returns when these are over. When ctx ends first,
// the pass goes on without it. Told is called whenever something has changed.
func (m *Move) SyncOnWorkers(
	ctx context.Context, choice people.Choice, options SyncOptions, told func(WorkersSynced),
) (synced WorkersSynced, err error) {
	who, err := m.chosen(ctx, choice)
	if err != nil {
		return synced, err
	}
	return m.syncOnWorkers(ctx, who, m.lineUp, options, told)
}

// liningUp writes the run of some accounts and its turns down.
type liningUp func(ctx context.Context, who *selection, options SyncOptions) (run ledger.Run, jobs []worker.Job, held []HeldWave, err error)

// syncOnWorkers puts accounts into the queue as lineUp does, and follows them.
func (m *Move) syncOnWorkers(
	ctx context.Context, who selection, lineUp liningUp, options SyncOptions, told func(WorkersSynced),
) (synced WorkersSynced, err error) {
	queue, err := m.openQueue(ctx)
	if err != nil {
		return synced, err
	}
	defer queue.Close()
	run, jobs, held, err := lineUp(ctx, &who, options)
	if err != nil {
		return synced, err
	}
	if run.ID == 0 { // nobody has a turn
		return WorkersSynced{Workers: []string{}, Left: []UnfinishedEntry{}, Held: held}, nil
	}
	if who.whole { // no turn of an earlier run is left
		if err := queue.Keep(ctx, run.ID); err != nil {
			return synced, err
		}
	}
	if err := queue.Insert(ctx, jobs...); err != nil {
		return synced, err
	}
	synced, err = followRun(ctx, func() (WorkersSynced, error) { return lookAtRun(context.WithoutCancel(ctx), who.store, run) }, told)
	if err != nil {
		return synced, err
	}
	synced.Held, err = addPulled(context.WithoutCancel(ctx), who, held)
	if err != nil || synced.Interrupted || synced.Standing > 0 {
		return synced, err
	}
	return synced, synced.complete(ctx, who)
}

// openQueue opens the queue beside the ledger.
func (m *Move) openQueue(ctx context.Context) (*worker.Queue, error) {
	location, err := m.location(ctx)
	if err != nil {
		return nil, err
	}
	config, schema, err := location.Beside(postgres.Jobs)
	if err != nil {
		return nil, err
	}
	return worker.OpenQueue(ctx, config, schema, m.log)
}

// lineUp is for all at once: no worker has an account meanwhile.
func (m *Move) lineUp(ctx context.Context, who *selection, options SyncOptions) (run ledger.Run, jobs []worker.Job, held []HeldWave, err error) {
	unlock, err := who.store.Lock()
	if err != nil {
		return run, nil, nil, err
	}
	defer unlock()
	if held, err = m.inWaves(ctx, who); err != nil {
		return run, nil, nil, err
	}
	run, jobs, err = m.beginRun(ctx, *who, options, len(who.accounts))
	return run, jobs, held, err
}

// mostLinedUp is how many accounts get their turns in one change. Workers write nothing meanwhile.
const mostLinedUp = 5000

// beginRun writes down a run and the turns of its accounts, so many in a change at most.
func (m *Move) beginRun(ctx context.Context, who selection, options SyncOptions, most int) (run ledger.Run, jobs []worker.Job, err error) {
	text, err := m.runText(ctx, who, options)
	if err != nil {
		return run, nil, err
	}
	if run, err = who.store.Runs.Begin(ctx, text, len(who.accounts)); err != nil {
		return run, nil, err
	}
	conduct := conductor.New(conductor.Options{Ledger: who.store.Passes, Pass: rehome.PassPreStage, Run: run.ID, Whole: who.whole, Log: m.log})
	queue, err := conduct.LineUp(ctx, who.accounts, most)
	if err != nil {
		return run, nil, err
	}
	for _, due := range queue {
		jobs = append(jobs, worker.Job{Run: run.ID, Account: due.Account, Precedence: who.precedence[due.Account]})
	}
	return run, jobs, m.note(ctx, syncLine(len(who.accounts), options))
}

// followRun looks how far a run is until no turn of it is left. Workers outlive a server of the store that starts again, and so does this.
func followRun(ctx context.Context, look func() (WorkersSynced, error), told func(WorkersSynced)) (WorkersSynced, error) {
	var last WorkersSynced
	away := absence{again: "to read it"}
	for answered := false; ; {
		began := time.Now()
		now, err := look()
		pause := pauseBehind(time.Since(began), now.Accounts-now.Finished-now.Standing)
		before := answered
		if answered = err == nil; !answered {
			now = last
			if now.Lost, pause, err = away.after(err, before, time.Now()); err != nil {
				return now, err
			}
		}
		if now.Lost != "" || answered && now.tells(last) {
			told(now)
		}
		if last = now; answered && now.Finished+now.Standing == now.Accounts {
			return now, nil
		}
		last.Lost = ""
		select {
		case <-ctx.Done():
			last.Interrupted = true
			return last, nil
		case <-time.After(pause):
		}
	}
}

// tells reports whether something has changed that somebody wants to see.
func (s WorkersSynced) tells(last WorkersSynced) bool {
	return last.Workers == nil || s.Finished != last.Finished || s.Working != last.Working || len(s.Workers) != len(last.Workers) ||
		!slices.Equal(s.Hindered, last.Hindered)
}

func lookAtRun(ctx context.Context, store *ledger.Ledger, run ledger.Run) (WorkersSynced, error) {
	synced := WorkersSynced{Accounts: run.Accounts, Finished: run.Accounts, Workers: []string{}, Left: []UnfinishedEntry{}}
	left, err := store.Runs.Left(ctx, run.ID)
	if err != nil {
		return synced, err
	}
	for state, n := range left {
		if state == ledger.TurnFailed {
			synced.Failed += n
		} else {
			synced.Finished -= n
		}
	}
	if synced.Standing, err = store.Runs.Standing(ctx, run.ID); err != nil {
		return synced, err
	}
	if synced.Working, err = store.Leases.AtWork(ctx); err != nil {
		return synced, err
	}
	there, err := store.Workers.All(ctx)
	for _, w := range there {
		synced.Workers = append(synced.Workers, w.Name)
	}
	synced.Hindered = hinderedOf(there)
	return synced, err
}

// Dismissed are workers that were told to leave.
type Dismissed struct {
	Workers []string `json:"workers"`
}

// Outcome implements rehome.Answer.
func (Dismissed) Outcome() rehome.Outcome { return rehome.OutcomeDone }

// workersKnown is a MistakeError for a name that no worker has.
func workersKnown(ctx context.Context, store *ledger.Ledger, names []string) error {
	there, err := store.Workers.All(ctx)
	if err != nil {
		return err
	}
	for _, name := range names {
		if !slices.ContainsFunc(there, func(w ledger.Worker) bool { return w.Name == name }) {
			return orderMistake("find worker", name, errors.New("there is no such worker"), `run "rehome worker status" to see which there are`)
		}
	}
	return nil
}

// DismissWorkers tells workers, those of these names or all, to take no more accounts and to end with what is under way.
func (m *Move) DismissWorkers(ctx context.Context, names ...string) (Dismissed, error) {
	d := Dismissed{Workers: []string{}}
	store, err := m.store(ctx)
	if err != nil {
		return d, err
	}
	if err := workersKnown(ctx, store, names); err != nil {
		return d, err
	}
	told, err := store.Workers.Dismiss(ctx, names...)
	var lines []ledger.AuditLine
	for _, w := range told {
		d.Workers = append(d.Workers, w.Name)
		lines = append(lines, ledger.AuditLine{Action: actionDismissed, Object: w.Name})
	}
	if err != nil {
		return d, err
	}
	return d, m.note(ctx, lines...)
}
