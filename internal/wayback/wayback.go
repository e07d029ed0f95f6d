// SPDX-License-Identifier: Apache-2.0

// Package wayback prepares carrying an account's mail back: from the destination to the source, by the engine that has brought it,
// with the ends exchanged.
//
// The engine asks a ledger what is done. That of the way back is one of its own, beside that of the move, so that neither can take
// the other's rows for its own; Turn fills it with what the move knows, the other way round:
//
//   - A message that was brought, and is at both ends, is done: nothing of what the move has written is ever carried back.
//   - A message that was brought, and has vanished at the source since, is done and lost: its user has deleted it there, and the
//     way back does not make it come to life again. Likewise one of a mailbox that shares its place at the destination with others:
//     it is at the source, in another mailbox than the one that stands for all of them.
//   - Whatever else the destination holds has arrived there, or was written there, since: it is carried.
//
// The move's own ledger learns nothing of what is carried back, and need not: a later pass finds each such message at the source,
// unknown, and its twin at the destination, unknown too. Nothing is sent to a mailbox that holds unknown messages before they have
// been compared by content, so the pass adopts it.
//
// Count says how many messages would be carried. Neither writes to a server.
package wayback

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"rehome/internal/ledger"
	"rehome/internal/protocol/imap"
)

// Move is what the ledger of the move tells; *ledger.Mail is one.
type Move interface {
	Mailboxes(ctx context.Context, address string) (map[string]ledger.Mailbox, error)
	Mailbox(ctx context.Context, anchor ledger.Anchor) (*ledger.Mailbox, error)
	Stored(ctx context.Context, m *ledger.Mailbox, visit func(ledger.Stored) error) error
}

// Back is what the ledger of the way back is told; *ledger.Mail is one.
type Back interface {
	Mailboxes(ctx context.Context, address string) (map[string]ledger.Mailbox, error)
	Mailbox(ctx context.Context, anchor ledger.Anchor) (*ledger.Mailbox, error)
	Adopt(ctx context.Context, m *ledger.Mailbox, items []ledger.Item) error
	Depart(ctx context.Context, m *ledger.Mailbox, items []ledger.Item) error
}

var (
	_ Move = (*ledger.Mail)(nil)
	_ Back = (*ledger.Mail)(nil)
)

// Ways say where the mailboxes of an account go.
type Ways struct {
	Names  map[string]string // at the source, by those at the destination
	Shared []ledger.Anchor   // mailboxes of the destination, and of the source, that stand for several of the source; see Steady
}

// Turn fills the ledger of the way back with what the move knows of an account, and returns where its mailboxes go. It may be called
// again at any time, and adds what has become known since.
func Turn(ctx context.Context, move Move, back Back, address string) (Ways, error) {
	rows, err := move.Mailboxes(ctx, address)
	if err != nil {
		return Ways{}, err
	}
	before, err := back.Mailboxes(ctx, address)
	if err != nil {
		return Ways{}, err
	}
	ways := Ways{Names: map[string]string{}}
	for _, shared := range sharing(rows, before) {
		first := shared[0].Anchor
		ways.Names[first.Destination] = first.Source
		if len(shared) > 1 {
			ways.Shared = append(ways.Shared, first)
		}
		if err := turn(ctx, move, back, shared); err != nil {
			return Ways{}, err
		}
	}
	return ways, nil
}

// sharing groups rows by the mailbox of the destination that they go to. In each group that one comes first to which the mailbox
// goes back: the one to which it went back before, or else INBOX, or the one that has most messages there. It never changes
// while it is there: under another place all that was carried would count as new. Rows that have no place at an end are left out; what the
// destination holds of them is matched by content.
func sharing(rows, before map[string]ledger.Mailbox) [][]ledger.Mailbox {
	groups := map[string][]ledger.Mailbox{}
	for _, row := range rows {
		a := row.Anchor
		if a.SrcUIDValidity != 0 && a.DstUIDValidity != 0 && !strings.ContainsRune(a.Source, '\n') { // such a name is none of a server's
			groups[a.Destination] = append(groups[a.Destination], row)
		}
	}
	var all [][]ledger.Mailbox
	for _, name := range slices.Sorted(maps.Keys(groups)) {
		group := groups[name]
		settled := before[name].Anchor.Destination
		slices.SortFunc(group, func(a, b ledger.Mailbox) int {
			return cmp.Or(cmp.Compare(rank(a, settled), rank(b, settled)), cmp.Compare(b.Live().Len(), a.Live().Len()),
				cmp.Compare(a.Anchor.Source, b.Anchor.Source))
		})
		all = append(all, group)
	}
	return all
}

func rank(m ledger.Mailbox, settled string) int {
	switch {
	case m.Anchor.Source == settled:
		return 0
	case strings.EqualFold(m.Anchor.Source, "INBOX"):
		return 1
	}
	return 2
}

// turn fills the row of one mailbox of the destination.
func turn(ctx context.Context, move Move, back Back, shared []ledger.Mailbox) error {
	first := shared[0].Anchor
	row, err := back.Mailbox(ctx, ledger.Anchor{Address: first.Address, Source: first.Destination, Destination: first.Source,
		SrcUIDValidity: first.DstUIDValidity, DstUIDValidity: first.SrcUIDValidity})
	if err != nil {
		return err
	}
	for i, known := range shared {
		if known.Anchor.DstUIDValidity != first.DstUIDValidity {
			continue // of another incarnation: its UIDs mean nothing here
		}
		m, err := move.Mailbox(ctx, known.Anchor)
		if err != nil {
			return err
		}
		err = move.Stored(ctx, m, func(s ledger.Stored) error {
			both, departed := turned(s.Items, m, row.Done, i == 0)
			if err := back.Adopt(ctx, row, both); err != nil {
				return err
			}
			return back.Depart(ctx, row, departed)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// turned exchanges the ends of messages that are at the destination and that the way back does not know yet. first says that their
// mailbox is the one to which that of the destination goes back.
func turned(items []ledger.Item, m *ledger.Mailbox, known imap.UIDSet, first bool) (both, departed []ledger.Item) {
	for _, item := range items {
		if m.Lost.Contains(item.UID) || known.Contains(item.DstUID) {
			continue
		}
		back := item
		back.UID, back.DstUID = item.DstUID, item.UID
		if first && !m.Gone.Contains(item.UID) {
			both = append(both, back)
		} else {
			departed = append(departed, back)
		}
	}
	return both, departed
}
