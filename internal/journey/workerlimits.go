// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"fmt"
	"strings"
	"sync/atomic"

	"rehome/internal/ledger"
	"rehome/internal/worker"
)

// sharedLimits are both ends of a worker, who has a share of what the settings allow.
type sharedLimits struct {
	hosts hosts
	whole ledger.Amounts
	pace  atomic.Int64
	open  atomic.Bool // there is a connection to each end
	said  string      // the last sentence
	told  func(sentence string)
}

// share returns the limits of the settings, of which this worker has nothing yet. All its runs are within them.
func (c *crew) share() *sharedLimits {
	settings := c.move.settings
	whole := ledger.Amounts{
		worker.Source: int64(settings.Limits.SourceConnections), worker.Destination: int64(settings.Limits.DestinationConnections),
	}
	if settings.Destination.Dsync.Used() {
		whole[worker.Dsync] = int64(settings.Destination.Dsync.Connections)
	}
	if n := int64(settings.Limits.BytesPerSecond); n > 0 {
		whole[worker.Octets] = n
	}
	l := &sharedLimits{hosts: c.move.hosts(c.watcher.Progress.Slowed), whole: whole, told: c.options.Told}
	l.set(ledger.Amounts{})
	return l
}

// Whole implements worker.Limits.
func (l *sharedLimits) Whole() ledger.Amounts { return l.whole }

// Using implements worker.Limits.
func (l *sharedLimits) Using() ledger.Amounts {
	using := ledger.Amounts{worker.Source: int64(l.hosts.src.Using()), worker.Destination: int64(l.hosts.dst.Using())}
	if l.whole[worker.Dsync] > 0 {
		using[worker.Dsync] = int64(l.hosts.dsync.Using())
	}
	if l.whole[worker.Octets] > 0 {
		using[worker.Octets] = l.pace.Load()
	}
	return using
}

// Allow implements worker.Limits. It says what has changed.
func (l *sharedLimits) Allow(amounts ledger.Amounts) {
	l.set(amounts)
	if said := l.sentence(amounts); said != l.said {
		l.said = said
		l.told(said)
	}
}

func (l *sharedLimits) set(amounts ledger.Amounts) {
	l.pace.Store(amounts[worker.Octets])
	l.open.Store(amounts[worker.Source] > 0 && amounts[worker.Destination] > 0)
	l.hosts.src.Allow(int(amounts[worker.Source]), max(amounts[worker.Octets], 1))
	l.hosts.dst.Allow(int(amounts[worker.Destination]), max(amounts[worker.Octets], 1))
	l.hosts.dsync.Allow(int(amounts[worker.Dsync]), 0)
}

func (l *sharedLimits) sentence(amounts ledger.Amounts) string {
	if amounts[worker.Source] == 0 {
		return "waits for connections that other workers use"
	}
	parts := []string{
		fmt.Sprintf("%d of %d connections to the source", amounts[worker.Source], l.whole[worker.Source]),
		fmt.Sprintf("%d of %d to the destination", amounts[worker.Destination], l.whole[worker.Destination]),
	}
	if all := l.whole[worker.Dsync]; all > 0 {
		parts = append(parts, fmt.Sprintf("%d of %d to its dsync", amounts[worker.Dsync], all))
	}
	if all := l.whole[worker.Octets]; all > 0 {
		parts = append(parts, fmt.Sprintf("%d of %d octets a second at each end", amounts[worker.Octets], all))
	}
	return "may use " + strings.Join(parts, ", ")
}

// wanted reports whether accounts wait for connections of this worker, or others do for those that it is to give back.
func (l *sharedLimits) wanted() bool {
	return l.hosts.src.Crowded() || l.hosts.dst.Crowded() || l.hosts.dsync.Crowded()
}

// Cut implements worker.Limits.
func (l *sharedLimits) Cut() {
	for _, host := range []interface{ Cut() }{l.hosts.src, l.hosts.dst, l.hosts.dsync, l.hosts.drops} {
		host.Cut()
	}
}
