// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"rehome/internal/dnswrite"
)

// The time between two looks at the authoritative servers: most follow at once, and a person or a slow one takes minutes.
const (
	firstPause = 250 * time.Millisecond
	watchPause = 5 * time.Second
)

// watch asks the authoritative servers until every change stands everywhere, or the time is over. What a person has to do is
// applied again with each look: nothing is written for it, and it is done when the records say so.
func (m *Move) watch(ctx context.Context, staged *Staged, asker dnswrite.Asker, options StageOptions) error {
	timed, cancel := context.WithTimeout(ctx, options.Wait)
	defer cancel()
	told := ""
	for pause := firstPause; ; pause = min(2*pause, watchPause) {
		open, err := m.lookAgain(ctx, staged, asker)
		if err != nil || len(open) == 0 {
			return err
		}
		if line := "waiting for " + strings.Join(open, ", "); options.Told != nil && line != told {
			options.Told(line)
			told = line
		}
		timer := time.NewTimer(pause)
		select {
		case <-timed.Done():
			timer.Stop()
			return ctx.Err()
		case <-timer.C:
		}
	}
}

// lookAgain looks at all changes that do not stand everywhere yet, and says what is still open.
func (m *Move) lookAgain(ctx context.Context, staged *Staged, asker dnswrite.Asker) (open []string, err error) {
	for i := range staged.Domains {
		d := &staged.Domains[i]
		if d.Writer.ByHand && d.Error == "" {
			if err := d.handAgain(ctx); err != nil {
				return nil, err
			}
		}
		for j := range d.Changes {
			c := &d.Changes[j]
			if c.State == ChangeByHand {
				open = append(open, d.Writer.Title+" to change "+c.New.Key.String())
			}
			if c.Everywhere || c.State != ChangeWritten && c.State != ChangeAlready {
				continue
			}
			if err := c.look(ctx, asker); err != nil {
				return nil, err
			}
			if !c.Everywhere {
				open = append(open, c.New.Key.String()+" at "+strings.Join(serverNames(c.Missing), ", "))
			}
		}
	}
	return open, nil
}

// handAgain sees whether a person has made changes. A server that does not answer meanwhile is asked again at the next look.
func (d *StagedDomain) handAgain(ctx context.Context) error {
	var changes []dnswrite.Change
	for _, c := range d.Changes {
		if c.State == ChangeByHand {
			changes = append(changes, c.change)
		}
	}
	if len(changes) == 0 {
		return nil
	}
	result, err := dnswrite.Apply(ctx, d.writer, changes)
	d.settle(result.Already, ChangeAlready)
	d.fail(err)
	if len(d.Differences) == 0 {
		d.Error, d.NextStep = "", ""
	}
	return ctx.Err()
}

func (c *StagedChange) look(ctx context.Context, asker dnswrite.Asker) error {
	standing, err := dnswrite.Stand(ctx, asker, []dnswrite.Set{c.New})
	if err != nil {
		return err
	}
	c.Everywhere, c.Missing = standing[0].Everywhere, standing[0].Missing()
	return nil
}

func serverNames(servers []dnswrite.Says) []string {
	var names []string
	for _, s := range servers {
		names = append(names, cmp.Or(s.Server, s.Addr.String()))
	}
	slices.Sort(names)
	return slices.Compact(names)
}
