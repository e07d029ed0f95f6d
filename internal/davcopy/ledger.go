// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"context"

	"rehome/internal/ledger"
)

// Ledger is what the engine has to know from one slice to the next, by nouns. *ledger.Objects is one.
type Ledger interface {
	collectionRows
	objectRows
	trialRows
}

type collectionRows interface {
	Collection(ctx context.Context, c ledger.Collection) (*ledger.Collection, error)
	Collections(ctx context.Context, address string) (map[string]ledger.Collection, error)
	MoveCollection(ctx context.Context, c *ledger.Collection, destination string, objects ...ledger.Object) error
	RenameCollection(ctx context.Context, c *ledger.Collection, href string) error
	NoteProperties(ctx context.Context, c *ledger.Collection) error
	SettleCollection(ctx context.Context, c *ledger.Collection, state ledger.CollectionState, target ledger.CollectionMark) error
}

type objectRows interface {
	Objects(ctx context.Context, c *ledger.Collection) (map[string]ledger.Object, error)
	SaveObjects(ctx context.Context, c *ledger.Collection, objects ...ledger.Object) error
	RenameObject(ctx context.Context, c *ledger.Collection, from string, o ledger.Object) error
	DropObjects(ctx context.Context, c *ledger.Collection, names ...string) error
	Exceptions(ctx context.Context, address string) ([]ledger.Exception, error)
}

type trialRows interface {
	NoteTrial(ctx context.Context, address string, t ledger.Trial) error
	ForgetTrials(ctx context.Context, address string, uids ...string) error
	Trials(ctx context.Context, address string) ([]ledger.Trial, error)
}
