// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"fmt"

	"rehome/internal/itinerary"
	"rehome/internal/ledger"
)

// readCutovers sorts in how far the machine has taken the domains.
func (m *Move) readCutovers(cutovers []ledger.Cutover, state *itinerary.State) {
	settings := m.settings.Cutover
	for _, c := range cutovers {
		d := domainOf(state, c.Domain)
		if d == nil {
			continue // it moves no longer
		}
		d.Stage, d.Says, d.Since = stageOf(c.State), cutoverWords(c), c.Since
		switch {
		case d.Stage == itinerary.StageQuiet:
			d.Until = c.Switched.Add(settings.Reversible)
		case d.Stage == itinerary.StageClosing && len(settings.OldSPF)+len(settings.OldDKIM) > 0:
			d.Until = c.Switched.Add(settings.OldAfter)
		}
		if len(c.Held) > 0 && d.Stage == itinerary.StageSwitching {
			hold := c.Held[0]
			d.WaitsFor, d.Until, d.Says = hold.Who, hold.Until, hold.Sentence
			if hold.NextStep != "" {
				d.Says += "; " + hold.NextStep
			}
			if n := len(c.Held) - 1; n > 0 {
				d.Says += " (and " + plural(n, "other gate") + ")"
			}
		}
	}
}

func stageOf(state ledger.CutoverState) itinerary.Stage {
	switch state {
	case ledger.CutoverLate:
		return itinerary.StageLive
	case ledger.CutoverLive:
		return itinerary.StageQuiet
	case ledger.CutoverClosing:
		return itinerary.StageClosing
	case ledger.CutoverRestoring, ledger.CutoverProvingBack, ledger.CutoverReturning:
		return itinerary.StageReturning
	case ledger.CutoverRolledBack:
		return itinerary.StageBack
	case ledger.CutoverClosed:
		return itinerary.StageClosed
	case "":
		return ""
	}
	return itinerary.StageSwitching
}

// cutoverWords says what the machine has to do with a domain next. Whether a process is at it now, the ledger does not tell.
func cutoverWords(c ledger.Cutover) string {
	switch c.State {
	case ledger.CutoverGates:
		return "the gates of the switch have to be asked"
	case ledger.CutoverFinalPass:
		return "everything has to be copied once more"
	case ledger.CutoverReady:
		return "everything is copied; the records come next"
	case ledger.CutoverSwitching:
		return "the records are being written"
	case ledger.CutoverProving:
		return "the records are written; not every server gives them yet"
	case ledger.CutoverProbing:
		return "every server gives the new records; test messages are under way"
	case ledger.CutoverReleasing:
		return "rules that waited have to be switched on"
	case ledger.CutoverLate:
		return fmt.Sprintf("%s came late and %s brought over; it is done when the old server has been quiet long enough",
			plural(int(c.Late), "message"), verbOf(c.Late, "was", "were"))
	case ledger.CutoverRestoring, ledger.CutoverProvingBack:
		return "its records are being put back"
	case ledger.CutoverReturning:
		return "mail that has arrived at the destination has to be carried back"
	}
	return ""
}

func verbOf(n int64, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
