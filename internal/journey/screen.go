// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"time"

	"rehome"
	"rehome/internal/itinerary"
	"rehome/internal/ledger"
	"rehome/internal/report"
	"rehome/internal/verify"
)

// Overview is the whole move in figures, for the first page of the screen.
type Overview struct {
	Organisation string
	Running      bool // a sync is at work now
	Work         Running
	Itinerary    itinerary.Itinerary
	Totals       []ledger.AccountTotal
	Settled      int64 // accounts that differ, and of which somebody has accepted all differences
	Findings     []ledger.FindingTotal
	At           time.Time // when the figures were read
}

// Overview reads the ledger and what lies beside it, and contacts no server. file is that of the settings.
func (m *Move) Overview(ctx context.Context, file string) (Overview, error) {
	store, err := m.store(ctx)
	if err != nil {
		return Overview{}, err
	}
	next, err := m.Next(ctx, file)
	if err != nil {
		return Overview{}, err
	}
	overview := Overview{Organisation: m.settings.Organisation, Itinerary: next.Itinerary, At: time.Now()}
	if overview.Running, err = store.Locked(); err != nil {
		return Overview{}, err
	}
	if overview.Work, err = m.Glance(ctx); err != nil {
		return Overview{}, err
	}
	if overview.Totals, err = store.Accounts.Totals(ctx); err != nil {
		return Overview{}, err
	}
	answers, err := settled(ctx, store)
	if err != nil {
		return Overview{}, err
	}
	for _, answer := range answers {
		if answer.Verdict == verify.Equal && len(answer.Accepted) > 0 {
			overview.Settled++
		}
	}
	overview.Findings, err = store.Findings.Totals(ctx)
	return overview, err
}

// CountedAtMost is how many rows a page of the screen counts; a larger figure is shown as "more than".
const CountedAtMost = 10_000

// AccountPage is one page of accounts.
type AccountPage struct {
	Accounts []ledger.Account
	Counted  int    // of the filter, at most CountedAtMost
	Next     string // where the next page goes on; "" on the last one
}

// AccountPage returns at most limit accounts of a filter behind an address.
func (m *Move) AccountPage(ctx context.Context, filter ledger.AccountFilter, after string, limit int) (AccountPage, error) {
	store, err := m.store(ctx)
	if err != nil {
		return AccountPage{}, err
	}
	var page AccountPage
	if page.Accounts, err = store.Accounts.Page(ctx, filter, after, limit+1); err != nil {
		return AccountPage{}, err
	}
	if len(page.Accounts) > limit {
		page.Accounts = page.Accounts[:limit]
		page.Next = page.Accounts[limit-1].Address
	}
	page.Counted, err = store.Accounts.Count(ctx, filter, CountedAtMost)
	return page, err
}

// AccountDetail is one account with what was found about it.
type AccountDetail struct {
	ledger.Account

	Findings []rehome.Finding
	Open     []verify.Open // differences of the last verification
	Unlisted int           // open ones beyond those listed
	Accepted []verify.Accepted
}

// AccountDetail returns one account; known is false where the ledger has none of that address.
func (m *Move) AccountDetail(ctx context.Context, address string) (detail AccountDetail, known bool, err error) {
	store, err := m.store(ctx)
	if err != nil {
		return AccountDetail{}, false, err
	}
	if detail.Account, known, err = store.Accounts.Find(ctx, address); err != nil || !known {
		return AccountDetail{}, false, err
	}
	if detail.Findings, err = store.Findings.All(ctx, address); err != nil {
		return AccountDetail{}, false, err
	}
	last, verified, err := store.Verifications.Find(ctx, address)
	if err != nil || !verified {
		return detail, true, err
	}
	answer, err := report.Answer(detail.Account, last)
	if err != nil {
		return AccountDetail{}, false, err
	}
	acceptances, err := accepted(ctx, store)
	answer = answer.Accept(acceptances[address])
	detail.Verdict = string(answer.Verdict)
	detail.Open, detail.Accepted = answer.Open(), answer.Accepted
	detail.Unlisted = answer.Differences() - len(detail.Open)
	return detail, true, err
}

// FindingPage returns at most limit findings of one severity, and of one code unless it is "", behind a place; more says that there
// are further ones.
func (m *Move) FindingPage(
	ctx context.Context, severity rehome.Severity, code string, after ledger.FindingPlace, limit int,
) (page []rehome.Finding, more bool, err error) {
	store, err := m.store(ctx)
	if err != nil {
		return nil, false, err
	}
	if page, err = store.Findings.Page(ctx, severity, code, after, limit+1); err != nil {
		return nil, false, err
	}
	more = len(page) > limit
	return page[:min(len(page), limit)], more, nil
}

// Operators returns who may sign in to the screen.
func (m *Move) Operators(ctx context.Context) ([]ledger.Operator, error) {
	store, err := m.store(ctx)
	if err != nil {
		return nil, err
	}
	return store.Operators.All(ctx)
}
