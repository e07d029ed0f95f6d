// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"errors"
	"slices"
	"strings"

	"rehome"
	"rehome/internal/atmail7"
	"rehome/internal/config"
	"rehome/internal/content/sieve"
	"rehome/internal/endpoint"
	"rehome/internal/mailcopy"
	"rehome/internal/mapping"
	"rehome/internal/protocol/managesieve"
	"rehome/internal/rulecopy"
)

// RuleOptions choose what happens to rules.
type RuleOptions struct {
	Plan     bool // only say what would be done
	SwitchOn bool // the moment for rules that answer or forward has come
	Replace  bool // take the place of what is at the destination already
}

// RuledAccount is what became of one account's rules.
type RuledAccount struct {
	Account  string            `json:"account"`
	Rules    []rulecopy.Action `json:"rules"`
	Findings []rehome.Finding  `json:"findings"`
	Error    string            `json:"error,omitempty"`
	Hint     string            `json:"hint,omitempty"`
}

// ruleEnds is what rules are read from and written to.
type ruleEnds struct {
	src      *endpoint.Sieve // nil where the source has none
	dst      *endpoint.Sieve
	tables   map[string]*atmail7.Rule
	forwards []rehome.Forward
	mail     *mailcopy.Engine
	rules    *rulecopy.Engine
}

// Rules copies the rules of the named accounts, or of all, or says what would be done. One account's
// trouble is in its row and does not stop the others.
func (m *Move) Rules(ctx context.Context, names []string, options RuleOptions) ([]RuledAccount, error) {
	who, err := m.chosen(ctx, names)
	if err != nil {
		return nil, err
	}
	if !options.Plan {
		unlock, err := who.store.Lock()
		if err != nil {
			return nil, err
		}
		defer unlock()
	}
	ends, err := m.ruleEnds(ctx)
	if err != nil {
		return nil, err
	}
	ends.forwards = who.organisation.Forwards
	ends.rules = rulecopy.New(rulecopy.Options{Book: who.store, SwitchOn: options.SwitchOn, Replace: options.Replace})
	rows := make([]RuledAccount, 0, len(who.accounts))
	for _, account := range who.accounts {
		outcome, err := ends.run(ctx, account, options.Plan)
		if ctx.Err() != nil {
			return rows, ctx.Err()
		}
		row := RuledAccount{Account: account.Address, Rules: nonNil(outcome.Actions), Findings: nonNil(outcome.Findings)}
		if err != nil {
			row.Error, row.Hint = err.Error(), rehome.HintOf(err)
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func (m *Move) ruleEnds(ctx context.Context) (*ruleEnds, error) {
	if m.settings.Destination.Sieve.Address == "" {
		return nil, &rehome.Fault{Class: rehome.ClassOperator, Op: "find", Object: "destination.sieve.address", Cause: errors.New("is not set"),
			Hint: "write where the ManageSieve server is; usually it is port 4190 of the IMAP host"}
	}
	src, dst, err := m.ends(ctx, nil)
	if err != nil {
		return nil, err
	}
	store, err := m.store(ctx)
	if err != nil {
		return nil, err
	}
	e := &ruleEnds{mail: m.engine(store, src, dst, SyncOptions{}, nil)}
	if e.dst, err = sieveEnd(m.settings.Destination.Sieve, dst); err != nil {
		return nil, err
	}
	if m.settings.Source.Sieve.Address != "" {
		if e.src, err = sieveEnd(m.settings.Source.Sieve, src); err != nil {
			return nil, err
		}
	}
	e.tables, err = m.ruleTables(ctx)
	return e, err
}

func sieveEnd(settings config.Sieve, host *endpoint.IMAP) (*endpoint.Sieve, error) {
	trust, err := settings.Trust.Client()
	if err != nil {
		return nil, err
	}
	return endpoint.NewSieve(endpoint.SieveSettings{
		Address: settings.Address, Security: managesieve.Security(settings.TLS), TLS: trust, Timeout: settings.Timeout,
	}, host), nil
}

func (m *Move) ruleTables(ctx context.Context) (rules map[string]*atmail7.Rule, err error) {
	database, err := m.database(ctx)
	if err != nil || database == nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, database.Close()) }()
	return database.Rules(ctx)
}

// run opens both ends for one account.
func (e *ruleEnds) run(ctx context.Context, account rehome.Account, plan bool) (rulecopy.Outcome, error) {
	preview, err := e.mail.Plan(ctx, account)
	if err != nil {
		return rulecopy.Outcome{}, err
	}
	pairs := preview.Plan.Pairs
	target, err := e.dst.Open(ctx, account)
	if err != nil {
		return rulecopy.Outcome{}, err
	}
	defer func() { _ = target.Logout(ctx) }() // everything was answered already
	work := rulecopy.Account{
		Address: account.Address, Offered: target.Capabilities().Sieve, Target: target, Rules: e.fromTables(account.Address, pairs),
		Mailbox: func(name string) (string, bool) { return mapped(pairs, name) },
	}
	if e.src != nil {
		source, err := e.src.Open(ctx, account)
		if err != nil {
			return rulecopy.Outcome{}, err
		}
		defer func() { _ = source.Logout(ctx) }()
		work.Source = source
	}
	if plan {
		return e.rules.Plan(ctx, work)
	}
	return e.rules.Sync(ctx, work)
}

// mapped finds where a mailbox went. Tables and old scripts name one with or without "INBOX." in front.
func mapped(pairs []mapping.Pair, name string) (string, bool) {
	for _, wanted := range []string{name, "INBOX." + name, "INBOX/" + name} {
		if i := slices.IndexFunc(pairs, func(p mapping.Pair) bool { return strings.EqualFold(p.Source, wanted) }); i >= 0 {
			return pairs[i].Destination, true
		}
	}
	return "", false
}

// fromTables makes rules of what the database holds.
func (e *ruleEnds) fromTables(address string, pairs []mapping.Pair) sieve.Rules {
	var rules sieve.Rules
	for _, f := range e.forwards {
		if f.Account == address {
			rules.Redirects = append(rules.Redirects, sieve.Redirect{To: f.Target, KeepCopy: f.KeepCopy})
		}
	}
	held := e.tables[address]
	if held == nil {
		return rules
	}
	rules.Allow, rules.Block = held.Allow, held.Block
	if i := slices.IndexFunc(pairs, func(p mapping.Pair) bool { return p.Use == `\Junk` }); i >= 0 {
		rules.Junk = pairs[i].Destination
	}
	if rules.Junk == "" {
		rules.Junk = "INBOX" // never discarded: nobody has asked for that
	}
	if held.Away != "" {
		rules.Vacation = &sieve.Vacation{Text: held.Away, Addresses: []string{address}}
	}
	for _, s := range held.Sorts {
		sort := sieve.Sort{Mailbox: s.Mailbox}
		for _, c := range []sieve.Condition{{Header: "from", Contains: s.From}, {Header: "subject", Contains: s.Subject}} {
			if c.Contains != "" {
				sort.Conditions = append(sort.Conditions, c)
			}
		}
		rules.Sorts = append(rules.Sorts, sort)
	}
	return rules
}
