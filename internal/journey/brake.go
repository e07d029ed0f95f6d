// SPDX-License-Identifier: Apache-2.0

package journey

import "sync"

// Brake stops work as a person's first Ctrl-C does: where a pass copies, nothing new begins and what is under way is brought to its
// end; elsewhere the work ends at once. Its zero value is ready; it is for one operation at a time.
type Brake struct {
	mu        sync.Mutex
	finishing chan struct{} // nil where the work ends at once
	pulled    bool
}

// Finish is what a Watcher calls.
func (b *Brake) Finish() (stop <-chan struct{}, over func()) {
	channel := make(chan struct{})
	b.set(channel)
	return channel, func() { b.set(nil) }
}

func (b *Brake) set(channel chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.finishing = channel
	if channel != nil && b.pulled {
		close(channel)
	}
}

// Pull stops the work, and reports whether it finishes first what is under way; else it has called cancel.
func (b *Brake) Pull(cancel func()) (finishes bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.finishing == nil:
		cancel()
	case !b.pulled:
		close(b.finishing)
	}
	b.pulled = true
	return b.finishing != nil
}
