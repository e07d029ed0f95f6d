// SPDX-License-Identifier: Apache-2.0

package web

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"rehome"
	"rehome/internal/journey"
)

// How often the move is looked at while somebody watches: not more often than this, and with pauses that are some times as long as the
// look itself took, so that three hundred thousand accounts do not keep a machine busy.
const (
	lookEvery  = time.Second
	lookFactor = 10
	lookWithin = 30 * time.Second
	keepAlive  = 15 * time.Second // a line that says nothing, so that proxies keep the connection
)

// live looks at the move for all browsers together, as long as there is one.
type live struct {
	look func(context.Context) (journey.Overview, error)
	log  *slog.Logger

	mu       sync.Mutex
	last     journey.Overview
	failed   error
	looked   bool
	version  int
	changed  chan struct{} // closed when there is something newer
	watchers int
	stop     context.CancelFunc
	closed   bool
	over     sync.WaitGroup
}

func newLive(look func(context.Context) (journey.Overview, error), log *slog.Logger) *live {
	return &live{look: look, log: log, changed: make(chan struct{})}
}

// watch begins to look if nobody did, until leave is called.
func (l *live) watch() (leave func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.watchers++
	if l.watchers == 1 && !l.closed {
		ctx, stop := context.WithCancel(context.Background())
		l.stop = stop
		l.over.Go(func() { l.run(ctx) })
	}
	return sync.OnceFunc(func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.watchers--; l.watchers == 0 && l.stop != nil {
			l.stop()
		}
	})
}

func (l *live) close() {
	l.mu.Lock()
	l.closed = true
	if l.stop != nil {
		l.stop()
	}
	l.mu.Unlock()
	l.over.Wait()
}

func (l *live) run(ctx context.Context) {
	for ctx.Err() == nil {
		began := time.Now()
		limited, cancel := context.WithTimeout(ctx, lookWithin)
		overview, err := l.look(limited)
		cancel()
		if ctx.Err() != nil {
			return
		}
		l.publish(overview, err)
		select {
		case <-ctx.Done():
		case <-time.After(max(lookEvery, lookFactor*time.Since(began))):
		}
	}
}

func (l *live) publish(overview journey.Overview, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil && l.failed == nil {
		l.log.Warn("the screen cannot read the ledger", rehome.LogError, err.Error(), rehome.LogHint, rehome.HintOf(err))
	}
	if l.failed = err; err == nil {
		l.last, l.looked = overview, true
	}
	l.version++
	close(l.changed)
	l.changed = make(chan struct{})
}

// freshFor is how old the figures may be with which a page begins. They say of when they are, and the stream brings newer ones.
const freshFor = time.Minute

// overview returns what was seen lately, or looks.
func (l *live) overview(ctx context.Context) (journey.Overview, error) {
	l.mu.Lock()
	last, fresh := l.last, l.looked && l.failed == nil && time.Since(l.last.At) < freshFor
	l.mu.Unlock()
	if fresh {
		return last, nil
	}
	overview, err := l.look(ctx)
	l.publish(overview, err)
	return overview, err
}

// seen is what was seen last.
type seen struct {
	overview journey.Overview
	failed   error // why it is not of now
	version  int   // 0 before the first look
	changed  <-chan struct{}
}

func (l *live) seen() seen {
	l.mu.Lock()
	defer l.mu.Unlock()
	return seen{l.last, l.failed, l.version, l.changed}
}

func (s *Screen) streamMove(w http.ResponseWriter, r *http.Request, _ visitor) {
	s.stream(w, r, func(now seen) []byte { return s.part("move", "move-part", viewOf(now.overview, now.failed)) })
}

// stream sends a page's inner part whenever it has changed (HTML Living Standard, section 9.2: server-sent events), for as long as the
// browser's session counts.
func (s *Screen) stream(w http.ResponseWriter, r *http.Request, partOf func(seen) []byte) {
	control := http.NewResponseController(w)
	w.Header().Set("Content-Type", "text/event-stream")
	if control.Flush() != nil {
		http.Error(w, "This connection cannot be kept open.", http.StatusInternalServerError)
		return
	}
	leave := s.live.watch()
	defer leave()
	var sent []byte
	for {
		now := s.live.seen()
		if now.version > 0 {
			part := partOf(now)
			if !bytes.Equal(part, sent) {
				if !s.door.stillIn(r) || sendEvent(w, control, part) != nil {
					return
				}
				sent = part
			}
		}
		select {
		case <-r.Context().Done():
			return
		case <-now.changed:
		case <-time.After(keepAlive):
			if !s.door.stillIn(r) {
				return
			}
			if _, err := fmt.Fprint(w, ":\n\n"); err != nil || control.Flush() != nil {
				return
			}
		}
	}
}

// sendEvent sends one message, which nobody may take longer than keepAlive to take.
func sendEvent(w http.ResponseWriter, control *http.ResponseController, data []byte) error {
	_ = control.SetWriteDeadline(time.Now().Add(keepAlive)) // where a server has none, TCP has
	var event strings.Builder
	for line := range strings.Lines(string(data)) {
		event.WriteString("data: " + strings.TrimRight(line, "\r\n") + "\n")
	}
	if _, err := fmt.Fprint(w, event.String()+"\n"); err != nil {
		return err
	}
	return control.Flush()
}
