// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"

	"rehome/internal/ledger"
	"rehome/internal/verify"
)

// CountedAtMost is how many rows a page of the screen counts; a larger figure is shown as "more than".
const CountedAtMost = 10_000

// AccountPage is one page of accounts.
type AccountPage struct {
	Accounts []AccountRow `json:"accounts"`
	Counted  int          `json:"counted"` // of the filter, at most CountedAtMost
	About    bool         `json:"about"`   // the count may be wrong by those of which differences were accepted
	Next     string       `json:"next"`    // the address behind which the next page goes on; "" on the last one
}

// The bounds of what one page reads of the stored verifications: where differences were accepted, these say whether an account counts
// as equal.
const (
	mostRounds  = 10  // of a page that leaves accounts out
	mostSettled = 200 // that are looked at for the count
)

// AccountPage returns at most limit accounts of a filter behind an address. An account of which all differences were accepted counts as
// equal. A page may have fewer than limit accounts, and still a next one.
func (m *Move) AccountPage(ctx context.Context, filter ledger.AccountFilter, after string, limit int) (page AccountPage, err error) {
	store, err := m.store(ctx)
	if err != nil {
		return AccountPage{}, err
	}
	page.Accounts = []AccountRow{}
	if err := page.fill(ctx, store, filter, after, limit); err != nil {
		return AccountPage{}, err
	}
	if after == "" && page.Next == "" {
		page.Counted = len(page.Accounts) // all are on this page
		return page, nil
	}
	return page, page.count(ctx, store, filter)
}

// loose chooses also those that may count as equal.
func loose(filter ledger.AccountFilter) ledger.AccountFilter {
	filter.OrAccepted = filter.Verdict == string(verify.Equal)
	return filter
}

func (p *AccountPage) fill(ctx context.Context, store *ledger.Ledger, filter ledger.AccountFilter, after string, limit int) error {
	for range mostRounds {
		rows, err := store.Accounts.Page(ctx, loose(filter), after, limit+1)
		if err != nil {
			return err
		}
		for i, a := range rows {
			if i == limit || len(p.Accounts) == limit {
				p.Next = after
				break
			}
			row, err := settledRow(ctx, store, a)
			if err != nil {
				return err
			}
			if after = a.Address; fits(row, filter) {
				p.Accounts = append(p.Accounts, row)
			}
		}
		if p.Next == "" || len(p.Accounts) == limit {
			return nil
		}
		p.Next = ""
	}
	p.Next = after
	return nil
}

// fits reports whether a row has the verdict that is asked for; the rest of the filter has chosen it.
func fits(row AccountRow, filter ledger.AccountFilter) bool {
	return filter.Verdict == "" || filter.Verdict == ledger.NotVerified || row.Verdict == filter.Verdict
}

// settledRow is the row of an account. Only where it differs can anything of it have been accepted.
func settledRow(ctx context.Context, store *ledger.Ledger, a ledger.Account) (AccountRow, error) {
	if a.Verdict != string(verify.Differs) {
		return rowOf(a, verify.Account{}), nil
	}
	accepted, err := store.Accepted.Of(ctx, a.Address)
	if err != nil || len(accepted) == 0 {
		return rowOf(a, verify.Account{}), err
	}
	answer, _, err := answerOf(ctx, store, a)
	return rowOf(a, answer), err
}

// count counts what the pages of a filter have together.
func (p *AccountPage) count(ctx context.Context, store *ledger.Ledger, filter ledger.AccountFilter) (err error) {
	p.Counted, err = store.Accounts.Count(ctx, loose(filter), CountedAtMost)
	if err != nil || filter.Verdict != string(verify.Equal) && filter.Verdict != string(verify.Differs) {
		return err
	}
	doubtful := filter
	doubtful.Verdict, doubtful.Accepted = string(verify.Differs), true
	rows, err := store.Accounts.Page(ctx, doubtful, "", mostSettled+1)
	if err != nil {
		return err
	}
	if p.About = len(rows) > mostSettled || p.Counted >= CountedAtMost && len(rows) > 0; p.About {
		return nil
	}
	for _, a := range rows {
		row, err := settledRow(ctx, store, a)
		if err != nil {
			return err
		}
		if !fits(row, filter) {
			p.Counted--
		}
	}
	return nil
}
