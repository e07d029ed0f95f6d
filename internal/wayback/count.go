// SPDX-License-Identifier: Apache-2.0

package wayback

import (
	"context"
	"fmt"

	"rehome"
	"rehome/internal/endpoint"
	"rehome/internal/protocol/imap"
)

// Host opens sessions at the destination; *endpoint.IMAP is one.
type Host interface {
	Open(ctx context.Context, account rehome.Account) (*endpoint.Session, error)
}

// Tally is what an account holds at the destination.
type Tally struct {
	Fresh    int64 // messages that the way back would carry, or find at the source by their content
	Departed int64 // messages that are not carried: they were brought, and have vanished at the source, or are in another mailbox there
}

// Count opens each mailbox of the destination and counts by UID: numbers of messages alone do not tell how many are new where users
// have deleted others. An error means that the number is not known.
func Count(ctx context.Context, host Host, back Back, account rehome.Account) (Tally, error) {
	rows, err := back.Mailboxes(ctx, account.Address)
	if err != nil {
		return Tally{}, err
	}
	session, err := host.Open(ctx, account)
	if err != nil {
		return Tally{}, err
	}
	defer session.Close()
	entries, err := session.List(ctx)
	if err != nil {
		return Tally{}, endpoint.Fault(err, "list the destination's mailboxes of", account.Address)
	}
	var t Tally
	for _, e := range entries {
		if !e.Selectable() || e.HasAttribute(`\All`) || e.HasAttribute(`\Flagged`) { // those show messages of other mailboxes
			continue
		}
		validity, uids, err := shown(ctx, session, e.Name)
		if err != nil {
			return Tally{}, endpoint.Fault(err, "count the messages of", fmt.Sprintf("%q", e.Name))
		}
		row, known := rows[e.Name]
		if !known || row.Anchor.SrcUIDValidity != validity {
			t.Fresh += int64(uids.Len())
			continue
		}
		t.Fresh += int64(uids.Minus(row.Done).Len())
		t.Departed += int64(uids.Len() - uids.Minus(row.Lost).Len())
	}
	return t, nil
}

// shown returns the UIDs of all messages of a mailbox.
func shown(ctx context.Context, session *endpoint.Session, name string) (validity uint32, uids imap.UIDSet, err error) {
	box, err := session.Examine(ctx, name)
	if err != nil {
		return 0, uids, err
	}
	if uids, err = session.SearchAll(ctx, 1); err != nil {
		return 0, uids, err
	}
	if held, told := session.Held().Told(); !told || held > int64(uids.Len()) {
		return 0, uids, &rehome.Fault{Class: rehome.ClassTemporary, Op: "count the messages of", Object: fmt.Sprintf("%q", name),
			Cause: fmt.Errorf("the server holds %s and shows %d", session.Held(), uids.Len()),
			Hint:  "ask the administrator of that server to repair the mailbox"}
	}
	return box.UIDValidity, uids, nil
}
