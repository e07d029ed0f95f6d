// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"fmt"
	"slices"

	"rehome"
	"rehome/internal/ledger"
	"rehome/internal/verify"
)

// UnfinishedEntry is an account that is not complete, and why.
type UnfinishedEntry struct {
	Account string `json:"account"`
	Error   string `json:"error"`
	Hint    string `json:"hint,omitempty"`

	lasting bool // its pass is over, and the next one meets the same
}

// complete names the accounts that are not: whose pass has failed or waits for somebody, and those of which something is not at the
// destination although it is over. What somebody has accepted as missing is not named.
func (s *WorkersSynced) complete(ctx context.Context, who selection) error {
	rows, err := who.store.Accounts.All(ctx)
	if err != nil {
		return err
	}
	broken, err := errorsOf(ctx, who.store)
	if err != nil {
		return err
	}
	meant := make(map[string]bool, len(who.accounts))
	for _, a := range who.accounts {
		meant[a.Address] = true
	}
	for _, row := range rows {
		found := broken[row.Address]
		switch {
		case !meant[row.Address]:
		case row.State != ledger.AccountPreStaged:
			s.Left = append(s.Left, UnfinishedEntry{Account: row.Address, Error: row.Reason, Hint: row.NextStep})
		case len(found) > 0:
			s.Left = append(s.Left, lastingEntry(found))
		}
	}
	return nil
}

// lastingEntry says what an account lacks whose pass is over.
func lastingEntry(found []rehome.Finding) UnfinishedEntry {
	first := found[0]
	text := first.Sentence
	if first.Object != "" {
		text = first.Object + ": " + text
	}
	if more := len(found) - 1; more > 0 {
		text += fmt.Sprintf(" (and %d more, see \"rehome status\")", more)
	}
	return UnfinishedEntry{Account: first.Account, Error: text, Hint: first.NextStep, lasting: true}
}

// errorsOf are the findings by account that say what is not as it is at the source, but for what somebody has accepted.
func errorsOf(ctx context.Context, store *ledger.Ledger) (map[string][]rehome.Finding, error) {
	const atOnce = 1000
	var found []rehome.Finding
	for behind := (ledger.FindingPlace{}); ; {
		page, err := store.Findings.Page(ctx, rehome.SeverityError, "", behind, atOnce)
		if err != nil {
			return nil, err
		}
		found = append(found, page...)
		if len(page) < atOnce {
			break
		}
		last := page[len(page)-1]
		behind = ledger.FindingPlace{Account: last.Account, Code: last.Code, Object: last.Object}
	}
	answers, err := settled(ctx, store)
	if err != nil {
		return nil, err
	}
	var accepted []verify.Accepted
	for _, answer := range answers {
		accepted = slices.Concat(accepted, answer.Accepted)
	}
	of := map[string][]rehome.Finding{}
	for _, f := range verify.Unexcused(found, accepted) {
		of[f.Account] = append(of[f.Account], f)
	}
	return of, nil
}
