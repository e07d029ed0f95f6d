// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"rehome/internal/ledger"
	"rehome/internal/verify"
)

func TestWriteHTML_showsRules(t *testing.T) {
	t.Parallel()
	changed := verify.Rule{State: verify.RuleChanged, Script: "main <b>", There: "main <b>", Active: true, Sentence: `script "main <b>" was changed`}
	extra := verify.Rule{State: verify.RuleExtra, Script: "own", There: "own", Sentence: `script "own" runs at the destination`}
	result, err := json.Marshal(verify.Account{
		Account: "anna@example.test", Verdict: verify.Differs, Level: verify.LevelFull, Mail: &verify.Mail{},
		Rules: &verify.Rules{
			Source:      verify.RuleTotals{Scripts: 2},
			Scripts:     []verify.Rule{changed, {State: verify.RuleWaiting, Script: "away", There: "away"}},
			Differences: []verify.Rule{changed, extra},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	r, err := New(Input{
		Organisation: "Example", Accounts: []ledger.Account{{Address: "anna@example.test"}},
		Verifications: []ledger.Verification{{Address: "anna@example.test", Level: "full", Verdict: "differs", Result: result, Time: time.Now()}},
	})
	if err != nil {
		t.Fatal(err)
	}
	var page bytes.Buffer
	if err := r.WriteHTML(&page); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"Rules are different at the destination", "script &#34;main &lt;b&gt;&#34; was changed",
		"Rules run at the destination that the source does not have",
		"<td>equal, off until the switch</td>", "<td>only at the destination</td>", `<bdi>main &lt;b&gt;</bdi> <span class="to">active</span>`,
	} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if r.Document().Tell().Differences != 2 {
		t.Errorf("%d differences, want 2", r.Document().Tell().Differences)
	}
	for _, state := range verify.RuleStates() {
		if resultOf(state) == "" || state.NextStep() == "" {
			t.Errorf("%s has no words", state)
		}
	}
}
