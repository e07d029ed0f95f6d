// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"rehome"
	"rehome/internal/config"
	"rehome/internal/ledger"
	"rehome/internal/people"
	"rehome/internal/wave"
)

// The actions of the audit log about waves.
const (
	actionWaveMade    = "wave made"
	actionWaveSet     = "wave set"
	actionWaveAdded   = "accounts put into wave"
	actionWaveOut     = "accounts taken out of wave"
	actionWaveRemoved = "wave removed"
	actionWaveTurned  = "wave turned"
)

// WaveChange changes the settings of a wave; nil leaves one as it is.
type WaveChange struct {
	Priority *int
	Hours    *[]string // none is always
	Zone     *string
	After    *string
	Brake    []string // each as wave.Limits.Set reads it
}

// apply returns the settings with the change.
func (c WaveChange) apply(s wave.Settings) (wave.Settings, error) {
	if c.Priority != nil {
		s.Priority = *c.Priority
	}
	if c.Hours != nil {
		s.Windows.Hours = slices.DeleteFunc(slices.Clone(*c.Hours), func(text string) bool { return text == "always" })
	}
	if c.Zone != nil {
		s.Windows.Zone = *c.Zone
	}
	if c.After != nil {
		s.After = *c.After
	}
	for _, text := range c.Brake {
		if err := s.Brake.Set(text); err != nil {
			return s, fmt.Errorf("brake %q: %w", text, err)
		}
	}
	return s, s.Windows.Check()
}

// WaveChoice says which accounts go into a wave, of those that are in none.
type WaveChoice struct {
	Accounts people.Choice
	wave.Choice
}

// WaveFilled says which accounts were put into a wave, or taken out of it.
type WaveFilled struct {
	Wave       string   `json:"wave"`
	Added      int      `json:"added"`
	Removed    int      `json:"removed"`
	Gone       bool     `json:"gone,omitempty"` // the wave itself was removed
	Accounts   int64    `json:"accounts"`       // that are in it now
	Together   []string `json:"together"`       // of the added ones, those that are in it because they belong to others
	Already    int      `json:"already"`        // that were asked for by name and are in it already
	Elsewhere  int      `json:"elsewhere"`      // that were asked for by name and are in another wave
	Others     []Member `json:"others"`         // these, by address
	Unmeasured int      `json:"unmeasured"`     // that were left out because no pass has told their size
}

// Member is an account of a wave.
type Member struct {
	Account string `json:"account"`
	Wave    string `json:"wave"`
}

// Outcome implements rehome.Answer.
func (WaveFilled) Outcome() rehome.Outcome { return rehome.OutcomeDone }

// MistakeError is something in an order that cannot be, such as hours of a day that has none: nothing was done.
type MistakeError struct{ Cause error }

// Error returns what it is.
func (e *MistakeError) Error() string { return e.Cause.Error() }

// Unwrap returns what it is.
func (e *MistakeError) Unwrap() error { return e.Cause }

// orderMistake is waveUsage of an order that is wrong whatever the wave is at, or that is about something else.
func orderMistake(op, name string, cause error, hint string) error {
	return waveUsage(op, name, &MistakeError{cause}, hint)
}

func waveUsage(op, name string, cause error, hint string) error {
	return &rehome.Fault{Class: rehome.ClassOperator, Op: op, Object: name, Cause: cause, Hint: hint}
}

// CreateWave makes a wave, and puts accounts into it unless choice is nil.
func (m *Move) CreateWave(ctx context.Context, name string, change WaveChange, choice *WaveChoice) (WaveFilled, error) {
	filled := WaveFilled{Wave: name, Together: []string{}, Others: []Member{}}
	if err := wave.CheckName(name); err != nil {
		return filled, orderMistake("create wave", name, fmt.Errorf("the name %w", err), "give it another name, such as staff or night-3")
	}
	settings, err := change.apply(wave.Settings{Brake: wave.DefaultLimits()})
	if err != nil {
		return filled, orderMistake("create wave", name, err, `see "rehome wave create --help"`)
	}
	octets, err := settings.Octets()
	if err != nil {
		return filled, err
	}
	opens, closes, err := settings.Windows.Opening(time.Now())
	if err != nil {
		return filled, err
	}
	store, err := m.store(ctx)
	if err != nil {
		return filled, err
	}
	if err := afterKnown(ctx, store, "create wave", name, settings.After); err != nil {
		return filled, err
	}
	var chosen *wave.Chosen
	if choice != nil { // before the wave is made: a choice that is wrong makes none
		if chosen, err = m.chooseForWave(ctx, store, *choice, &filled); err != nil {
			return filled, err
		}
	}
	made, err := store.Waves.Create(ctx, ledger.Wave{Name: name, Settings: octets, Opens: opens, Closes: closes})
	if err == nil && !made {
		err = waveUsage("create wave", name, errors.New("there is one of that name"), `put accounts into it with "rehome wave add", or take another name`)
	}
	if err != nil {
		return filled, err
	}
	if err := m.note(ctx, ledger.AuditLine{Action: actionWaveMade, Object: name, After: string(octets)}); err != nil {
		return filled, err
	}
	return filled, m.fill(ctx, store, chosen, &filled)
}

// AddToWave puts accounts into a wave.
func (m *Move) AddToWave(ctx context.Context, name string, choice WaveChoice) (WaveFilled, error) {
	filled := WaveFilled{Wave: name, Together: []string{}, Others: []Member{}}
	_, store, err := m.findWave(ctx, name)
	if err != nil {
		return filled, err
	}
	chosen, err := m.chooseForWave(ctx, store, choice, &filled)
	if err != nil {
		return filled, err
	}
	return filled, m.fill(ctx, store, chosen, &filled)
}

// chooseForWave chooses among the accounts that move and are in no wave.
func (m *Move) chooseForWave(ctx context.Context, store *ledger.Ledger, choice WaveChoice, filled *WaveFilled) (*wave.Chosen, error) {
	p, err := m.people(ctx)
	if err != nil {
		return nil, err
	}
	if err := domainsKnown(p, choice.Domains); err != nil {
		return nil, err
	}
	named, err := choose(p, people.Choice{Only: choice.Accounts.Only})
	if err != nil {
		return nil, err
	}
	asked := make(map[string]bool, len(named))
	for _, account := range named {
		asked[account.Address] = true
	}
	kept, err := choose(p, people.Choice{Except: choice.Accounts.Except})
	if err != nil {
		return nil, err
	}
	left := make(map[string]bool, len(p.Moving))
	for _, account := range p.Moving {
		left[account.Address] = true
	}
	for _, account := range kept {
		delete(left, account.Address)
	}
	members, err := store.Waves.Members(ctx)
	if err != nil {
		return nil, err
	}
	sizes, err := m.expected(ctx, store)
	if err != nil {
		return nil, err
	}
	var candidates []wave.Candidate
	for _, account := range p.Moving {
		address := account.Address
		if at, in := members[address]; in {
			if asked[address] && !left[address] && len(choice.Accounts.Only) > 0 {
				filled.keptBy(address, at)
			}
			continue
		}
		c := wave.Candidate{Address: address, Octets: -1, Named: asked[address], Left: left[address]}
		if size, known := sizes[address]; known && (size.Octets > 0 || size.Messages == 0) {
			c.Octets = size.Octets
		}
		candidates = append(candidates, c)
	}
	together, err := m.together(ctx, p)
	if err != nil {
		return nil, err
	}
	chosen := wave.Select(candidates, choice.Choice, together)
	filled.Unmeasured = chosen.Unmeasured
	return &chosen, nil
}

// keptBy counts an account that was asked for and is in a wave already.
func (f *WaveFilled) keptBy(address, wave string) {
	if wave == f.Wave {
		f.Already++
		return
	}
	f.Elsewhere++
	f.Others = append(f.Others, Member{address, wave})
}

// domainsKnown is a MistakeError for a domain in which nobody moves: fewer accounts than were meant would be chosen.
func domainsKnown(p *people.Everybody, asked []string) error {
	known := p.DomainsOf(nil)
	for _, domain := range asked {
		if slices.ContainsFunc(known, func(k string) bool { return strings.EqualFold(k, domain) }) {
			continue
		}
		hint := `run "rehome accounts list" to see which accounts move`
		if meant := config.Nearest(strings.ToLower(domain), known); meant != "" {
			hint = fmt.Sprintf("did you mean %s?", meant)
		}
		return orderMistake("find domain", domain, errors.New("no account of this move is in it"), hint)
	}
	return nil
}

// afterKnown is a MistakeError if a wave cannot come behind another one: there is none, or that one waits for this one itself.
func afterKnown(ctx context.Context, store *ledger.Ledger, op, name, after string) error {
	if after == "" {
		return nil
	}
	rows, err := store.Waves.All(ctx)
	if err != nil {
		return err
	}
	behind, names := map[string]string{}, []string{}
	for _, row := range rows {
		settings, err := wave.Read(row.Settings)
		if err != nil {
			return waveFault(row.Name, err)
		}
		behind[row.Name] = settings.After
		if row.Name != name {
			names = append(names, row.Name)
		}
	}
	hint := `run "rehome wave status" to see which there are`
	if after != name && !slices.Contains(names, after) {
		if meant := config.Nearest(after, names); meant != "" {
			hint = fmt.Sprintf("did you mean %s?", meant)
		}
		return orderMistake(op, name, fmt.Errorf("there is no wave %s that has to be through before it", after), hint)
	}
	seen := map[string]bool{}
	for at := after; at != "" && !seen[at]; at = behind[at] {
		seen[at] = true
		if at == name {
			return orderMistake(op, name, fmt.Errorf("it would wait for itself to be through before it (--after %s)", after), hint)
		}
	}
	return nil
}

// fill puts the accounts that were chosen into the wave.
func (m *Move) fill(ctx context.Context, store *ledger.Ledger, chosen *wave.Chosen, filled *WaveFilled) error {
	if chosen != nil && len(chosen.Accounts) > 0 {
		n, err := store.Waves.Add(ctx, filled.Wave, chosen.Accounts)
		if err != nil {
			return err
		}
		filled.Added, filled.Together = int(n), nonNil(chosen.Together)
		if err := m.note(ctx, ledger.AuditLine{Action: actionWaveAdded, Object: filled.Wave, After: plural(int(n), "account")}); err != nil {
			return err
		}
	}
	return countMembers(ctx, store, filled)
}

func countMembers(ctx context.Context, store *ledger.Ledger, filled *WaveFilled) error {
	sums, err := store.Waves.Sums(ctx)
	filled.Accounts = sums[filled.Wave].Accounts
	return err
}

// RemoveFromWave takes accounts out of a wave, or all of them and the wave itself. They are in none then, and copied like others.
func (m *Move) RemoveFromWave(ctx context.Context, name string, choice people.Choice) (WaveFilled, error) {
	filled := WaveFilled{Wave: name, Together: []string{}, Others: []Member{}}
	_, store, err := m.findWave(ctx, name)
	if err != nil {
		return filled, err
	}
	addresses, err := membersOf(ctx, store, name)
	if err != nil {
		return filled, err
	}
	line := ledger.AuditLine{Action: actionWaveOut, Object: name}
	if choice.All() {
		filled.Removed, filled.Gone = len(addresses), true
		line.Action, line.Before = actionWaveRemoved, plural(len(addresses), "account")
		if err := store.Waves.Remove(ctx, name); err != nil {
			return filled, err
		}
		return filled, m.note(ctx, line)
	}
	chosen, err := choice.Among(addresses)
	if err != nil {
		return filled, withSuggestion(err)
	}
	n, err := store.Waves.TakeOut(ctx, name, chosen)
	if err != nil {
		return filled, err
	}
	filled.Removed, line.Before = int(n), plural(int(n), "account")
	if err := m.note(ctx, line); err != nil {
		return filled, err
	}
	return filled, countMembers(ctx, store, &filled)
}

// membersOf are the accounts of a wave, sorted.
func membersOf(ctx context.Context, store *ledger.Ledger, name string) (addresses []string, err error) {
	members, err := store.Waves.Members(ctx)
	for address, in := range members {
		if in == name {
			addresses = append(addresses, address)
		}
	}
	slices.Sort(addresses)
	return addresses, err
}

// SetWave changes the settings of a wave.
func (m *Move) SetWave(ctx context.Context, name string, change WaveChange) (Waves, error) {
	row, store, err := m.findWave(ctx, name)
	if err != nil {
		return Waves{}, err
	}
	settings, err := wave.Read(row.Settings)
	if err != nil {
		return Waves{}, waveFault(name, err)
	}
	if settings, err = change.apply(settings); err != nil {
		return Waves{}, orderMistake("set wave", name, err, `see "rehome wave set --help"`)
	}
	if change.After != nil {
		if err := afterKnown(ctx, store, "set wave", name, settings.After); err != nil {
			return Waves{}, err
		}
	}
	octets, err := settings.Octets()
	if err != nil {
		return Waves{}, err
	}
	opens, closes, err := settings.Windows.Opening(time.Now())
	if err != nil {
		return Waves{}, err
	}
	if _, err := store.Waves.Set(ctx, name, octets, opens, closes); err != nil {
		return Waves{}, err
	}
	if err := m.note(ctx, ledger.AuditLine{Action: actionWaveSet, Object: name, Before: string(row.Settings), After: string(octets)}); err != nil {
		return Waves{}, err
	}
	return m.Waves(ctx, name)
}

// findWave returns the row of a wave that is there.
func (m *Move) findWave(ctx context.Context, name string) (row ledger.Wave, store *ledger.Ledger, err error) {
	if store, err = m.store(ctx); err != nil {
		return row, nil, err
	}
	rows, err := store.Waves.All(ctx)
	if err != nil {
		return row, nil, err
	}
	all := make([]Wave, len(rows))
	for i, r := range rows {
		if r.Name == name {
			return r, store, nil
		}
		all[i].Name = r.Name
	}
	return row, nil, noWave(name, all)
}
