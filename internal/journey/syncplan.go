// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"errors"

	"rehome"
	"rehome/internal/davcopy"
	"rehome/internal/mailcopy"
	"rehome/internal/mapping"
	"rehome/internal/people"
	"rehome/internal/rulecopy"
)

// Planned is what a pass would do.
type Planned struct {
	Accounts []PlannedAccount `json:"accounts"`
	Estimate *Estimate        `json:"estimate,omitempty"` // of all accounts; nil for none
}

// Estimate says how long a pass would take, by the speed that it assumes: nobody knows the line before it has carried anything.
type Estimate struct {
	Seconds           int64 `json:"seconds"`
	BytesPerSecond    int64 `json:"bytes_per_second"`
	MessagesPerSecond int64 `json:"messages_per_second"`
	Partial           bool  `json:"partial,omitempty"` // some accounts or mailboxes are not counted
}

// The speed that is assumed of a line and two servers that nobody has measured: a usual office line, and a destination that
// stores each message for good before it answers.
const (
	assumedOctets   = 5_000_000
	assumedMessages = 100
)

// estimate says how long the new messages and octets take; the slower of the two counts.
func (e *Estimate) estimate(messages, octets int64) int64 {
	return max((messages+e.MessagesPerSecond-1)/e.MessagesPerSecond, (max(octets, 0)+e.BytesPerSecond-1)/e.BytesPerSecond)
}

// estimated fills in how long each account takes, and all of them.
func (m *Move) estimated(p *Planned) {
	e := &Estimate{BytesPerSecond: assumedOctets, MessagesPerSecond: assumedMessages}
	if limit := int64(m.settings.Limits.BytesPerSecond); limit > 0 {
		e.BytesPerSecond = min(e.BytesPerSecond, limit)
	}
	var messages, octets int64
	counted := false
	for i := range p.Accounts {
		a := &p.Accounts[i]
		e.Partial = e.Partial || a.Error != ""
		if a.Mail == nil {
			continue
		}
		counted = true
		e.Partial = e.Partial || a.Mail.Uncounted > 0 || a.Mail.NewOctets < 0
		a.Seconds = e.estimate(a.Mail.NewMessages, a.Mail.NewOctets)
		messages += a.Mail.NewMessages
		octets += max(a.Mail.NewOctets, 0)
	}
	if counted {
		e.Seconds = e.estimate(messages, octets)
		p.Estimate = e
	}
}

// PlannedAccount is what a pass would do about the mailboxes, collections and rules of one account.
type PlannedAccount struct {
	Account string         `json:"account"`
	Pairs   []mapping.Pair `json:"mailboxes"`
	Left    []mapping.Left `json:"left_out"`

	Mail    *mailcopy.Amount `json:"mail,omitempty"` // nil where it does not move, or could not be read
	Seconds int64            `json:"estimated_seconds,omitempty"`

	Renamed     []mailcopy.Renamed          `json:"renamed"`
	Vanished    []mailcopy.Vanished         `json:"vanished"`
	Collections []davcopy.PlannedCollection `json:"collections,omitempty"` // of contacts and calendars
	Rules       []rulecopy.Action           `json:"rules,omitempty"`
	Findings    []rehome.Finding            `json:"findings,omitempty"` // of the mapping and the rules, and what would be held

	Error string `json:"error,omitempty"` // the first
	Hint  string `json:"hint,omitempty"`

	class rehome.Class // of the error; "" without one
}

// plannedPass is what a pass would use; nil is what does not move.
type plannedPass struct {
	mail  *mailcopy.Engine
	pim   *davcopy.Engine
	rules *ruleEnds
}

// PlanSync returns where every mailbox and collection would go and what would be removed, without writing
// anything to either end.
func (m *Move) PlanSync(ctx context.Context, choice people.Choice, options SyncOptions) (planned Planned, err error) {
	who, err := m.chosen(ctx, choice)
	if err != nil {
		return planned, err
	}
	if _, err := m.inWaves(ctx, &who); err != nil {
		return planned, err
	}
	return m.planSelection(ctx, who, options)
}

// planSelection is PlanSync of accounts that are chosen, whatever holds them.
func (m *Move) planSelection(ctx context.Context, who selection, options SyncOptions) (planned Planned, err error) {
	hosts := m.hosts(nil)
	pim, err := m.pimEnds(ctx, options.Only, hosts)
	if err != nil {
		return planned, err
	}
	defer func() { err = errors.Join(err, pim.close()) }()
	pass := plannedPass{pim: m.pimEngine(who.store, pim, options, nil)}
	if err := pim.reach(ctx); err != nil {
		return planned, err
	}
	if pass.mail, err = m.plannedMail(ctx, who, options, hosts); err != nil {
		return planned, err
	}
	options.Rules.Plan = true
	if pass.rules, err = m.reachRules(ctx, who, options, hosts); err != nil {
		return planned, err
	}
	planned.Accounts = make([]PlannedAccount, 0, len(who.accounts))
	for _, account := range who.accounts {
		row := pass.account(ctx, account)
		if ctx.Err() != nil {
			return Planned{}, ctx.Err()
		}
		planned.Accounts = append(planned.Accounts, row)
	}
	m.estimated(&planned)
	return planned, nil
}

// plannedMail returns the engine for mail; nil when none moves.
func (m *Move) plannedMail(ctx context.Context, who selection, options SyncOptions, hosts hosts) (*mailcopy.Engine, error) {
	if !m.movesMail(options.Only) {
		return nil, nil
	}
	src, dst, err := m.ends(ctx, hosts)
	if err != nil {
		return nil, err
	}
	return m.engine(who.store, src, dst, options, nil), reach(ctx, who.accounts, src, dst)
}

func (p plannedPass) account(ctx context.Context, account rehome.Account) PlannedAccount {
	row := PlannedAccount{Account: account.Address}
	if p.pim != nil {
		preview, err := p.pim.Plan(ctx, account)
		row.Collections = preview.Collections
		row.note(preview.Findings, err)
	}
	var mail mailcopy.Preview
	var unseen error
	if p.mail != nil {
		mail, unseen = p.mail.Plan(ctx, account)
		if unseen == nil {
			row.Mail = &mail.Amount
		}
		row.note(append(mail.Held, mail.Plan.Findings...), unseen)
	}
	row.Pairs = nonNil(mail.Plan.Pairs)
	row.Left = nonNil(mail.Plan.Left)
	row.Renamed = nonNil(mail.Renames)
	row.Vanished = nonNil(mail.Vanished)
	if p.rules != nil && unseen == nil {
		ruled, err := p.rules.Move(ctx, account, true, func() (mapping.Ways, error) {
			if p.mail == nil {
				return p.rules.Where(ctx, account)
			}
			return mail.Ways, nil
		})
		row.Rules = ruled.Scripts
		row.note(ruled.Findings, err)
	}
	return row
}

func (a *PlannedAccount) note(findings []rehome.Finding, err error) {
	a.Findings = append(a.Findings, findings...)
	if err != nil && a.Error == "" {
		a.Error = err.Error()
		a.Hint = rehome.HintOf(err)
		a.class = rehome.ClassOf(err)
	}
}
