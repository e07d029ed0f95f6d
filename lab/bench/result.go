// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"slices"
	"strings"
	"time"
)

// Load is what a whole run of a row moves.
type Load struct {
	Accounts int   `json:"accounts"`
	Items    int   `json:"items"` // of all accounts
	Octets   int64 `json:"octets"`
}

// Result is one row with all its runs. It is what --json writes, a line each.
type Result struct {
	Key         string      `json:"key"`
	Work        string      `json:"work"`
	Destination string      `json:"destination"`
	Line        string      `json:"line"`
	Again       bool        `json:"again"` // there was nothing to do
	Load        Load        `json:"load"`
	Taken       time.Time   `json:"taken"`
	Contenders  []Contender `json:"contenders"`
}

// Contender is what became of one tool in a row.
type Contender struct {
	Name     string   `json:"name"`
	Note     string   `json:"note,omitempty"`
	Runs     []Run    `json:"runs"`
	Failures []string `json:"failures,omitempty"`
}

// Run is one run whose outcome was right. Sides are source and destination.
type Run struct {
	Seconds    float64    `json:"seconds"` // as measured
	Part       float64    `json:"part"`    // share of the row's work that was done
	ClientCPU  float64    `json:"client_cpu_seconds"`
	ServerCPU  [2]float64 `json:"server_cpu_seconds"`
	PeakOctets int64      `json:"peak_octets,omitempty"`
	Counted    bool       `json:"counted"` // whether round trips were counted
	Trips      [2]int     `json:"round_trips"`
	LogIns     [2]int     `json:"log_ins"`
}

// whole is the time for the row's whole work. A pass with nothing to do is what it is.
func (r Result) whole(run Run) float64 {
	if r.Again {
		return run.Seconds
	}
	return run.Seconds / run.Part
}

// seconds is the median time of the contender of that name, or the best one of those whose names begin
// so; false if there is none.
func (r Result) seconds(name string) (float64, bool) {
	best, found := r.best(name)
	if !found {
		return 0, false
	}
	return median(best.Runs, r.whole), true
}

// best is the fastest contender of those whose names begin so.
func (r Result) best(name string) (best Contender, found bool) {
	for _, c := range r.Contenders {
		if !strings.HasPrefix(c.Name, name) || len(c.Runs) == 0 {
			continue
		}
		if !found || median(c.Runs, r.whole) < median(best.Runs, r.whole) {
			best = c
			found = true
		}
	}
	return best, found
}

// shown are the contenders of the table: of the raw probes only the best of each kind, the others with
// whatever became of them.
func (r Result) shown() []Contender {
	var shown []Contender
	for _, kind := range []string{rawRead, rawWrite, rawCopy} {
		if best, found := r.best(kind); found {
			shown = append(shown, best)
		}
	}
	for _, c := range r.Contenders {
		if !strings.HasPrefix(c.Name, raw) || len(c.Runs) == 0 {
			shown = append(shown, c)
		}
	}
	return shown
}

// limit is the time that no copy between the two servers can beat: the longer one of reading alone and
// writing alone, each with as many connections as suit it best. Of contacts and events only writing is
// probed, which takes many times as long as reading.
func (r Result) limit() (float64, bool) {
	read, _ := r.seconds(rawRead)
	write, haveWrite := r.seconds(rawWrite)
	return max(read, write), haveWrite
}

func median(runs []Run, figure func(Run) float64) float64 {
	figures := make([]float64, len(runs))
	for i, run := range runs {
		figures[i] = figure(run)
	}
	slices.Sort(figures)
	middle := len(figures) / 2
	if len(figures)%2 == 0 {
		return (figures[middle-1] + figures[middle]) / 2
	}
	return figures[middle]
}
