// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"time"

	"rehome"
	"rehome/internal/conductor"
	"rehome/internal/ledger"
)

// speedEvery is how often a pass notes what it has carried.
const speedEvery = time.Minute

// noteSpeed keeps how much a pass carries and what it is held up by, minute by minute, until the returned function is called. That it
// cannot be kept is no reason not to copy.
func (m *Move) noteSpeed(ctx context.Context, store *ledger.Ledger, progress *conductor.Progress) (over func()) {
	ctx = context.WithoutCancel(ctx)
	before := progress.Snapshot()
	noteLoads := m.loadNoter(store)
	note := func() {
		noteLoads(ctx)
		now := progress.Snapshot()
		s := ledger.Speed{At: time.Now(), Messages: now.Copied - before.Copied, Octets: now.CopiedOctets - before.CopiedOctets,
			Objects: now.Objects - before.Objects, Accounts: int64(now.Finished - before.Finished)}
		before = now
		if s.Messages+s.Octets+s.Objects+s.Accounts == 0 {
			return
		}
		if err := store.Speeds.Add(ctx, s); err != nil {
			m.log.Info("the speed cannot be kept", rehome.LogError, err.Error())
		}
	}
	ended, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		ticker := time.NewTicker(speedEvery)
		defer ticker.Stop()
		for {
			select {
			case <-ended:
				note()
				return
			case <-ticker.C:
				note()
			}
		}
	}()
	return func() {
		close(ended)
		<-stopped
	}
}

// SpeedPoints is how many points a chart has at most.
const SpeedPoints = 500

// Throughput is how much was carried lately, in equal steps.
type Throughput struct {
	Step   time.Duration  `json:"-"`
	Speeds []ledger.Speed `json:"speeds"` // of steps in which something was carried
	Events []SpeedEvent   `json:"events"`
}

// SpeedEvent is what may explain a turn of the curve.
type SpeedEvent struct {
	At   time.Time `json:"at"`
	Text string    `json:"text"`
}

// mostEvents is how many of the last lines of the audit log are looked through for events.
const mostEvents = 500

// Throughput returns how much passes have carried in a span of time up to now.
func (m *Move) Throughput(ctx context.Context, span time.Duration) (Throughput, error) {
	store, err := m.store(ctx)
	if err != nil {
		return Throughput{}, err
	}
	minutes := max(int64((span+SpeedPoints*time.Minute-1)/(SpeedPoints*time.Minute)), 1)
	from := time.Now().Add(-span)
	t := Throughput{Step: time.Duration(minutes) * time.Minute}
	if t.Speeds, err = store.Speeds.Since(ctx, from, minutes); err != nil {
		return Throughput{}, err
	}
	lines, err := store.Audit.Page(ctx, "", 0, mostEvents)
	if err != nil {
		return Throughput{}, err
	}
	for _, l := range lines {
		switch {
		case l.At.Before(from):
		case l.Action == actionSyncBegan:
			t.Events = append(t.Events, SpeedEvent{l.At, "pass of " + l.After})
		case l.Action == actionCutover:
			t.Events = append(t.Events, SpeedEvent{l.At, l.Object + ": " + l.After})
		}
	}
	return t, nil
}

// actionCutover is the action of a domain's step in the audit log.
const actionCutover = "cutover"

// AuditPage returns at most limit lines of the audit log before another one, the newest first, about an object unless that is "".
func (m *Move) AuditPage(ctx context.Context, object string, before int64, limit int) (page []ledger.AuditLine, more bool, err error) {
	store, err := m.store(ctx)
	if err != nil {
		return nil, false, err
	}
	if page, err = store.Audit.Page(ctx, object, before, limit+1); err != nil {
		return nil, false, err
	}
	more = len(page) > limit
	return page[:min(len(page), limit)], more, nil
}
