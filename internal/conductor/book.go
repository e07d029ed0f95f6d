// SPDX-License-Identifier: Apache-2.0

package conductor

import (
	"context"
	"maps"
	"slices"
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
		Mailboxes: t.mailboxes, Messages: t.outcome.Census.Messages(), Octets: t.octets,
		Copied: t.outcome.Census.There, Failed: t.outcome.Census.Failed,
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
	if t.looked { // otherwise its findings still hold
		if err := c.options.Book.ReplaceFindings(ctx, t.account.Address, ledger.OriginMail, listOf(t.findings)); err != nil {
			return err
		}
	}
	if t.pim.looked {
		return c.options.Book.ReplaceFindings(ctx, t.account.Address, ledger.OriginPIM, listOf(t.pim.findings))
	}
	return nil
}

// listOf returns findings in a stable order.
func listOf(findings map[string]rehome.Finding) []rehome.Finding {
	all := make([]rehome.Finding, 0, len(findings))
	for _, key := range slices.Sorted(maps.Keys(findings)) {
		all = append(all, findings[key])
	}
	return all
}
