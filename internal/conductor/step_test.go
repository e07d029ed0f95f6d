// SPDX-License-Identifier: Apache-2.0

package conductor

import (
	"context"
	"errors"
	"strings"
	"testing"

	"rehome"
	"rehome/internal/ledger"
	"rehome/internal/pass"
)

func TestSteps_oneBehindTheOther(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var order string
		slices := 0
		pim := step{rehome.KindPIM, func(call) (pass.Result, error) {
			order += "p"
			slices++
			return pass.Result{Looked: true, More: slices < 3, Advanced: true, Counts: counts{did: 2},
				Findings: []rehome.Finding{{Code: "object_refused", Object: "a.vcf"}}}, nil
		}}
		mail := &slicer{play: func(context.Context, call) (pass.Result, error) {
			order += "m"
			return looked(pass.Result{Findings: []rehome.Finding{{Code: "message_refused"}}}), nil
		}}
		b := &book{}
		outcomes, err := conduct(t, t.Context(), Options{Steps: steps(pim, mail), Ledger: b}, "anna")
		if err != nil || order != "pppm" {
			t.Errorf("%v in the order %s, want pppm", err, order)
		}
		if got := did(outcomes["anna"], rehome.KindPIM); got != 6 {
			t.Errorf("%d done, want 6: what all slices did", got)
		}
		if len(b.findings["anna/pim"]) != 1 || len(b.findings["anna/mail"]) != 1 || len(outcomes["anna"].Findings) != 2 {
			t.Errorf("findings %v, want one of each origin", b.findings)
		}
		if state := b.last("anna").State; state != ledger.AccountPreStaged {
			t.Errorf("state %s, want pre-staged", state)
		}
	})
}

// What waits for somebody to look is not shown as done, although nothing has failed, whichever step says so.
func TestSteps_blockedAccountIsNotPreStaged(t *testing.T) {
	bubble(t, func(t *testing.T) {
		vanished := rehome.Finding{Code: "vanished", Sentence: "90 of 100 have vanished", NextStep: "look", Blocks: true}
		for _, kind := range []rehome.Kind{rehome.KindPIM, rehome.KindMail} {
			play := func(of rehome.Kind) step {
				return step{of, func(call) (pass.Result, error) {
					r := looked(pass.Result{})
					if of == kind {
						r.Blocked, r.Findings = pass.Blocked("anna", []rehome.Finding{vanished}), []rehome.Finding{vanished}
					}
					return r, nil
				}}
			}
			b := &book{}
			outcomes, err := conduct(t, t.Context(), Options{Steps: steps(play(rehome.KindPIM), play(rehome.KindMail)), Ledger: b}, "anna")
			if err != nil || outcomes["anna"].Err != nil {
				t.Errorf("%s: %v, %v, want no error", kind, err, outcomes["anna"].Err)
			}
			if row := b.last("anna"); row.State != ledger.AccountBlocked || !strings.Contains(row.Reason, "90 of 100") || row.NextStep != "look" {
				t.Errorf("%s: row %+v, want blocked with the finding's words", kind, row)
			}
		}
	})
}

func TestSteps_troubleOfOneLeavesTheOther(t *testing.T) {
	bubble(t, func(t *testing.T) {
		mailed := false
		pim := step{rehome.KindPIM, func(call) (pass.Result, error) { return pass.Result{}, fault(rehome.ClassAuth) }}
		mail := &slicer{play: func(context.Context, call) (pass.Result, error) {
			mailed = true
			return looked(pass.Result{}), nil
		}}
		b := &book{}
		outcomes, err := conduct(t, t.Context(), Options{Steps: steps(pim, mail), Ledger: b}, "anna")
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

func TestSteps_onlyOne(t *testing.T) {
	bubble(t, func(t *testing.T) {
		pim := step{rehome.KindPIM, func(call) (pass.Result, error) { return pass.Result{}, errors.New("a mistake") }}
		outcomes, _ := conduct(t, t.Context(), Options{Steps: steps(pim)}, "anna")
		if outcomes["anna"].Err == nil {
			t.Error("no error, want the engine's")
		}
	})
}
