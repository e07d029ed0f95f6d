// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"rehome"
	"rehome/internal/config"
	"rehome/internal/ledger"
	"rehome/internal/verify"
	"rehome/internal/wave"
)

// Waves are the waves of a move, the one that is copied first at the head.
type Waves struct {
	Waves []Wave `json:"waves"`
	Rest  int64  `json:"accounts_in_none"` // that move, when somebody last looked who does
}

// Outcome implements rehome.Answer: the question is answered.
func (Waves) Outcome() rehome.Outcome { return rehome.OutcomeDone }

// Wave is one of them.
type Wave struct {
	Name     string           `json:"name"`
	State    ledger.WaveState `json:"state"`
	Since    time.Time        `json:"since"`
	Reason   string           `json:"reason,omitempty"` // why it is paused or braked
	NextStep string           `json:"next_step,omitempty"`
	Open     bool             `json:"open"`            // its accounts may be copied at this moment
	Opens    time.Time        `json:"opens,omitzero"`  // the window that is open, or the next one; zero for always
	Closes   time.Time        `json:"closes,omitzero"` // likewise

	Priority int          `json:"priority"`
	Hours    []string     `json:"hours"`
	Zone     string       `json:"zone,omitempty"`
	After    string       `json:"after,omitempty"` // the wave that has to be through before
	Brake    wave.Limits  `json:"brake"`
	Lately   wave.Happens `json:"lately"` // within the span of the brake, since it was started last

	Accounts   int64 `json:"accounts"`
	Copied     int64 `json:"copied"`
	Blocked    int64 `json:"blocked"`
	Working    int64 `json:"working"`
	Equal      int64 `json:"equal"` // what was accepted is no difference
	Differ     int64 `json:"differ"`
	Unmeasured int64 `json:"unmeasured"` // accounts that no pass has seen yet
	Messages   int64 `json:"messages"`   // at the source, of the others
	Octets     int64 `json:"bytes"`
	There      int64 `json:"at_destination"` // messages

	Through []wave.Closed `json:"not_through"` // what keeps it from being through; none is that it is
}

// Waves returns the waves of these names, or all.
func (m *Move) Waves(ctx context.Context, names ...string) (Waves, error) {
	answer := Waves{Waves: []Wave{}}
	store, err := m.store(ctx)
	if err != nil {
		return answer, err
	}
	all, err := m.readWaves(ctx, store)
	if err != nil {
		return answer, err
	}
	members := int64(0)
	for _, w := range all {
		members += w.Accounts
	}
	for _, name := range names {
		if !slices.ContainsFunc(all, func(w Wave) bool { return w.Name == name }) {
			return answer, noWave(name, all)
		}
	}
	for _, w := range all {
		if len(names) == 0 || slices.Contains(names, w.Name) {
			answer.Waves = append(answer.Waves, w)
		}
	}
	looks, err := store.Looks.All(ctx)
	for _, l := range looks {
		if l.Name == lookMoving {
			answer.Rest = max(0, int64(l.Open)-members)
		}
	}
	return answer, err
}

// noWave names the wave that somebody probably meant.
func noWave(name string, all []Wave) error {
	names := make([]string, len(all))
	for i, w := range all {
		names[i] = w.Name
	}
	hint := `run "rehome wave status" to see which there are`
	if meant := config.Nearest(name, names); meant != "" {
		hint = fmt.Sprintf("did you mean %s?", meant)
	}
	return orderMistake("find wave", name, errors.New("there is no such wave"), hint)
}

// readWaves returns all, in their order.
func (m *Move) readWaves(ctx context.Context, store *ledger.Ledger) ([]Wave, error) {
	rows, err := store.Waves.All(ctx)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	sums, err := waveSums(ctx, store)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	all := make([]Wave, 0, len(rows))
	for _, row := range rows {
		settings, err := wave.Read(row.Settings)
		if err != nil {
			return nil, waveFault(row.Name, err)
		}
		w := waveOf(row, settings, sums[row.Name], now)
		facts, err := waveFacts(ctx, store, row, settings, now)
		if err != nil {
			return nil, err
		}
		w.Lately = facts.Happens()
		all = append(all, w)
	}
	slices.SortStableFunc(all, func(a, b Wave) int { return cmp.Compare(b.Priority, a.Priority) })
	return all, nil
}

func waveFault(name string, err error) error {
	return &rehome.Fault{Class: rehome.ClassOperator, Op: "read wave", Object: name, Cause: err,
		Hint: "use the version of rehome that made it, or a newer one"}
}

func waveOf(row ledger.Wave, settings wave.Settings, sum ledger.WaveSum, now time.Time) Wave {
	w := Wave{Name: row.Name, State: row.State, Since: row.Changed, Reason: row.Reason, NextStep: row.NextStep, Priority: settings.Priority,
		Hours: nonNil(settings.Windows.Hours), Zone: settings.Windows.Zone, After: settings.After, Brake: settings.Brake,
		Accounts: sum.Accounts, Copied: sum.Copied, Blocked: sum.Blocked, Working: sum.Working, Equal: sum.Equal, Differ: sum.Differ,
		Unmeasured: sum.Unmeasured, Messages: sum.Messages, Octets: sum.Octets, There: sum.There}
	if len(w.Hours) > 0 {
		w.Opens, w.Closes = row.Opens, row.Closes
		if opens, closes, err := settings.Windows.Opening(now); err == nil { // nobody may have looked at it since the last one ended
			w.Opens, w.Closes, row.Opens, row.Closes = opens, closes, opens, closes
		}
	}
	w.Open = row.Open(now)
	w.Through = nonNil(wave.Leave(wave.Exit{Name: w.Name, State: string(w.State),
		Members: w.Accounts, Copied: w.Copied, Equal: w.Equal, Differs: w.Differ}))
	return w
}

// waveSums says how far each wave is. What was accepted is no difference, and keeps nobody from being complete.
func waveSums(ctx context.Context, store *ledger.Ledger) (map[string]ledger.WaveSum, error) {
	sums, err := store.Waves.Sums(ctx)
	if err != nil {
		return nil, err
	}
	answers, err := settled(ctx, store)
	if err != nil || len(answers) == 0 {
		return sums, err
	}
	members, err := store.Waves.Members(ctx)
	if err != nil {
		return nil, err
	}
	for address, answer := range answers {
		name, is := members[address]
		row, known, err := store.Accounts.Find(ctx, address)
		if err != nil {
			return nil, err
		}
		if !is || !known || answer.Verdict != verify.Equal || row.Verdict == string(verify.Equal) {
			continue
		}
		s := sums[name]
		s.Differ--
		s.Equal++
		if row.State == ledger.AccountBlocked && !row.Unfinished {
			s.Blocked--
			s.Copied++
		}
		sums[name] = s
	}
	return sums, nil
}

// waveFacts are what has happened in a wave within the span of its brake, and not before it was started last.
func waveFacts(ctx context.Context, store *ledger.Ledger, row ledger.Wave, settings wave.Settings, now time.Time) (f wave.Facts, err error) {
	since := now.Add(-settings.Brake.Span)
	if since.Before(row.Counted) {
		since = row.Counted
	}
	counts, err := store.Waves.Counts(ctx, row.Name, since)
	if err != nil {
		return f, err
	}
	f = wave.FactsOf(counts)
	verdicts, err := store.Waves.Verdicts(ctx, row.Name, since)
	for verdict, n := range verdicts {
		f.Compared += n
		if verdict != string(verify.Equal) {
			f.Differs += n
		}
	}
	return f, errors.Join(err, lessAccepted(ctx, store, row.Name, since, &f))
}

// lessAccepted takes what was accepted out of the differences of a wave.
func lessAccepted(ctx context.Context, store *ledger.Ledger, name string, since time.Time, f *wave.Facts) error {
	if f.Differs == 0 {
		return nil
	}
	answers, err := settled(ctx, store)
	if err != nil || len(answers) == 0 {
		return err
	}
	members, err := store.Waves.Members(ctx)
	if err != nil {
		return err
	}
	for address, answer := range answers {
		v, known, err := store.Verifications.Find(ctx, address)
		if err != nil {
			return err
		}
		if known && members[address] == name && !v.Time.Before(since) && v.Verdict != string(verify.Equal) && answer.Verdict == verify.Equal {
			f.Differs--
		}
	}
	return nil
}
