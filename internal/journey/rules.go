// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"errors"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"rehome"
	"rehome/internal/atmail7"
	"rehome/internal/config"
	"rehome/internal/content/sieve"
	"rehome/internal/endpoint"
	"rehome/internal/ledger"
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

// Ruled is what became of rules.
type Ruled struct {
	Accounts []RuledAccount `json:"accounts"`
	// ByHand says why the destination was not given any scripts. Then they are in Files, which somebody
	// hands over; a plan has no files.
	ByHand string   `json:"by_hand,omitempty"`
	Files  []string `json:"files,omitempty"` // the sheets, and the folder of the scripts
}

// RuledAccount is what became of one account's rules.
type RuledAccount struct {
	rulecopy.Outcome
	Error string `json:"error,omitempty"`
	Hint  string `json:"hint,omitempty"`
}

// Failed counts the scripts that the destination refuses.
func (a RuledAccount) Failed() int { return a.count(rulecopy.Refused) }

func (a RuledAccount) count(deed rulecopy.Deed) int {
	n := 0
	for _, s := range a.Scripts {
		if s.Do == deed {
			n++
		}
	}
	return n
}

// ruleEnds is what rules are read from and written to.
type ruleEnds struct {
	src      *endpoint.Sieve // nil where the source has none
	dst      *endpoint.Sieve // nil where scripts are handed over
	offered  sieve.Capabilities
	tables   map[string]*atmail7.Rule
	forwards []rehome.Forward
	mail     *mailcopy.Engine
	rules    *rulecopy.Engine
	store    *ledger.Ledger
	workers  int

	srcNames, dstNames rulecopy.Names
}

// Rules copies the rules of the named accounts, or of all, or says what would be done. One account's
// trouble is in its row and does not stop the others. Where the destination takes no scripts they are
// written to files, with a sheet that says in words what each rule does.
func (m *Move) Rules(ctx context.Context, names []string, options RuleOptions) (Ruled, error) {
	who, err := m.chosen(ctx, names)
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
	ends, err := m.ruleEnds(ctx, who, options)
	if err != nil {
		return Ruled{}, err
	}
	ruled := Ruled{}
	if err := ends.reach(ctx); err != nil {
		if !byHand(err) {
			return Ruled{}, err
		}
		ends.dst, ruled.ByHand = nil, err.Error()
	}
	if ruled.Accounts, err = ends.run(ctx, who.accounts, options.Plan); err != nil {
		return ruled, err
	}
	if ruled.ByHand != "" && !options.Plan {
		ruled.Files, err = m.writeRules(ruled.Accounts)
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
func (m *Move) ExportRules(ctx context.Context, names []string) (Ruled, error) {
	who, err := m.chosen(ctx, names)
	if err != nil {
		return Ruled{}, err
	}
	ends, err := m.ruleEnds(ctx, who, RuleOptions{Plan: true})
	if err != nil {
		return Ruled{}, err
	}
	if err := ends.reach(ctx); err != nil && !byHand(err) {
		return Ruled{}, err
	}
	ends.dst = nil
	ruled := Ruled{ByHand: "the rules were asked for as files"}
	if ruled.Accounts, err = ends.run(ctx, who.accounts, true); err != nil {
		return ruled, err
	}
	ruled.Files, err = m.writeRules(ruled.Accounts)
	return ruled, err
}

// ruleEnds opens what rules need; its dst is nil when the settings name none.
func (m *Move) ruleEnds(ctx context.Context, who selection, options RuleOptions) (*ruleEnds, error) {
	src, dst, err := m.ends(ctx, nil)
	if err != nil {
		return nil, err
	}
	e := &ruleEnds{
		mail: m.engine(who.store, src, dst, SyncOptions{}, nil), forwards: m.forwards(who.people), store: who.store, workers: workers(src, dst),
		srcNames: rulecopy.Names(m.settings.Source.Sieve.MailboxNames), dstNames: rulecopy.Names(m.settings.Destination.Sieve.MailboxNames),
		rules: rulecopy.New(rulecopy.Options{Book: who.store, SwitchOn: options.SwitchOn, Replace: options.Replace}),
	}
	if m.settings.Destination.Sieve.Address != "" {
		if e.dst, err = sieveEnd(m.settings.Destination.Sieve, dst); err != nil {
			return nil, err
		}
	}
	if m.settings.Source.Sieve.Address != "" {
		if e.src, err = sieveEnd(m.settings.Source.Sieve, src); err != nil {
			return nil, err
		}
	}
	e.tables, err = m.ruleTables(ctx)
	return e, err
}

// reach proves that the destination takes scripts, and learns what they may use.
func (e *ruleEnds) reach(ctx context.Context) error {
	if e.dst == nil {
		return &rehome.Fault{Class: rehome.ClassOperator, Op: "find", Object: "destination.sieve.address", Cause: errors.New("is not set"),
			Hint: "write where the ManageSieve server is; usually it is port 4190 of the IMAP host"}
	}
	offered, err := e.dst.Reach(ctx)
	e.offered, e.dstNames = offered.Sieve, e.dstNames.For(offered.Implementation)
	return err
}

// forwards are people's own, as the settings correct them.
func (m *Move) forwards(p *people) []rehome.Forward {
	all := slices.Clone(p.organisation.Forwards)
	for i, f := range all {
		leaves := slices.Contains(m.settings.Aliases.WithoutCopy, f.Account)
		all[i].KeepCopy, all[i].CopyKnown = f.KeepCopy && !leaves, f.CopyKnown || leaves
	}
	return all
}

func sieveEnd(settings config.Sieve, host *endpoint.IMAP) (*endpoint.Sieve, error) {
	trust, err := settings.Client()
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

// run takes the accounts in turn, several at once, and notes what an operator must know of them.
func (e *ruleEnds) run(ctx context.Context, accounts []rehome.Account, plan bool) ([]RuledAccount, error) {
	rows := make([]RuledAccount, len(accounts))
	var all errgroup.Group
	all.SetLimit(e.workers)
	for i, account := range accounts {
		all.Go(func() error {
			row := e.row(ctx, account, plan, func() ([]mapping.Pair, error) { return e.where(ctx, account) })
			if ctx.Err() != nil {
				return ctx.Err()
			}
			rows[i] = row
			if plan {
				return nil
			}
			return e.store.ReplaceFindings(ctx, account.Address, ledger.OriginRules, row.known())
		})
	}
	err := all.Wait()
	return rows, err
}

// where asks both ends where the mailboxes go.
func (e *ruleEnds) where(ctx context.Context, account rehome.Account) ([]mapping.Pair, error) {
	where, err := e.mail.Where(ctx, account)
	return where.Pairs, err
}

// known is what status and report show of the account.
func (a RuledAccount) known() []rehome.Finding {
	if a.Error == "" {
		return a.Findings
	}
	return append(slices.Clone(a.Findings), rehome.Finding{Code: "rules_failed", Severity: rehome.SeverityError, Account: a.Account,
		Sentence: "the rules have not moved: " + a.Error, NextStep: a.Hint})
}

// row is what becomes of one account. where finds its mailboxes, and is asked only if there are rules.
func (e *ruleEnds) row(ctx context.Context, account rehome.Account, plan bool, where func() ([]mapping.Pair, error)) RuledAccount {
	outcome, err := e.one(ctx, account, plan, where)
	outcome.Findings = append(outcome.Findings, e.guessed(account.Address, outcome)...)
	outcome.Account, outcome.Scripts, outcome.Findings = account.Address, nonNil(outcome.Scripts), nonNil(outcome.Findings)
	row := RuledAccount{Outcome: outcome}
	if err != nil {
		row.Error, row.Hint = err.Error(), rehome.HintOf(err)
	}
	return row
}

// guessed says of a forward that it keeps a copy because the database does not tell; with scripts of the
// source nothing of the database is written.
func (e *ruleEnds) guessed(account string, outcome rulecopy.Outcome) []rehome.Finding {
	unknown := slices.ContainsFunc(e.forwards, func(f rehome.Forward) bool { return f.Account == account && !f.CopyKnown })
	if !unknown || !slices.ContainsFunc(outcome.Scripts, rulecopy.Action.FromDatabase) {
		return nil
	}
	return []rehome.Finding{{Code: "rules_copy_unknown", Severity: rehome.SeverityInfo, Account: account, Object: "forward",
		Sentence: "the database does not say whether a copy of what is forwarded stays in the account; the rules keep one",
		NextStep: "ask the person; name the account in aliases.without_copy if none is to stay, before the rules are stored"}}
}

// one does the work for one account. Most have no rules, and then nothing is opened that need not be.
func (e *ruleEnds) one(ctx context.Context, account rehome.Account, plan bool, where func() ([]mapping.Pair, error)) (outcome rulecopy.Outcome, err error) {
	work := rulecopy.Account{Address: account.Address, Offered: e.offered, TargetNames: e.dstNames}
	scripts := 0
	if e.src != nil {
		source, err := e.src.Open(ctx, account)
		if err != nil {
			return outcome, err
		}
		defer func() { _ = source.Logout(ctx) }() // everything was answered already
		list, err := source.ListScripts(ctx)
		if err != nil {
			return outcome, e.src.Fault(ctx, err, "list the scripts of", account.Address)
		}
		scripts, work.Source, work.SourceNames = len(list), source, e.srcNames.For(source.Capabilities().Implementation)
	}
	if scripts == 0 && e.fromTables(account.Address, nil).Empty() {
		return outcome, nil
	}
	pairs, unread := where()
	work.Rules = e.fromTables(account.Address, pairs)
	if unread == nil {
		work.Mailbox = func(name string) (string, bool) { return mapped(pairs, name) }
	}
	switch {
	case e.dst == nil:
		outcome, err = e.rules.Plan(ctx, work)
		if unread != nil && err == nil {
			outcome.Findings = append(outcome.Findings, namesKept(account.Address, unread))
		}
		return outcome, err
	case unread != nil:
		return outcome, unread
	}
	return e.reached(ctx, account, work, plan)
}

// reached opens the destination for an account that has rules.
func (e *ruleEnds) reached(ctx context.Context, account rehome.Account, work rulecopy.Account, plan bool) (rulecopy.Outcome, error) {
	target, err := e.dst.Open(ctx, account)
	if err != nil {
		return rulecopy.Outcome{}, err
	}
	defer func() { _ = target.Logout(ctx) }() // everything was answered already
	work.Target, work.Offered = target, target.Capabilities().Sieve
	if plan {
		return e.rules.Plan(ctx, work)
	}
	return e.rules.Sync(ctx, work)
}

func namesKept(account string, unread error) rehome.Finding {
	return rehome.Finding{Code: "rules_names_kept", Severity: rehome.SeverityWarning, Account: account,
		Sentence: "the destination's mailboxes could not be looked up, and the rules name those of the source: " + unread.Error(),
		NextStep: "write them again when both ends can be opened, or correct the names by hand"}
}

// mapped finds where a mailbox went. Tables and old scripts name one with or without "INBOX." in front, some
// in other capitals or without the blanks around it: that counts where no mailbox has the very name.
func mapped(pairs []mapping.Pair, name string) (string, bool) {
	for _, same := range []func(a, b string) bool{func(a, b string) bool { return a == b }, strings.EqualFold, sameButBlanks} {
		for _, wanted := range []string{name, "INBOX." + name, "INBOX/" + name} {
			if i := slices.IndexFunc(pairs, func(p mapping.Pair) bool { return same(p.Source, wanted) }); i >= 0 {
				return pairs[i].Destination, true
			}
		}
	}
	return "", false
}

func sameButBlanks(a, b string) bool {
	return strings.EqualFold(strings.ReplaceAll(a, " ", ""), strings.ReplaceAll(b, " ", ""))
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
