// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"context"

	"rehome"
)

// Memory keeps what a part has proved of an account's things of one kind, for its next comparison: a row for each place, which
// is a mailbox or a collection. It is the verifier's own: what stands in it was read by the verifier, never by what copies, and
// nothing else looks at it. A part trusts it only as far as an end shows that nothing has happened since, and whatever it does
// not understand counts as nothing.
type Memory interface {
	// Marks returns what is kept of each place, without its content.
	Marks(ctx context.Context) (map[string][]byte, error)
	// Content returns the rest of what is kept of a place, nil where nothing is.
	Content(ctx context.Context, place string) ([]byte, error)
	// Keep keeps a proof in the place of the earlier one.
	Keep(ctx context.Context, proof Proof) error
	// Forget forgets places.
	Forget(ctx context.Context, places ...string) error
}

// Proof is what is kept of a place. Both texts are the part's own.
type Proof struct {
	Place   string
	Mark    []byte // what is looked at first: how both ends were
	Content []byte // what was read
}

// Recall returns the memory of an account's things of one kind; one that knows nothing and keeps nothing where there is none, or
// where less than everything is read: what proves less neither uses nor replaces a proof. With Reread it knows nothing.
func (o Options) Recall(account rehome.Account, kind rehome.Kind) Memory {
	if o.Memory == nil || o.Level != LevelFull {
		return forgetful{}
	}
	kept := o.Memory(account, kind)
	if kept == nil {
		return forgetful{}
	}
	if o.Reread {
		return unread{kept}
	}
	return kept
}

// forgetful is a memory of nothing.
type forgetful struct{}

func (forgetful) Marks(context.Context) (map[string][]byte, error) { return nil, nil }
func (forgetful) Content(context.Context, string) ([]byte, error)  { return nil, nil }
func (forgetful) Keep(context.Context, Proof) error                { return nil }
func (forgetful) Forget(context.Context, ...string) error          { return nil }

// unread is a memory that is written and not read. What it held is all replaced, or else forgotten.
type unread struct{ Memory }

// Content implements Memory.
func (unread) Content(context.Context, string) ([]byte, error) { return nil, nil }

// Marks implements Memory: the places are known, so that those that are gone can be forgotten, and nothing of them.
func (u unread) Marks(ctx context.Context) (map[string][]byte, error) {
	marks, err := u.Memory.Marks(ctx)
	for place := range marks {
		marks[place] = nil
	}
	return marks, err
}
