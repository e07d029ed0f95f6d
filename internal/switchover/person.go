// SPDX-License-Identifier: Apache-2.0

package switchover

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"rehome"
	"rehome/internal/ledger"
)

// Override returns the domain with somebody's word that a gate need not hold. It counts for one attempt.
func Override(c ledger.Cutover, gate Gate, why, person string, now time.Time) (ledger.Cutover, ledger.AuditLine, error) {
	if !slices.Contains(Gates(), gate) {
		return c, ledger.AuditLine{}, &rehome.Fault{Class: rehome.ClassOperator, Op: "override", Object: "the gate " + string(gate),
			Cause: fmt.Errorf("there is no such gate"), Hint: "the gates are " + words(Gates())}
	}
	if strings.TrimSpace(why) == "" {
		return c, ledger.AuditLine{}, &rehome.Fault{Class: rehome.ClassOperator, Op: "override", Object: "the gate " + string(gate),
			Cause: fmt.Errorf("there is no reason"), Hint: `say why with --why "..."; the audit log keeps it`}
	}
	c.Overrides = slices.DeleteFunc(slices.Clone(c.Overrides), func(o ledger.CutoverOverride) bool { return o.Gate == string(gate) })
	c.Overrides = append(c.Overrides, ledger.CutoverOverride{Gate: string(gate), Why: why, Person: person, At: now})
	return c, ledger.AuditLine{Who: person, Action: actionOverrides, Object: c.Domain + " " + string(gate), After: why}, nil
}

// Reversible reports whether a domain can be taken back, and why not.
func Reversible(c ledger.Cutover) error {
	why := ""
	switch c.State {
	case "":
		why = "nobody has begun with it"
	case ledger.CutoverRolledBack:
		why = "it was rolled back already"
	case ledger.CutoverClosing, ledger.CutoverClosed:
		why = "it is closed"
	default:
		return nil
	}
	return &rehome.Fault{Class: rehome.ClassOperator, Op: "roll back", Object: c.Domain, Cause: fmt.Errorf("%s", why),
		Hint: `"rehome cutover status" shows where each domain stands`}
}

// Back turns a domain round. One of which no record was written is where it was at once; so is one that is on its way back.
func Back(c ledger.Cutover, person string, now time.Time) (ledger.Cutover, []ledger.AuditLine, error) {
	if err := Reversible(c); err != nil {
		return c, nil, err
	}
	state := ledger.CutoverRestoring
	switch {
	case c.State == ledger.CutoverRestoring || c.State == ledger.CutoverProvingBack || c.State == ledger.CutoverReturning:
		return c, nil, nil
	case !slices.ContainsFunc(c.Records, unrestored) && c.Switched.IsZero():
		state = ledger.CutoverRolledBack
	case !slices.ContainsFunc(c.Records, unrestored):
		state = ledger.CutoverReturning
	}
	line := ledger.AuditLine{Who: person, Action: actionState, Object: c.Domain, Before: string(c.State), After: string(state)}
	c.State, c.Since, c.Held = state, now, nil
	return c, []ledger.AuditLine{line}, nil
}

// ToRestore counts the sets that a rollback puts back.
func ToRestore(c ledger.Cutover) int {
	n := 0
	for _, set := range c.Records {
		if unrestored(set) {
			n++
		}
	}
	return n
}
