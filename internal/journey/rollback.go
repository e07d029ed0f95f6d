// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"errors"
	"fmt"
	"time"

	"rehome"
	"rehome/internal/ledger"
	"rehome/internal/switchover"
)

// Rollback is what taking domains back means, and where they stand.
type Rollback struct {
	Domains  []RollbackDomain `json:"domains"`
	Begun    bool             `json:"begun"`
	Crossing Crossing         `json:"crossing"`
}

// RollbackDomain is one domain.
type RollbackDomain struct {
	Domain  string              `json:"domain"`
	State   ledger.CutoverState `json:"state"`             // before
	Records int                 `json:"records"`           // sets that are put back
	Arrived int64               `json:"arrived"`           // messages at the destination since the switch, that are carried back
	Unknown string              `json:"unknown,omitempty"` // why Arrived is not known
}

// Outcome implements rehome.Answer: without the word of a person, a rollback waits for it.
func (r Rollback) Outcome() rehome.Outcome {
	if !r.Begun {
		return rehome.OutcomeWaiting
	}
	return r.Crossing.Outcome()
}

// RollbackOptions choose what is taken back.
type RollbackOptions struct {
	Domains   []string // at least one
	Begin     bool     // somebody has seen what it means
	Overrides []string
	Why       string
	Once      bool
	Told      func(CutoverLine)
}

// RollBack says what it means to take domains back, and does so if it is told to begin: the records as they were, then the mail that
// has arrived at the destination since. It may be ended at any moment and run again.
func (m *Move) RollBack(ctx context.Context, options RollbackOptions) (Rollback, error) {
	if len(options.Domains) == 0 {
		return Rollback{}, &rehome.Fault{Class: rehome.ClassOperator, Op: "roll back", Object: "nothing", Cause: errors.New("no domain is named"),
			Hint: "name the domains that are to be taken back"}
	}
	domains, store, err := m.crossing(ctx, options.Domains)
	if err != nil {
		return Rollback{}, err
	}
	unlock, err := lockFor(store)
	if err != nil {
		return Rollback{}, err
	}
	defer unlock()
	rollback := Rollback{Domains: []RollbackDomain{}, Begun: options.Begin, Crossing: Crossing{Domains: []CrossingDomain{}}}
	if rollback.Domains, err = m.previewRollback(ctx, store, domains); err != nil {
		return rollback, err
	}
	if !options.Begin {
		return rollback, nil
	}
	driver := m.driver(ctx, store, options.Told)
	for _, d := range rollback.Domains {
		if options.Told != nil {
			options.Told(CutoverLine{time.Now(), d.Domain, d.Words()})
		}
		if err := driver.Back(ctx, d.Domain); err != nil {
			return rollback, err
		}
	}
	if err := override(ctx, driver, domains, CutoverOptions{Overrides: options.Overrides, Why: options.Why}); err != nil {
		return rollback, err
	}
	stop := func(_ ledger.Cutover, wait time.Duration) bool { return wait > 0 && options.Once }
	rollback.Crossing, err = m.drive(ctx, driver, domains, stop)
	return rollback, err
}

// Words say what taking the domain back means.
func (d RollbackDomain) Words() string {
	records := fmt.Sprintf("%s %s put back; ", plural(d.Records, "set of records"), map[bool]string{true: "is", false: "are"}[d.Records == 1])
	if d.Records != 1 {
		records = fmt.Sprintf("%d sets of records are put back; ", d.Records)
	}
	if d.Unknown != "" {
		return records + "it is not known how many messages have arrived at the destination since: " + d.Unknown
	}
	if d.Arrived == 1 {
		return records + "1 message that has arrived at the destination since is carried back"
	}
	return fmt.Sprintf("%s%d messages that have arrived at the destination since are carried back", records, d.Arrived)
}

func (m *Move) previewRollback(ctx context.Context, store *ledger.Ledger, domains []string) ([]RollbackDomain, error) {
	rows, err := store.Cutovers.All(ctx)
	if err != nil {
		return nil, err
	}
	w := &world{move: m, store: store}
	var all []RollbackDomain
	for _, domain := range domains {
		row := ledger.Cutover{Domain: domain}
		for _, r := range rows {
			if r.Domain == domain {
				row = r
			}
		}
		if err := switchover.Reversible(row); err != nil {
			return nil, err
		}
		d := RollbackDomain{Domain: domain, State: row.State, Records: switchover.ToRestore(row)}
		if !row.Written.IsZero() {
			if d.Arrived, err = w.Arrived(ctx, domain, row.Written); err != nil {
				d.Unknown = err.Error()
			}
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		all = append(all, d)
	}
	return all, nil
}
