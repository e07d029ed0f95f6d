// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"

	"rehome"
	"rehome/internal/ledger"
	"rehome/internal/verify"
	"rehome/internal/verify/mail"
)

// verifyingAtOnce is how many accounts are compared at the same time: enough to keep two servers
// busy, few enough to leave them to their users.
const verifyingAtOnce = 4

// VerifyWatcher is told how far a verification has come; its functions are called from several
// goroutines.
type VerifyWatcher struct {
	Accounts func(total int)
	Read     func(messages int, octets int64)
	Done     func()
}

// Verify reads both ends of the named accounts anew, or of all, and keeps the answers for status and
// report. An account that cannot be read gets the verdict unknown and does not stop the others.
func (m *Move) Verify(ctx context.Context, names []string, level verify.Level, watcher VerifyWatcher) (document verify.Document, err error) {
	who, err := m.chosen(ctx, names)
	if err != nil {
		return verify.Document{}, err
	}
	src, dst, err := m.ends(ctx, nil)
	if err != nil {
		return verify.Document{}, err
	}
	if err := reach(ctx, who.accounts, src, dst); err != nil {
		return verify.Document{}, err
	}
	pim, err := m.pimEnds(ctx, nil)
	if err != nil {
		return verify.Document{}, err
	}
	defer func() { err = errors.Join(err, pim.close()) }()
	watcher.Accounts(len(who.accounts))
	m.log.Info("verification begins", rehome.LogLevel, string(level), rehome.LogAccounts, len(who.accounts))
	verifier := verify.New(verify.Options{
		Level: level, Observe: func(_ string, messages int, octets int64) { watcher.Read(messages, octets) },
	}, append([]verify.Part{mail.New(mail.Options{Source: src, Destination: dst, Rules: m.rules()})}, pim.verified(who.store)...)...)
	results := make([]verify.Account, len(who.accounts))
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(min(verifyingAtOnce, workers(src, dst)))
	for i, account := range who.accounts {
		group.Go(func() error {
			defer watcher.Done()
			return m.verifyOne(groupCtx, verifier, who.store, account, level, &results[i])
		})
	}
	if err := group.Wait(); err != nil {
		return verify.Document{}, err
	}
	return m.document(ctx, who.store, results)
}

// verifyOne compares one account and keeps the answer.
func (m *Move) verifyOne(
	ctx context.Context, verifier *verify.Verifier, store *ledger.Ledger, account rehome.Account, level verify.Level, into *verify.Account,
) error {
	var result verify.Account
	began := time.Now()
	m.log.Info("account begins", rehome.LogAccount, account.Address)
	err := rehome.Guarded(account.Address, func() (err error) {
		result, err = verifier.Account(ctx, account)
		return err
	})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		result = verify.Unreadable(account.Address, level, time.Now(), err)
	}
	*into = result
	m.tellVerified(result, err, time.Since(began))
	encoded, err := json.Marshal(result)
	if err != nil {
		return err
	}
	return store.Verifications.Save(ctx, ledger.Verification{
		Address: account.Address, Level: string(level), Verdict: string(result.Verdict), Result: encoded,
	})
}

// tellVerified logs what the comparison of an account has shown, or why it could not be compared.
func (m *Move) tellVerified(result verify.Account, err error, took time.Duration) {
	attributes := []any{rehome.LogAccount, result.Account, rehome.LogVerdict, string(result.Verdict), rehome.LogTook, took}
	if err != nil {
		attributes = append(attributes, rehome.LogError, err.Error(), rehome.LogHint, rehome.HintOf(err))
	}
	m.log.Info("account ends", attributes...)
}

// document puts results together with the findings that hold for their accounts.
func (m *Move) document(ctx context.Context, store *ledger.Ledger, results []verify.Account) (verify.Document, error) {
	all, err := store.Findings.All(ctx, "")
	if err != nil {
		return verify.Document{}, err
	}
	among := map[string]bool{}
	for _, r := range results {
		among[r.Account] = true
	}
	var findings []rehome.Finding
	for _, f := range all {
		if among[f.Account] {
			findings = append(findings, f)
		}
	}
	return verify.NewDocument(results, findings), nil
}
