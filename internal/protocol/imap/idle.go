// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"context"
	"time"
)

// idleLimit is how long one IDLE lasts: servers hang up after 30 minutes of silence (RFC 2177).
const idleLimit = 28 * time.Minute

// pollInterval is how often a server without IDLE is asked.
const pollInterval = 30 * time.Second

// Idle waits until the server tells something new about the open mailbox, for atMost at the longest, and
// reports whether it did. It uses IDLE (RFC 2177), begun anew in time, or NOOP now and then on servers
// without it. Other commands of the connection wait meanwhile. A context that ends during IDLE ends the
// connection.
func (c *Client) Idle(ctx context.Context, atMost time.Duration) (news bool, err error) {
	end := time.Now().Add(atMost)
	idles := c.Capabilities().Has("IDLE")
	for !news && err == nil {
		left := time.Until(end)
		if left <= 0 {
			return false, nil
		}
		if idles {
			news, idles, err = c.idleOnce(ctx, min(left, idleLimit))
		} else {
			news, err = c.pollOnce(ctx, min(left, pollInterval))
		}
	}
	return news, err
}

// listener is offered untagged data and remembers whether some of it was news.
type listener struct{ heard chan struct{} }

func newListener() *listener { return &listener{make(chan struct{}, 1)} }

// take notes what changes a mailbox. It takes nothing away from others.
func (l *listener) take(resp *response) bool {
	switch resp.name {
	case "EXISTS", "EXPUNGE", "VANISHED", "FETCH":
		select {
		case l.heard <- struct{}{}:
		default:
		}
	}
	return false
}

// idleOnce runs one IDLE. more is false when the server has ended it by itself: it must not be begun
// over and over then.
func (c *Client) idleOnce(ctx context.Context, limit time.Duration) (news, more bool, err error) {
	ear := newListener()
	cmd := &command{name: "IDLE", untagged: ear.take}
	if err := c.begin(ctx, cmd); err != nil {
		return false, false, err
	}
	defer c.guard(ctx)()
	news, more, err = c.listen(ctx, cmd, ear, limit)
	if endErr := c.end(cmd); err == nil {
		err = endErr
	}
	if err != nil {
		return news, more, c.orServerWords(cmd, err)
	}
	err = c.wait(ctx, cmd)
	return news || len(ear.heard) > 0, more, err // between the end and its answer there may be news as well
}

// listen writes the command and, when enough was heard, its end.
func (c *Client) listen(ctx context.Context, cmd *command, ear *listener, limit time.Duration) (news, more bool, err error) {
	c.forgetContinuation()
	if err := c.flushLine(cmd.tag + " IDLE"); err != nil {
		return false, false, err
	}
	c.await(true)
	err = c.awaitContinuation(ctx, cmd)
	c.await(false) // silence is what is expected now
	if err != nil {
		return false, false, err
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-ear.heard:
		news = true
	case <-timer.C:
	case <-cmd.done:
		return false, false, nil
	case <-ctx.Done():
		c.fail(ctx.Err())
		return false, false, ctx.Err()
	}
	return news, true, c.writeString("DONE\r\n") // end flushes it
}

func (c *Client) pollOnce(ctx context.Context, pause time.Duration) (news bool, err error) {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-c.ended:
		return false, &ConnectionError{Command: "NOOP", Err: c.Err()}
	case <-ctx.Done():
		return false, ctx.Err()
	}
	ear := newListener()
	err = c.do(ctx, &command{name: "NOOP", untagged: ear.take}, raw("NOOP"))
	return len(ear.heard) > 0, err
}
