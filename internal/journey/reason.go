// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"

	"rehome/internal/ledger"
	"rehome/internal/verify/objects"
)

// ObjectReasons answers the one question that the verification of contacts and calendars asks: why something differs. It
// tells what the ledger has noted as trouble, and nothing of what was copied.
func ObjectReasons(store *ledger.Objects) objects.Explainer { return objectReasons{store} }

type objectReasons struct{ store *ledger.Objects }

// Reasons implements objects.Explainer.
func (o objectReasons) Reasons(ctx context.Context, address string) ([]objects.Reason, error) {
	exceptions, err := o.store.Exceptions(ctx, address)
	var all []objects.Reason
	for _, e := range exceptions {
		trouble := troubleOf(e.Object)
		if trouble == "" {
			continue
		}
		r := objects.Reason{
			Collection: e.Collection, Object: e.Source, Target: e.Target, Trouble: trouble, Words: e.Words, Escrow: e.Escrow,
		}
		if trouble == objects.Vanished {
			r.Object = e.Destination
		}
		all = append(all, r)
	}
	return all, err
}

// troubleOf is what kept an object from being at the destination as it is at the source, "" where nothing did.
func troubleOf(o ledger.Object) objects.Trouble {
	switch {
	case o.State == ledger.ObjectGone:
		return objects.Vanished
	case o.State == ledger.ObjectQuarantined:
		return objects.Refused
	case o.Missing():
		return objects.Lost
	case o.State == ledger.ObjectStored && o.Escrow != "":
		return objects.Damaged
	case o.State == ledger.ObjectConflict, o.Reverted():
		return objects.Diverged
	case o.Behind():
		return objects.Older
	case o.State == ledger.ObjectHeld, o.Code != "":
		return objects.Waiting
	}
	return ""
}
