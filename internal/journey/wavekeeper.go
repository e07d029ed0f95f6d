// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"rehome"
	"rehome/internal/conductor"
	"rehome/internal/endpoint"
	"rehome/internal/ledger"
	"rehome/internal/wave"
	"rehome/internal/worker"
)

// waveKeeper sees for one process that nothing is done for an account whose wave does not run, counts what happens in those that do, and
// pulls their brakes.
//
// The rule: it is asked before each slice, and what it asks is the ledger. Whoever pauses a wave, from whatever machine, has it stopped at
// the end of the slices that are under way; workers end those at once when they renew their leases, see worker.Keeper.
type waveKeeper struct {
	move  *Move
	store *ledger.Ledger
	hosts hosts // zero where they are not known yet

	mu     sync.Mutex
	of     map[string]string              // wave of accounts that were admitted
	counts map[string]map[string]int64    // what has happened since it was written, by wave
	shut   map[string]string              // the last account whose log-in was refused, by wave
	open   map[string]bool                // as the waves were when they were looked at last
	loads  map[wave.Service]endpoint.Load // of the hosts, as far as it is counted
	looked time.Time
}

// tendEvery is how often what has happened is written and judged, where nothing has gone wrong: then it is at once.
const tendEvery = 15 * time.Second

func (m *Move) newWaveKeeper(store *ledger.Ledger) *waveKeeper {
	return &waveKeeper{move: m, store: store, of: map[string]string{}, shut: map[string]string{}, counts: map[string]map[string]int64{},
		loads: map[wave.Service]endpoint.Load{}, looked: time.Now()}
}

// join has a pass ask the keeper. The returned function is called when the pass is over. Without a keeper nothing is asked.
func (k *waveKeeper) join(options *conductor.Options, hosts hosts) (over func()) {
	if k == nil {
		return func() {}
	}
	k.hosts = hosts
	before := options.Over
	options.Admit = k.admit
	options.Over = func(o conductor.Ended) error {
		return errors.Join(before(o), k.ended(context.Background(), o))
	}
	return func() {
		if _, err := k.tend(context.Background()); err != nil {
			k.move.log.Info("what happened in waves cannot be kept", rehome.LogError, err.Error())
		}
	}
}

// admit implements conductor.Options.Admit.
func (k *waveKeeper) admit(ctx context.Context, address string) error {
	k.mu.Lock()
	due := time.Since(k.looked) >= tendEvery && len(k.counts)+len(k.of) > 0
	k.mu.Unlock()
	if due {
		if _, err := k.tend(ctx); err != nil {
			return err
		}
	}
	name, err := k.running(ctx, address)
	if err != nil || name == "" {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.of[address] = name
	return nil
}

// running returns the wave that an account is in, which runs; "" is none. Where it does not the error is a HeldError.
func (k *waveKeeper) running(ctx context.Context, address string) (name string, err error) {
	rows, err := k.store.Waves.Of(ctx, address)
	if err != nil || len(rows) == 0 {
		return "", err
	}
	now := time.Now()
	row, err := reopened(ctx, k.store, rows[0], now)
	if err == nil && !row.Open(now) {
		err = heldBy(row)
	}
	return row.Name, err
}

// reopened is a wave with the window that is open, or the next one, once the last one is over.
func reopened(ctx context.Context, store *ledger.Ledger, row ledger.Wave, now time.Time) (ledger.Wave, error) {
	if now.Before(row.Closes) {
		return row, nil
	}
	settings, err := wave.Read(row.Settings)
	if err != nil {
		return row, waveFault(row.Name, err)
	}
	opens, closes, err := settings.Windows.Opening(now)
	if err != nil {
		return row, waveFault(row.Name, err)
	}
	err = store.Waves.Reopen(ctx, row, opens, closes)
	row.Opens, row.Closes = opens, closes
	return row, err
}

// heldBy says why a wave that is not open holds its accounts, and what lifts it.
func heldBy(row ledger.Wave) *conductor.HeldError {
	held := &conductor.HeldError{By: row.Name}
	why := ""
	if row.Reason != "" {
		why = ": " + row.Reason
	}
	switch row.State {
	case ledger.WavePlanned:
		held.Reason, held.NextStep = "is not started", fmt.Sprintf(`run "rehome wave start %s"`, row.Name)
	case ledger.WavePaused:
		held.Reason, held.NextStep = "is paused"+why, wave.Resuming(row.Name, "")
	case ledger.WaveBraked:
		held.Reason, held.NextStep = "was stopped by its brake"+why, wave.Resuming(row.Name, row.NextStep)
	default:
		held.Reason = "waits for its hours, which begin on " + row.Opens.Local().Format("2 January at 15:04")
	}
	return held
}

// ended counts how the pass over an account has ended. Trouble is judged at once.
func (k *waveKeeper) ended(ctx context.Context, o conductor.Ended) error {
	k.mu.Lock()
	name, known := k.of[o.Account]
	delete(k.of, o.Account)
	trouble := false
	if known && o.Held == nil && !errors.Is(o.Err, context.Canceled) {
		counts := k.counts[name]
		if counts == nil {
			counts = map[string]int64{}
			k.counts[name] = counts
		}
		counts[wave.CountAccounts]++
		switch trouble = o.Err != nil || o.Blocked != nil; {
		case trouble && rehome.ClassOf(o.Err) == rehome.ClassAuth:
			wave.CountRefused(counts, rehome.SideOf(o.Err))
			k.shut[name] = o.Account
		case trouble:
			counts[wave.CountFailed]++
		}
	}
	k.mu.Unlock()
	if !trouble {
		return nil
	}
	_, err := k.tend(ctx)
	return err
}

// tend writes down what has happened, and stops waves of this process in which too much has gone wrong: those of the others are theirs. It
// returns all waves as they were.
func (k *waveKeeper) tend(ctx context.Context) ([]ledger.Wave, error) {
	k.mu.Lock()
	counts := k.counts
	k.counts, k.looked = map[string]map[string]int64{}, time.Now()
	k.countAnswers(counts)
	shut := maps.Clone(k.shut)
	own := map[string]bool{}
	for _, name := range k.of {
		own[name] = true
	}
	k.mu.Unlock()
	if err := k.store.Waves.Count(ctx, counts); err != nil {
		return nil, err
	}
	rows, err := k.store.Waves.All(ctx)
	for _, row := range rows {
		if mine := own[row.Name] || counts[row.Name] != nil; mine && row.State == ledger.WaveRunning && err == nil {
			err = k.move.judgeWave(ctx, k.store, row, shut[row.Name])
		}
	}
	return rows, err
}

// countAnswers adds the answers of the hosts since it was called last to each wave at work. The caller holds the lock.
func (k *waveKeeper) countAnswers(counts map[string]map[string]int64) {
	if k.hosts.src == nil {
		return
	}
	for _, name := range k.of {
		if counts[name] == nil {
			counts[name] = map[string]int64{}
		}
	}
	for side, host := range map[rehome.Side]*endpoint.Host{rehome.Source: k.hosts.src, rehome.Destination: k.hosts.dst} {
		for protocol, now := range host.Loads() {
			service := wave.Service{Side: side, Protocol: protocol}
			since := now.Minus(k.loads[service])
			k.loads[service] = now
			for _, counted := range counts {
				wave.CountAnswers(counted, service, wave.Answers{N: since.Turns, Took: since.Awaited})
			}
		}
	}
}

// judgeWave stops a wave that runs if too much has gone wrong in it. shut is an account whose log-in was refused, "" where none is known.
func (m *Move) judgeWave(ctx context.Context, store *ledger.Ledger, row ledger.Wave, shut string) error {
	settings, err := wave.Read(row.Settings)
	if err != nil {
		return waveFault(row.Name, err)
	}
	facts, err := waveFacts(ctx, store, row, settings, time.Now())
	if err != nil {
		return err
	}
	facts.Example, facts.Members = shut, 1
	if wave.Brake(settings.Brake, facts) == nil { // not even in the smallest wave
		return nil
	}
	if facts.Members, err = store.Waves.SizeTo(ctx, row.Name, wave.LeastCounted); err != nil {
		return err
	}
	pulled := wave.Brake(settings.Brake, facts)
	if pulled == nil {
		return nil
	}
	changed, err := store.Waves.Turn(ctx, row, ledger.WaveBraked, pulled.Reason, pulled.NextStep)
	if err != nil || !changed {
		return err
	}
	m.log.Info("wave stopped by its brake", rehome.LogObject, row.Name, rehome.LogWhy, pulled.Reason)
	return m.note(ctx, ledger.AuditLine{Who: "brake", Action: actionWaveTurned, Object: row.Name, Before: string(row.State),
		After: string(ledger.WaveBraked) + ": " + pulled.Reason})
}

// judgeWaves stops the waves that run in which too much has gone wrong.
func (m *Move) judgeWaves(ctx context.Context, store *ledger.Ledger) error {
	rows, err := store.Waves.All(ctx)
	for _, row := range rows {
		if row.State == ledger.WaveRunning && err == nil {
			err = m.judgeWave(ctx, store, row, "")
		}
	}
	return err
}

// tendOf is tend of a worker, which also puts accounts into the queue whose wave runs again.
func (k *waveKeeper) tendOf(ctx context.Context, queue *worker.Queue) error {
	rows, err := k.tend(ctx)
	if err != nil {
		return err
	}
	now := time.Now()
	open := map[string]bool{}
	for _, row := range rows {
		if row, err = reopened(ctx, k.store, row, now); err != nil {
			return err
		}
		open[row.Name] = row.Open(now)
		if was, known := k.open[row.Name]; known && !was && open[row.Name] {
			if err := wake(ctx, k.store, queue, row); err != nil {
				return err
			}
		}
	}
	k.open = open
	return nil
}

// wokenAtOnce is how many accounts are read and put into the queue together.
const wokenAtOnce = 1000

// wake puts the accounts of a wave into the queue that have something left to do there. Those that are in it already stay as they are.
func wake(ctx context.Context, store *ledger.Ledger, queue *worker.Queue, row ledger.Wave) error {
	settings, err := wave.Read(row.Settings)
	if err != nil {
		return waveFault(row.Name, err)
	}
	for behind := int64(-1); ; {
		turns, err := store.Waves.Waiting(ctx, row.Name, behind, wokenAtOnce)
		if err != nil || len(turns) == 0 {
			return err
		}
		jobs := make([]worker.Job, len(turns))
		for i, t := range turns {
			jobs[i] = worker.Job{Run: t.Run, Account: t.Address, Precedence: settings.Priority}
		}
		if err := queue.Insert(ctx, jobs...); err != nil {
			return err
		}
		behind = turns[len(turns)-1].Place
	}
}

// HeldWave is a wave whose accounts are left alone for now.
type HeldWave struct {
	Wave     string `json:"wave"`
	Accounts int    `json:"accounts"` // left alone by this command; none where it was stopped while workers were at work, or when all had ended
	Reason   string `json:"reason"`
	NextStep string `json:"next_step,omitempty"` // "" where time lifts it
}

// stopped reports whether its brake was pulled while a pass was under way, which has left no account alone.
func (h HeldWave) stopped() bool { return h.Accounts == 0 }

// heldWaves are those that have stopped while a pass was under way.
func heldWaves(outcomes []conductor.Ended) (all []HeldWave) {
	for _, o := range outcomes {
		if o.Held != nil {
			all = addHeld(all, o.Held)
		}
	}
	return all
}

func addHeld(all []HeldWave, held *conductor.HeldError) []HeldWave {
	i := slices.IndexFunc(all, func(h HeldWave) bool { return h.Wave == held.By })
	if i < 0 {
		return append(all, HeldWave{held.By, 1, held.Reason, held.NextStep})
	}
	all[i].Accounts++
	return all
}

// addPulled adds the waves that their brakes have stopped since a pass over their accounts began, and of which it has left none alone: all had
// ended, or workers have them. That nobody waits is no reason to say nothing: no later pass begins with such a wave.
func addPulled(ctx context.Context, who selection, all []HeldWave) ([]HeldWave, error) {
	if len(who.among) == 0 {
		return all, nil
	}
	rows, err := who.store.Waves.All(ctx)
	for _, row := range rows {
		told := slices.ContainsFunc(all, func(h HeldWave) bool { return h.Wave == row.Name })
		if row.State == ledger.WaveBraked && !told && slices.Contains(who.among, row.Name) {
			held := heldBy(row)
			all = append(all, HeldWave{Wave: held.By, Reason: held.Reason, NextStep: held.NextStep})
		}
	}
	return all, err
}

// inWaves leaves out the accounts whose wave does not run, and puts the others into the order of their waves. Where nobody is left it is
// a Fault.
func (m *Move) inWaves(ctx context.Context, who *selection) (left []HeldWave, err error) {
	who.waves = m.newWaveKeeper(who.store)
	rows, err := who.store.Waves.All(ctx)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	members, err := who.store.Waves.Members(ctx)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	priorities, held := map[string]int{}, map[string]*conductor.HeldError{}
	for _, row := range rows {
		settings, err := wave.Read(row.Settings)
		if err != nil {
			return nil, waveFault(row.Name, err)
		}
		priorities[row.Name] = settings.Priority
		if row, err = reopened(ctx, who.store, row, now); err != nil {
			return nil, err
		}
		if !row.Open(now) {
			held[row.Name] = heldBy(row)
		}
	}
	var accounts []rehome.Account
	for _, account := range who.accounts {
		if h := held[members[account.Address]]; h != nil {
			left = addHeld(left, h)
			continue
		}
		accounts = append(accounts, account)
	}
	if len(accounts) == 0 && len(left) > 0 && !who.patient {
		return nil, &rehome.Fault{Class: rehome.ClassOperator, Op: "begin with", Object: plural(len(who.accounts), "account"),
			Cause: errors.New("wave " + left[0].Wave + " " + left[0].Reason), Hint: left[0].NextStep}
	}
	if len(left) > 0 {
		who.accounts, who.whole = accounts, false
	}
	return left, m.inOrder(ctx, who, members, priorities)
}

// inOrder sorts the accounts by their waves.
func (m *Move) inOrder(ctx context.Context, who *selection, members map[string]string, priorities map[string]int) error {
	sizes, err := m.expected(ctx, who.store)
	if err != nil {
		return err
	}
	place := make(map[string]wave.Queued, len(who.accounts))
	who.precedence = map[string]int{}
	for _, account := range who.accounts {
		name := members[account.Address]
		q := wave.Queued{Wave: name, Priority: priorities[name], Octets: -1}
		if size, known := sizes[account.Address]; known {
			q.Octets = size.Octets
		}
		place[account.Address] = q
		who.precedence[account.Address] = q.Priority
		if name != "" && !slices.Contains(who.among, name) {
			who.among = append(who.among, name)
		}
	}
	who.accounts = slices.Clone(who.accounts)
	slices.SortStableFunc(who.accounts, func(a, b rehome.Account) int { return wave.Order(place[a.Address], place[b.Address]) })
	return nil
}
