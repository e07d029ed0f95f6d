// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"rehome/internal/conductor"
	"rehome/internal/endpoint"
)

// How often progress is shown: fast enough for a reader, rarely enough for a log.
const (
	redrawEvery = 200 * time.Millisecond
	reportEvery = 10 * time.Second
)

// watch shows the progress of an operation until the returned function is called, which shows the
// last state and waits. At a terminal one line is redrawn; elsewhere a plain line comes every ten
// seconds. With --json or --quiet nothing is shown.
func (f *frame) watch(progress *conductor.Progress) (stop func()) {
	if f.json || f.quiet {
		return func() {}
	}
	f.watching.Store(true)
	over := make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		f.show(progress, over)
	}()
	return func() {
		close(over)
		<-ended
		f.watching.Store(false)
	}
}

func (f *frame) show(progress *conductor.Progress, over <-chan struct{}) {
	every := reportEvery
	if f.screen.terminal {
		every = redrawEvery
	}
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-over:
			f.screen.clear()
			if s := overall(progress.Snapshot()); s.Accounts > 0 { // otherwise nothing has begun, and zeros tell nobody anything
				columns := 0
				if f.screen.terminal {
					columns = f.screen.width()
				}
				f.say("%s", broken(progressLine(s), columns))
			}
			return
		case <-ticker.C:
			f.showProgress(progress.Snapshot())
		}
	}
}

// showProgress shows how far an operation has come, or what it waits for before anything has begun.
func (f *frame) showProgress(s conductor.Snapshot) {
	s.Waiting = cmp.Or(s.Waiting, f.waiting(), quiet(s))
	columns := f.screen.width() - 1 // a full last column would wrap
	switch {
	case s.Accounts == 0 && !f.screen.terminal:
		if s.Waiting != "" {
			f.say("%s", s.Waiting)
		}
	case s.Accounts == 0:
		f.screen.draw(cut(s.Waiting, columns))
	case f.screen.terminal:
		f.screen.draw(statusLine(s, columns))
	default:
		f.say("%s", progressLine(s))
	}
}

// overall takes the speed since the beginning in the place of that of the last moments.
func overall(s conductor.Snapshot) conductor.Snapshot {
	s.Left, s.HeldUp.Lately = 0, s.HeldUp.Whole
	if seconds := s.Elapsed.Seconds(); seconds > 0 {
		s.MessagesPerSecond, s.OctetsPerSecond = float64(s.Copied)/seconds, float64(s.CopiedOctets)/seconds
	}
	return s
}

// progressLine is the line for a log or a pipe. What is zero is not said.
func progressLine(s conductor.Snapshot) string {
	parts := []string{
		outOf(int64(s.Finished), int64(s.Accounts), humanize.Comma) + " " + verb(max(s.Accounts, s.Finished), "account", "accounts"),
		outOf(s.Done, s.Messages, humanize.Comma) + " " + verb(int(max(s.Messages, s.Done)), "message", "messages") + surveyed(s),
	}
	if s.CopiedOctets > 0 {
		parts = append(parts, octets(s.CopiedOctets))
	}
	if s.MessagesPerSecond >= 1 {
		parts = append(parts, humanize.Comma(int64(s.MessagesPerSecond))+" messages/s")
	}
	if s.OctetsPerSecond >= 1 {
		parts = append(parts, octets(int64(s.OctetsPerSecond))+"/s")
	}
	if s.Left > 0 {
		parts = append(parts, s.Left.String()+" left")
	}
	if s.Failed > 0 {
		parts = append(parts, humanize.Comma(int64(s.Failed))+" failed")
	}
	if note := noteOf(s); note != "" {
		parts = append(parts, note)
	}
	if held := heldUp(s); held != "" {
		parts = append(parts, held)
	}
	return printable(strings.Join(parts, ", "))
}

// surveyed says how many accounts the number of messages is of, unless it is of all.
func surveyed(s conductor.Snapshot) string {
	if s.Known == 0 || s.Known >= s.Accounts {
		return ""
	}
	return fmt.Sprintf(" (%s of %s accounts known)", humanize.Comma(int64(s.Known)), humanize.Comma(int64(s.Accounts)))
}

// noteOf says why the work is slow, or what else is done.
func noteOf(s conductor.Snapshot) string { return cmp.Or(s.Slowed, s.Waiting, objectsNote(s.Objects)) }

// heldUp says what holds the work up most.
func heldUp(s conductor.Snapshot) string {
	if len(s.HeldUp.Lately) == 0 {
		return ""
	}
	most := s.HeldUp.Lately[0]
	by := most.By
	if by == endpoint.BySource || by == endpoint.ByDestination {
		by = "the " + by
	}
	return fmt.Sprintf("held up by %s (%d %%)", by, most.Percent)
}

func outOf(n, total int64, form func(int64) string) string {
	if total == 0 {
		return form(n)
	}
	return form(n) + " of " + form(total)
}

func octets(n int64) string { return humanize.Bytes(uint64(max(0, n))) }

// statusLine is the line at a terminal, at most columns wide. The least important parts are dropped first.
func statusLine(s conductor.Snapshot, columns int) string {
	const bar = 10
	parts := []string{
		progressBar(s, bar),
		slashed(int64(s.Finished), int64(s.Accounts), humanize.Comma) + " " + verb(max(s.Accounts, s.Finished), "account", "accounts"),
		slashed(s.Done, s.Messages, humanize.Comma) + " msg",
		surveyed(s),
		octets(s.CopiedOctets),
		humanize.Comma(int64(s.MessagesPerSecond)) + " msg/s",
		octets(int64(s.OctetsPerSecond)) + "/s",
		"", "", "", heldUp(s),
	}
	parts[3] = strings.TrimSpace(parts[3])
	if s.Left > 0 {
		parts[7] = s.Left.String() + " left"
	}
	if s.Failed > 0 {
		parts[8] = fmt.Sprintf("%d failed", s.Failed)
	}
	parts[9] = printable(noteOf(s))
	for _, dispensable := range []int{10, 4, 6, 0, 5, 3, 2, 9} {
		if cells(joinParts(parts)) <= columns {
			break
		}
		parts[dispensable] = ""
	}
	return cut(joinParts(parts), columns)
}

func joinParts(parts []string) string {
	var given []string
	for _, part := range parts {
		if part != "" {
			given = append(given, part)
		}
	}
	return strings.Join(given, "  ")
}

func slashed(n, total int64, form func(int64) string) string {
	if total == 0 {
		return form(n)
	}
	return form(n) + "/" + form(total)
}

// progressBar fills by messages where all accounts are known, otherwise by accounts. It is full only when all is done.
func progressBar(s conductor.Snapshot, width int) string {
	done := s.Done
	total := s.Messages
	if total == 0 || s.Known < s.Accounts {
		done, total = int64(s.Finished), int64(s.Accounts)
	}
	if total == 0 {
		return ""
	}
	full := int(float64(width) * min(1, float64(done)/float64(total)))
	return "[" + strings.Repeat("#", full) + strings.Repeat(".", width-full) + "]"
}
