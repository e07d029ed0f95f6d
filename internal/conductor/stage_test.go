// SPDX-License-Identifier: Apache-2.0

package conductor

import (
	"context"
	"errors"
	"strings"
	"testing"

	"rehome"
	"rehome/internal/davcopy"
	"rehome/internal/ledger"
	"rehome/internal/mailcopy"
)

func contacts(t davcopy.Tally) map[ledger.CollectionKind]davcopy.Tally {
	return map[ledger.CollectionKind]davcopy.Tally{ledger.Contacts: t}
}

func TestStages_contactsFirstThenMail(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var order string
		slices := 0
		pim := pimSlicer(func(c call) (davcopy.Result, error) {
			order += "p"
			slices++
			return davcopy.Result{Looked: true, More: slices < 3, Advanced: true, Tallies: contacts(davcopy.Tally{Objects: 9, Copied: 2, Quarantined: 1}),
				Findings: []rehome.Finding{{Code: "object_refused", Object: "a.vcf"}}}, nil
		})
		mail := &slicer{play: func(context.Context, call) (mailcopy.Result, error) {
			order += "m"
			return looked(mailcopy.Result{Findings: []rehome.Finding{{Code: "message_refused"}}}), nil
		}}
		b := &book{}
		outcomes, err := conduct(t, t.Context(), Options{Slicer: mail, PIM: pim, Book: b}, "anna")
		if err != nil || order != "pppm" {
			t.Errorf("%v in the order %s, want pppm", err, order)
		}
		if got := outcomes["anna"].PIM[ledger.Contacts]; got.Copied != 6 || got.Objects != 9 || got.Quarantined != 1 {
			t.Errorf("tally %+v, want what all slices copied and what the last has seen", got)
		}
		if len(b.findings["anna/pim"]) != 1 || len(b.findings["anna/mail"]) != 1 || len(outcomes["anna"].Findings) != 2 {
			t.Errorf("findings %v, want one of each origin", b.findings)
		}
		if state := b.last("anna").State; state != ledger.AccountPreStaged {
			t.Errorf("state %s, want pre-staged", state)
		}
	})
}

// What waits for somebody to look is not shown as done, although nothing has failed.
func TestStages_heldAccountIsNotPreStaged(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for _, code := range []string{mailcopy.CodeRemovalsHeld, mailcopy.CodeDestinationEmptied, mailcopy.CodeSourceForeign} {
			mail := &slicer{play: func(context.Context, call) (mailcopy.Result, error) {
				return looked(mailcopy.Result{Findings: []rehome.Finding{{Code: code, Sentence: "90 of 100 messages have vanished", NextStep: "look"}}}), nil
			}}
			b := &book{}
			outcomes, err := conduct(t, t.Context(), Options{Slicer: mail, Book: b}, "anna")
			if err != nil || outcomes["anna"].Err != nil {
				t.Errorf("%s: %v, %v, want no error", code, err, outcomes["anna"].Err)
			}
			if row := b.last("anna"); row.State != ledger.AccountBlocked || !strings.Contains(row.Reason, "90 of 100") || row.NextStep != "look" {
				t.Errorf("%s: row %+v, want blocked with the finding's words", code, row)
			}
		}
	})
}

func TestStages_troubleOfOneLeavesTheOther(t *testing.T) {
	bubble(t, func(t *testing.T) {
		mailed := false
		pim := pimSlicer(func(call) (davcopy.Result, error) { return davcopy.Result{}, fault(rehome.ClassAuth) })
		mail := &slicer{play: func(context.Context, call) (mailcopy.Result, error) {
			mailed = true
			return looked(mailcopy.Result{}), nil
		}}
		b := &book{}
		outcomes, err := conduct(t, t.Context(), Options{Slicer: mail, PIM: pim, Book: b}, "anna")
		if err != nil || !mailed || rehome.ClassOf(outcomes["anna"].Err) != rehome.ClassAuth {
			t.Errorf("%v, mail %v, outcome %v; want the mail copied and the refusal named", err, mailed, outcomes["anna"].Err)
		}
		if row := b.last("anna"); row.State != ledger.AccountBlocked || row.NextStep != "do something" {
			t.Errorf("row %+v, want blocked with the next step", row)
		}
		if _, replaced := b.findings["anna/pim"]; replaced {
			t.Error("findings of the pass before were replaced although nothing was seen")
		}
	})
}

func TestStages_onlyOne(t *testing.T) {
	bubble(t, func(t *testing.T) {
		pim := pimSlicer(func(call) (davcopy.Result, error) { return davcopy.Result{}, errors.New("a mistake") })
		outcomes, _ := conduct(t, t.Context(), Options{PIM: pim}, "anna")
		if outcomes["anna"].Err == nil {
			t.Error("no error, want the engine's")
		}
	})
}
