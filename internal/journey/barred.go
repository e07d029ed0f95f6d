// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"slices"
	"sync"
	"time"

	"rehome"
)

// barred are accounts whose log-in was refused. What a cutover does again every few minutes, for days, would have a host lock this
// machine out: they are left alone for an hour, or until rehome begins anew.
type barred struct {
	mu    sync.Mutex
	since map[string]time.Time
}

const barredFor = time.Hour

// note keeps that a log-in was refused.
func (b *barred) note(address string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.since == nil {
		b.since = map[string]time.Time{}
	}
	b.since[address] = time.Now()
}

// has reports whether an account is to be left alone.
func (b *barred) has(address string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	at, known := b.since[address]
	return known && time.Since(at) < barredFor
}

// without returns the accounts that may be tried.
func (b *barred) without(accounts []rehome.Account) []rehome.Account {
	return slices.DeleteFunc(slices.Clone(accounts), func(a rehome.Account) bool { return b.has(a.Address) })
}
