// SPDX-License-Identifier: Apache-2.0

package mail

import (
	"cmp"
	"context"
	"slices"

	"rehome/internal/protocol/imap"
)

// glancesAhead is how many mailboxes are asked about before the first has answered.
const glancesAhead = 16

// sight is what a glance at a mailbox shows; it is not open when its server has refused.
type sight struct {
	open   bool
	state  imap.Selected
	newest imap.Newest
}

// glancing is a glance under way.
type glancing struct {
	opening *imap.Opening
	newest  *imap.NewestCommand
}

// glance opens mailboxes one behind the other and has their newest message shown, without waiting for each: so many of them
// cost one round trip. An error is the end of the connection.
func (e *end) glance(ctx context.Context, names []string) (map[string]sight, error) {
	e.open = nil
	shown := map[string]sight{}
	for some := range slices.Chunk(names, glancesAhead) {
		var under []glancing
		var failed error
		for _, name := range some {
			g, err := e.begin(ctx, name)
			if failed = err; err != nil {
				break
			}
			under = append(under, g)
		}
		for i, g := range under { // each has to be waited for
			found, err := g.wait(ctx)
			shown[some[i]], failed = found, cmp.Or(failed, err)
		}
		if failed != nil {
			return nil, failed
		}
	}
	return shown, nil
}

func (e *end) begin(ctx context.Context, name string) (glancing, error) {
	opening, err := e.session.ExamineAhead(ctx, name)
	if err != nil {
		return glancing{}, err
	}
	newest, err := opening.NewestAhead(ctx)
	if err != nil {
		_, _ = opening.Wait(ctx) // it has to be waited for, and err says why the connection is over
	}
	return glancing{opening, newest}, err
}

// wait returns what was shown. A refusal is an answer.
func (g glancing) wait(ctx context.Context) (sight, error) {
	state, err := g.opening.Wait(ctx)
	shown, newestErr := g.newest.Wait(ctx)
	switch {
	case imap.IsStatus(err, "NO"):
		return sight{}, newestErr
	case err != nil:
		return sight{}, err
	}
	return sight{true, state, shown}, newestErr
}

// untouched returns those groups in which nothing has happened at either end since they were found settled. An end that does
// not bear to be asked like this is opened anew, and its mailboxes are all read as others are.
func (c *check) untouched(ctx context.Context, groups []*group) (map[*group]*mark, error) {
	if c.options.UIDs { // they are in a listing, and of it nothing is kept
		return nil, nil
	}
	marks := map[*group]*mark{}
	var src, dst []string
	for _, g := range groups {
		if m := c.memory.marks[g.destination]; g.exists && m.of(g) && m.Settled != nil {
			marks[g] = m
			src, dst = append(src, g.sources...), append(dst, g.destination)
		}
	}
	if len(marks) == 0 {
		return nil, nil
	}
	var atSource, atDestination map[string]sight
	err := c.both(ctx, func(ctx context.Context) (err error) {
		atSource, err = c.src.glance(ctx, src)
		return err
	}, func(ctx context.Context) (err error) {
		atDestination, err = c.dst.glance(ctx, dst)
		return err
	})
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, c.reconnect(ctx)
	}
	for g, m := range marks {
		if !m.untouched(atSource, atDestination) {
			delete(marks, g)
		}
	}
	return marks, nil
}

func (m *mark) untouched(src, dst map[string]sight) bool {
	for _, s := range m.Sources {
		if now := src[s.Name]; !now.open || !s.untouched(now.state, now.newest) {
			return false
		}
	}
	now := dst[m.Destination.Name]
	return now.open && m.Destination.untouched(now.state, now.newest)
}
