// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"rehome/internal/protocol/imap"
	"rehome/lab/corpus"
)

// delta is a contender whose runs find a new message in each mailbox. The source is the same for all of them: before its own
// mail arrives, a contender copies, unmeasured, what has arrived for the others.
type delta struct {
	*mailContender

	moves    []move
	programs []program
}

func (d *delta) prepare(ctx context.Context, dir string) (*trial, error) {
	s := d.scene
	if d.programs == nil {
		if err := d.settle(dir); err != nil {
			return nil, err
		}
	}
	if _, err := run(ctx, d.programs, s.work.width); err != nil {
		return nil, err
	}
	if err := s.arrive(ctx); err != nil {
		return nil, err
	}
	want := corpus.Count{Messages: s.all.each.Messages + s.arrived.Messages, Octets: s.all.each.Octets + s.arrived.Octets}
	return &trial{
		start: func(ctx context.Context) (usage, error) { return run(ctx, d.programs, s.work.width) },
		check: func(ctx context.Context) error { return s.check(ctx, d.moves, want, d.tool.traits().marks) },
		part:  1, note: d.note(s.all, len(d.programs)),
	}, nil
}

func (d *delta) settle(dir string) (err error) {
	if d.moves, err = d.scene.freshMoves(d.scene.all); err != nil {
		return err
	}
	d.programs, err = d.tool.programs(d.scene, dir, d.moves)
	return err
}

// arrive puts a message into each mailbox of each account of the source.
func (s *mailScene) arrive(ctx context.Context) error {
	text := fmt.Sprintf("Message-ID: <%d@new.example.test>\r\n\r\n%s", s.arrived.Messages, strings.Repeat("new mail\r\n", 1000))
	for _, account := range s.all.accounts {
		client, err := s.dial(ctx, s.direct(source), account)
		if err != nil {
			return err
		}
		for _, box := range s.all.boxes {
			if err := appendOne(ctx, client, sourceBox(box.Path), text); err != nil {
				return errors.Join(err, client.Close())
			}
		}
		if err := client.Logout(ctx); err != nil {
			return err
		}
	}
	s.arrived.Messages += len(s.all.boxes)
	s.arrived.Octets += int64(len(s.all.boxes) * len(text))
	return nil
}

func appendOne(ctx context.Context, client *imap.Client, mailbox, text string) error {
	command, err := client.Append(ctx, mailbox)
	if err != nil {
		return err
	}
	if err := command.Message(ctx, nil, arrived, int64(len(text)), strings.NewReader(text)); err != nil {
		return err
	}
	if err := command.Finish(); err != nil {
		return err
	}
	_, err = command.Wait(ctx)
	return err
}
