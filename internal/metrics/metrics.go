// SPDX-License-Identifier: Apache-2.0

// Package metrics tells a monitoring system what a process of a move does: Prometheus' text format, health, readiness and profiles, on
// a listener of its own.
//
// It asks the move for figures whenever somebody looks, and keeps none but the highest of each counter. A caller opens a Listener and
// closes it; while it is open it answers. What metrics there are is declared in declared.go, once, and documented from there. No label is
// an address of a person or anything else that grows with a move: servers are those of the settings.
package metrics

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"rehome"
	"rehome/internal/conductor"
	"rehome/internal/endpoint"
	"rehome/internal/journey"
	"rehome/internal/ledger"
)

// Move is what is asked of a move; *journey.Move is one.
type Move interface {
	Measure() journey.Measured
	Standing(ctx context.Context) (journey.Standing, error)
	Ready(ctx context.Context) error
}

// How often the ledger is read at most, and for how long.
const (
	standingEvery  = 15 * time.Second
	standingWithin = 5 * time.Second
)

// collector is a prometheus.Collector of a move.
type collector struct {
	move  Move
	descs map[string]described

	mu       sync.Mutex
	highest  map[string]float64 // of each series that counts up
	standing journey.Standing
	trouble  error
	read     time.Time
}

type described struct {
	Declared

	desc *prometheus.Desc
}

func newCollector(move Move) *collector {
	c := &collector{move: move, descs: map[string]described{}, highest: map[string]float64{}}
	for _, d := range All() {
		c.descs[d.Name] = described{d, prometheus.NewDesc(d.Name, d.Help, d.Labels, nil)}
	}
	return c
}

// Describe implements prometheus.Collector.
func (c *collector) Describe(to chan<- *prometheus.Desc) {
	for _, d := range c.descs {
		to <- d.desc
	}
}

// Collect implements prometheus.Collector.
func (c *collector) Collect(to chan<- prometheus.Metric) {
	c.mu.Lock()
	defer c.mu.Unlock()
	put := func(name string, value float64, labels ...string) {
		d := c.descs[name]
		kind := prometheus.GaugeValue
		if d.Counts() {
			// The time of connections is measured anew as more is known of the line, and may shrink a little: a counter that does
			// so would count as one that has begun again.
			series := strings.Join(append(labels, name), "\x00")
			value = max(value, c.highest[series])
			c.highest[series], kind = value, prometheus.CounterValue
		}
		to <- prometheus.MustNewConstMetric(d.desc, kind, value, labels...)
	}
	now := c.move.Measure()
	put("rehome_build_info", 1, now.Version)
	for work, m := range now.Work {
		putWork(put, work, m)
	}
	for server, m := range now.Servers {
		putServer(put, server, m)
	}
	put("rehome_answer_awaited_seconds", now.Awaited.Seconds())
	put("rehome_ledger_operations_total", float64(now.Ledger.Reads), "read")
	put("rehome_ledger_operations_total", float64(now.Ledger.Writes), "write")
	put("rehome_ledger_seconds_total", now.Ledger.Waited.Seconds())
	c.putStanding(put)
}

type putter func(name string, value float64, labels ...string)

// putWork tells what was done of a kind of work, and how far that is which is under way.
func putWork(put putter, work string, m journey.WorkMeasured) {
	put("rehome_accounts_total", float64(m.Accounts), work, "complete")
	put("rehome_accounts_total", float64(m.Failed), work, "failed")
	put("rehome_messages_total", float64(m.Messages), work)
	put("rehome_bytes_total", float64(m.Octets), work)
	put("rehome_objects_total", float64(m.Objects), work)
	for end, n := range m.Ends {
		put("rehome_steps_total", float64(n), string(end.Kind), reasonOf(end.Reason))
	}
	for end, n := range m.Retries {
		put("rehome_retries_total", float64(n), string(end.Kind), reasonOf(end.Reason))
	}
	if !m.Running {
		put("rehome_running", 0, work)
		return
	}
	put("rehome_running", 1, work)
	putPass(put, work, m.Now)
}

func putPass(put putter, work string, s conductor.Snapshot) {
	put("rehome_pass_accounts", float64(s.Accounts), work, "all")
	put("rehome_pass_accounts", float64(s.Finished-s.Failed), work, "complete")
	put("rehome_pass_accounts", float64(s.Failed), work, "failed")
	put("rehome_pass_messages", float64(s.Messages), work, "source")
	put("rehome_pass_messages", float64(s.Done), work, "destination")
	put("rehome_pass_left_seconds", s.Left.Seconds(), work)
	put("rehome_pass_quiet_seconds", s.Quiet.Seconds(), work)
	for _, share := range s.HeldUp.Lately {
		put("rehome_held_up_ratio", float64(share.Percent)/100, work, word(share.By))
	}
}

// putServer tells how the time with a server was spent.
func putServer(put putter, server endpoint.Server, m endpoint.Metered) {
	side := string(server.Side)
	if side == "" {
		side = "none"
	}
	at := func(more ...string) []string { return append([]string{side, server.Address, server.Service}, more...) }
	for spent, t := range map[string]time.Duration{
		"answers": m.Awaited - m.OnWay, "round_trips": m.OnWay, "own_limit": m.Paced, "own_limit_on_connections": m.Queued, "asked_to_slow_down": m.Eased,
		"not_by_it": m.Open - m.Awaited - m.Paced,
	} {
		put("rehome_server_seconds_total", max(0, t).Seconds(), at(spent)...)
	}
	put("rehome_server_places", float64(m.In), at("in")...)
	put("rehome_server_places", float64(m.Waiting), at("waiting")...)
	put("rehome_server_slowdowns_total", float64(m.Slowed), at()...)
	for class, n := range m.LogIns {
		put("rehome_server_logins_total", float64(n), at(reasonOf(class))...)
	}
}

// putStanding tells where the whole move stands, as the ledger had it lately.
func (c *collector) putStanding(put putter) {
	if time.Since(c.read) >= standingEvery || c.read.IsZero() {
		ctx, over := context.WithTimeout(context.Background(), standingWithin)
		c.standing, c.trouble = c.move.Standing(ctx)
		over()
		c.read = time.Now()
	}
	if c.trouble != nil {
		put("rehome_store_up", 0)
		return
	}
	put("rehome_store_up", 1)
	accounts := map[[2]string]int64{}
	for _, t := range c.standing.Accounts {
		accounts[[2]string{string(t.State), orNone(t.Verdict)}] += t.Accounts
	}
	for key, n := range accounts {
		put("rehome_move_accounts", float64(n), key[0], key[1])
	}
	for severity, n := range bySeverity(c.standing.Findings) {
		put("rehome_move_findings", float64(n), string(severity))
	}
	for _, state := range []ledger.WaveState{ledger.WavePlanned, ledger.WaveRunning, ledger.WavePaused, ledger.WaveBraked} {
		put("rehome_move_waves", float64(c.standing.Waves[state]), string(state))
	}
	put("rehome_move_workers", float64(c.standing.Workers))
	put("rehome_move_workers_hindered", float64(c.standing.Hindered))
	put("rehome_move_accounts_held", float64(c.standing.Held))
}

func bySeverity(findings []ledger.FindingTotal) map[rehome.Severity]int64 {
	all := map[rehome.Severity]int64{rehome.SeverityError: 0, rehome.SeverityWarning: 0}
	for _, f := range findings {
		all[f.Severity] += f.Findings
	}
	return all
}

func reasonOf(class rehome.Class) string { return orNone(string(class)) }

func orNone(text string) string {
	if text == "" {
		return "none"
	}
	return word(text)
}

// word is a value of a label that needs no quoting in anybody's query.
func word(text string) string { return strings.ReplaceAll(text, " ", "_") }
