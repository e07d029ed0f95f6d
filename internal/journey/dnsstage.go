// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"errors"
	"time"

	"rehome"
	"rehome/internal/cutover"
	"rehome/internal/dnswrite"
	"rehome/internal/ledger"
)

// StageOptions say how far changes before the switch go.
type StageOptions struct {
	Write bool          // without it, they are only shown
	Wait  time.Duration // how long to watch the authoritative servers until all have them
	Told  func(string)  // what is being waited for; may be nil
}

// ChangeState says what has become of a change.
type ChangeState string

// The states.
const (
	ChangePlanned ChangeState = "planned" // nothing was written
	ChangeWritten ChangeState = "written"
	ChangeAlready ChangeState = "already" // it stood there before anything was written
	ChangeByHand  ChangeState = "by_hand" // a person has to do it
	ChangeFailed  ChangeState = "failed"
)

// StagedChange is one set of records.
type StagedChange struct {
	About    string       `json:"about"`
	Sentence string       `json:"sentence"`
	Old      dnswrite.Set `json:"old"`
	New      dnswrite.Set `json:"new"`
	State    ChangeState  `json:"state"`
	// Everywhere says that every authoritative server has it; Missing are those that do not.
	Everywhere bool            `json:"everywhere"`
	Missing    []dnswrite.Says `json:"missing,omitempty"`

	change dnswrite.Change // as it was asked for, for a repeat
}

// StagedDomain is what was done, or would be, for one domain.
type StagedDomain struct {
	Domain   string              `json:"domain"`
	Zone     string              `json:"zone,omitempty"`
	Writer   dnswrite.Capability `json:"writer"`
	Changes  []StagedChange      `json:"changes"`
	Others   []cutover.Step      `json:"others"`  // what people have to do beside it
	Waits    []string            `json:"waits"`   // what keeps the moment of the switch from being known
	Unknown  []string            `json:"unknown"` // those of them that are about what stands in DNS: it is left as it is
	Earliest time.Time           `json:"earliest,omitzero"`
	Open     bool                `json:"open"` // steps remain before the switch, and Earliest holds if they are taken now
	// Error is why nothing more was done; Differences what somebody else has changed.
	Error       string                `json:"error,omitempty"`
	NextStep    string                `json:"next_step,omitempty"`
	Differences []dnswrite.Difference `json:"differences,omitempty"`

	Cards string `json:"-"` // instructions for a person, if the zone is changed by hand

	plan    cutover.Plan
	outcome rehome.Outcome // of the error
	writer  dnswrite.Writer
}

// Staged is the answer of LowerTTL and StageDNS.
type Staged struct {
	Write   bool           `json:"write"` // the changes were to be written
	Domains []StagedDomain `json:"domains"`
}

// Outcome implements rehome.Answer: done when every server has every change. Among domains, an error goes before what a person has
// to do, and that before what only takes time.
func (s Staged) Outcome() rehome.Outcome {
	outcome := rehome.OutcomeDone
	for _, d := range s.Domains {
		if d.Error != "" {
			return d.outcome
		}
		for _, c := range d.Changes {
			switch {
			case c.State == ChangePlanned, c.State == ChangeByHand:
				outcome = rehome.OutcomeWaiting
			case !c.Everywhere && outcome == rehome.OutcomeDone:
				outcome = rehome.OutcomeRemaining
			}
		}
		if len(d.Others) > 0 {
			outcome = rehome.OutcomeWaiting
		}
	}
	for _, d := range s.Domains {
		if len(d.Unknown) > 0 {
			return rehome.OutcomeUnreachable
		}
	}
	return outcome
}

// LowerTTL lowers the TTLs of the records that change at the switch, and nothing else.
func (m *Move) LowerTTL(ctx context.Context, domains []string, options StageOptions) (Staged, error) {
	return m.stage(ctx, domains, options, cutover.Plan.Lowering, nil)
}

// StageDNS publishes what has to stand before the switch: keys of the destination, its servers in SPF, the id of an MTA-STS policy.
func (m *Move) StageDNS(ctx context.Context, domains []string, options StageOptions) (Staged, error) {
	return m.stage(ctx, domains, options, cutover.Plan.Staging, cutover.Plan.Others)
}

// stage makes the changes of some steps of the plans. The plan is made before, which keeps what was seen, such as the TTLs that
// resolvers may remember; and again afterwards, so that what stands now counts from now on.
func (m *Move) stage(ctx context.Context, domains []string, options StageOptions, which, others func(cutover.Plan) []cutover.Step) (Staged, error) {
	plans, err := m.PlanCutover(ctx, domains)
	if err != nil {
		return Staged{}, err
	}
	staged := Staged{Write: options.Write, Domains: []StagedDomain{}}
	asker := m.publicWorld().DNS
	changed := false
	for _, plan := range plans.Domains {
		d := StagedDomain{Domain: plan.Domain, Zone: plan.Zone, Changes: []StagedChange{}, Others: []cutover.Step{}, Waits: plan.Waits,
			Earliest: plan.Earliest, Open: plan.Open(), Unknown: append([]string{}, plan.Unknown()...), plan: plan}
		if others != nil {
			d.Others = append(d.Others, others(plan)...)
		}
		failed := d.prepare(ctx, m, asker, which(plan))
		if failed == nil && options.Write {
			failed = m.write(ctx, &d)
			changed = true
		}
		d.fail(failed)
		staged.Domains = append(staged.Domains, d)
		if err := ctx.Err(); err != nil {
			return staged, err
		}
	}
	if !changed {
		return staged, nil
	}
	if err := m.watch(ctx, &staged, asker, options); err != nil {
		return staged, err
	}
	return staged, m.momentsAfter(ctx, &staged)
}

// prepare reads what stands where the domain's records are written, and turns steps into changes.
func (d *StagedDomain) prepare(ctx context.Context, m *Move, asker dnswrite.Asker, steps []cutover.Step) error {
	if d.Zone == "" {
		return nil // said by Unknown
	}
	d.Writer = m.describe(d.Zone)
	var err error
	if d.writer, err = m.writer(ctx, d.Zone, asker); err != nil || len(steps) == 0 {
		return err
	}
	for _, step := range steps {
		found, err := d.writer.Read(ctx, step.Sets())
		if err != nil {
			return err
		}
		for _, change := range step.Changes(found, d.Writer.MinTTL) {
			staged := StagedChange{About: step.About, Sentence: step.Sentence, Old: change.Old, New: change.New, State: ChangePlanned, change: change}
			if change.Old.Equal(change.New) { // a server of the zone lags behind
				staged.State = ChangeAlready
			}
			d.Changes = append(d.Changes, staged)
		}
	}
	if d.Writer.ByHand {
		d.Cards = d.plan.CardsOf(steps)
	}
	return nil
}

// write applies the changes of a domain and notes in the audit log what was written.
func (m *Move) write(ctx context.Context, d *StagedDomain) error {
	if len(d.Changes) == 0 {
		return nil
	}
	var changes []dnswrite.Change
	var lines []ledger.AuditLine
	for _, c := range d.Changes {
		changes = append(changes, c.change)
		if c.State == ChangePlanned {
			lines = append(lines, ledger.AuditLine{Action: actionDNSBegan, Object: d.Domain + " " + c.New.Key.String(), Before: c.Old.String(),
				After: c.New.String()})
		}
	}
	if !d.Writer.ByHand { // before it is done: a kill must not leave a write that nobody can find
		if err := m.note(ctx, lines...); err != nil {
			return err
		}
	}
	result, err := dnswrite.Apply(ctx, d.writer, changes)
	lines = nil
	for _, written := range result.Written {
		lines = append(lines, ledger.AuditLine{Action: actionDNSWritten, Object: d.Domain + " " + written.New.Key.String(), Before: written.Old.String(),
			After: written.New.String()})
	}
	d.settle(result.Written, ChangeWritten)
	d.settle(result.Already, ChangeAlready)
	d.settle(result.Pending, ChangeByHand)
	for i := range d.Changes {
		if c := &d.Changes[i]; c.State == ChangePlanned {
			c.State = ChangeFailed
		}
	}
	return errors.Join(err, m.note(ctx, lines...))
}

// settle notes what has become of changes.
func (d *StagedDomain) settle(changes []dnswrite.Change, state ChangeState) {
	for _, change := range changes {
		for i := range d.Changes {
			if c := &d.Changes[i]; c.New.Key == change.New.Key {
				c.Old, c.New, c.State = change.Old, change.New, state
			}
		}
	}
}

// fail keeps an error with the domain that it is about: the others go on.
func (d *StagedDomain) fail(err error) {
	if err == nil {
		return
	}
	d.Error, d.NextStep, d.outcome = err.Error(), rehome.HintOf(err), rehome.OutcomeOf(err)
	var changed *dnswrite.ChangedError
	if errors.As(err, &changed) {
		d.Differences = changed.Differences
	}
}

// momentsAfter plans again, now that the records are changed.
func (m *Move) momentsAfter(ctx context.Context, staged *Staged) error {
	var domains []string
	for _, d := range staged.Domains {
		domains = append(domains, d.Domain)
	}
	plans, err := m.PlanCutover(ctx, domains)
	if err != nil {
		return err
	}
	for i, plan := range plans.Domains {
		d := &staged.Domains[i]
		d.Earliest, d.Waits, d.Open = plan.Earliest, plan.Waits, plan.Open()
	}
	return nil
}
