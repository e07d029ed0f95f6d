// SPDX-License-Identifier: Apache-2.0

package conductor

import (
	"context"
	"errors"
	"time"

	"rehome"
	"rehome/internal/davcopy"
	"rehome/internal/ledger"
	"rehome/internal/mailcopy"
)

// PIMSlicer does a part of a pass over one account's contacts and calendars; *davcopy.Engine is one.
type PIMSlicer interface {
	RunSlice(ctx context.Context, account rehome.Account, started time.Time, budget davcopy.Budget) (davcopy.Result, error)
}

// stage is one kind of work on an account.
type stage string

const (
	stagePIM  stage = "pim"
	stageMail stage = "mail"
)

// stages lists the work of a pass in its order.
func (c *Conductor) stages() []stage {
	var all []stage
	if c.options.PIM != nil {
		all = append(all, stagePIM)
	}
	if c.options.Slicer != nil {
		all = append(all, stageMail)
	}
	return all
}

// endStage goes on with the next kind of work, or ends the account. What stopped one kind does not stop
// the next.
func (c *Conductor) endStage(ctx context.Context, t *turn, err error) {
	if err != nil {
		t.troubles = append(t.troubles, err)
	}
	if t.stages = t.stages[1:]; len(t.stages) > 0 {
		t.failures, t.budget = 0, c.options.Budget
		c.again(ctx, t, 0)
		return
	}
	if trouble := errors.Join(t.troubles...); trouble != nil {
		// The reason is what the operator needs; that it could not be written down comes with it.
		c.end(t, errors.Join(append(t.troubles, c.save(ctx, t, ledger.AccountBlocked, trouble))...))
		return
	}
	if alarm := t.alarm(); alarm != nil {
		c.end(t, c.save(ctx, t, ledger.AccountBlocked, alarm))
		return
	}
	c.end(t, c.save(ctx, t, ledger.AccountPreStaged, nil))
}

// alarm is what a pass has left undone. The pass itself has not failed. Single messages that a server refuses
// are counted and named, and do not keep the account from being pre-staged.
func (t *turn) alarm() error {
	for _, f := range listOf(t.findings) {
		if mailcopy.KeepsOpen(f) {
			return &rehome.Fault{Class: rehome.ClassOperator, Op: "finish", Object: t.account.Address, Cause: errors.New(f.Sentence), Hint: f.NextStep}
		}
	}
	return nil
}

// pimTurn is what the slices of contacts and calendars have shown so far.
type pimTurn struct {
	looked   bool
	findings map[string]rehome.Finding // by code and object
}

// takePIM adds a slice's result to the account's.
func (t *turn) takePIM(r davcopy.Result) {
	if !r.Looked {
		return
	}
	if t.pim.findings == nil {
		t.pim.findings = map[string]rehome.Finding{}
		t.outcome.PIM = map[ledger.CollectionKind]davcopy.Tally{}
	}
	t.pim.looked = true
	for kind, tally := range r.Tallies {
		all := t.outcome.PIM[kind]
		all.Add(tally)
		t.outcome.PIM[kind] = all
	}
	for _, f := range r.Findings {
		t.pim.findings[f.Code+"\x00"+f.Object] = f
	}
	if r.Advanced {
		t.failures = 0
	}
}
