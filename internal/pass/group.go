// SPDX-License-Identifier: Apache-2.0

package pass

import (
	"context"

	"golang.org/x/sync/errgroup"

	"rehome"
)

// Group works on parts of one account at the same time. It is an errgroup.Group in which a mistake of this program ends
// the account, as an error does, and not the process: everything that a Step lets run on a goroutine of its own goes
// through it, or through rehome.Guarded.
type Group struct {
	account string
	group   *errgroup.Group
}

// NewGroup returns a group for parts of the account's work. The context ends with the first error, and when Wait returns.
func NewGroup(ctx context.Context, account string) (*Group, context.Context) {
	group, ctx := errgroup.WithContext(ctx)
	return &Group{account, group}, ctx
}

// SetLimit bounds how many parts run at once.
func (g *Group) SetLimit(n int) { g.group.SetLimit(n) }

// Go runs a part, once there is room for it.
func (g *Group) Go(part func() error) {
	g.group.Go(func() error {
		makeRoom(0)
		return rehome.Guarded(g.account, part)
	})
}

// Wait returns when all parts have ended, with the first error.
func (g *Group) Wait() error { return g.group.Wait() }

// BothEnds does one thing at each end of an account at the same time. The source's error comes first.
func BothEnds(account string, source, destination func() error) error {
	done := make(chan error, 1)
	go func() {
		makeRoom(0)
		done <- rehome.Guarded(account, destination)
	}()
	err := rehome.Guarded(account, source)
	if destinationErr := <-done; err == nil {
		err = destinationErr
	}
	return err
}

// makeRoom lets the stack of a new goroutine grow to what a part of an account's work needs while nothing is on it. It would come to that
// anyway, in three or four steps, and each of them moves all calls that are under way: in a pass that finds little to do that is one
// twentieth of the work.
//
//go:noinline
func makeRoom(at int) byte {
	var room [9 << 10]byte
	return room[at]
}
