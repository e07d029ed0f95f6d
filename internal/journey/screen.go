// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"time"

	"rehome"
	"rehome/internal/itinerary"
	"rehome/internal/ledger"
	"rehome/internal/verify"
)

// Overview is the whole move in figures, for the first page of the screen.
type Overview struct {
	Organisation string                `json:"organisation"`
	Running      bool                  `json:"running"` // a sync is at work now
	Work         Running               `json:"work"`
	Itinerary    itinerary.Itinerary   `json:"itinerary"`
	Totals       []ledger.AccountTotal `json:"totals"`
	Settled      int64                 `json:"settled"` // accounts that differ, and of which somebody has accepted all differences
	Findings     []ledger.FindingTotal `json:"findings"`
	At           time.Time             `json:"at"` // when the figures were read
}

// Overview reads the ledger and what lies beside it, and contacts no server. file is that of the settings.
func (m *Move) Overview(ctx context.Context, file string) (Overview, error) {
	store, err := m.store(ctx)
	if err != nil {
		return Overview{}, err
	}
	totals, err := store.Accounts.Totals(ctx)
	if err != nil {
		return Overview{}, err
	}
	next, err := m.next(ctx, file, totals)
	if err != nil {
		return Overview{}, err
	}
	overview := Overview{Organisation: m.settings.Organisation, Itinerary: next.Itinerary, Totals: totals, At: time.Now()}
	if overview.Running, err = store.Locked(); err != nil {
		return Overview{}, err
	}
	if overview.Work, err = m.Glance(ctx); err != nil {
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
