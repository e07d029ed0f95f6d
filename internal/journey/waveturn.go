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
	"rehome/internal/people"
	"rehome/internal/rehearsal"
	"rehome/internal/wave"
	"rehome/internal/worker"
)

// WaveStarted is what has come of starting a wave: either the gate was closed, or the pass over its accounts.
type WaveStarted struct {
	Wave    string         `json:"wave"`
	Closed  []wave.Closed  `json:"closed"` // what keeps it from beginning, or would have
	Begun   bool           `json:"begun"`
	Synced  *Synced        `json:"synced,omitempty"`  // by this machine
	Workers *WorkersSynced `json:"workers,omitempty"` // by workers
}

// Outcome implements rehome.Answer.
func (s WaveStarted) Outcome() rehome.Outcome {
	switch {
	case !s.Begun:
		return rehome.OutcomeWaiting
	case s.Synced != nil:
		return s.Synced.Outcome()
	case s.Workers != nil:
		return s.Workers.Outcome()
	}
	return rehome.OutcomeDone
}

// StartWave has a wave run if its gate is open, or somebody has confirmed that it is to run nevertheless. One that runs goes on running.
func (m *Move) StartWave(ctx context.Context, name string, confirmed bool) (WaveStarted, error) {
	started := WaveStarted{Wave: name, Closed: []wave.Closed{}}
	row, store, err := m.findWave(ctx, name)
	if err != nil {
		return started, err
	}
	if started.Closed, err = m.gateOf(ctx, store, row); err != nil {
		return started, err
	}
	if row.State == ledger.WaveRunning {
		started.Begun = true
		return started, nil
	}
	members, err := store.Waves.Size(ctx, name)
	if err != nil || len(started.Closed) > 0 && (!confirmed || members == 0) {
		return started, err
	}
	if _, err := reopened(ctx, store, row, time.Now()); err != nil {
		return started, err
	}
	started.Begun = true
	after := ledger.WaveRunning
	why := ""
	if len(started.Closed) > 0 {
		why = "although " + started.Closed[0].Reason
	}
	return started, m.turnWave(ctx, store, row, after, "", why)
}

// turnWave changes the state of a wave and writes it into the log.
func (m *Move) turnWave(ctx context.Context, store *ledger.Ledger, row ledger.Wave, state ledger.WaveState, reason, note string) error {
	changed, err := store.Waves.Turn(ctx, row, state, reason, "")
	if err == nil && !changed {
		err = waveUsage("turn wave", row.Name, errors.New("somebody else has turned it at this moment"), `look again with "rehome wave status"`)
	}
	if err != nil {
		return err
	}
	after := string(state)
	for _, text := range []string{reason, note} {
		if text != "" {
			after += ": " + text
		}
	}
	return m.note(ctx, ledger.AuditLine{Action: actionWaveTurned, Object: row.Name, Before: string(row.State), After: after})
}

// entryOf gathers what decides whether a wave may begin.
func (m *Move) entryOf(ctx context.Context, store *ledger.Ledger, row ledger.Wave) (e wave.Entry, err error) {
	settings, err := wave.Read(row.Settings)
	if err != nil {
		return e, waveFault(row.Name, err)
	}
	p, err := m.people(ctx)
	if err != nil {
		return e, err
	}
	addresses, err := membersOf(ctx, store, row.Name)
	if err != nil {
		return e, err
	}
	e = wave.Entry{Name: row.Name, Members: int64(len(addresses)), After: settings.After}
	moves := make(map[string]bool, len(p.Moving))
	for _, account := range p.Moving {
		moves[account.Address] = true
	}
	e.Staying = slices.DeleteFunc(slices.Clone(addresses), func(a string) bool { return moves[a] })
	if e.Torn, err = m.tornFrom(ctx, store, p, addresses); err != nil {
		return e, err
	}
	logins, err := loginsOf(ctx, store)
	if err != nil {
		return e, err
	}
	for _, address := range addresses {
		if tried := logins[address]; len(tried) > 0 {
			e.Tried++
			for _, l := range tried {
				if l.Result == string(rehearsal.Refused) {
					e.Refused++
					break
				}
			}
		}
	}
	return e, m.entryAfter(ctx, store, &e)
}

// entryAfter says whether the wave before is through.
func (m *Move) entryAfter(ctx context.Context, store *ledger.Ledger, e *wave.Entry) error {
	if e.After == "" {
		return nil
	}
	all, err := m.readWaves(ctx, store)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(w Wave) bool { return w.Name == e.After })
	if e.Missing = i < 0; !e.Missing {
		e.Before = all[i].Through
	}
	return nil
}

// tornFrom are the links of accounts of a wave with those that move later, in no wave that has begun: what they have in common would work
// for one of them only.
func (m *Move) tornFrom(ctx context.Context, store *ledger.Ledger, p *people.Everybody, addresses []string) ([]wave.Link, error) {
	together, err := m.together(ctx, p)
	if err != nil {
		return nil, err
	}
	members, err := store.Waves.Members(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := store.Waves.All(ctx)
	if err != nil {
		return nil, err
	}
	begun := map[string]bool{}
	for _, row := range rows {
		begun[row.Name] = row.State != ledger.WavePlanned
	}
	inside := make(map[string]bool, len(addresses))
	for _, address := range addresses {
		inside[address] = true
	}
	return together.Torn(addresses, func(account string) bool {
		name, in := members[account]
		return !inside[account] && in && !begun[name]
	}), nil
}

// PauseWave stops a wave that runs: nothing of it is begun any more, and what is under way ends with its slice.
func (m *Move) PauseWave(ctx context.Context, name, reason string) (Waves, error) {
	row, store, err := m.findWave(ctx, name)
	if err != nil {
		return Waves{}, err
	}
	if row.State != ledger.WaveRunning {
		return Waves{}, waveUsage("pause wave", name, errors.New("it does not run: it is "+string(row.State)), pauseHint(row))
	}
	if err := m.turnWave(ctx, store, row, ledger.WavePaused, reason, ""); err != nil {
		return Waves{}, err
	}
	return m.Waves(ctx, name)
}

// pauseHint says what follows where a wave cannot be paused, because it does not run.
func pauseHint(row ledger.Wave) string {
	if row.State == ledger.WavePlanned {
		return "nothing of it is copied before it is started"
	}
	return fmt.Sprintf(`nothing of it is copied before "rehome wave resume %s"`, row.Name)
}

// ResumeWave lets a wave run again that was paused, or stopped by its brake. What happened before counts no more. Workers go on with it
// by themselves.
func (m *Move) ResumeWave(ctx context.Context, name string) (Waves, error) {
	row, store, err := m.findWave(ctx, name)
	if err != nil {
		return Waves{}, err
	}
	if row.State != ledger.WavePaused && row.State != ledger.WaveBraked {
		hint := fmt.Sprintf(`run "rehome wave start %s"`, name)
		return Waves{}, waveUsage("resume wave", name, fmt.Errorf("it is not paused: it is %s", row.State), hint)
	}
	if row, err = reopened(ctx, store, row, time.Now()); err != nil {
		return Waves{}, err
	}
	if err := m.turnWave(ctx, store, row, ledger.WaveRunning, "", ""); err != nil {
		return Waves{}, err
	}
	if m.Shared() {
		queue, err := m.openQueue(ctx)
		if err != nil {
			return Waves{}, err
		}
		defer queue.Close()
		if err := wake(ctx, store, queue, row); err != nil {
			return Waves{}, err
		}
	}
	return m.Waves(ctx, name)
}

// ofWave are the accounts of a wave.
func (m *Move) ofWave(ctx context.Context, name string) (selection, error) {
	who, err := m.chosen(ctx, people.Choice{})
	if err != nil {
		return who, err
	}
	members, err := who.store.Waves.Members(ctx)
	who.accounts = slices.DeleteFunc(slices.Clone(who.accounts), func(a rehome.Account) bool { return members[a.Address] != name })
	who.whole, who.among = false, []string{name}
	return who, err
}

// SyncWave is Sync of the accounts of a wave.
func (m *Move) SyncWave(ctx context.Context, name string, watcher Watcher) (Synced, error) {
	who, err := m.ofWave(ctx, name)
	if err != nil {
		return Synced{}, err
	}
	row, store, err := m.findWave(ctx, name)
	if err != nil {
		return Synced{}, err
	}
	if row, err = reopened(ctx, store, row, time.Now()); err != nil {
		return Synced{}, err
	}
	if !row.Open(time.Now()) { // it was started, and its hours come later
		held := heldBy(row)
		return Synced{Accounts: []SyncedAccount{}, Staying: nonNil(who.Staying),
			Held: []HeldWave{{held.By, len(who.accounts), held.Reason, held.NextStep}}}, nil
	}
	return m.syncInWaves(ctx, who, SyncOptions{}, watcher)
}

// SyncWaveOnWorkers is SyncOnWorkers of the accounts of a wave. Workers may be at work with others: an account that has its turn in another
// run keeps it.
func (m *Move) SyncWaveOnWorkers(ctx context.Context, name string, told func(WorkersSynced)) (WorkersSynced, error) {
	who, err := m.ofWave(ctx, name)
	if err != nil {
		return WorkersSynced{}, err
	}
	return m.syncOnWorkers(ctx, who, m.lineUpBeside, SyncOptions{}, told)
}

// lineUpBeside is lineUp beside workers that are at work. Only accounts that no worker can have get a turn.
func (m *Move) lineUpBeside(ctx context.Context, who *selection, options SyncOptions) (ledger.Run, []worker.Job, []HeldWave, error) {
	unlock, err := who.store.Lock()
	switch {
	case err == nil:
		defer unlock()
	case !errors.Is(err, ledger.ErrAtWork):
		return ledger.Run{}, nil, nil, err
	}
	if err := withoutTurn(ctx, who); err != nil {
		return ledger.Run{}, nil, nil, err
	}
	members, err := who.store.Waves.Members(ctx)
	if err != nil {
		return ledger.Run{}, nil, nil, err
	}
	priorities, err := wavePriorities(ctx, who.store)
	if err != nil {
		return ledger.Run{}, nil, nil, err
	}
	if err := m.inOrder(ctx, who, members, priorities); err != nil {
		return ledger.Run{}, nil, nil, err
	}
	run, jobs, err := m.beginRun(ctx, *who, options, mostLinedUp)
	return run, jobs, nil, err
}

func wavePriorities(ctx context.Context, store *ledger.Ledger) (map[string]int, error) {
	rows, err := store.Waves.All(ctx)
	if err != nil {
		return nil, err
	}
	priorities := make(map[string]int, len(rows))
	for _, row := range rows {
		settings, err := wave.Read(row.Settings)
		if err != nil {
			return nil, waveFault(row.Name, err)
		}
		priorities[row.Name] = settings.Priority
	}
	return priorities, nil
}
