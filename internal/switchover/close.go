// SPDX-License-Identifier: Apache-2.0

package switchover

import (
	"fmt"
	"time"

	"rehome/internal/ledger"
)

// Closable says why a domain must not be closed yet; "" if it may. reversible is for how long after the switch a domain has to stay
// one that can be taken back.
func Closable(c ledger.Cutover, reversible time.Duration, now time.Time) string {
	switch c.State {
	case ledger.CutoverClosing, ledger.CutoverClosed:
		return ""
	case ledger.CutoverLive:
	case "":
		return "it was not switched"
	case ledger.CutoverRolledBack:
		return "it was rolled back"
	default:
		return fmt.Sprintf("it is not live yet (%s)", c.State)
	}
	if until := c.Switched.Add(reversible); now.Before(until) {
		return "it was switched less than " + period(reversible) + " ago, and can be rolled back until it is closed; wait until " + clock(until)
	}
	return ""
}

// Close moves a domain that is live into its closing, and one whose closing is complete to its end. early is the reason why
// somebody does not wait until it may be closed; "" for none.
func Close(c ledger.Cutover, state ledger.CutoverState, early, person string, now time.Time) (ledger.Cutover, []ledger.AuditLine) {
	lines := []ledger.AuditLine{{Who: person, Action: actionState, Object: c.Domain, Before: string(c.State), After: string(state)}}
	if early != "" {
		lines = append(lines, ledger.AuditLine{Who: person, Action: actionOverrides, Object: c.Domain + " reversible", After: early})
	}
	c.State, c.Since, c.Held = state, now, nil
	return c, lines
}
