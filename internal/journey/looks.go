// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"

	"rehome"
	"rehome/internal/checkup"
	"rehome/internal/cutover"
	"rehome/internal/itinerary"
	"rehome/internal/ledger"
	"rehome/internal/people"
	"rehome/internal/recipients"
)

// What is looked at by operations that change nothing, as the ledger keeps it.
const (
	lookCheck      = "check"
	lookAccounts   = "accounts check"
	lookRecipients = "recipients check"
	lookPlan       = "cutover plan"
	lookAsk        = "to ask for before the switch"
	lookHand       = "to do by hand before the switch"
	lookStage      = "to publish before the switch"
	lookLower      = "TTLs to lower before the switch"
	lookMoving     = "accounts that move"
)

// look keeps what was seen, so that "next" knows it.
func (m *Move) look(ctx context.Context, looks ...ledger.Look) error {
	if ctx.Err() != nil {
		return ctx.Err() // what was cut off has shown nothing
	}
	store, err := m.store(ctx)
	if err != nil {
		return err
	}
	return store.Looks.Note(ctx, looks...)
}

func checkLook(report checkup.Report) ledger.Look {
	look := ledger.Look{Name: lookCheck, Outcome: report.Outcome()}
	for _, a := range report.Advice {
		if a.Level != checkup.LevelError {
			continue
		}
		if look.Open++; look.Open == 1 {
			look.Sentence = a.Side + ": " + a.Sentence
		}
	}
	return look
}

// movingLook keeps how many accounts move.
func movingLook(n int) ledger.Look {
	return ledger.Look{Name: lookMoving, Outcome: rehome.OutcomeDone, Open: n}
}

func accountsLook(checked people.AccountsChecked) ledger.Look {
	look := ledger.Look{Name: lookAccounts, Outcome: checked.Outcome()}
	for _, a := range checked.Accounts {
		if a.State == people.StateReady || a.State == people.StateExtra {
			continue
		}
		if look.Open++; look.Open == 1 {
			look.Sentence = a.Account + ": " + a.Sentence
		}
	}
	return look
}

func recipientsLook(parity recipients.Parity) ledger.Look {
	look := ledger.Look{Name: lookRecipients, Outcome: parity.Outcome(), Open: parity.Totals.All - parity.Totals.Agrees}
	for _, line := range parity.Lines {
		if line.Agreement != recipients.Agrees {
			look.Sentence = line.Address + ": " + string(line.Agreement)
			break
		}
	}
	return look
}

// planLooks keep how many steps of each kind remain before the switch, and what keeps its moment from being known.
func planLooks(p cutover.Plan) []ledger.Look {
	outcome := cutover.NewPlans([]cutover.Plan{p}).Outcome()
	whole := ledger.Look{Name: lookPlan, Object: p.Domain, Outcome: outcome}
	if len(p.Waits) > 0 {
		whole.Sentence = p.Waits[0]
	}
	steps := func(name string, all []cutover.Step) ledger.Look {
		look := ledger.Look{Name: name, Object: p.Domain, Outcome: outcome, Open: len(all)}
		if len(all) > 0 {
			look.Sentence = all[0].About + ": " + all[0].Sentence
		}
		return look
	}
	var asks, byHand []cutover.Step
	for _, s := range p.Others() {
		if s.Action == cutover.Ask {
			asks = append(asks, s)
		} else {
			byHand = append(byHand, s)
		}
	}
	return []ledger.Look{whole, steps(lookAsk, asks), steps(lookHand, byHand), steps(lookStage, p.Staging()), steps(lookLower, p.Lowering())}
}

// looked turns what is kept into what the itinerary reads.
func looked(l ledger.Look) itinerary.Look {
	sentence := l.Sentence
	if l.Open > 1 && sentence != "" {
		sentence += ", and " + plural(l.Open-1, "other thing")
	}
	return itinerary.Look{At: l.At, Outcome: l.Outcome, Sentence: sentence}
}
