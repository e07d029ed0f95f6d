// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"

	"rehome"
	"rehome/internal/config"
	"rehome/internal/ledger"
)

// StorePlace names a ledger: a file or an address, and where the password for it is kept.
type StorePlace struct {
	Name     string
	Password config.Reference
}

func (p StorePlace) location(ctx context.Context) (ledger.Location, error) {
	password, err := p.Password.Resolve(ctx)
	return ledger.Location{Name: p.Name, Password: password}, err
}

// StoreCopied is what was copied from one ledger to another one.
type StoreCopied struct {
	Tables  []ledger.CopiedTable `json:"tables"`
	WayBack []ledger.CopiedTable `json:"way_back,omitempty"` // of the ledger of the way back, if there is one
}

// Outcome implements rehome.Answer.
func (c StoreCopied) Outcome() rehome.Outcome { return rehome.OutcomeDone }

// Rows is how many rows were copied.
func (c StoreCopied) Rows() (rows int64) {
	for _, tables := range [][]ledger.CopiedTable{c.Tables, c.WayBack} {
		for _, table := range tables {
			rows += table.Rows
		}
	}
	return rows
}

// CopyStore copies a ledger to a place where none is, or an empty one, and with it that of the way back.
func CopyStore(ctx context.Context, from, to StorePlace) (copied StoreCopied, err error) {
	src, err := from.location(ctx)
	if err != nil {
		return copied, err
	}
	dst, err := to.location(ctx)
	if err != nil {
		return copied, err
	}
	srcBack, err := src.Back()
	if err != nil {
		return copied, err
	}
	dstBack, err := dst.Back()
	if err != nil {
		return copied, err
	}
	there, err := srcBack.Exists(ctx)
	if err != nil {
		return copied, err
	}
	if there { // first, so that what is begun anew after a failure finds the ledger of the move still empty
		if copied.WayBack, err = ledger.Copy(ctx, srcBack, dstBack); err != nil {
			return copied, err
		}
	}
	copied.Tables, err = ledger.Copy(ctx, src, dst)
	return copied, err
}
