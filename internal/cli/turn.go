// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"io"
	"time"

	"rehome"
	"rehome/internal/journey"
	"rehome/internal/ledger"
)

// turnState says in a word or two where a pass that is not over stands.
func turnState(t *journey.StatusTurn) string {
	switch {
	case t == nil, t.State == journey.TurnInterrupted:
		return "interrupted"
	case t.State == ledger.TurnWorking:
		return "copying " + stepWords(t.Step)
	}
	return string(t.State)
}

func stepWords(kind rehome.Kind) string {
	if kind == rehome.KindPIM {
		return "contacts and events"
	}
	return string(kind)
}

// writeTurns says why accounts that are shown are blocked, which of them wait, and what continues, or who, if no sync is at work.
func writeTurns(w io.Writer, shown statusShown) {
	for _, a := range shown.accounts {
		switch {
		case a.Reason != "":
			writeBlocked(w, a)
		case a.Turn != nil:
			if words := turnWords(*a.Turn, shown.of.Running); words != "" {
				fmt.Fprintf(w, "%s %s\n", printable(a.Account), words)
			}
		}
	}
	left := 0
	for _, a := range shown.of.Accounts {
		if a.Reason == "" && a.Turn != nil {
			left++
		}
	}
	switch {
	case left == 0 || shown.of.Running:
	case shown.of.GoesOn:
		fmt.Fprintf(w, "%s %s not complete; no worker has one at the moment, but those that are there go on by themselves "+
			"(\"rehome worker status\")\n", plural(left, "account"), verb(left, "is", "are"))
	default:
		fmt.Fprintf(w, "%s %s not complete, and no sync is running; \"rehome sync\" continues\n",
			plural(left, "account"), verb(left, "is", "are"))
	}
}

func writeBlocked(w io.Writer, a journey.StatusAccount) {
	tries := ""
	if a.Turn != nil && a.Turn.Failures > 1 {
		tries = failures(a.Turn, ", after ")
	}
	fmt.Fprintf(w, "%s is blocked%s: %s\n", printable(a.Account), tries, printable(a.Reason))
	if a.NextStep != "" {
		fmt.Fprintf(w, "  -> %s\n", printable(a.NextStep))
	}
}

// turnWords says what an account waits for, or how often it has failed; "" when there is nothing to say.
func turnWords(t journey.StatusTurn, running bool) string {
	switch {
	case running && t.State == ledger.TurnWaiting && t.Failures == 0:
		return fmt.Sprintf("waits until %s: %s", moment(t.Due), printable(t.Reason))
	case running && t.State == ledger.TurnWaiting:
		return fmt.Sprintf("will be tried again at %s%s: %s", moment(t.Due), failures(&t, ", after "), printable(t.Reason))
	case t.Failures > 0:
		return fmt.Sprintf("has had %s: %s", failures(&t, ""), printable(t.Reason))
	}
	return ""
}

// failures says how often in a row an account has failed, behind a lead.
func failures(t *journey.StatusTurn, lead string) string {
	if t.Failures == 0 {
		return ""
	}
	return fmt.Sprintf("%s%s since %s", lead, plural(t.Failures, "failure"), moment(t.FailingSince))
}

func moment(t time.Time) string { return t.Local().Format(time.DateTime) }
