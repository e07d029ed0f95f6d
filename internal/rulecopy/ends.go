// SPDX-License-Identifier: Apache-2.0

package rulecopy

import (
	"context"
	"errors"
	"slices"

	"rehome"
	"rehome/internal/content/sieve"
	"rehome/internal/endpoint"
	"rehome/internal/mapping"
	"rehome/internal/people"
	"rehome/internal/protocol/managesieve"
)

// Ends are what rules are read from and written to. Engine and Where are required; of the sources any may be missing.
type Ends struct {
	Engine      *Engine
	Source      *endpoint.Sieve // nil where the source serves no scripts
	Destination *endpoint.Sieve // nil where scripts are handed over
	Tables      map[string]*people.Rule
	Forwards    []rehome.Forward

	// Where asks both ends where an account's mailboxes go.
	Where func(ctx context.Context, account rehome.Account) (mapping.Ways, error)

	// How scripts write these names at either end.
	SourceNames, DestinationNames mapping.ScriptNames

	Offered sieve.Capabilities // of the destination, known from Reach on
}

// Reach proves that the destination takes scripts, and learns what they may use.
func (e *Ends) Reach(ctx context.Context) error {
	if e.Destination == nil {
		return &rehome.Fault{Class: rehome.ClassOperator, Op: "find", Object: "destination.sieve.address", Cause: errors.New("is not set"),
			Hint: "write where the ManageSieve server is; usually it is port 4190 of the IMAP host"}
	}
	offered, err := e.Destination.Reach(ctx)
	e.Offered, e.DestinationNames = offered.Sieve, e.DestinationNames.For(offered.Implementation)
	return err
}

// Move brings one account's rules over, or says what would be done. where finds its mailboxes, and is asked only if there
// are rules. The outcome holds what was done also on an error.
func (e *Ends) Move(ctx context.Context, account rehome.Account, plan bool, where func() (mapping.Ways, error)) (Moved, error) {
	outcome, err := e.one(ctx, account, plan, where)
	outcome.Account = account.Address
	outcome.Findings = slices.Concat([]rehome.Finding{}, outcome.Findings, e.guessed(account.Address, outcome), e.unclear(account.Address))
	if outcome.Scripts == nil {
		outcome.Scripts = []Action{}
	}
	return outcome, err
}

// one does the work for one account. Most have no rules, and then nothing is opened that need not be.
func (e *Ends) one(ctx context.Context, account rehome.Account, plan bool, where func() (mapping.Ways, error)) (outcome Moved, err error) {
	work := Account{Address: account.Address, Offered: e.Offered, TargetNames: e.DestinationNames}
	scripts := 0
	if e.Source != nil {
		served, names, err := e.read(ctx, account)
		if err != nil {
			return outcome, err
		}
		scripts, work.Source, work.SourceNames = len(served.list), served, names
	}
	if scripts == 0 && people.Rules(account.Address, e.Tables[account.Address], e.Forwards, "").Empty() {
		return outcome, nil
	}
	ways, unread := where()
	work.Rules = people.Rules(account.Address, e.Tables[account.Address], e.Forwards, ways.Holding(`\Junk`))
	if unread == nil {
		work.Mailbox = ways.Named
		work.Further = ways.Beyond
		work.NamesStay = ways.Unchanged() && work.SourceNames == work.TargetNames
	}
	switch {
	case e.Destination == nil:
		outcome, err = e.Engine.Plan(ctx, work)
		if unread != nil && err == nil {
			outcome.Findings = append(outcome.Findings, rulesNamesKept.On("", rehome.Values{"why": unread}).Of(account.Address))
		}
		return outcome, err
	case unread != nil:
		return outcome, unread
	}
	return e.reached(ctx, account, work, plan)
}

// served are the scripts that a server has shown. They are read before anything else is opened: nobody may hold a
// connection to a host and wait for another one to it.
type served struct {
	list  []managesieve.Script
	texts map[string]string
}

// ListScripts implements Reader.
func (s served) ListScripts(context.Context) ([]managesieve.Script, error) { return s.list, nil }

// GetScript implements Reader.
func (s served) GetScript(_ context.Context, name string) (string, error) { return s.texts[name], nil }

// read reads the source's scripts of one account.
func (e *Ends) read(ctx context.Context, account rehome.Account) (served, mapping.ScriptNames, error) {
	source, err := e.Source.Open(ctx, account)
	if err != nil {
		return served{}, "", err
	}
	defer source.Close()
	list, err := source.ListScripts(ctx)
	if err != nil {
		return served{}, "", e.Source.Fault(ctx, err, "list the scripts of", account.Address)
	}
	s := served{list: list, texts: map[string]string{}}
	for _, script := range list {
		if s.texts[script.Name], err = source.GetScript(ctx, script.Name); err != nil {
			return served{}, "", fault(err, "read the source's rules of", account.Address)
		}
	}
	return s, e.SourceNames.For(source.Capabilities().Implementation), nil
}

// reached opens the destination for an account that has rules.
func (e *Ends) reached(ctx context.Context, account rehome.Account, work Account, plan bool) (Moved, error) {
	target, err := e.Destination.Open(ctx, account)
	if err != nil {
		return Moved{}, err
	}
	defer target.Close()
	work.Target, work.Offered = target, target.Capabilities().Sieve
	if plan {
		return e.Engine.Plan(ctx, work)
	}
	return e.Engine.Sync(ctx, work)
}

// unclear names the entries of the database's list of blocked senders that nobody can block.
func (e *Ends) unclear(account string) []rehome.Finding {
	var findings []rehome.Finding
	if held := e.Tables[account]; held != nil {
		for _, entry := range held.Unclear {
			findings = append(findings, blockedUnclear.On("blocked sender "+entry, nil).Of(account))
		}
	}
	return findings
}

// guessed says of a forward that it keeps a copy because the database does not tell; with scripts of the
// source nothing of the database is written.
func (e *Ends) guessed(account string, outcome Moved) []rehome.Finding {
	unknown := slices.ContainsFunc(e.Forwards, func(f rehome.Forward) bool { return f.Account == account && !f.CopyKnown })
	if !unknown || !slices.ContainsFunc(outcome.Scripts, Action.FromDatabase) {
		return nil
	}
	return []rehome.Finding{rulesCopyUnknown.On("forward", nil).Of(account)}
}
