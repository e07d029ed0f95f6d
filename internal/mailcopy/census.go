// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"rehome/internal/ledger"
	"rehome/internal/mapping"
)

// Census counts an account's messages at the source by what has become of them. Each message that the
// source says to hold is in one of the numbers and in no other, and whatever tells how many messages are
// where, and whether all of them are, reads from it.
type Census struct {
	There    int64 // at the destination
	Failed   int64 // the destination refuses them, or the source does not give them
	Deserted int64 // were at the destination, and its user has deleted or moved them away
	Waiting  int64 // for somebody to say what a large loss at the destination means
	Left     int64 // still to be copied
	Stuck    int64 // left in mailboxes that cannot be made or opened; repeating does not help
	Unknown  int64 // the source says that it holds so many more, and does not show them, or an end does not say what they are
	Untold   int64 // copied earlier, and when asked for alone one end does not deliver them; repeating does not help

	Uncounted int // mailboxes of which nobody knows how many messages they hold
	Barred    int // mailboxes that cannot be made or opened; repeating does not help
	BrokenOff int // mailboxes in which the work broke off: their messages may be there, and flags or a look at them are not done
}

// Messages is the sum of all.
func (c Census) Messages() int64 {
	return c.There + c.Failed + c.Deserted + c.Waiting + c.Left + c.Stuck + c.Unknown + c.Untold
}

// Complete says that all of it is at the destination, as far as its users have left it there.
func (c Census) Complete() bool { return !c.Mendable() && !c.Lasting() && c.Waiting == 0 }

// Mendable says that something is missing which repeating the pass can mend.
func (c Census) Mendable() bool {
	return c.Left > 0 || c.Unknown > 0 || c.Uncounted > 0 || c.BrokenOff > 0
}

// Lasting says that something is missing which repeating the pass cannot mend.
func (c Census) Lasting() bool { return c.Failed > 0 || c.Stuck > 0 || c.Barred > 0 || c.Untold > 0 }

// Add adds the numbers of other mailboxes or accounts.
func (c *Census) Add(other Census) {
	c.There += other.There
	c.Failed += other.Failed
	c.Deserted += other.Deserted
	c.Waiting += other.Waiting
	c.Left += other.Left
	c.Stuck += other.Stuck
	c.Unknown += other.Unknown
	c.Untold += other.Untold
	c.Uncounted += other.Uncounted
	c.Barred += other.Barred
	c.BrokenOff += other.BrokenOff
}

// census counts one mailbox as the job leaves it.
func (j *mailboxJob) census() Census {
	known := j.row.Done.Minus(j.row.Gone).Minus(j.inventory.hidden)
	untold := intersection(known, union(j.untold(), j.silent.sources.Minus(j.row.Lost)))
	known = known.Minus(untold)
	refused := refusedOf(j.row, j.slice.started).now.Minus(known).Minus(untold).Minus(j.inventory.hidden)
	c := Census{There: int64(known.Minus(j.row.Lost).Len()), Deserted: int64(intersection(known, j.row.Lost).Len()), Failed: int64(refused.Len())}
	if !j.inventory.taken {
		return j.slice.view.estimate(j.pair, *j.row)
	}
	c.Left = int64(j.inventory.wanted.Minus(known).Minus(untold).Minus(refused).Minus(j.inventory.vanished).Len())
	short, told := j.inventory.short.Told()
	if !told {
		c.Uncounted = 1
	}
	c.Untold = int64(intersection(untold, j.mute).Len())
	c.Unknown = short + int64(untold.Minus(j.mute).Len())
	return c
}

// estimate counts a mailbox that was not opened, from what is known of it without.
func (v accountView) estimate(pair mapping.Pair, row ledger.Mailbox) Census {
	known := row.Done.Minus(row.Gone)
	c := Census{There: int64(known.Minus(row.Lost).Len()), Deserted: int64(intersection(known, row.Lost).Len())}
	status := v.src[pair.Source].Status
	if status == nil {
		c.Uncounted = 1
		return c
	}
	messages, told := status.Messages.Told()
	if !told {
		c.Uncounted = 1
		return c
	}
	// Fewer than are known: some have vanished, and which is not known yet.
	c.Left = max(messages-c.There-c.Deserted, 0)
	c.There = min(c.There, max(messages-c.Deserted, 0))
	c.Deserted = min(c.Deserted, messages)
	return c
}

// takeCensus counts all mailboxes of the plan.
func (s *slice) takeCensus() Census {
	var all Census
	lost := map[string]int64{}
	for destination, n := range s.lost {
		lost[destination] = n
	}
	for _, pair := range s.view.plan.Pairs {
		if pair.Container {
			continue
		}
		c, opened := s.boxes[pair.Source]
		if !opened {
			c = s.view.estimate(pair, s.view.rows[pair.Source])
		}
		switch {
		case s.foreign: // whatever was copied before is not what is there now
			c = s.view.estimate(pair, ledger.Mailbox{})
			c.Waiting, c.Left = c.Left, 0
		case s.held[pair.Destination]:
			n := min(lost[pair.Destination], c.There)
			lost[pair.Destination] -= n
			c.Waiting, c.There, c.Left = n+c.Left, c.There-n, 0
		case s.barred[pair.Source]:
			c.Stuck, c.Left, c.Barred, c.Uncounted = c.Left, 0, 1, 0
		}
		if s.broken[pair.Source] && !s.barred[pair.Source] {
			c.BrokenOff = 1
		}
		all.Add(c)
	}
	return all
}
