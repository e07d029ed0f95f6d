// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"context"
	"errors"
	"fmt"

	"rehome/internal/protocol/imap"
	"rehome/lab/corpus"
)

// check makes sure that everything has arrived: messages and octets of each account. marks are the
// octets that a tool is known to add to each message.
func (s *mailScene) check(ctx context.Context, moves []move, want corpus.Count, marks int64) error {
	for _, m := range moves {
		got, err := s.count(ctx, m.dst)
		if err != nil {
			return fmt.Errorf("count %s: %w", m.dst, err)
		}
		if octets := want.Octets + marks*int64(want.Messages); got.Messages != want.Messages || got.Octets != octets {
			return fmt.Errorf("%s has %d messages of %d octets, not %d of %d", m.dst, got.Messages, got.Octets, want.Messages, octets)
		}
	}
	return nil
}

// count reads what an account at the destination holds, past any delay.
func (s *mailScene) count(ctx context.Context, account string) (sum corpus.Count, err error) {
	client, err := s.dial(ctx, s.direct(destination), account)
	if err != nil {
		return sum, err
	}
	defer func() { err = errors.Join(err, client.Logout(ctx)) }()
	entries, err := client.List(ctx)
	if err != nil {
		return sum, err
	}
	for _, e := range entries {
		if !e.Selectable() {
			continue
		}
		if _, err := client.Examine(ctx, e.Name); err != nil {
			return sum, err
		}
		command, err := client.Fetch(ctx, everyUID(), imap.FetchItems{Size: true}, imap.FetchHandler{Message: func(m *imap.Message) error {
			sum.Messages++
			sum.Octets += m.Size
			return nil
		}})
		if err != nil {
			return sum, err
		}
		if err := command.Wait(ctx); err != nil {
			return sum, err
		}
	}
	return sum, nil
}

func everyUID() imap.UIDSet {
	var all imap.UIDSet
	all.AddRange(1, 1<<31)
	return all
}
