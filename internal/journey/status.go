// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"time"

	"rehome"
	"rehome/internal/ledger"
)

// Status is where the whole move stands.
type Status struct {
	Organisation string           `json:"organisation"`
	Accounts     []StatusAccount  `json:"accounts"`
	Findings     []rehome.Finding `json:"findings"`
}

// StatusAccount is where one account stands.
type StatusAccount struct {
	Account    string              `json:"account"`
	State      ledger.AccountState `json:"state"`
	Mailboxes  int64               `json:"mailboxes"`
	Messages   int64               `json:"messages"` // at the source
	Octets     int64               `json:"bytes"`
	Copied     int64               `json:"copied"` // at the destination
	Failed     int64               `json:"failed"`
	Verdict    string              `json:"verdict"` // "" before the first verification
	VerifiedAt time.Time           `json:"verified_at,omitzero"`
	StartedAt  time.Time           `json:"started_at,omitzero"`
	FinishedAt time.Time           `json:"finished_at,omitzero"`
	Reason     string              `json:"reason,omitempty"`
	NextStep   string              `json:"next_step,omitempty"`
}

// Status reads the ledger; it talks to no server and may be called while a pass runs.
func (m *Move) Status(ctx context.Context) (Status, error) {
	store, err := m.store(ctx)
	if err != nil {
		return Status{}, err
	}
	rows, err := store.Accounts(ctx)
	if err != nil {
		return Status{}, err
	}
	findings, err := store.Findings(ctx, "")
	if err != nil {
		return Status{}, err
	}
	status := Status{Organisation: m.settings.Organisation, Accounts: make([]StatusAccount, 0, len(rows)), Findings: nonNil(findings)}
	for _, r := range rows {
		status.Accounts = append(status.Accounts, StatusAccount{
			Account: r.Address, State: r.State, Mailboxes: r.Mailboxes, Messages: r.Messages, Octets: r.Octets, Copied: r.Copied, Failed: r.Failed,
			Verdict: r.Verdict, VerifiedAt: r.VerifiedAt, StartedAt: r.Started, FinishedAt: r.Finished, Reason: r.Reason, NextStep: r.NextStep,
		})
	}
	return status, nil
}
