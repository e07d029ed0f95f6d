// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"

	"rehome/internal/ledger"
	"rehome/internal/verify"
)

// DifferencePage is one page of the accounts that differ, by address, with what is open of each.
type DifferencePage struct {
	Accounts []AccountDifferences `json:"accounts"`
	Next     string               `json:"next"` // the address behind which the next page goes on; "" on the last one
}

// AccountDifferences are the open differences of an account.
type AccountDifferences struct {
	Account string        `json:"account"`
	Open    []verify.Open `json:"open"`
	More    int           `json:"more"` // open ones beyond those listed here
}

// DifferencePage returns at most limit accounts behind an address, with at most the number of open differences that each is to have. It
// reads an index, and the last comparisons of the accounts on the page.
func (m *Move) DifferencePage(ctx context.Context, after string, limit, each int) (page DifferencePage, err error) {
	page.Accounts = []AccountDifferences{}
	store, err := m.store(ctx)
	if err != nil {
		return page, err
	}
	var rows AccountPage
	if err := rows.fill(ctx, store, ledger.AccountFilter{Verdict: string(verify.Differs)}, after, limit); err != nil {
		return page, err
	}
	page.Next = rows.Next
	for _, row := range rows.Accounts {
		answer, _, err := answerOf(ctx, store, ledger.Account{Address: row.Account})
		if err != nil {
			return page, err
		}
		open := nonNil(answer.Open())
		open = open[:min(len(open), each)]
		page.Accounts = append(page.Accounts, AccountDifferences{row.Account, open, answer.Differences() - len(open)})
	}
	return page, nil
}
