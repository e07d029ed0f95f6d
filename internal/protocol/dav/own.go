// SPDX-License-Identifier: Apache-2.0

package dav

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// An object's trouble is its own until a request that is known to be good fails too: servers answer 500, 503, or not at
// all, to an object that their parser or their memory cannot hold, and to everything when they are down.

// own returns nil when only what was asked for is to blame for the error, and otherwise the error.
func (g *multiGet) own(ctx context.Context, err error) error {
	var auth *AuthError
	if _, caller := stopped(err); caller || ctx.Err() != nil || errors.As(err, &auth) {
		return err
	}
	var size *TooLargeError
	if IsStatus(err, http.StatusNotFound) || IsStatus(err, http.StatusGone) || errors.As(err, &size) {
		return nil
	}
	if !g.down {
		g.down = g.client.Alive(ctx, g.collection) != nil
	}
	if g.down {
		return err
	}
	return nil
}

// Alive asks for something about the collection that the server has told before; nil if it answers.
func (c *Client) Alive(ctx context.Context, collection *Collection) error {
	target, err := c.target(collection.Href)
	if err != nil {
		return err
	}
	_, _, err = c.properties(ctx, target, davName("resourcetype"))
	return err
}

const (
	mostTries   = 4
	firstWait   = time.Second
	longestWait = 10 * time.Second
)

// patiently sends a request again that broke off, once, and one that the server puts off (503, 429), up to so many times
// and with pauses, as long as it answers others.
func (g *multiGet) patiently(ctx context.Context, tries int, request func() error) error {
	for attempt := 1; ; attempt++ {
		err := request()
		var refused *StatusError
		switch {
		case err == nil:
			return nil
		case attempt == tries:
			return err
		case isTrouble(err, Broken) && attempt == 1:
		case errors.As(err, &refused) && isPutOff(refused.Status) && g.own(ctx, err) == nil:
			if err := pause(ctx, min(max(refused.RetryAfter, g.client.firstWait<<(attempt-1)), longestWait)); err != nil {
				return err
			}
		default:
			return err
		}
	}
}

func isPutOff(status int) bool {
	return status == http.StatusServiceUnavailable || status == http.StatusTooManyRequests
}

func isTrouble(err error, trouble Trouble) bool {
	var connection *ConnectionError
	return errors.As(err, &connection) && connection.Trouble == trouble
}

func pause(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
