// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"rehome"
	"rehome/internal/ledger"
	"rehome/internal/verify"
)

// AccountEvent is what has happened with an account, or to its domain, at a moment.
type AccountEvent struct {
	At   time.Time `json:"at"`
	What EventKind `json:"what"`
	Text string    `json:"text"`
	Who  string    `json:"who,omitempty"` // of an action
}

// EventKind says what has happened.
type EventKind string

// The kinds of events.
const (
	EventPass       EventKind = "pass"
	EventFault      EventKind = "fault"
	EventComparison EventKind = "comparison"
	EventAction     EventKind = "action" // of a person, or of a pass that has changed something
	EventCutover    EventKind = "cutover"
)

// auditOfAccount is how many of the last lines of the audit log stand among an account's events.
const auditOfAccount = 100

// eventsOf tells an account's story, the newest first: what the last pass and the last comparison have left, and what the audit log has
// of the account and of its domain's cutover.
func eventsOf(
	ctx context.Context, store *ledger.Ledger, row ledger.Account, detail AccountDetail, answer verify.Account,
) (events []AccountEvent, err error) {
	events = append(passEvents(row, detail.Turn), comparisonEvents(answer)...)
	lines, err := store.Audit.Page(ctx, row.Address, 0, auditOfAccount)
	if err != nil {
		return nil, err
	}
	for _, l := range lines {
		text := l.Action
		if l.After != "" {
			text += ": " + l.After
		}
		events = append(events, AccountEvent{l.At, EventAction, text, l.Who})
	}
	if _, domain, is := strings.Cut(row.Address, "@"); is {
		if lines, err = store.Audit.Page(ctx, domain, 0, auditOfAccount); err != nil {
			return nil, err
		}
		for _, l := range lines {
			if l.Action == actionCutover {
				events = append(events, AccountEvent{l.At, EventCutover, l.Object + ": " + l.After, l.Who})
			}
		}
	}
	slices.SortStableFunc(events, func(a, b AccountEvent) int { return cmp.Compare(b.At.UnixNano(), a.At.UnixNano()) })
	return nonNil(events), nil
}

// passEvents are those of the last pass.
func passEvents(row ledger.Account, turn *StatusTurn) (events []AccountEvent) {
	add := func(at time.Time, what EventKind, text string) {
		if !at.IsZero() {
			events = append(events, AccountEvent{At: at, What: what, Text: text})
		}
	}
	add(row.Started, EventPass, "the last pass began with this account")
	switch {
	case row.State == ledger.AccountBlocked:
		add(row.Finished, EventFault, "the pass ended: "+row.Reason)
	case row.Failed > 0:
		add(row.Finished, EventPass, fmt.Sprintf("the pass ended: %d of %d messages are at the destination, and %d could not be copied",
			row.Copied, row.Messages, row.Failed))
	default:
		add(row.Finished, EventPass, fmt.Sprintf("the pass ended: %d of %d messages are at the destination", row.Copied, row.Messages))
	}
	if turn == nil {
		return events
	}
	if turn.Failures > 0 {
		add(turn.FailingSince, EventFault, rehome.Text("the first of {n failure} in a row").With(rehome.Values{"n": turn.Failures}))
	}
	switch {
	case turn.State == ledger.TurnWaiting && !turn.Due.IsZero():
		add(turn.Since, EventFault, fmt.Sprintf("waits until %s: %s", turn.Due.Local().Format("2 Jan 15:04"), turn.Reason))
	case turn.Reason != "":
		add(turn.Since, EventFault, string(turn.State)+": "+turn.Reason)
	}
	return events
}

// comparisonEvents are those of the last comparison, and of what has happened since.
func comparisonEvents(answer verify.Account) (events []AccountEvent) {
	if answer.Verified.IsZero() {
		return nil
	}
	text := "both ends were compared, level " + string(answer.Level) + ": " + string(answer.Verdict)
	if n := answer.Differences(); n > 0 {
		text += rehome.Text(" in {n place}").With(rehome.Values{"n": n})
	}
	if n := len(answer.Accepted); n > 0 {
		text += rehome.Text(", {n difference} accepted since").With(rehome.Values{"n": n})
	}
	events = append(events, AccountEvent{At: answer.Verified, What: EventComparison, Text: text})
	if r := answer.Rechecked; r != nil {
		events = append(events, AccountEvent{At: r.At, What: EventComparison,
			Text: "compared again, level " + string(r.Level) + ": nothing speaks against that"})
	}
	return events
}
