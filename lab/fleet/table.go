// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"fmt"
	"time"
)

// CostHead is the head of a table of costs.
const CostHead = "| what | wall s | own CPU s | database CPU s | store grown by MB |\n|---|---|---|---|---|\n"

// Line is one of its lines.
func (c Cost) Line(what string) string {
	return fmt.Sprintf("| %s | %.1f | %.2f | %.2f | %.1f |\n", what, c.Wall.Seconds(), c.Own.Seconds(), c.Database.Seconds(), float64(c.Grown)/1e6)
}

// DoneHead is the head of a table of what workers have done.
const DoneHead = "| what | accounts | slices | batches | wall s | own CPU s | database CPU s | processors | CPU a slice ms | slices a second |" +
	" transactions a slice | jobs a second | connections at once | in use | between slices ms | sessions of the store | grown by MB |" +
	" log written MB |\n|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|\n"

// Line is one of its lines.
func (d Done) Line(what string) string {
	slices := float64(max(d.Slices, 1))
	return fmt.Sprintf("| %s | %d | %d | %d | %.1f | %.2f | %.2f | %.4f | %.2f | %.1f | %.1f | %.1f | %d | %.4f | %.1f | %d | %.1f | %.1f |\n", what,
		d.Accounts, d.Slices, d.Batches, d.Wall.Seconds(), d.Own.Seconds(), d.Database.Seconds(), float64(d.Own+d.Database)/float64(d.Wall),
		float64(d.Own+d.Database)/float64(time.Millisecond)/slices, float64(d.Slices)/d.Wall.Seconds(), float64(d.Changes)/slices,
		float64(d.Jobs)/d.Wall.Seconds(), d.Most, d.Busy, float64(d.Gap)/float64(time.Millisecond), d.Sessions, float64(d.Grown)/1e6,
		float64(d.Written)/1e6)
}
