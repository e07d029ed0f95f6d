// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"

	"rehome"
	"rehome/internal/conductor"
	"rehome/internal/config"
	"rehome/internal/endpoint"
	"rehome/internal/ledger"
	"rehome/internal/pass"
	"rehome/internal/people"
	"rehome/internal/verify"
	"rehome/internal/verify/mail"
)

// verifyingAtOnce is how many accounts are compared at the same time: enough to keep two servers
// busy, few enough to leave them to their users.
const verifyingAtOnce = 4

// VerifyOptions say what is compared, and how closely.
type VerifyOptions struct {
	Level verify.Level
	Only  []rehome.Kind // none means all that both ends have
	UIDs  bool          // also what mail programs know messages by

	// Reread has everything read, also what an earlier verification has read and what has not changed since.
	Reread bool
}

// Verify reads both ends of the named accounts, or of all, as far as anything has changed since it last did, and keeps the
// answers for status and report, unless only some kinds were compared: that is no answer about the account. An account that
// cannot be read gets the verdict unknown and does not stop the others.
func (m *Move) Verify(ctx context.Context, choice people.Choice, options VerifyOptions,
	progress *conductor.Progress) (document verify.Document, err error) {
	who, err := m.chosen(ctx, choice)
	if err != nil {
		return verify.Document{}, err
	}
	defer m.show(workVerify, progress)()
	hosts := m.hosts(progress.Slowed)
	m.explain(who.store, progress)
	parts, err := m.verifiedMail(ctx, who, options, hosts)
	if err != nil {
		return verify.Document{}, err
	}
	pim, err := m.pimEnds(ctx, options.Only, hosts)
	if err != nil {
		return verify.Document{}, err
	}
	defer func() { err = errors.Join(err, pim.close()) }()
	parts = append(parts, pim.verified(who.store)...)
	rules, err := m.verifiedRules(ctx, who, options.Only, hosts)
	if err != nil {
		return verify.Document{}, err
	}
	m.log.Info("verification begins", rehome.LogLevel, string(options.Level), rehome.LogAccounts, len(who.accounts))
	v := verification{
		Verifier: verify.New(verify.Options{
			Level: options.Level, Observe: progress.Read, Memory: Proofs(who.store.Proofs, m.reached), Reread: options.Reread,
		}, append(parts, rules...)...),
		level: options.Level, keep: len(options.Only) == 0,
		atOnce: min(verifyingAtOnce, hosts.src.Settings().Connections, hosts.dst.Settings().Connections),
	}
	results, err := m.verifyAll(ctx, who, v, progress)
	if err != nil {
		return verify.Document{}, err
	}
	if err := m.judgeWaves(ctx, who.store); err != nil { // differences may stop one
		return verify.Document{}, err
	}
	return m.document(ctx, who.store, results)
}

// verification is how accounts are compared.
type verification struct {
	*verify.Verifier
	level  verify.Level
	keep   bool // the answers, for status and report
	atOnce int  // accounts
}

// verifiedMail is the part that compares mail; none if it is not compared.
func (m *Move) verifiedMail(ctx context.Context, who selection, options VerifyOptions, hosts hosts) ([]verify.Part, error) {
	if !m.movesMail(options.Only) {
		return nil, nil
	}
	src, dst, err := m.ends(ctx, hosts)
	if err != nil {
		return nil, err
	}
	if err := reach(ctx, who.accounts, src, dst); err != nil {
		return nil, err
	}
	parts := []verify.Part{mail.New(mail.Options{Source: src, Destination: dst, Rules: m.rules(), UIDs: options.UIDs})}
	if !options.UIDs || m.settings.Source.POP3.Address == "" || m.settings.Destination.POP3.Address == "" {
		return parts, nil
	}
	srcDrops, err := m.sourceDrops(src, src.Host())
	if err != nil {
		return nil, err
	}
	dstDrops, err := pop3End(m.settings.Destination.POP3, dst, dst.Host())
	if err != nil {
		return nil, err
	}
	return append(parts, mail.NewMaildrops(srcDrops, dstDrops)), nil
}

// pop3End is the POP3 service beside the IMAP service of an end, entered in the same way, within the limits of host.
func pop3End(settings config.POP3, beside *endpoint.IMAP, host *endpoint.Host) (*endpoint.POP3, error) {
	trust, err := settings.Client()
	if err != nil {
		return nil, err
	}
	return endpoint.NewPOP3(endpoint.ServiceSettings{Host: host, Login: beside.Settings().Login,
		Address: settings.Address, Security: settings.TLS, TLS: trust, Timeout: settings.Timeout}), nil
}

// verifyAll compares the accounts, so many at once.
func (m *Move) verifyAll(
	ctx context.Context, who selection, v verification, progress *conductor.Progress,
) ([]verify.Account, error) {
	sizes, err := m.expected(ctx, who.store)
	if err != nil {
		return nil, err
	}
	toRead := make([]*pass.Size, len(who.accounts)) // nil where nobody knows
	for i, account := range who.accounts {
		if size, known := sizes[account.Address]; known {
			size.There = 0 // all of it has to be read
			toRead[i] = &size
		}
		progress.Expect(toRead[i])
	}
	before, err := lastVerified(ctx, who.store)
	if err != nil {
		return nil, err
	}
	results := make([]verify.Account, len(who.accounts))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(v.atOnce)
	for i, account := range who.accounts {
		group.Go(func() error {
			progress.Begin(account.Address, toRead[i])
			defer func() { progress.Finished(account.Address, results[i].Verdict == verify.Unknown) }()
			return m.verifyOne(ctx, v, who.store, account, before[account.Address], &results[i])
		})
	}
	return results, group.Wait()
}

// lastVerified returns the last verification of each account, by address.
func lastVerified(ctx context.Context, store *ledger.Ledger) (map[string]ledger.Verification, error) {
	all, err := store.Verifications.All(ctx)
	if err != nil {
		return nil, err
	}
	last := make(map[string]ledger.Verification, len(all))
	for _, v := range all {
		last[v.Address] = v
	}
	return last, nil
}

// verifyOne compares one account and keeps the answer, unless an earlier one says more.
func (m *Move) verifyOne(
	ctx context.Context, v verification, store *ledger.Ledger, account rehome.Account, before ledger.Verification, into *verify.Account,
) error {
	var result verify.Account
	began := time.Now()
	m.log.Info("account begins", rehome.LogAccount, account.Address)
	err := rehome.Guarded(account.Address, func() (err error) {
		result, err = v.Account(ctx, account)
		return err
	})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		result = verify.Unreadable(account.Address, v.level, time.Now(), err)
	}
	result.Source, result.Destination = m.reached(account)
	*into = result
	m.tellVerified(result, err, time.Since(began))
	if !v.keep {
		return nil
	}
	if earlier := (verify.Account{Verdict: verify.Verdict(before.Verdict), Level: verify.Level(before.Level)}); !result.Replaces(earlier) {
		if result.Verdict == verify.Unknown {
			return nil
		}
		return store.Verifications.Recheck(ctx, account.Address, string(v.level))
	}
	encoded, err := json.Marshal(result)
	if err != nil {
		return err
	}
	return store.Verifications.Save(ctx, ledger.Verification{
		Address: account.Address, Level: string(v.level), Verdict: string(result.Verdict), Result: encoded,
	})
}

// reached are the ends that an account was compared at.
func (m *Move) reached(account rehome.Account) (src, dst verify.End) {
	s, d := m.settings.Source, m.settings.Destination
	return verify.End{Mail: s.IMAP.Address, DAV: s.DAV.URL, Login: account.SourceLogin()},
		verify.End{Mail: d.IMAP.Address, DAV: d.DAV.URL, Login: account.DestinationLogin()}
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
	acceptances, err := accepted(ctx, store)
	if err != nil {
		return verify.Document{}, err
	}
	among := map[string]bool{}
	for i, r := range results {
		among[r.Account] = true
		results[i] = r.Accept(acceptances[r.Account])
	}
	var findings []rehome.Finding
	for _, f := range all {
		if among[f.Account] {
			findings = append(findings, f)
		}
	}
	return verify.NewDocument(results, findings), nil
}
