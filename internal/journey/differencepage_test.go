// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"fmt"
	"slices"
	"testing"

	"rehome/internal/ledger"
)

// Each account that differs is on one page, with its own differences; what was accepted of several at once is on none, and all of them are
// accepted or none.
func TestDifferencePage_everyAccountOnce(t *testing.T) {
	t.Parallel()
	m, store := storeIn(t)
	var all []string
	for i := range 7 {
		address := fmt.Sprintf("a%02d@example.test", i)
		v := ledger.Verification{Address: address, Level: "full", Verdict: "differs", Result: []byte(oneMissing)}
		if i == 3 {
			v.Verdict, v.Result = "equal", []byte("{}")
		} else {
			all = append(all, address)
		}
		row := ledger.Account{Address: address, State: ledger.AccountPreStaged}
		err := store.Passes.Save(t.Context(), row, nil, ledger.Turn{Address: address, State: ledger.TurnOver})
		if err == nil {
			err = store.Verifications.Save(t.Context(), v)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	read := func(each int) (addresses, ids []string) {
		t.Helper()
		for after := ""; ; {
			page, err := m.DifferencePage(t.Context(), after, 2, each)
			if err != nil || len(page.Accounts) > 2 {
				t.Fatalf("%+v, %v", page, err)
			}
			for _, a := range page.Accounts {
				addresses = append(addresses, a.Account)
				for _, o := range a.Open {
					ids = append(ids, o.ID)
				}
				if len(a.Open)+a.More != 1 {
					t.Errorf("%+v", a)
				}
			}
			if after = page.Next; after == "" {
				return addresses, ids
			}
		}
	}
	addresses, ids := read(5)
	if !slices.Equal(addresses, all) || len(ids) != len(all) || len(slices.Compact(slices.Clone(ids))) != len(all) {
		t.Fatalf("%v %v", addresses, ids)
	}
	if _, none := read(0); len(none) > 0 {
		t.Errorf("more than asked for: %v", none)
	}
	options := AcceptOptions{IDs: []string{ids[0], ids[4]}, By: "Ada", Reason: "spam", Accounts: []string{all[0]}}
	if _, err := m.Accept(t.Context(), options); err == nil {
		t.Error("a difference was accepted of an account that was not named")
	}
	if got, _ := read(5); !slices.Equal(got, all) {
		t.Errorf("one of two was accepted: %v", got)
	}
	options.Accounts = append(options.Accounts, all[4])
	if accepted, err := m.Accept(t.Context(), options); err != nil || len(accepted) != 2 {
		t.Fatal(accepted, err)
	}
	if got, _ := read(5); !slices.Equal(got, []string{all[1], all[2], all[3], all[5]}) {
		t.Errorf("left are %v", got)
	}
	if failed, err := m.namedDifferences(t.Context(), all[1:3], ids[1:3]); err != nil || len(failed) != 2 {
		t.Errorf("to try again: %v %v", failed, err)
	}
}
