// SPDX-License-Identifier: Apache-2.0

package conductor

import (
	"context"
	"time"

	"rehome"
	"rehome/internal/ledger"
	"rehome/internal/pass"
)

// save writes where the account and its turn stand, with the reason when it is blocked. It does so also when the
// pass is interrupted: what a slice has seen and done stays true.
func (c *Conductor) save(ctx context.Context, t *turn, state ledger.AccountState, reason error) error {
	ctx = context.WithoutCancel(ctx)
	row := ledger.Account{
		Address: t.account.Address, State: state, Pass: c.options.Pass, Started: t.started,
		Mailboxes: -1, // nothing was seen yet: the figures of the pass before still hold
	}
	t.measure(&row)
	if state == ledger.AccountPreStaged {
		row.Finished = time.Now()
	}
	if reason != nil {
		row.Reason, row.NextStep = reason.Error(), rehome.HintOf(reason)
	}
	findings := map[rehome.Kind][]rehome.Finding{}
	for _, s := range t.seen {
		if s.looked { // else what was found before still holds
			findings[s.kind] = s.list()
		}
	}
	return c.options.Ledger.Save(ctx, row, findings, t.Turn)
}

// measure writes how large the account is, as the step saw it that knows.
func (t *turn) measure(row *ledger.Account) {
	for _, s := range t.seen {
		if sized, ok := t.outcome.Counts[s.kind].(pass.Sized); ok && s.looked {
			size := sized.Size()
			row.Mailboxes = size.Mailboxes
			row.Messages = size.Messages
			row.Octets = size.Octets
			row.Copied = size.There
			row.Failed = size.Failed
		}
	}
}
