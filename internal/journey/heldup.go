// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"sync"
	"time"

	"rehome/internal/conductor"
	"rehome/internal/endpoint"
)

// recently is how far what has held a pass up lately goes back at least, and half of how far it does at most.
const recently = 30 * time.Second

// heldUp says what holds the work between two hosts up.
type heldUp struct {
	load func() loads

	mu         sync.Mutex
	since, mid loads // when lately began, and when it will have begun next
	turned     time.Time
}

// loads are those of both hosts at a moment.
type loads struct{ src, dst endpoint.Load }

func (l loads) shares(since loads) []endpoint.Share {
	return endpoint.Shares(l.src.Minus(since.src), l.dst.Minus(since.dst))
}

// explain has progress say what holds the work between these hosts up.
func (h hosts) explain(progress *conductor.Progress) {
	e := &heldUp{load: func() loads { return loads{h.src.Load(), h.dst.Load()} }, turned: time.Now()}
	progress.Explain(e.now)
}

func (e *heldUp) now() conductor.HeldUp {
	e.mu.Lock()
	defer e.mu.Unlock()
	now := e.load()
	if time.Since(e.turned) >= recently {
		e.since, e.mid, e.turned = e.mid, now, time.Now()
	}
	return conductor.HeldUp{Lately: now.shares(e.since), Whole: now.shares(loads{})}
}
