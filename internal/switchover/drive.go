// SPDX-License-Identifier: Apache-2.0

package switchover

import (
	"context"
	"time"

	"rehome"
	"rehome/internal/ledger"
)

// Store keeps where each domain stands; *ledger.Cutovers is one.
type Store interface {
	All(ctx context.Context) ([]ledger.Cutover, error)
	Save(ctx context.Context, was ledger.CutoverState, c ledger.Cutover, lines ...ledger.AuditLine) error
}

// Driver takes domains across. It may be used for several domains at once.
type Driver struct {
	Store    Store
	World    World
	Settings Settings
	Person   string // in whose name lines are added to the audit log
	Now      func() time.Time
	// Told hears of each step, with what the domain was before; nil for nobody. In the first step of a Run, what holds the domain is
	// new, as whoever listens has not heard it.
	Told func(was ledger.Cutover, step Step, action Action, out Outcome)
	// Began hears of each action that is about to begin; first is true for the first one of a Run. Nil for nobody.
	Began func(c ledger.Cutover, action Action, first bool)
}

// Stop says when Run ends before a domain is where it goes.
type Stop func(c ledger.Cutover, wait time.Duration) bool

// Run goes on with a domain until nothing is left to do, stop says so, or ctx ends, which is an error. It returns where the domain
// stands.
func (d *Driver) Run(ctx context.Context, domain string, stop Stop) (ledger.Cutover, error) {
	for first := true; ; first = false {
		c, err := d.of(ctx, domain)
		if err != nil {
			return c, err
		}
		action := Next(c)
		if action.Do == DoRest {
			return c, nil
		}
		step, err := d.step(ctx, c, action, first)
		if err != nil {
			return c, err
		}
		c = step.Cutover
		if c.State == ledger.CutoverRolledBack || stop(c, step.Wait) {
			return c, nil
		}
		if err := wait(ctx, step.Wait); err != nil {
			return c, err
		}
	}
}

// of returns a domain as it stands.
func (d *Driver) of(ctx context.Context, domain string) (ledger.Cutover, error) {
	all, err := d.Store.All(ctx)
	for _, c := range all {
		if c.Domain == domain {
			return c, err
		}
	}
	return ledger.Cutover{Domain: domain}, err
}

// step does one action and commits what follows from it.
func (d *Driver) step(ctx context.Context, c ledger.Cutover, action Action, first bool) (Step, error) {
	if d.Began != nil {
		d.Began(c, action, first)
	}
	intended, line, changed := Intend(c, action, d.Now())
	if changed {
		line.Who = d.Person
		if err := d.Store.Save(context.WithoutCancel(ctx), c.State, intended, line); err != nil {
			return Step{Cutover: c}, err
		}
	}
	out, err := d.do(ctx, intended, action)
	if err != nil {
		return Step{Cutover: intended}, err
	}
	step := After(intended, action, out, d.Settings, d.Now())
	for i := range step.Lines {
		if step.Lines[i].Who == "" {
			step.Lines[i].Who = d.Person
		}
	}
	if err := d.Store.Save(context.WithoutCancel(ctx), intended.State, step.Cutover, step.Lines...); err != nil {
		return Step{Cutover: intended}, err
	}
	if d.Told != nil {
		if first {
			c.Held = nil
		}
		d.Told(c, step, action, out)
	}
	return step, nil
}

// do carries an action out. The error is the context's; all other trouble is part of the outcome. A mistake of ours holds the
// domain and costs no other one.
func (d *Driver) do(ctx context.Context, c ledger.Cutover, action Action) (Outcome, error) {
	var out Outcome
	err := rehome.Guarded(c.Domain, func() error { return d.perform(ctx, c, action, &out) })
	if ctx.Err() != nil {
		return out, ctx.Err()
	}
	out.Err = err
	return out, nil
}

func (d *Driver) perform(ctx context.Context, c ledger.Cutover, action Action, out *Outcome) (err error) {
	switch action.Do {
	case DoAsk:
		out.Facts, err = d.World.Facts(ctx, c.Domain)
	case DoPass:
		out.Carried, err = d.World.FinalPass(ctx, c.Domain)
	case DoWrite, DoRestore:
		return d.exchange(ctx, c, action, out)
	case DoProve:
		for _, set := range c.Records {
			sight, err := d.World.Look(ctx, c.Domain, set)
			if err != nil {
				return err
			}
			out.Sights = append(out.Sights, sight)
		}
	case DoProbe:
		out.Probed, err = d.World.Probe(ctx, c.Domain)
	case DoRelease:
		out.Carried, err = d.World.SwitchRulesOn(ctx, c.Domain)
	case DoLate:
		out.Carried, err = d.World.LatePass(ctx, c.Domain)
	case DoReturn:
		out.Carried, err = d.World.CarryBack(ctx, c.Domain, c.Written)
	}
	return err
}

// exchange looks at a set, and exchanges it if it may be.
func (d *Driver) exchange(ctx context.Context, c ledger.Cutover, action Action, out *Outcome) error {
	set := c.Records[action.Set]
	sight, err := d.World.Look(ctx, c.Domain, set)
	if err != nil {
		return err
	}
	out.Sights = []Sight{sight}
	if !mayWrite(action, set, sight) {
		return nil
	}
	change := Change{Name: set.Name, Before: set.Before, After: set.After}
	if action.Do == DoRestore {
		change.Before, change.After = change.After, change.Before
	}
	if err := d.World.Exchange(ctx, c.Domain, change); err != nil {
		return err
	}
	out.Wrote = true
	return nil
}

// wait returns when the time is over or ctx ends.
func wait(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Override keeps somebody's word for a gate of a domain.
func (d *Driver) Override(ctx context.Context, domain string, gate Gate, why string) error {
	c, err := d.of(ctx, domain)
	if err != nil {
		return err
	}
	if _, _, err := Override(c, gate, why, d.Person, d.Now()); err != nil {
		return err // before anything is begun with
	}
	if c.State == "" { // an attempt begins with it
		step, err := d.step(ctx, c, Action{Do: DoBegin}, true)
		if err != nil {
			return err
		}
		c = step.Cutover
	}
	given, line, err := Override(c, gate, why, d.Person, d.Now())
	if err != nil {
		return err
	}
	return d.Store.Save(ctx, c.State, given, line)
}

// Back turns a domain round. Run then takes it back.
func (d *Driver) Back(ctx context.Context, domain string) error {
	c, err := d.of(ctx, domain)
	if err != nil {
		return err
	}
	back, lines, err := Back(c, d.Person, d.Now())
	if err != nil || len(lines) == 0 {
		return err
	}
	return d.Store.Save(ctx, c.State, back, lines...)
}
