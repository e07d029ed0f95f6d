// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"time"

	"golang.org/x/sync/errgroup"

	"rehome/internal/protocol/imap"
)

// rawRuns is how many sets of fresh accounts the probe uses.
const rawRuns = 3

// rawResult is what the two servers can do alone, in messages a second.
type rawResult struct{ read, write float64 }

// limit is what no copy between the two can beat: the slower of both.
func (r rawResult) limit() float64 { return min(r.read, r.write) }

// rawLimit measures reading alone and writing alone, each with 1, 2 and 4 connections, and takes the
// best of each.
func (g *ground) rawLimit(ctx context.Context) (best rawResult, err error) {
	for _, connections := range []int{1, 2, 4} {
		for range 2 { // the first reading of cold files says nothing
			read, err := g.rawRead(ctx, connections)
			if err != nil {
				return rawResult{}, err
			}
			best.read = max(best.read, read)
		}
		write, err := g.rawWrite(ctx, connections)
		if err != nil {
			return rawResult{}, err
		}
		best.write = max(best.write, write)
		g.fresh++
	}
	return best, nil
}

// jobs deals accounts and mailboxes out to connections.
func (g *ground) jobs(connections int) [][]job {
	dealt := make([][]job, connections)
	n := 0
	for account := range g.row.Work.Accounts {
		for box := range g.row.Work.Mailboxes {
			dealt[n%connections] = append(dealt[n%connections], job{account, box})
			n++
		}
	}
	return dealt
}

type job struct{ account, mailbox int }

// perConnection runs work on so many connections at once and returns messages a second.
func (g *ground) perConnection(ctx context.Context, connections int, work func(ctx context.Context, jobs []job) error) (float64, error) {
	begun := time.Now()
	group, ctx := errgroup.WithContext(ctx)
	for _, jobs := range g.jobs(connections) {
		group.Go(func() error { return work(ctx, jobs) })
	}
	err := group.Wait()
	return float64(g.row.Work.messages()) / time.Since(begun).Seconds(), err
}

// byAccount logs in once for each account among jobs.
func (g *ground) byAccount(ctx context.Context, addr string, name func(int) string, jobs []job, do func(*imap.Client, job) error) error {
	var client *imap.Client
	current := -1
	for _, j := range jobs {
		if j.account != current {
			if client != nil {
				if err := client.Logout(ctx); err != nil {
					return err
				}
			}
			var err error
			if client, err = g.dial(ctx, addr, name(j.account)); err != nil {
				return err
			}
			current = j.account
		}
		if err := do(client, j); err != nil {
			return err
		}
	}
	if client == nil {
		return nil
	}
	return client.Logout(ctx)
}

func (g *ground) rawRead(ctx context.Context, connections int) (float64, error) {
	return g.perConnection(ctx, connections, func(ctx context.Context, jobs []job) error {
		return g.byAccount(ctx, g.srcAddr, sourceName, jobs, func(c *imap.Client, j job) error {
			boxes, err := c.List(ctx)
			if err != nil {
				return err
			}
			if _, err := c.Examine(ctx, boxes[j.mailbox].Name); err != nil {
				return err
			}
			var all imap.UIDSet
			all.AddRange(1, 1<<31)
			command, err := c.Fetch(ctx, all, imap.FetchItems{Body: true}, imap.FetchHandler{Literal: func(l *imap.Literal) error {
				_, err := io.Copy(io.Discard, l)
				return err
			}})
			if err != nil {
				return err
			}
			return command.Wait(ctx)
		})
	})
}

func (g *ground) rawWrite(ctx context.Context, connections int) (float64, error) {
	work := g.row.Work
	body := append([]byte("Subject: raw\r\n\r\n"), bytes.Repeat([]byte("a line of a raw message, as long as such lines are\r\n"), int(work.Size/52)+1)...)
	name := func(i int) string { return destinationName(g.fresh, i) }
	return g.perConnection(ctx, connections, func(ctx context.Context, jobs []job) error {
		return g.byAccount(ctx, g.dstAddr, name, jobs, func(c *imap.Client, j job) error {
			mailbox := fmt.Sprintf("Raw%d", j.mailbox)
			if err := c.Create(ctx, mailbox); err != nil {
				return err
			}
			return appendAll(ctx, c, mailbox, body, work.Messages/work.Mailboxes)
		})
	})
}

// appendAll sends n messages in batches of a hundred or 16 MiB.
func appendAll(ctx context.Context, c *imap.Client, mailbox string, body []byte, n int) error {
	for batch := max(1, min(100, (16<<20)/len(body))); n > 0; n -= batch {
		a, err := c.Append(ctx, mailbox)
		if err != nil {
			return err
		}
		for range min(batch, n) {
			if err := a.Message(ctx, []string{`\Seen`}, time.Unix(1e9, 0), int64(len(body)), bytes.NewReader(body)); err != nil {
				return err
			}
		}
		if err := a.Finish(); err != nil {
			return err
		}
		if _, err := a.Wait(ctx); err != nil {
			return err
		}
	}
	return nil
}
