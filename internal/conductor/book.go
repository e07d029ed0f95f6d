// SPDX-License-Identifier: Apache-2.0

package conductor

import (
	"context"
	"sort"
	"time"

	"rehome"
	"rehome/internal/ledger"
)

// save writes where the account stands, with the reason when it is blocked. It does so also when the
// pass is interrupted: what a slice has seen and done stays true.
func (c *Conductor) save(ctx context.Context, t *turn, state ledger.AccountState, reason error) error {
	ctx = context.WithoutCancel(ctx)
	row := ledger.Account{
		Address: t.account.Address, State: state, Pass: c.options.Pass, Started: t.started,
		Mailboxes: t.mailboxes, Messages: t.outcome.Messages, Octets: t.octets,
		Copied: t.present(), Failed: int64(t.outcome.Tally.Failed),
	}
	if !t.looked {
		row.Mailboxes = -1 // nothing was seen yet: the figures of the pass before still hold
	}
	if state == ledger.AccountPreStaged {
		row.Finished = time.Now()
	}
	if reason != nil {
		row.Reason, row.NextStep = reason.Error(), rehome.HintOf(reason)
	}
	if err := c.options.Book.SaveAccount(ctx, row); err != nil {
		return err
	}
	if !t.looked {
		return nil // and so do its findings
	}
	return c.options.Book.ReplaceFindings(ctx, t.account.Address, ledger.OriginMail, t.list())
}

// list returns the findings so far, in a stable order.
func (t *turn) list() []rehome.Finding {
	keys := make([]string, 0, len(t.findings))
	for key := range t.findings {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	all := make([]rehome.Finding, 0, len(keys))
	for _, key := range keys {
		all = append(all, t.findings[key])
	}
	return all
}
