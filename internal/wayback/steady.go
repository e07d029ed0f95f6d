// SPDX-License-Identifier: Apache-2.0

package wayback

import (
	"context"
	"errors"
	"fmt"

	"rehome"
	"rehome/internal/endpoint"
	"rehome/internal/ledger"
)

// Steady asks both ends whether mailboxes that stand for several are those that the move knows. Elsewhere that does not matter: what
// is renumbered is matched by its content, with the mailbox to which it goes. Of one that stands for several, that mailbox holds only
// a part, and the rest would be carried to it although it is at the source in another. The error is a *rehome.Fault, or the context's.
func Steady(ctx context.Context, source, destination Host, account rehome.Account, shared []ledger.Anchor) error {
	if len(shared) == 0 {
		return nil
	}
	for _, end := range []struct {
		host Host
		side rehome.Side
	}{{source, rehome.Source}, {destination, rehome.Destination}} {
		session, err := end.host.Open(ctx, account)
		if err != nil {
			return err
		}
		err = steadyAt(ctx, session, end.side, shared)
		session.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

func steadyAt(ctx context.Context, session *endpoint.Session, side rehome.Side, shared []ledger.Anchor) error {
	for _, anchor := range shared {
		name, want := anchor.Source, anchor.SrcUIDValidity
		if side == rehome.Destination {
			name, want = anchor.Destination, anchor.DstUIDValidity
		}
		box, err := session.Examine(ctx, name)
		if err != nil {
			return endpoint.Fault(err, fmt.Sprintf("open %s mailbox", side), fmt.Sprintf("%q", name))
		}
		if box.UIDValidity != want {
			return &rehome.Fault{Class: rehome.ClassOperator, Op: "carry back", Object: fmt.Sprintf("%q of %s", anchor.Destination, anchor.Address),
				Cause: fmt.Errorf("several mailboxes of the source share it, and %q at the %s was numbered anew since the last pass: %w",
					name, side, errRenumbered),
				Hint: fmt.Sprintf(`run "rehome sync --account %s --only mail" first: it finds out which messages these are`, anchor.Address)}
		}
	}
	return nil
}

var errRenumbered = errors.New("what came from the others cannot be told from what is new")
