// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"cmp"
	"context"
	"errors"

	"rehome"
	"rehome/internal/conductor"
	"rehome/internal/config"
	"rehome/internal/endpoint"
	"rehome/internal/ledger"
	"rehome/internal/mailcopy"
	"rehome/internal/pass"
)

// Watcher is told how far a pass has come.
type Watcher struct {
	Progress *conductor.Progress
	Accounts func(total int) // once it is known how many there are

	// Finish is called when the copying begins, and the function that it returns when it is over. Between the
	// two, closing stop lets nothing new begin, and what is under way is brought to its end. It may be nil.
	Finish func() (stop <-chan struct{}, over func())
}

// finish calls Finish if there is one.
func (w Watcher) finish() (stop <-chan struct{}, over func()) {
	if w.Finish == nil {
		return nil, func() {}
	}
	return w.Finish()
}

// SyncOptions choose what a pass does, and how it deals with what has vanished at either end.
type SyncOptions struct {
	Only             []rehome.Kind    // none means all that both ends have
	Deletions        config.Deletions // "" takes the settings' own
	ConfirmDeletions bool             // somebody has looked: large losses at either end are meant
	ConfirmSource    bool             // somebody has looked: the source's account is the right one
	CopyAgain        bool             // copy again what the destination has lost
	Rules            RuleOptions
}

// Sync runs one pass over the named accounts, or over all. One account's trouble is in its row and
// does not stop the others. When ctx ends, what was done so far is returned as interrupted, and the
// same call goes on later.
func (m *Move) Sync(ctx context.Context, names []string, options SyncOptions, watcher Watcher) (synced Synced, err error) {
	who, err := m.chosen(ctx, names)
	if err != nil {
		return Synced{}, err
	}
	unlock, err := who.store.Lock()
	if err != nil {
		return Synced{}, err
	}
	defer unlock()
	conduct := conductor.Options{Ledger: who.store.Accounts, Pass: rehome.PassPreStage, Progress: watcher.Progress, Log: m.log}
	var mail []pass.Step
	if wants(options.Only, rehome.KindMail) {
		src, dst, err := m.ends(ctx, watcher.Progress.Slowed)
		if err != nil {
			return Synced{}, err
		}
		if err := reach(ctx, who.accounts, src, dst); err != nil {
			return Synced{}, err
		}
		mail = []pass.Step{m.engine(who.store, src, dst, options, watcher.Progress)}
		conduct.Workers = workers(src, dst)
	}
	pim, err := m.pimEnds(ctx, options.Only)
	if err != nil {
		return Synced{}, err
	}
	defer func() { err = errors.Join(err, pim.close()) }()
	if err := pim.reach(ctx); err != nil {
		return Synced{}, err
	}
	if pim != nil {
		conduct.Steps = []pass.Step{m.pimEngine(who.store, pim, options, watcher.Progress)}
	}
	conduct.Steps = append(conduct.Steps, mail...) // contacts and calendars first: they are small and missed at once
	rules, away := m.reachRules(ctx, who, options)
	if away != nil {
		m.log.Info("rules stay behind", rehome.LogError, away.Error())
	}
	if away != nil && (!byHand(away) || len(options.Only) > 0) {
		return Synced{}, away
	}
	if err := m.plan(ctx, who.store, who.accounts); err != nil {
		return Synced{}, err
	}
	watcher.Accounts(len(who.accounts))
	if rules != nil { // by then the mailboxes are there into which they sort
		conduct.Steps = append(conduct.Steps, rules)
		conduct.Workers = cmp.Or(conduct.Workers, rules.workers)
	}
	stop, over := watcher.finish()
	conduct.Stop = stop
	outcomes, err := conductor.New(conduct).Run(ctx, who.accounts)
	over()
	synced = Synced{Accounts: make([]SyncedAccount, 0, len(outcomes)), Staying: nonNil(who.Staying), Interrupted: errors.Is(err, context.Canceled)}
	synced.CutOff = errors.Is(err, conductor.ErrCutOff)
	for _, o := range outcomes {
		synced.Accounts = append(synced.Accounts, syncedAccount(o))
	}
	if away != nil {
		synced.Findings = append(synced.Findings, rulesAway(away))
	}
	return synced, nil
}

// reachRules opens what rules need; nil when none move. Without being asked for they move if the
// destination has a service for them.
func (m *Move) reachRules(ctx context.Context, who selection, options SyncOptions) (*ruleEnds, error) {
	if !wants(options.Only, rehome.KindRules) || len(options.Only) == 0 && m.settings.Destination.Sieve.Address == "" {
		return nil, nil
	}
	ends, err := m.ruleEnds(ctx, who, options.Rules)
	if err != nil {
		return nil, err
	}
	return &ends, ends.Reach(ctx)
}

// rulesAway says that everything but the rules has moved: nobody's mail waits for the ManageSieve server.
func rulesAway(err error) rehome.Finding {
	return rehome.Finding{Code: "rules_unreachable", Severity: rehome.SeverityError, Sentence: "no rules were moved: " + err.Error(),
		NextStep: rehome.HintOf(err) + `; where there is none, take destination.sieve out of the settings and run "rehome rules export"`}
}

// plan makes sure that status shows every account, also those whose turn has not come.
func (m *Move) plan(ctx context.Context, store *ledger.Ledger, accounts []rehome.Account) error {
	addresses := make([]string, len(accounts))
	for i, a := range accounts {
		addresses[i] = a.Address
	}
	return store.Accounts.Plan(ctx, addresses)
}

func (m *Move) engine(store *ledger.Ledger, src, dst *endpoint.IMAP, options SyncOptions, observer mailcopy.Observer) *mailcopy.Engine {
	return mailcopy.New(mailcopy.Options{
		Source: src, Destination: dst, Ledger: store.Mail, Rules: m.rules(), EscrowDir: m.settings.Mail.Escrow,
		Connections: m.settings.Limits.PerAccount, BytesPerSecond: int64(m.settings.Limits.BytesPerSecond), Observer: observer, Log: m.log,
		Deletions:        mailcopy.Deletions(cmp.Or(options.Deletions, m.settings.Mail.Deletions)),
		ConfirmDeletions: options.ConfirmDeletions, ConfirmSource: options.ConfirmSource, CopyAgain: options.CopyAgain,
		Settle: m.settings.Mail.Settle,
	})
}

// workers is how many accounts can hold a connection to both ends at once.
func workers(src, dst *endpoint.IMAP) int {
	return min(src.Settings().Connections, dst.Settings().Connections)
}
