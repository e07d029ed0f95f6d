// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
)

// Progress is a snapshot of a running operation. A total of 0 is not known.
type Progress struct {
	AccountsDone, AccountsTotal int
	Messages, MessagesTotal     int64
	Octets, OctetsTotal         int64
	Failed                      int    // accounts that ended with a failure
	Note                        string // why the work is slow: "the destination asks to slow down"
}

// How often progress is shown: fast enough for a reader, rarely enough for a log.
const (
	redrawEvery = 200 * time.Millisecond
	reportEvery = 10 * time.Second
)

// watch shows the progress of an operation until the returned function is called, which shows the
// last state and waits. At a terminal one line is redrawn; elsewhere a plain line comes every ten
// seconds. With --json or --quiet nothing is shown. poll is called from another goroutine.
func (f *frame) watch(poll func() Progress) (stop func()) {
	if f.json || f.quiet {
		return func() {}
	}
	over, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		f.show(poll, over)
	}()
	return func() {
		close(over)
		<-ended
	}
}

func (f *frame) show(poll func() Progress, over <-chan struct{}) {
	every := reportEvery
	if f.screen.terminal {
		every = redrawEvery
	}
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	var speed meter
	speed.measure(poll(), time.Now())
	for {
		select {
		case <-over:
			p := poll()
			f.screen.clear()
			f.say("%s", progressLine(p, speed.overall(p, time.Now()), 0))
			return
		case <-ticker.C:
			p := poll()
			now := speed.measure(p, time.Now())
			if f.screen.terminal {
				f.screen.draw(statusLine(p, now, f.screen.width()-1)) // a full last column would wrap
			} else {
				f.say("%s", progressLine(p, now, remaining(p, now)))
			}
		}
	}
}

// rate is how fast the work goes, a second.
type rate struct{ messages, octets float64 }

// meter measures the rate of work. It smooths, because batches end in bursts.
type meter struct {
	first, last       Progress
	started, lastTime time.Time
	smooth            rate
	measured          bool
}

// smoothing is the time after which an old rate counts for about a third.
const smoothing = 15 * time.Second

// measure takes the next snapshot and returns the smoothed rate.
func (m *meter) measure(p Progress, now time.Time) rate {
	if m.started.IsZero() {
		m.first, m.started = p, now
	} else if seconds := now.Sub(m.lastTime).Seconds(); seconds > 0 {
		current := between(m.last, p, seconds)
		weight := 1 - math.Exp(-seconds/smoothing.Seconds())
		if !m.measured {
			weight, m.measured = 1, true
		}
		m.smooth.messages += weight * (current.messages - m.smooth.messages)
		m.smooth.octets += weight * (current.octets - m.smooth.octets)
	}
	m.last, m.lastTime = p, now
	return m.smooth
}

// overall returns the rate since the beginning.
func (m *meter) overall(p Progress, now time.Time) rate {
	seconds := now.Sub(m.started).Seconds()
	if seconds <= 0 {
		return rate{}
	}
	return between(m.first, p, seconds)
}

func between(a, b Progress, seconds float64) rate {
	return rate{messages: float64(b.Messages-a.Messages) / seconds, octets: float64(b.Octets-a.Octets) / seconds}
}

// remaining estimates the time to go, by octets where their total is known, otherwise by messages;
// 0 is not known.
func remaining(p Progress, r rate) time.Duration {
	left, speed := float64(p.OctetsTotal-p.Octets), r.octets
	if p.OctetsTotal == 0 {
		left, speed = float64(p.MessagesTotal-p.Messages), r.messages
	}
	if left <= 0 || speed <= 0 || left/speed > (100*24*time.Hour).Seconds() {
		return 0
	}
	return time.Duration(left / speed * float64(time.Second)).Round(time.Second)
}

// progressLine is the line for a log or a pipe.
func progressLine(p Progress, r rate, left time.Duration) string {
	parts := []string{
		outOf(int64(p.AccountsDone), int64(p.AccountsTotal), humanize.Comma) + " accounts",
		outOf(p.Messages, p.MessagesTotal, humanize.Comma) + " messages",
		outOf(p.Octets, p.OctetsTotal, octets),
		humanize.Comma(int64(r.messages)) + " messages/s",
		octets(int64(r.octets)) + "/s",
	}
	if left > 0 {
		parts = append(parts, left.String()+" left")
	}
	if p.Failed > 0 {
		parts = append(parts, humanize.Comma(int64(p.Failed))+" failed")
	}
	if p.Note != "" {
		parts = append(parts, p.Note)
	}
	return printable(strings.Join(parts, ", "))
}

func outOf(n, total int64, form func(int64) string) string {
	if total == 0 {
		return form(n)
	}
	return form(n) + " of " + form(total)
}

func octets(n int64) string { return humanize.Bytes(uint64(max(0, n))) }

// statusLine is the line at a terminal, at most columns wide. The least important parts are dropped first.
func statusLine(p Progress, r rate, columns int) string {
	const bar = 10
	parts := []string{
		progressBar(p, bar),
		slashed(int64(p.AccountsDone), int64(p.AccountsTotal), humanize.Comma) + " accounts",
		slashed(p.Messages, p.MessagesTotal, humanize.Comma) + " msg",
		slashed(p.Octets, p.OctetsTotal, octets),
		humanize.Comma(int64(r.messages)) + " msg/s",
		octets(int64(r.octets)) + "/s",
		"", "", "",
	}
	if left := remaining(p, r); left > 0 {
		parts[6] = left.String() + " left"
	}
	if p.Failed > 0 {
		parts[7] = fmt.Sprintf("%d failed", p.Failed)
	}
	parts[8] = printable(p.Note)
	for _, dispensable := range []int{3, 5, 0, 4, 2, 8} {
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

// progressBar fills by octets, by messages or by accounts, whichever total is known first.
func progressBar(p Progress, width int) string {
	done, total := p.Octets, p.OctetsTotal
	if total == 0 {
		done, total = p.Messages, p.MessagesTotal
	}
	if total == 0 {
		done, total = int64(p.AccountsDone), int64(p.AccountsTotal)
	}
	if total == 0 {
		return ""
	}
	full := int(float64(width) * min(1, float64(done)/float64(total)))
	return "[" + strings.Repeat("#", full) + strings.Repeat(".", width-full) + "]"
}
