// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"errors"
	"slices"
	"testing"
	"time"

	"rehome/internal/journey"
	"rehome/internal/ledger"
	"rehome/lab"
)

// The sizes of the test of every day. At once is what the workers have in hand.
const (
	perWave = 50
	atOnce  = 8
)

// passOver has workers do a pass over all accounts whose waves run, and returns what has come of it, and how often each account was through.
func passOver(t *testing.T, f *Fleet) (journey.WorkersSynced, map[string]int) {
	t.Helper()
	before := f.ends.through()
	p, err := f.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Work(t.Context(), Shape{Slices: 2, Batches: 1}, Until{Over: p}); err != nil {
		t.Fatal(err)
	}
	synced, err := p.Wait()
	if err != nil {
		t.Fatal(err)
	}
	f.ends.mu.Lock()
	defer f.ends.mu.Unlock()
	if len(f.ends.mistakes) > 0 || f.ends.most > atOnce || f.ends.open != 0 {
		t.Errorf("%d connections at once, %d are left, wanted at most %d and none: %q", f.ends.most, f.ends.open, atOnce, f.ends.mistakes)
	}
	more := map[string]int{}
	for account, s := range f.ends.accounts {
		more[account] = s.passes - before[account]
	}
	return synced, more
}

// through returns how often each account was.
func (e *ends) through() map[string]int {
	e.mu.Lock()
	defer e.mu.Unlock()
	all := map[string]int{}
	for account, s := range e.accounts {
		all[account] = s.passes
	}
	return all
}

// wantOnce proves that each account of a wave was through once, or not at all.
func wantOnce(t *testing.T, more map[string]int, wave, times int) {
	t.Helper()
	for i := range perWave {
		if account := Address(wave*perWave + i); more[account] != times {
			t.Errorf("%s was through %d times in a pass, wanted %d", account, more[account], times)
		}
	}
}

// Three waves of an organisation, over a real store and queue: each account is through once in a pass, no server sees more connections than
// are allowed, the waves come in their order, and one that its brake has stopped stands until somebody resumes it.
func TestFleet_rulesHold(t *testing.T) {
	t.Parallel()
	f, err := Stage(lab.Open(t), Options{Accounts: 3 * perWave, Workers: 2, Connections: atOnce, Lease: 20 * time.Second, Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	if err := f.Waves(t.Context(), 3); err != nil {
		t.Fatal(err)
	}
	f.ends.refuses = func(account string) bool {
		return account >= Address(perWave) && account < Address(2*perWave) && account[7]%2 == 1
	}
	synced, more := passOver(t, f)
	wantOnce(t, more, 0, 1)
	wantOnce(t, more, 2, 1)
	if synced.Standing == 0 || synced.Standing+synced.Finished != 3*perWave {
		t.Errorf("%+v, wanted some that stand", synced)
	}
	f.wantInOrder(t)
	status, err := f.move.Waves(t.Context(), WaveName(1))
	if err != nil || status.Waves[0].State != ledger.WaveBraked {
		t.Fatalf("%+v, %v, wanted it to be stopped by its brake", status, err)
	}

	synced, more = passOver(t, f)
	wantOnce(t, more, 0, 1)
	wantOnce(t, more, 1, 0)
	wantOnce(t, more, 2, 1)
	if len(synced.Held) != 1 || synced.Held[0].Accounts != perWave {
		t.Errorf("%+v, wanted the accounts of one wave to be left alone", synced.Held)
	}

	f.ends.refuses = nil
	if _, err := f.move.ResumeWave(t.Context(), WaveName(1)); err != nil {
		t.Fatal(err)
	}
	if synced, more = passOver(t, f); synced.Finished != 3*perWave || synced.Failed > 0 || len(synced.Left) > 0 {
		t.Errorf("%+v, wanted all to be through", synced)
	}
	for wave := range 3 {
		wantOnce(t, more, wave, 1)
	}

	pass, err := f.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	few := Until{Full: 1, Accounts: 4 * perWave, Within: pass}
	if _, err := f.Work(t.Context(), Shape{Slices: 1}, few); !errors.Is(err, errNoneLeft) {
		t.Errorf("%v, wanted work that needs more accounts than there are to end with %v", err, errNoneLeft)
	}
}

// wantInOrder proves that when the first account of the last wave began, those of the first one had all begun, but for those that the
// workers had in hand.
func (f *Fleet) wantInOrder(t *testing.T) {
	t.Helper()
	f.ends.mu.Lock()
	defer f.ends.mu.Unlock()
	first := slices.IndexFunc(f.ends.began, func(account string) bool { return account >= Address(2*perWave) })
	late := 0
	for _, account := range f.ends.began[max(first, 0):] {
		if account < Address(perWave) {
			late++
		}
	}
	if first < 0 || late >= atOnce {
		t.Errorf("%d accounts of the first wave began after one of the last, wanted fewer than %d: %q", late, atOnce, f.ends.began)
	}
}
