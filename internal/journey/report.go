// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"encoding/json"
	"fmt"

	"rehome/internal/verify"
)

// Report puts together what the last verification of every account said, and what holds beside it.
// Accounts that were never verified have the verdict unknown. It talks to no server.
func (m *Move) Report(ctx context.Context) (verify.Document, error) {
	store, err := m.store(ctx)
	if err != nil {
		return verify.Document{}, err
	}
	rows, err := store.Accounts(ctx)
	if err != nil {
		return verify.Document{}, err
	}
	kept, err := store.Verifications(ctx)
	if err != nil {
		return verify.Document{}, err
	}
	known := map[string]verify.Account{}
	for _, v := range kept {
		var account verify.Account
		if err := json.Unmarshal(v.Result, &account); err != nil {
			return verify.Document{}, fmt.Errorf("verification of %s: %w", v.Address, err)
		}
		known[v.Address] = account
	}
	results := make([]verify.Account, 0, len(rows))
	for _, row := range rows {
		account, verified := known[row.Address]
		if !verified {
			account = verify.Account{Account: row.Address, Verdict: verify.Unknown}
		}
		results = append(results, account)
	}
	return m.document(ctx, store, results)
}
