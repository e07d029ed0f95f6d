// SPDX-License-Identifier: Apache-2.0

package web

import (
	"context"
	"net/http"
	"net/url"

	"rehome"
	"rehome/internal/journey"
	"rehome/internal/ledger"
)

// startOrder names a wave that is to run.
type startOrder struct {
	Wave    string `json:"wave"`
	Confirm bool   `json:"confirm,omitempty"` // although something is in the way
}

// wavePlan is what starting a wave would do.
type wavePlan struct {
	journey.WavePlan

	Confirmed bool `json:"confirmed"` // it is to run although something is in the way
	Workers   bool `json:"workers"`   // they copy
}

// MayBegin reports whether it would run.
func (p wavePlan) MayBegin() bool { return p.Accounts > 0 && (len(p.Closed) == 0 || p.Confirmed) }

// waveErrand lets a wave run and copies its accounts, as "rehome wave start".
func (s *Screen) waveErrand(order startOrder) errand {
	return errand{
		command: "wave start", role: ledger.RoleOperate, again: order.Confirm,
		plan: func(ctx context.Context) (plan, error) {
			planned, err := s.move.PlanWave(ctx, order.Wave, s.options.Many)
			shown := wavePlan{planned, order.Confirm, s.options.Many}
			made := plan{Wave: &shown, Summary: plural(planned.Accounts, "account") + " in wave " + order.Wave, Nothing: !shown.MayBegin()}
			same := []any{order, planned.Accounts, planned.Closed}
			if planned.Planned != nil {
				made.Sync = syncPlanOf(*planned.Planned)
				made.Summary += "; " + s.options.Words.Planned(*planned.Planned)
				same = append(same, lossesOf(*planned.Planned))
			}
			made.of = same
			return made, err
		},
		run: func(ctx context.Context, w *work) (string, rehome.Outcome, error) {
			started, err := s.startWave(ctx, w, order)
			return s.options.Words.Started(started), started.Outcome(), err
		},
	}
}

// startWave lets a wave run. What this machine copies is awaited; workers go on by themselves.
func (s *Screen) startWave(ctx context.Context, w *work, order startOrder) (journey.WaveStarted, error) {
	started, err := s.move.StartWave(ctx, order.Wave, order.Confirm)
	if err != nil || !started.Begun {
		return started, err
	}
	if !s.options.Many {
		synced, err := s.move.SyncWave(ctx, order.Wave, journey.Watcher{Progress: w.progress, Finish: w.brake.Finish})
		started.Synced = &synced
		return started, err
	}
	ctx, handedOver := context.WithCancel(ctx)
	defer handedOver()
	synced, err := s.move.SyncWaveOnWorkers(ctx, order.Wave, func(journey.WorkersSynced) { handedOver() })
	started.Workers = &synced
	return started, err
}

func (s *Screen) planWave(w http.ResponseWriter, r *http.Request, who visitor) {
	s.order(w, r, who, func(form url.Values) (errand, error) {
		return s.waveErrand(startOrder{Wave: form.Get("wave"), Confirm: form.Has("confirm")}), nil
	})
}
