// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"

	"rehome/internal/conductor"
	"rehome/internal/endpoint"
	"rehome/internal/ledger"
	"rehome/internal/pass"
)

// Simulated makes the step of passes between ends that nobody runs. Whatever sends anything is in the step; turns, leases, the queue, waves
// and limits are those of every move.
type Simulated func(store *ledger.Ledger, source, destination *endpoint.Host, progress *conductor.Progress) pass.Step

// Simulate has the passes of this move do one step in place of all kinds of work. It is called before the first of them.
func (m *Move) Simulate(make Simulated) { m.simulated = make }

func (m *Move) openSimulated(_ context.Context, who selection, hosts hosts, _ SyncOptions, watcher Watcher) (kindOfWork, error) {
	return kindOfWork{step: m.simulated(who.store, hosts.src, hosts.dst, watcher.Progress)}, nil
}
