// SPDX-License-Identifier: Apache-2.0

package endpoint

import (
	"sync"
	"time"
)

// Waits are the answers that are waited for at this moment, so that a face can say which host is silent, and for how long.
// Every service notes its connections, log-ins and requests. It is safe for concurrent use; nil notes nothing.
type Waits struct {
	mu    sync.Mutex
	next  int
	begun map[int]Wait
}

// Wait is one of them.
type Wait struct {
	For   string // "the source mail.example.com:993"
	Since time.Time
}

// NewWaits returns one without any.
func NewWaits() *Waits { return &Waits{begun: map[int]Wait{}} }

// Begin notes that an answer is waited for, until over is called.
func (w *Waits) Begin(what string) (over func()) {
	if w == nil {
		return func() {}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	id := w.next
	w.next++
	w.begun[id] = Wait{For: what, Since: time.Now()}
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.begun, id)
	}
}

// Longest returns the one that has begun first; ok is false if nothing is waited for.
func (w *Waits) Longest() (longest Wait, ok bool) {
	if w == nil {
		return longest, false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, wait := range w.begun {
		if !ok || wait.Since.Before(longest.Since) {
			longest, ok = wait, true
		}
	}
	return longest, ok
}
