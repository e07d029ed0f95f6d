// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"fmt"
	"io"
	"strings"
)

// peer is the tool that the others are held against where mail is moved.
const peer = "mbsync"

var columns = []string{
	"work", "destination", "line", "tool", "s (least to most)", "items/s", "MB/s", "of raw limit", "of raw copy", "x " + peer + " or " + pimPeer,
	"client CPU s", "server CPU s", "peak MiB", "round trips", "log-ins",
}

// Header begins the Markdown table.
func Header(out io.Writer) error {
	_, err := fmt.Fprintf(out, "| %s |\n|%s\n", strings.Join(columns, " | "), strings.Repeat("---|", len(columns)))
	return err
}

// Render writes the lines of one row.
func Render(out io.Writer, r Result) error {
	for i, c := range r.shown() {
		cells := []string{"", "", ""}
		if i == 0 {
			cells = []string{r.Work, r.Destination, r.Line}
		}
		name := c.Name
		if c.Note != "" {
			name += " (" + c.Note + ")"
		}
		cells = append(append(cells, name), r.figures(c)...)
		if _, err := fmt.Fprintf(out, "| %s |\n", strings.Join(cells, " | ")); err != nil {
			return err
		}
	}
	return nil
}

// figures are the cells behind the name.
func (r Result) figures(c Contender) []string {
	cells := make([]string, len(columns)-4)
	if len(c.Runs) == 0 {
		cells[0] = "-"
		if len(c.Failures) > 0 {
			cells[0] = "no figure: " + strings.NewReplacer("|", "/", "\n", " ").Replace(c.Failures[0])
		}
		return cells
	}
	seconds := median(c.Runs, r.whole)
	cells[0] = r.span(c)
	if !r.Again {
		cells[1] = fmt.Sprintf("%.0f", float64(r.Load.Items)/seconds)
		cells[2] = fmt.Sprintf("%.1f", float64(r.Load.Octets)/1e6/seconds)
	}
	if limit, ok := r.limit(); ok {
		cells[3] = fmt.Sprintf("%.2f", limit/seconds)
	}
	if whole, ok := r.seconds(rawCopy); ok {
		cells[4] = fmt.Sprintf("%.2f", whole/seconds)
	}
	if other, ok := r.peer(); ok {
		cells[5] = fmt.Sprintf("%.1f", other/seconds)
	}
	r.costs(c, cells[6:])
	return cells
}

// peer is the time of the other tool that does this work.
func (r Result) peer() (float64, bool) {
	if seconds, ok := r.seconds(peer); ok {
		return seconds, true
	}
	return r.seconds(pimPeer)
}

// span is the median with the range, and a warning where some runs have none.
func (r Result) span(c Contender) string {
	least := r.whole(c.Runs[0])
	most := r.whole(c.Runs[0])
	for _, run := range c.Runs {
		least, most = min(least, r.whole(run)), max(most, r.whole(run))
	}
	text := fmt.Sprintf("%.2f", median(c.Runs, r.whole))
	if len(c.Runs) > 1 {
		text += fmt.Sprintf(" (%.2f to %.2f)", least, most)
	}
	if len(c.Failures) > 0 {
		text += fmt.Sprintf(", %d failed", len(c.Failures))
	}
	return text
}

// costs are the cells for CPU time, memory and round trips.
func (r Result) costs(c Contender, cells []string) {
	share := func(seconds float64, run Run) float64 {
		if r.Again {
			return seconds
		}
		return seconds / run.Part
	}
	cells[0] = fmt.Sprintf("%.2f", median(c.Runs, func(run Run) float64 { return share(run.ClientCPU, run) }))
	cells[1] = fmt.Sprintf("%.2f + %.2f", median(c.Runs, func(run Run) float64 { return share(run.ServerCPU[0], run) }),
		median(c.Runs, func(run Run) float64 { return share(run.ServerCPU[1], run) }))
	if peak := median(c.Runs, func(run Run) float64 { return float64(run.PeakOctets) }); peak > 0 {
		cells[2] = fmt.Sprintf("%.0f", peak/(1<<20))
	}
	if c.Runs[0].Counted && c.Runs[0].Part == 1 {
		cells[3] = fmt.Sprintf("%.0f + %.0f", median(c.Runs, func(run Run) float64 { return float64(run.Trips[0]) }),
			median(c.Runs, func(run Run) float64 { return float64(run.Trips[1]) }))
	}
	logIns := func(side int) float64 {
		return median(c.Runs, func(run Run) float64 { return float64(run.LogIns[side]) })
	}
	if logIns(source)+logIns(destination) > 0 && c.Runs[0].Part == 1 {
		cells[4] = fmt.Sprintf("%.0f + %.0f", logIns(source), logIns(destination))
	}
}
