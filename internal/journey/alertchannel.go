// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"time"

	"rehome/internal/ledger"
	"rehome/internal/notify"
)

// alertChannel is a way to one of those who are told: each has its own, so that what one of them is refused is not sent to the others again.
type alertChannel struct {
	name string
	send func(context.Context, notify.Alert) error

	told   ledger.Alerted
	report *notify.Alert // that was not sent yet; nil is none
	owed   bool          // the report of today, which an earlier command has not sent

	said  string        // the last error that was told
	pause time.Duration // behind the next failure
	again time.Time     // when it is tried again
}

// How long a channel that cannot be reached is left alone: not at all after the first failure, then twice as long each time.
const (
	firstAlertPause   = 2 * time.Minute
	longestAlertPause = 30 * time.Minute
)

// deliver sends the report that is due, and what somebody was not told of yet, and returns the kinds of what was sent. It is over before
// another one begins.
func (c *alertChannel) deliver(ctx context.Context, organisation string, needs []need, now time.Time) (sent []string, err error) {
	if now.Before(c.again) {
		return nil, nil
	}
	defer func() { c.ended(err, now) }()
	if c.report != nil {
		if err := c.send(ctx, *c.report); err != nil {
			return nil, err
		}
		c.report, sent = nil, append(sent, notify.AlertReport)
	}
	if fresh := freshOf(c.told, needs); len(fresh) > 0 {
		if err := c.send(ctx, notify.Alert{Organisation: organisation, Kind: notify.AlertNeeds, Needs: fresh}); err != nil {
			return sent, err
		}
		sent = append(sent, notify.AlertNeeds)
	}
	c.told = tell(needs)
	return sent, nil
}

// ended says when it is tried again.
func (c *alertChannel) ended(err error, now time.Time) {
	if err == nil {
		c.said, c.pause, c.again = "", 0, time.Time{}
		return
	}
	c.again = now.Add(c.pause)
	c.pause = min(max(2*c.pause, firstAlertPause), longestAlertPause)
}

// news is an error that was not told yet, as a sentence; "" is none.
func (c *alertChannel) news(err error) string {
	if err == nil || err.Error() == c.said {
		return ""
	}
	c.said = err.Error()
	return c.name + " could not be told: " + c.said + "; rehome tries again, at longer and longer intervals of up to half an hour"
}
