// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"context"

	"rehome"
	"rehome/internal/ledger"
	"rehome/internal/protocol/imap"
)

// Ledger is what the engine has to know from one slice to the next, by nouns. *ledger.Mail is one.
type Ledger interface {
	rows
	places
	intents
	signs
	receipts
	identifiers
	annotated
	readers
	fates
	troubles
}

// rows are the mailboxes and what both ends looked like.
type rows interface {
	Mailbox(ctx context.Context, anchor ledger.Anchor) (*ledger.Mailbox, error)
	Mailboxes(ctx context.Context, address string) (map[string]ledger.Mailbox, error)
	Settle(ctx context.Context, m *ledger.Mailbox, state ledger.State) error
	Unsettle(ctx context.Context, modSeq uint64, ids ...int64) error
	Sighted(ctx context.Context, sights map[int64]ledger.Sight) error
	Trusts(ctx context.Context, address string) (map[rehome.Side]ledger.Trust, error)
	SaveTrust(ctx context.Context, address string, side rehome.Side, trust ledger.Trust) error
}

// places are the destination's mailboxes: made, renamed, gone.
type places interface {
	IntendCreations(ctx context.Context, address string, names []string) error
	ForgetCreations(ctx context.Context, address string, names ...string) error
	Relocate(ctx context.Context, address string, renamings []ledger.Renaming) error
	Drop(ctx context.Context, id int64) error
	Forget(ctx context.Context, id int64) error
}

// intents are batches that were begun.
type intents interface {
	Intend(ctx context.Context, m *ledger.Mailbox, floor imap.UID, batches ...[]ledger.Item) ([]int64, error)
	IntendAll(ctx context.Context, all ...ledger.Beginning) ([][]int64, error)
	Void(ctx context.Context, ids ...int64) error
	GiveUp(ctx context.Context, m *ledger.Mailbox, intents ...ledger.Intent) error
}

// signs are what is heard of intents.
type signs interface {
	Orphan(ctx context.Context, address string) error
	Revive(ctx context.Context, address string) error
	NoteAnswered(ctx context.Context, intents ...ledger.Intent) error
}

// receipts are messages that are at the destination.
type receipts interface {
	Receive(ctx context.Context, m *ledger.Mailbox, id int64, items []ledger.Item) error
	Recover(ctx context.Context, m *ledger.Mailbox, intent ledger.Intent, ours, others []ledger.Item) (ledger.Intent, error)
	Adopt(ctx context.Context, m *ledger.Mailbox, items []ledger.Item) error
	Disown(ctx context.Context, m *ledger.Mailbox, sources imap.UIDSet) error
	SaveFlags(ctx context.Context, batches []ledger.Stored) error
}

// identifiers are how POP3 programs know messages.
type identifiers interface {
	NoteIdentifiers(ctx context.Context, m *ledger.Mailbox, all []ledger.Identifier) error
	Identifiers(ctx context.Context, m *ledger.Mailbox) (map[imap.UID]ledger.Identifier, error)
}

// annotated is what was brought of the annotations of mailboxes.
type annotated interface {
	Annotations(ctx context.Context, address string) ([]ledger.Annotation, error)
	NoteAnnotations(ctx context.Context, address string, notes, forget []ledger.Annotation) error
}

// readers show what was written of messages, batch by batch.
type readers interface {
	Stored(ctx context.Context, m *ledger.Mailbox, visit func(ledger.Stored) error) error
	StoredFormerly(ctx context.Context, m *ledger.Mailbox, visit func(ledger.Stored) error) error
	Brought(ctx context.Context, m *ledger.Mailbox, visit func(ledger.Stored) error) error
	Dropped(ctx context.Context, m *ledger.Mailbox, visit func(ledger.Stored) error) error
	Digests(ctx context.Context, address string, visit func(mailbox int64, uids []imap.UID, digests [][]byte) error) error
}

// fates are what has become of messages since.
type fates interface {
	NoteFate(ctx context.Context, m *ledger.Mailbox, fate ledger.Fate) error
	IntendRemoval(ctx context.Context, m *ledger.Mailbox, sources imap.UIDSet) (ledger.Removal, error)
	EndRemovals(ctx context.Context, m *ledger.Mailbox, fate ledger.Fate) error
	Doubt(ctx context.Context, m *ledger.Mailbox, from imap.UID) error
	NoteUntold(ctx context.Context, m *ledger.Mailbox, untold imap.UIDSet) error
	NoteRestored(ctx context.Context, m *ledger.Mailbox, restored imap.UIDSet) error
	ForgetFormer(ctx context.Context, m *ledger.Mailbox) error
	NoteDoubles(ctx context.Context, m *ledger.Mailbox, doubles ledger.Voided) error
}

// troubles are messages that could not be read or were not taken, and UIDs of others.
type troubles interface {
	Refuse(ctx context.Context, m *ledger.Mailbox, refusals ...ledger.Refusal) error
	RefusedSizes(ctx context.Context, address string) (map[int64]bool, error)
	Suspect(ctx context.Context, m *ledger.Mailbox, uid imap.UID) error
	ForgetSuspects(ctx context.Context, m *ledger.Mailbox) error
	NoteGaps(ctx context.Context, m *ledger.Mailbox, gaps imap.UIDSet) error
	CloseGaps(ctx context.Context, m *ledger.Mailbox, but imap.UIDSet) error
	NoteWithdrawn(ctx context.Context, m *ledger.Mailbox, items []ledger.Item) error
}
