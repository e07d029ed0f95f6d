// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"context"
	"time"

	"rehome"
	"rehome/internal/mapping"
	"rehome/internal/pass"
)

// Where returns where every mailbox of the account is at the destination, or would be. It is the part of
// Plan that opens no mailbox, and says nothing of room.
func (e *Engine) Where(ctx context.Context, account rehome.Account) (mapping.Ways, error) {
	run := newSlice(e, account, time.Now(), pass.DefaultBudget)
	defer run.close()
	if err := run.open(ctx, nil); err != nil {
		return mapping.Ways{}, err
	}
	view, err := run.look(ctx)
	if err != nil {
		return mapping.Ways{}, err
	}
	return e.ways(view), nil
}

// ways are the view's plan, and what it was made of.
func (e *Engine) ways(v accountView) mapping.Ways {
	return mapping.Ways{Plan: v.plan, Source: v.srcEnd, Destination: v.dstEnd, Rules: e.options.Rules}
}
