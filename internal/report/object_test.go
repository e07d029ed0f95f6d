// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"rehome/internal/content/pim"
	"rehome/internal/ledger"
	"rehome/internal/verify"
)

func TestWriteHTML_showsContactsAndCalendars(t *testing.T) {
	t.Parallel()
	result, err := json.Marshal(verify.Account{
		Account: "anna@example.test", Verdict: verify.Differs, Level: verify.LevelFull, Mail: &verify.Mail{},
		Contacts: &verify.Objects{
			Source: verify.ObjectTotals{Collections: 1, Objects: 12}, Destination: verify.ObjectTotals{Collections: 1, Objects: 11},
			States: map[pim.State]int{pim.StateEqual: 10, pim.StateRepaired: 1, pim.StateQuarantined: 1},
			Collections: []verify.Collection{{Name: "Private <b>", Source: "/a/", Objects: 12,
				States: map[pim.State]int{pim.StateEqual: 10, pim.StateRepaired: 1, pim.StateQuarantined: 1}}},
			Differences: []verify.Object{{State: pim.StateQuarantined, Collection: "/a/", Object: "x.vcf", Sentence: "415 no", Escrow: "escrow/x.vcf"}},
			Repaired:    []verify.Object{{State: pim.StateRepaired, Object: "y.vcf", Sentence: "FN was built"}},
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
		"Contacts or events are quarantined", "/a/x.vcf: 415 no; kept in escrow/x.vcf", "Private &lt;b&gt;", "y.vcf: FN was built",
		"1 repaired", "enter it at the destination by hand",
	} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if r.Document().Tell().Differences != 1 {
		t.Errorf("%d differences, want the one that is quarantined", r.Document().Tell().Differences)
	}
}
