// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sync/errgroup"

	"rehome/lab"
	"rehome/lab/atmail7"
	"rehome/lab/atmail8"
)

// pair is the two ends of a move in one room.
type pair struct {
	room        *lab.Room
	source      *atmail7.Server
	destination *atmail8.Server
	remove      string // folder to remove at the end; empty if the caller named it
}

// openPair starts both servers in dir, or in a temporary folder if dir is empty. The caller closes
// the pair.
func openPair(dir string) (*pair, error) {
	p := &pair{}
	if dir == "" {
		var err error
		if dir, err = os.MkdirTemp("", "lab-"); err != nil {
			return nil, err
		}
		p.remove = dir
		if err := os.Chmod(dir, 0o755); err != nil {
			return nil, err
		}
	}
	var err error
	if p.room, err = lab.NewRoom(dir); err != nil {
		return nil, errors.Join(err, p.sweep())
	}
	var both errgroup.Group
	both.Go(func() (err error) {
		p.source, err = atmail7.Start(p.room, atmail7.Options{})
		return err
	})
	both.Go(func() (err error) {
		p.destination, err = atmail8.Start(p.room, atmail8.Options{})
		return err
	})
	if err := both.Wait(); err != nil {
		return nil, errors.Join(err, p.close())
	}
	return p, nil
}

func (p *pair) close() error {
	return errors.Join(p.room.Close(), p.sweep())
}

// sweep removes the temporary folder.
func (p *pair) sweep() error {
	if p.remove == "" {
		return nil
	}
	return os.RemoveAll(p.remove)
}

// people are the accounts at the source: one whose password the cloud takes, one whose password
// it refuses, one whose password is only known as a hash.
var people = []atmail7.Account{
	{Address: "anna@example.test", Stored: "Anna-in-the-lab-1", FirstName: "Anna", LastName: "Arnold", RealName: "Anna Arnold", QuotaKB: 1 << 20},
	{Address: "bob@example.test", Stored: "bob", FirstName: "Bob", LastName: "Berlin", RealName: "Bob Berlin", QuotaKB: 1 << 20},
	{Address: "carla@example.test", Stored: "$1$ab$nNbvGZKuRSUW1chlbMykd1", Clear: "geheim", RealName: "Carla Cohen", QuotaKB: 1 << 20},
}

func (p *pair) populate(ctx context.Context) error {
	for _, account := range people {
		if err := p.source.AddAccount(ctx, account); err != nil {
			return fmt.Errorf("populate the source: %w", err)
		}
	}
	return nil
}
