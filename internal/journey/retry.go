// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"cmp"
	"context"
	"slices"
	"time"

	"rehome"
	"rehome/internal/content/pim"
	"rehome/internal/ledger"
	"rehome/internal/people"
	"rehome/internal/verify"
)

// RetryOptions choose what is tried again.
type RetryOptions struct {
	IDs       []string      // of open differences; none means what the passes have left behind
	Of        []string      // the addresses whose differences these are; none looks for them in all accounts
	Only      []rehome.Kind // none means all kinds
	Plan      bool          // only say what would be tried
	CopyAgain bool          // also what the destination has lost, or its users have deleted
	Replace   bool          // also rules that somebody has changed at the destination
}

// Retried is what is tried again, and what has come of it.
type Retried struct {
	Accounts []RetriedAccount `json:"accounts"` // those of which something has failed
	Synced   *Synced          `json:"synced,omitempty"`
}

// RetriedAccount is what has failed of one account.
type RetriedAccount struct {
	Account string        `json:"account"`
	Kinds   []rehome.Kind `json:"kinds"` // that a pass goes over; none if nothing is tried
	Failed  []FailedItem  `json:"failed"`
}

// FailedItem is one thing that is not at the destination as it should be.
type FailedItem struct {
	Kind     rehome.Kind  `json:"kind,omitempty"` // "" for the account as a whole
	Code     string       `json:"code"`           // of the finding, or the kind of the difference
	Object   string       `json:"object"`
	Sentence string       `json:"sentence"`
	NextStep string       `json:"next_step,omitempty"`
	Again    rehome.Again `json:"tried_by"` // which pass tries it
	Tried    bool         `json:"tried"`    // this one does
}

// Outcome implements rehome.Answer: that of the pass; a plan is done when it is shown.
func (r Retried) Outcome() rehome.Outcome {
	if r.Synced == nil {
		return rehome.OutcomeDone
	}
	return r.Synced.Outcome()
}

// Items counts what has failed, and what of it is tried.
func (r Retried) Items() (failed, tried int) {
	for _, a := range r.Accounts {
		for _, item := range a.Failed {
			failed++
			if item.Tried {
				tried++
			}
		}
	}
	return failed, tried
}

// Retry tries again what has failed of the chosen accounts, at once: a pass over those accounts and kinds of which something
// has, without the waits that earlier failures have left. It is a pass like any other, so that it copies what is new of them too;
// nothing that it does could be done by trying one item alone, because the destination is asked for each before it is sent.
func (m *Move) Retry(ctx context.Context, choice people.Choice, options RetryOptions, watcher Watcher) (Retried, error) {
	who, err := m.chosen(ctx, choice)
	if err != nil {
		return Retried{}, err
	}
	retried := Retried{Accounts: []RetriedAccount{}}
	failed, err := m.failed(ctx, who.store, options)
	if err != nil {
		return retried, err
	}
	var accounts []rehome.Account
	var kinds []rehome.Kind
	for _, account := range who.accounts {
		if len(failed[account.Address]) == 0 {
			continue
		}
		row := retriedAccount(account.Address, failed[account.Address], options)
		retried.Accounts = append(retried.Accounts, row)
		if len(row.Kinds) > 0 {
			accounts, kinds = append(accounts, account), append(kinds, row.Kinds...)
		}
	}
	if options.Plan || len(accounts) == 0 {
		return retried, nil
	}
	unlock, err := who.store.Lock()
	if err != nil {
		return retried, err
	}
	defer unlock()
	who.accounts, who.whole, who.waves = accounts, false, m.newWaveKeeper(who.store)
	if err := hasten(ctx, who.store, accounts); err != nil {
		return retried, err
	}
	slices.Sort(kinds)
	synced, err := m.sync(ctx, m.kindsOfWork(), who, SyncOptions{
		Only: slices.Compact(kinds), CopyAgain: options.CopyAgain, Rules: RuleOptions{Replace: options.Replace},
	}, watcher)
	retried.Synced = &synced
	return retried, err
}

// failed are what has failed of each account: the open differences that were named, or what the passes have left behind.
func (m *Move) failed(ctx context.Context, store *ledger.Ledger, options RetryOptions) (map[string][]FailedItem, error) {
	if len(options.IDs) > 0 {
		return m.namedDifferences(ctx, options.Of, options.IDs)
	}
	failed := map[string][]FailedItem{}
	turns, err := store.Passes.Turns(ctx)
	if err != nil {
		return nil, err
	}
	for _, t := range turns {
		if t.State == ledger.TurnFailed || t.Failures > 0 {
			failed[t.Address] = append(failed[t.Address], FailedItem{Kind: t.Step, Sentence: t.Reason, Again: rehome.AgainEachPass})
		}
	}
	findings, err := store.Findings.All(ctx, "")
	if err != nil {
		return nil, err
	}
	declared := Findings()
	for _, f := range findings {
		i := slices.IndexFunc(declared, func(d rehome.Declared) bool { return d.Again != "" && d.Is(f) })
		if i < 0 || f.Account == "" {
			continue
		}
		failed[f.Account] = append(failed[f.Account], FailedItem{Kind: kindAbout(declared[i].Topic), Code: f.Code, Object: f.Object,
			Sentence: f.Sentence, NextStep: f.NextStep, Again: declared[i].Again})
	}
	return failed, nil
}

// namedDifferences are open differences of the last verification. Where accounts are named, the others are not read.
func (m *Move) namedDifferences(ctx context.Context, addresses, ids []string) (map[string][]FailedItem, error) {
	found, err := m.differencesOf(ctx, addresses)
	if err != nil {
		return nil, err
	}
	chosen, err := named(found.Open, ids)
	if err != nil {
		return nil, err
	}
	failed := map[string][]FailedItem{}
	for _, o := range chosen {
		kind, again := mendedBy(o)
		failed[o.Account] = append(failed[o.Account], FailedItem{
			Kind: kind, Code: o.What, Object: cmp.Or(o.Object, o.Place), Sentence: o.Sentence, NextStep: o.NextStep, Again: again,
		})
	}
	return failed, nil
}

// mendedBy says which kind of work a difference is about, and which pass may mend it. No pass touches what is only at the
// destination, or replaces what is there and differs; what somebody has deleted there is copied again only for who asks for it.
func mendedBy(o verify.Open) (rehome.Kind, rehome.Again) {
	if o.Since != nil && (o.Since.What == verify.DeletedAtDestination || o.Since.What == verify.MovedAtDestination) {
		return rehome.KindMail, rehome.AgainCopied
	}
	switch o.What {
	case string(verify.RuleMissing), string(verify.RuleChanged), string(verify.RuleInactive):
		return rehome.KindRules, rehome.AgainReplacing
	case string(verify.RuleActive), string(verify.RuleExtra):
		return rehome.KindRules, ""
	case string(pim.StateMissing), string(pim.StateQuarantined):
		return rehome.KindPIM, rehome.AgainEachPass
	case string(pim.StateChanged), string(pim.StateExtra):
		return rehome.KindPIM, ""
	}
	switch verify.Kind(o.What) {
	case verify.MissingMailbox, verify.MissingMessage, verify.UnreadableMailbox, verify.UnreadableMessage, verify.UnlistedMessages,
		verify.CountDiffers, verify.NotSubscribed, verify.FlagsDiffer:
		return rehome.KindMail, rehome.AgainEachPass
	}
	return rehome.KindMail, ""
}

// kindAbout is the kind of work that a finding's topic is about.
func kindAbout(topic rehome.Topic) rehome.Kind {
	switch topic {
	case rehome.TopicObjects:
		return rehome.KindPIM
	case rehome.TopicRules:
		return rehome.KindRules
	}
	return rehome.KindMail
}

// retriedAccount says which of an account's items a pass tries, and over which kinds it goes for that.
func retriedAccount(address string, failed []FailedItem, options RetryOptions) RetriedAccount {
	row := RetriedAccount{Account: address, Kinds: []rehome.Kind{}, Failed: failed}
	for i := range row.Failed {
		item := &row.Failed[i]
		kinds := passOver(item.Kind, options.Only)
		asked := item.Again == rehome.AgainEachPass || item.Again == rehome.AgainCopied && options.CopyAgain ||
			item.Again == rehome.AgainReplacing && options.Replace
		if item.Tried = asked && len(kinds) > 0; item.Tried {
			row.Kinds = append(row.Kinds, kinds...)
		}
	}
	slices.Sort(row.Kinds)
	row.Kinds = slices.Compact(row.Kinds)
	return row
}

// passOver are the kinds that can be named of a kind of work, as far as they are wanted.
func passOver(kind rehome.Kind, only []rehome.Kind) []rehome.Kind {
	kinds := []rehome.Kind{kind}
	switch kind {
	case rehome.KindPIM:
		kinds = []rehome.Kind{rehome.KindContacts, rehome.KindCalendars}
	case "":
		kinds = Kinds()
	}
	return slices.DeleteFunc(kinds, func(k rehome.Kind) bool { return !wants(only, k) })
}

// hasten ends the waits that earlier failures have left, and lets them count no more.
func hasten(ctx context.Context, store *ledger.Ledger, accounts []rehome.Account) error {
	turns, err := store.Passes.Turns(ctx)
	if err != nil {
		return err
	}
	for _, t := range turns {
		chosen := slices.ContainsFunc(accounts, func(a rehome.Account) bool { return a.Address == t.Address })
		if !chosen || t.State != ledger.TurnWaiting && t.Failures == 0 {
			continue
		}
		t.State, t.Due, t.Failures, t.FailingSince = ledger.TurnQueued, time.Time{}, 0, time.Time{}
		if err := store.Passes.Wait(ctx, t); err != nil {
			return err
		}
	}
	return nil
}
