// SPDX-License-Identifier: Apache-2.0

package ledgertest

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rehome/internal/ledger"
)

// Minutes add up whoever notes them, and are summed in steps; what is too old goes when something is added.
func speedsAddUp(t *testing.T, empty Empty) {
	l := create(t, empty)
	at := time.Unix(28_000_020*60, 0)
	for _, s := range []ledger.Speed{
		{At: at.Add(-ledger.SpeedsKept - time.Minute), Messages: 99},
		{At: at, Messages: 1, Octets: 10, Objects: 3, Accounts: 1},
		{At: at.Add(59 * time.Second), Messages: 2, Octets: 1 << 40},
		{At: at.Add(9 * time.Minute), Messages: 4},
		{At: at.Add(10 * time.Minute), Messages: 8, Accounts: 5},
	} {
		must(t, l.Speeds.Add(t.Context(), s))
	}
	for step, want := range map[int64][]ledger.Speed{
		1: {{At: at, Messages: 3, Octets: 10 + 1<<40, Objects: 3, Accounts: 1}, {At: at.Add(9 * time.Minute), Messages: 4},
			{At: at.Add(10 * time.Minute), Messages: 8, Accounts: 5}},
		10: {{At: at, Messages: 7, Octets: 10 + 1<<40, Objects: 3, Accounts: 1}, {At: at.Add(10 * time.Minute), Messages: 8, Accounts: 5}},
	} {
		got, err := l.again.Speeds.Since(t.Context(), time.Unix(0, 0), step)
		must(t, err)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("in steps of %d: %s", step, diff)
		}
	}
	if got, err := l.again.Speeds.Since(t.Context(), at.Add(10*time.Minute), 1); err != nil || len(got) != 1 {
		t.Errorf("lately: %v, %v", got, err)
	}
}

// What has come since a line is told once for each object, whoever looks.
func auditLogBehindALine(t *testing.T, empty Empty) {
	l := create(t, empty)
	if line, err := l.Audit.Newest(t.Context()); err != nil || line != 0 {
		t.Errorf("the newest of no line: %d, %v", line, err)
	}
	for _, object := range []string{"a.test", "b.test", "c.test", "b.test"} {
		must(t, l.Audit.Append(t.Context(), ledger.AuditLine{Who: "w", Action: "synced", Object: object}))
	}
	must(t, l.Audit.Append(t.Context(), ledger.AuditLine{Who: "w", Action: "alerted", Object: "d.test"}))
	if line, err := l.again.Audit.Newest(t.Context()); err != nil || line != 5 {
		t.Errorf("the newest line: %d, %v, want 5", line, err)
	}
	for behind, want := range map[int64][]string{0: {"a.test", "b.test", "c.test"}, 1: {"b.test", "c.test"}, 3: {"b.test"}, 4: nil} {
		got, err := l.again.Audit.Objects(t.Context(), "synced", behind)
		if slices.Sort(got); err != nil || !slices.Equal(got, want) {
			t.Errorf("behind line %d: %q, %v, want %q", behind, got, err, want)
		}
	}
}

// The log is read from its end, page by page, also what is about one object and no other.
func pagesOfTheAuditLog(t *testing.T, empty Empty) {
	l := create(t, empty)
	for _, object := range []string{"a.test", "a.test MX", "a.test.org", "b@a.test 12", "a.test", "a.tes", "a.test!", ""} {
		must(t, l.Audit.Append(t.Context(), ledger.AuditLine{Who: "w", Action: "x", Object: object}))
	}
	for object, want := range map[string][]int64{"": {8, 7, 6, 5, 4, 3, 2, 1}, "a.test": {5, 2, 1}, "b@a.test": {4}, "nobody": nil} {
		var got []int64
		for before := int64(0); ; {
			page, err := l.again.Audit.Page(t.Context(), object, before, 2)
			must(t, err)
			if len(page) == 0 {
				break
			}
			for _, line := range page {
				got = append(got, line.Line)
			}
			before = got[len(got)-1]
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", object, got, want)
		}
	}
}
