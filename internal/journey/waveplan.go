// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"errors"
	"time"

	"rehome/internal/ledger"
	"rehome/internal/wave"
)

// WavePlan is what starting a wave would do.
type WavePlan struct {
	Wave     string        `json:"wave"`
	Accounts int64         `json:"accounts"`
	Closed   []wave.Closed `json:"closed"`         // what keeps it from beginning, but for somebody who confirms that it is to run nevertheless
	Opens    time.Time     `json:"opens,omitzero"` // its hours begin then, and nothing is copied before; zero where they have begun
	Planned  *Planned      `json:"-"`              // the pass over its accounts; nil where workers copy
}

// PlanWave finds out what StartWave and the pass behind it would do, by this machine or by workers, and changes nothing.
func (m *Move) PlanWave(ctx context.Context, name string, workers bool) (plan WavePlan, err error) {
	row, store, err := m.findWave(ctx, name)
	if err != nil {
		return plan, err
	}
	plan = WavePlan{Wave: name, Closed: []wave.Closed{}}
	if plan.Accounts, err = store.Waves.Size(ctx, name); err != nil {
		return plan, err
	}
	if plan.Closed, err = m.gateOf(ctx, store, row); err != nil {
		return plan, err
	}
	settings, err := wave.Read(row.Settings)
	if err != nil {
		return plan, waveFault(name, err)
	}
	now := time.Now()
	opens, _, err := settings.Windows.Opening(now)
	if err != nil {
		return plan, waveFault(name, err)
	}
	if opens.After(now) {
		plan.Opens = opens
	}
	if workers || plan.Accounts == 0 || !plan.Opens.IsZero() {
		return plan, nil
	}
	who, err := m.ofWave(ctx, name)
	if err != nil {
		return plan, err
	}
	planned, err := m.planSelection(ctx, who, SyncOptions{})
	plan.Planned = &planned
	return plan, err
}

// gateOf says what keeps a wave from beginning; nothing keeps one that runs. One that was stopped is a Fault: it is resumed.
func (m *Move) gateOf(ctx context.Context, store *ledger.Ledger, row ledger.Wave) ([]wave.Closed, error) {
	switch row.State {
	case ledger.WavePaused, ledger.WaveBraked:
		held := heldBy(row)
		return nil, waveUsage("start wave", row.Name, errors.New("it "+held.Reason), held.NextStep)
	case ledger.WaveRunning:
		return []wave.Closed{}, nil
	}
	entry, err := m.entryOf(ctx, store, row)
	return nonNil(wave.Enter(entry)), err
}
