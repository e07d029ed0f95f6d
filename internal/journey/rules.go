// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"errors"
	"log/slog"
	"slices"

	"golang.org/x/sync/errgroup"

	"rehome"
	"rehome/internal/config"
	"rehome/internal/endpoint"
	"rehome/internal/handover"
	"rehome/internal/mapping"
	"rehome/internal/people"
	"rehome/internal/rulecopy"
)

// RuleOptions choose what happens to rules.
type RuleOptions struct {
	Plan     bool // only say what would be done
	SwitchOn bool // the moment for rules that answer or forward has come
	Replace  bool // take the place of what is at the destination already
}

// Ruled is what became of rules.
type Ruled struct {
	Accounts []RuledAccount `json:"accounts"`
	// ByHand says why the destination was not given any scripts. Then they are in Files, which somebody
	// hands over; a plan has no files.
	ByHand string   `json:"by_hand,omitempty"`
	Files  []string `json:"files,omitempty"` // the sheets, and the folder of the scripts

	instead bool // of being stored: nobody has asked for files
	stored  bool // and not only shown, or written to files
}

// RuledAccount is what became of one account's rules.
type RuledAccount struct {
	rulecopy.Moved
	Error string `json:"error,omitempty"`
	Hint  string `json:"hint,omitempty"`

	class rehome.Class // of the error; "" without one
}

// newRuledAccount takes over what was done, also where it came to an error.
func newRuledAccount(outcome rulecopy.Moved, err error) RuledAccount {
	row := RuledAccount{Moved: outcome}
	if err != nil {
		row.Error = err.Error()
		row.Hint = rehome.HintOf(err)
		row.class = rehome.ClassOf(err)
	}
	return row
}

// Failed counts the scripts that the destination refuses.
func (a RuledAccount) Failed() int { return a.Count(rulecopy.Refused) }

// ruleEnds is the step that moves rules, and how many accounts it may take at once.
type ruleEnds struct {
	*rulecopy.Ends
	workers int
	log     *slog.Logger
}

// Rules copies the rules of the named accounts, or of all, or says what would be done. One account's
// trouble is in its row and does not stop the others. Where the destination takes no scripts they are
// written to files, with a sheet that says in words what each rule does.
func (m *Move) Rules(ctx context.Context, choice people.Choice, options RuleOptions) (Ruled, error) {
	who, err := m.chosen(ctx, choice)
	if err != nil {
		return Ruled{}, err
	}
	if !options.Plan {
		unlock, err := who.store.Lock()
		if err != nil {
			return Ruled{}, err
		}
		defer unlock()
	}
	ends, err := m.ruleEnds(ctx, who, options, m.hosts(nil))
	if err != nil {
		return Ruled{}, err
	}
	ruled := Ruled{}
	if err := ends.Reach(ctx); err != nil {
		if !byHand(err) {
			return Ruled{}, err
		}
		ends.Destination = nil
		ruled.ByHand = err.Error()
	}
	ruled.stored = !options.Plan && ruled.ByHand == ""
	ruled.Accounts, err = ends.run(ctx, who, options.Plan)
	if !options.Plan {
		err = errors.Join(err, m.note(ctx, ruleLines(ruled)...))
	}
	if err != nil {
		return ruled, err
	}
	if ruled.ByHand != "" && !options.Plan {
		ruled.instead = true
		ruled.Files, err = m.writeRules(ruled)
	}
	return ruled, err
}

// byHand reports whether an error means that the destination has no service for scripts: none is set, or
// nothing answers.
func byHand(err error) bool {
	return rehome.ClassOf(err) == rehome.ClassTemporary || rehome.ClassOf(err) == rehome.ClassOperator
}

// ExportRules writes the rules of the named accounts, or of all, to files for whoever hands them over. It
// changes nothing at either end, and works without the destination: the names of its mailboxes are then
// those of the source, with a finding.
func (m *Move) ExportRules(ctx context.Context, choice people.Choice) (Ruled, error) {
	who, err := m.chosen(ctx, choice)
	if err != nil {
		return Ruled{}, err
	}
	ends, err := m.ruleEnds(ctx, who, RuleOptions{Plan: true}, m.hosts(nil))
	if err != nil {
		return Ruled{}, err
	}
	if err := ends.Reach(ctx); err != nil && !byHand(err) {
		return Ruled{}, err
	}
	ends.Destination = nil
	ruled := Ruled{ByHand: "the rules were asked for as files"}
	if ruled.Accounts, err = ends.run(ctx, who, true); err != nil {
		return ruled, err
	}
	ruled.Files, err = m.writeRules(ruled)
	return ruled, err
}

// writeRules writes what somebody hands over, and returns the files. The answer's scripts learn theirs.
func (m *Move) writeRules(ruled Ruled) ([]string, error) {
	outcomes := make([]rulecopy.Moved, len(ruled.Accounts))
	for i, account := range ruled.Accounts {
		outcomes[i] = account.Moved // which shares its scripts with the answer
	}
	return handover.WriteRules(m.settings.Accounts.Output, outcomes, ruled.Accounts)
}

// openRules is the opener of rules. That nobody answers where rules are managed keeps only the rules back, unless they were
// asked for by name.
func (m *Move) openRules(ctx context.Context, who selection, hosts hosts, options SyncOptions, _ Watcher) (kindOfWork, error) {
	rules, away := m.reachRules(ctx, who, options, hosts)
	switch {
	case away != nil && (!byHand(away) || len(options.Only) > 0):
		return kindOfWork{}, away
	case away != nil:
		m.log.Info("rules are not copied", rehome.LogError, away.Error())
		return kindOfWork{findings: []rehome.Finding{rulesAway(away)}}, nil
	case rules == nil:
		return kindOfWork{}, nil
	}
	return kindOfWork{step: rules, workers: rules.workers}, nil
}

// reachRules opens what rules need; nil when none move. Without being asked for they move if the
// destination has a service for them.
func (m *Move) reachRules(ctx context.Context, who selection, options SyncOptions, hosts hosts) (*ruleEnds, error) {
	if !wants(options.Only, rehome.KindRules) || len(options.Only) == 0 && m.settings.Destination.Sieve.Address == "" {
		return nil, nil
	}
	ends, err := m.ruleEnds(ctx, who, options.Rules, hosts)
	if err != nil {
		return nil, err
	}
	return &ends, ends.Reach(ctx)
}

// rulesAway says that everything but the rules has moved: nobody's mail waits for the ManageSieve server.
func rulesAway(err error) rehome.Finding {
	return rulesUnreachable.On("", rehome.Values{"why": err, "hint": rehome.HintOf(err)})
}

// ruleEnds opens what rules need; its destination is nil when the settings name none.
func (m *Move) ruleEnds(ctx context.Context, who selection, options RuleOptions, hosts hosts) (ruleEnds, error) {
	src, dst, err := m.ends(ctx, hosts)
	if err != nil {
		return ruleEnds{}, err
	}
	mail := m.engine(who.store, src, dst, SyncOptions{}, nil)
	e := &rulecopy.Ends{
		Engine:           rulecopy.New(rulecopy.Options{Ledger: who.store.Rules, SwitchOn: options.SwitchOn, Replace: options.Replace}),
		Forwards:         m.forwards(who.Everybody),
		Where:            mail.Where,
		SourceNames:      mapping.ScriptNames(m.settings.Source.Sieve.MailboxNames),
		DestinationNames: mapping.ScriptNames(m.settings.Destination.Sieve.MailboxNames),
	}
	if m.settings.Destination.Sieve.Address != "" {
		if e.Destination, err = sieveEnd(m.settings.Destination.Sieve, dst); err != nil {
			return ruleEnds{}, err
		}
	}
	if m.settings.Source.Sieve.Address != "" {
		if e.Source, err = sieveEnd(m.settings.Source.Sieve, src); err != nil {
			return ruleEnds{}, err
		}
	}
	e.Tables, err = m.ruleTables(ctx)
	return ruleEnds{e, workers(src, dst), m.log}, err
}

// forwards are people's own, as the settings correct them.
func (m *Move) forwards(p *people.Everybody) []rehome.Forward {
	all := slices.Clone(p.Organisation.Forwards)
	for i, f := range all {
		leaves := slices.Contains(m.settings.Aliases.WithoutCopy, f.Account)
		all[i].KeepCopy = f.KeepCopy && !leaves
		all[i].CopyKnown = f.CopyKnown || leaves
	}
	return all
}

func sieveEnd(settings config.Sieve, host *endpoint.IMAP) (*endpoint.Sieve, error) {
	trust, err := settings.Client()
	if err != nil {
		return nil, err
	}
	return endpoint.NewSieve(endpoint.ServiceSettings{
		Host: host.Host(), Login: host.Settings().Login,
		Address: settings.Address, Security: settings.TLS, TLS: trust, Timeout: settings.Timeout,
	}), nil
}

func (m *Move) ruleTables(ctx context.Context) (rules map[string]*people.Rule, err error) {
	err = m.withDirectory(ctx, func(directory people.Directory) error {
		rules, err = people.ReadRules(ctx, directory)
		return err
	})
	return rules, err
}

// run takes the accounts in turn, several at once, and notes what an operator must know of them.
func (e ruleEnds) run(ctx context.Context, who selection, plan bool) ([]RuledAccount, error) {
	rows := make([]RuledAccount, len(who.accounts))
	var all errgroup.Group
	all.SetLimit(e.workers)
	for i, account := range who.accounts {
		all.Go(func() error {
			where := func() (mapping.Ways, error) { return e.Where(ctx, account) }
			var outcome rulecopy.Moved
			err := rehome.Guarded(account.Address, func() (err error) {
				outcome, err = e.Move(ctx, account, plan, where)
				return err
			})
			if ctx.Err() != nil {
				return ctx.Err()
			}
			rows[i] = newRuledAccount(outcome, err)
			e.tell(rows[i])
			if plan {
				return nil
			}
			return who.store.Findings.Replace(ctx, account.Address, rehome.KindRules, rows[i].known())
		})
	}
	err := all.Wait()
	return rows, err
}

// tell logs what has become of the rules of an account.
func (e ruleEnds) tell(a RuledAccount) {
	attributes := []any{rehome.LogAccount, a.Account, rehome.LogKind, string(rehome.KindRules), rehome.LogCounts, rulecopy.Counts{Moved: a.Moved}}
	if a.Error != "" {
		attributes = append(attributes, rehome.LogError, a.Error, rehome.LogHint, a.Hint)
	}
	e.log.Info("account ends", attributes...)
}

// known is what status and report show of the account.
func (a RuledAccount) known() []rehome.Finding {
	if a.Error == "" {
		return a.Findings
	}
	return append(slices.Clone(a.Findings), rulesFailed.On("", rehome.Values{"why": a.Error, "hint": a.Hint}).Of(a.Account))
}
