// SPDX-License-Identifier: Apache-2.0

package conductor

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"rehome"
	"rehome/internal/ledger"
	"rehome/internal/pass"
)

// sight is what the slices of one step have shown of an account.
type sight struct {
	kind     rehome.Kind
	looked   bool                      // a slice has seen both ends
	findings map[string]rehome.Finding // by code and object
	blocked  error                     // what a person has to do before the account is done
}

// list returns the findings in a stable order.
func (s *sight) list() []rehome.Finding {
	all := make([]rehome.Finding, 0, len(s.findings))
	for _, key := range slices.Sorted(maps.Keys(s.findings)) {
		all = append(all, s.findings[key])
	}
	return all
}

// sight is what the slices of the step at work have shown; nil before the first of them has ended.
func (t *turn) sight() *sight {
	if n := len(t.seen); n > 0 && t.seen[n-1].kind == t.left[0].Kind() {
		return t.seen[n-1]
	}
	return nil
}

// take adds the result of a slice of the step at work, and returns the findings that are new.
func (t *turn) take(r pass.Result) (fresh []rehome.Finding) {
	kind := t.left[0].Kind()
	s := t.sight()
	if s == nil {
		s = &sight{kind: kind, findings: map[string]rehome.Finding{}}
		t.seen = append(t.seen, s)
	}
	s.looked = s.looked || r.Looked
	t.outcome.Looked = t.outcome.Looked || r.Looked
	for _, f := range r.Findings {
		key := f.Code + "\x00" + f.Object
		if _, known := s.findings[key]; !known {
			fresh = append(fresh, f)
		}
		s.findings[key] = f
	}
	if r.Blocked != nil {
		s.blocked = r.Blocked
	}
	switch before := t.outcome.Counts[kind]; {
	case r.Counts == nil:
	case before == nil:
		t.outcome.Counts[kind] = r.Counts
	default:
		t.outcome.Counts[kind] = before.Plus(r.Counts, r.Looked)
	}
	if r.Advanced {
		t.calm()
	}
	return fresh
}

// endStep goes on with the next step, or ends the account. What stopped one does not stop the next.
func (c *Conductor) endStep(ctx context.Context, t *turn, err error) (next time.Time, over bool) {
	c.tellStep(t, err)
	c.options.Progress.StepEnded(t.left[0].Kind(), err)
	if err != nil {
		t.troubles = append(t.troubles, err)
		t.failed = t.Turn
		t.failed.State, t.failed.Reason = ledger.TurnFailed, err.Error()
	}
	t.calm()
	if t.left = t.left[1:]; len(t.left) > 0 {
		t.budget = c.options.Budget
		return time.Time{}, false
	}
	if trouble := errors.Join(t.troubles...); trouble != nil {
		t.Turn = t.failed
		// The reason is what the operator needs; that it could not be written down comes with it.
		return c.end(t, errors.Join(append(t.troubles, c.save(ctx, t, ledger.AccountBlocked, trouble))...))
	}
	t.State = ledger.TurnOver
	if blocked := t.blocked(); blocked != nil {
		t.outcome.Blocked = blocked
		return c.end(t, c.save(ctx, t, ledger.AccountBlocked, blocked))
	}
	return c.end(t, c.save(ctx, t, ledger.AccountPreStaged, nil))
}

// blocked is what somebody has to see to although nothing has failed.
func (t *turn) blocked() error {
	for _, s := range t.seen {
		if s.blocked != nil {
			return s.blocked
		}
	}
	return nil
}
