// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"cmp"
	"context"
	"slices"
	"time"

	"rehome/internal/itinerary"
	"rehome/internal/ledger"
	"rehome/internal/wave"
)

// atWork reports whether accounts are copied at this moment, by a process alone or by workers.
func atWork(ctx context.Context, store *ledger.Ledger) (bool, error) {
	locked, err := store.Locked()
	if err != nil || locked {
		return locked, err
	}
	held, err := store.Leases.Held(ctx)
	return len(held) > 0, err
}

// waveStops returns the waves that are not through by their state, in their order, and what keeps each. It writes nothing, and counts no
// accounts: there may be very many.
func waveStops(ctx context.Context, store *ledger.Ledger, now time.Time) ([]itinerary.Wave, error) {
	rows, err := store.Waves.All(ctx)
	if err != nil {
		return nil, err
	}
	priorities := map[string]int{}
	waves := make([]itinerary.Wave, 0, len(rows))
	for _, row := range rows {
		settings, err := wave.Read(row.Settings)
		if err != nil {
			return nil, waveFault(row.Name, err)
		}
		priorities[row.Name] = settings.Priority
		if opens, closes, err := settings.Windows.Opening(now); err == nil {
			row.Opens, row.Closes = opens, closes
		}
		waves = append(waves, stopOf(row, now))
	}
	slices.SortStableFunc(waves, func(a, b itinerary.Wave) int { return cmp.Compare(priorities[b.Name], priorities[a.Name]) })
	return waves, nil
}

func stopOf(row ledger.Wave, now time.Time) itinerary.Wave {
	w := itinerary.Wave{Name: row.Name}
	if row.Open(now) {
		return w
	}
	w.Reason, w.NextStep = heldBy(row).Reason, row.NextStep
	switch row.State {
	case ledger.WavePlanned:
		w.Stop = itinerary.StopPlanned
	case ledger.WavePaused:
		w.Stop = itinerary.StopPause
	case ledger.WaveBraked:
		w.Stop = itinerary.StopBrake
	default:
		w.Stop, w.Until = itinerary.StopHours, row.Opens
	}
	return w
}

// StatusWave is a wave, and what keeps it from being copied.
type StatusWave struct {
	Name     string             `json:"name"`
	Stop     itinerary.WaveStop `json:"stop,omitempty"`   // "" runs
	Reason   string             `json:"reason,omitempty"` // as a clause behind its name
	NextStep string             `json:"next_step,omitempty"`
	Until    time.Time          `json:"until,omitzero"` // when time lifts it
}

func statusWaves(ctx context.Context, store *ledger.Ledger, now time.Time) ([]StatusWave, error) {
	stops, err := waveStops(ctx, store, now)
	all := make([]StatusWave, 0, len(stops))
	for _, w := range stops {
		s := StatusWave{w.Name, w.Stop, w.Reason, w.NextStep, w.Until}
		switch w.Stop {
		case itinerary.StopBrake, itinerary.StopPause:
			s.NextStep = wave.Resuming(w.Name, w.NextStep)
		case itinerary.StopPlanned:
			s.NextStep = `run "rehome wave start ` + w.Name + `"`
		}
		all = append(all, s)
	}
	return all, err
}
