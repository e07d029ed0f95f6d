// SPDX-License-Identifier: Apache-2.0

package web

import (
	"context"
	"net/http"

	"rehome/internal/journey"
)

type wavesPage struct {
	frame
	journey.Waves
}

func (s *Screen) showWaves(w http.ResponseWriter, r *http.Request, who visitor) {
	waves, err := s.move.Waves(r.Context())
	if err != nil {
		s.failed(w, r, who, err)
		return
	}
	write(w, r, s.options.Log, http.StatusOK, "waves", wavesPage{frameOf("Waves", "work", who), waves})
}

func (s *Screen) wavesCall(r *http.Request, _ visitor) (journey.Waves, error) {
	return s.move.Waves(r.Context())
}

// waveOrder names a wave that is to be paused, or to run again.
type waveOrder struct {
	Wave   string `json:"wave"`
	Reason string `json:"reason,omitempty"` // of a pause
}

func (s *Screen) pauseWave(w http.ResponseWriter, r *http.Request, who visitor) {
	_, err := s.pauseAs(r, who, waveOrder{r.PostFormValue("wave"), r.PostFormValue("reason")})
	s.answer(w, r, who, "/waves", err)
}

func (s *Screen) pauseAs(r *http.Request, who visitor, o waveOrder) (journey.Waves, error) {
	return s.move.PauseWave(journey.As(r.Context(), who.name), o.Wave, o.Reason)
}

func (s *Screen) resumeWave(w http.ResponseWriter, r *http.Request, who visitor) {
	_, err := s.resumeAs(r, who, waveOrder{Wave: r.PostFormValue("wave")})
	s.answer(w, r, who, "/waves", err)
}

func (s *Screen) resumeAs(r *http.Request, who visitor, o waveOrder) (journey.Waves, error) {
	return s.move.ResumeWave(journey.As(r.Context(), who.name), o.Wave)
}

// Waves are what is known of groups of accounts, and how they are begun and stopped.
type Waves interface {
	Waves(ctx context.Context, names ...string) (journey.Waves, error)
	PauseWave(ctx context.Context, name, reason string) (journey.Waves, error)
	ResumeWave(ctx context.Context, name string) (journey.Waves, error)
	PlanWave(ctx context.Context, name string, workers bool) (journey.WavePlan, error)
	StartWave(ctx context.Context, name string, confirmed bool) (journey.WaveStarted, error)
	SyncWave(ctx context.Context, name string, watcher journey.Watcher) (journey.Synced, error)
	SyncWaveOnWorkers(ctx context.Context, name string, told func(journey.WorkersSynced)) (journey.WorkersSynced, error)
}
