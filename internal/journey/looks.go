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

// planLook keeps how many steps remain before the switch, and what keeps its moment from being known.
func planLook(p cutover.Plan) ledger.Look {
	look := ledger.Look{Name: lookPlan, Object: p.Domain, Outcome: cutover.NewPlans([]cutover.Plan{p}).Outcome()}
	for _, s := range p.Steps {
		if s.Phase == cutover.Before {
			look.Open++
		}
	}
	if len(p.Waits) > 0 {
		look.Sentence = p.Waits[0]
	}
	return look
}

// looked turns what is kept into what the itinerary reads.
func looked(l ledger.Look) itinerary.Look {
	sentence := l.Sentence
	if l.Open > 1 && sentence != "" {
		sentence += ", and " + plural(l.Open-1, "other thing")
	}
	return itinerary.Look{At: l.At, Outcome: l.Outcome, Sentence: sentence}
}
