// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"cmp"
	"context"
	"time"

	"rehome/internal/report"
)

// Report puts together what the last verification of every account said, and what holds beside it.
// It talks to no server.
func (m *Move) Report(ctx context.Context) (*report.Report, error) {
	store, err := m.store(ctx)
	if err != nil {
		return nil, err
	}
	accounts, err := store.Accounts.All(ctx)
	if err != nil {
		return nil, err
	}
	verifications, err := store.Verifications.All(ctx)
	if err != nil {
		return nil, err
	}
	findings, err := store.Findings.All(ctx, "")
	if err != nil {
		return nil, err
	}
	acceptances, err := accepted(ctx, store)
	if err != nil {
		return nil, err
	}
	logins, err := loginsOf(ctx, store)
	if err != nil {
		return nil, err
	}
	return report.New(report.Input{
		Organisation: m.settings.Organisation,
		Source:       cmp.Or(m.settings.Source.IMAP.Address, m.settings.Source.DAV.URL),
		Destination:  cmp.Or(m.settings.Destination.IMAP.Address, m.settings.Destination.DAV.URL),
		Generated:    time.Now(), Version: m.version,
		Accounts: accounts, Verifications: verifications, Findings: findings, Accepted: acceptances,
		Logins: logins,
	})
}
