// SPDX-License-Identifier: Apache-2.0

package conductor

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"rehome"
	"rehome/internal/ledger"
	"rehome/internal/pass"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestRun_largeAccountStarvesNobody(t *testing.T) {
	bubble(t, func(t *testing.T) {
		engine := &slicer{play: func(_ context.Context, c call) (pass.Result, error) {
			time.Sleep(30 * time.Second)
			return pass.Result{More: strings.HasPrefix(c.account, "large") && c.number < 50, Counts: counts{did: 1}}, nil
		}}
		names := []string{"large", "larger"}
		for i := range 20 {
			names = append(names, fmt.Sprint("small", i))
		}
		outcomes, err := conduct(t, t.Context(), Options{Steps: steps(engine), Workers: 3}, names...)
		if err != nil {
			t.Fatal(err)
		}
		first := map[string]bool{}
		for _, c := range engine.calls[:len(names)] {
			first[c.account] = true
		}
		if len(first) != len(names) {
			t.Errorf("%d accounts had a turn in the first %d slices, want all", len(first), len(names))
		}
		if engine.most != 3 || engine.clash != "" {
			t.Errorf("%d slices at once, want 3; two of one account: %q", engine.most, engine.clash)
		}
		if got := outcomes["large"]; got.Err != nil || did(got, rehome.KindMail) != 50 {
			t.Errorf("the large account ended with %+v, want 50 copied", got)
		}
	})
}

func TestRun_order(t *testing.T) {
	bubble(t, func(t *testing.T) {
		engine := &slicer{play: func(_ context.Context, c call) (pass.Result, error) {
			time.Sleep(time.Duration(len(c.account)) * time.Second)
			return pass.Result{}, nil
		}}
		names := []string{"ccc", "a", "dddd", "bb"}
		outcomes, err := New(Options{Steps: steps(engine), Ledger: &book{}}).Run(t.Context(), accounts(names...))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, o := range outcomes {
			got = append(got, o.Account)
		}
		if !slices.Equal(got, names) || engine.most != 4 {
			t.Errorf("outcomes of %v with %d at once, want %v with 4", got, engine.most, names)
		}
		if c := engine.calls[0]; c.budget.Time != pass.DefaultBudget.Time || c.budget.Octets != pass.DefaultBudget.Octets || !c.started.Equal(start) {
			t.Errorf("the first slice got %+v, want the default budget and the pass's start", c)
		}
		if outcomes, err := New(Options{Steps: steps(engine), Ledger: &book{}}).Run(t.Context(), nil); len(outcomes) > 0 || err != nil {
			t.Errorf("nobody: %v %v", outcomes, err)
		}
	})
}

// Two turns of one account at once would copy the same messages twice.
func TestRun_accountNamedTwice(t *testing.T) {
	bubble(t, func(t *testing.T) {
		engine := &slicer{play: func(context.Context, call) (pass.Result, error) {
			time.Sleep(time.Second)
			return pass.Result{}, nil
		}}
		outcomes, err := New(Options{Steps: steps(engine), Ledger: &book{}}).Run(t.Context(), accounts("a", "b", "a"))
		if len(engine.calls) != 2 || len(outcomes) != 2 || outcomes[1].Account != "b" || err != nil {
			t.Errorf("%d slices, outcomes %+v, %v, want two", len(engine.calls), outcomes, err)
		}
	})
}

func TestRun_faultsThatEndOneAccount(t *testing.T) {
	bubble(t, func(t *testing.T) {
		classes := []rehome.Class{rehome.ClassPermanent, rehome.ClassAuth, rehome.ClassQuota, rehome.ClassOperator, rehome.ClassUntrusted, rehome.ClassBug}
		names := []string{"fine"}
		for _, class := range classes {
			names = append(names, string(class))
		}
		engine := &slicer{play: func(_ context.Context, c call) (pass.Result, error) {
			time.Sleep(time.Second)
			switch {
			case c.account != "fine":
				return pass.Result{}, fault(rehome.Class(c.account))
			case c.number < 3:
				return pass.Result{More: true, Counts: counts{did: 1}}, nil
			}
			return looked(pass.Result{Counts: counts{size: pass.Size{There: 2}}}), nil
		}}
		rows, progress := &book{}, NewProgress()
		options := Options{Steps: steps(engine), Ledger: rows, Workers: 2, Pass: rehome.Pass("delta"), Progress: progress}
		outcomes, err := conduct(t, t.Context(), options, names...)
		if err != nil {
			t.Fatal(err)
		}
		for _, class := range classes {
			name := string(class)
			if got := rehome.ClassOf(outcomes[name].Err); got != class || len(engine.times(name)) != 1 {
				t.Errorf("%s: class %s after %d attempts, want one", name, got, len(engine.times(name)))
			}
			if row := rows.last(name); row.State != ledger.AccountBlocked || row.Reason == "" || row.NextStep != "do something" || !row.Finished.IsZero() {
				t.Errorf("%s: row %+v, want blocked with a reason", name, row)
			}
		}
		if row := rows.last("fine"); outcomes["fine"].Err != nil || row.State != ledger.AccountPreStaged || row.Reason != "" ||
			row.Finished.IsZero() || row.Pass != rehome.Pass("delta") {
			t.Errorf("fine: %v, row %+v", outcomes["fine"].Err, row)
		}
		if got := progress.Snapshot(); got.Finished != len(names) || got.Failed != len(classes) {
			t.Errorf("progress %+v, want %d finished and %d failed", got, len(names), len(classes))
		}
	})
}

func TestRun_bookThatFails(t *testing.T) {
	full := &rehome.Fault{Class: rehome.ClassOperator, Op: "write store", Hint: "make room"}
	onState := func(state ledger.AccountState) func(ledger.Account) error {
		return func(a ledger.Account) error {
			if a.Address == "a" && a.State == state {
				return full
			}
			return nil
		}
	}
	always := func(a ledger.Account) error { return onState("")(ledger.Account{Address: a.Address}) }
	for name, test := range map[string]struct {
		rows   *book
		slice  error
		slices int
		class  rehome.Class
		says   string
	}{
		"at the start":        {&book{failSave: onState(ledger.AccountPreStaging)}, nil, 0, rehome.ClassOperator, "write store"},
		"at the end":          {&book{failSave: onState(ledger.AccountPreStaged)}, nil, 1, rehome.ClassOperator, "write store"},
		"on the findings":     {&book{failFindings: always}, nil, 1, rehome.ClassOperator, "write store"},
		"besides the trouble": {&book{failSave: onState(ledger.AccountBlocked)}, fault(rehome.ClassAuth), 1, rehome.ClassAuth, "write store"},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				engine := &slicer{play: func(_ context.Context, c call) (pass.Result, error) {
					if c.account == "a" {
						return looked(pass.Result{}), test.slice
					}
					return looked(pass.Result{}), nil
				}}
				outcomes, err := conduct(t, t.Context(), Options{Steps: steps(engine), Ledger: test.rows, Workers: 1}, "a", "b")
				got := outcomes["a"].Err
				if err != nil || got == nil || rehome.ClassOf(got) != test.class || !strings.Contains(got.Error(), test.says) ||
					len(engine.times("a")) != test.slices {
					t.Errorf("%v after %d slices (%v), want class %s after %d", got, len(engine.times("a")), err, test.class, test.slices)
				}
				if outcomes["b"].Err != nil {
					t.Errorf("the other account: %v", outcomes["b"].Err)
				}
			})
		})
	}
}

func TestRun_slicerThatPanics(t *testing.T) {
	bubble(t, func(t *testing.T) {
		engine := &slicer{play: func(_ context.Context, c call) (pass.Result, error) {
			switch c.account {
			case "index":
				return pass.Result{Counts: counts{did: []int{1}[c.number]}}, nil
			case "nil":
				var result *pass.Result
				return *result, nil
			case "value":
				panic("no such thing")
			}
			return pass.Result{}, nil
		}}
		rows := &book{}
		outcomes, err := conduct(t, t.Context(), Options{Steps: steps(engine), Ledger: rows, Workers: 1}, "index", "nil", "value", "fine")
		if err != nil {
			t.Fatal(err)
		}
		for name, says := range map[string]string{"index": "index out of range", "nil": "nil pointer", "value": "no such thing"} {
			got := outcomes[name].Err
			if rehome.ClassOf(got) != rehome.ClassBug || !strings.Contains(got.Error(), says) || !strings.Contains(got.Error(), "TestRun_slicerThatPanics") ||
				!strings.Contains(rehome.HintOf(got), "report") || strings.Contains(got.Error(), "\n") {
				t.Errorf("%s: %v, want one line with %q and the function", name, got, says)
			}
			if row := rows.last(name); row.State != ledger.AccountBlocked || row.Reason != got.Error() {
				t.Errorf("%s: row %+v, want blocked with the reason", name, row)
			}
		}
		if outcomes["fine"].Err != nil {
			t.Errorf("the other account: %v", outcomes["fine"].Err)
		}
	})
}

func TestRun_rowAndFindingsAcrossSlices(t *testing.T) {
	bubble(t, func(t *testing.T) {
		find := func(code, object, sentence string) rehome.Finding {
			return rehome.Finding{Code: code, Object: object, Sentence: sentence}
		}
		script := []struct {
			result pass.Result
			err    error
		}{
			{pass.Result{}, fault(rehome.ClassTemporary)}, // nothing seen
			{looked(pass.Result{
				More: true, Counts: counts{40, pass.Size{Mailboxes: 7, Messages: 100, Octets: 1000, There: 40, Failed: 3}},
				Findings: []rehome.Finding{find("b", "INBOX", "old"), find("a", "Sent", "kept")},
			}), nil},
			{pass.Result{Counts: counts{}}, fault(rehome.ClassTemporary)}, // a broken connection knows of no failed messages
			{looked(pass.Result{
				Counts:   counts{57, pass.Size{Mailboxes: 8, Messages: 101, There: 97, Failed: 4}},
				Findings: []rehome.Finding{find("b", "INBOX", "new")},
			}), nil},
		}
		engine := &slicer{play: func(_ context.Context, c call) (pass.Result, error) {
			return script[c.number-1].result, script[c.number-1].err
		}}
		rows := &book{}
		outcomes, err := conduct(t, t.Context(), Options{Steps: steps(engine), Ledger: rows}, "a")
		if err != nil {
			t.Fatal(err)
		}
		wantFindings := []rehome.Finding{find("a", "Sent", "kept"), find("b", "INBOX", "new")}
		want := Ended{Account: "a", Looked: true, Findings: wantFindings, Counts: map[rehome.Kind]pass.Counts{
			rehome.KindMail: counts{97, pass.Size{Mailboxes: 8, Messages: 101, There: 97, Failed: 4}},
		}}
		if diff := cmp.Diff(want, outcomes["a"], cmp.AllowUnexported(counts{})); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(map[string][]rehome.Finding{"a/mail": wantFindings}, rows.findings); diff != "" {
			t.Error(diff)
		}
		row := func(state ledger.AccountState, mailboxes, messages, octets, copied, failed int64) ledger.Account {
			return ledger.Account{
				Address: "a", State: state, Pass: rehome.PassPreStage, Started: start,
				Mailboxes: mailboxes, Messages: messages, Octets: octets, Copied: copied, Failed: failed,
			}
		}
		done := row(ledger.AccountPreStaged, 8, 101, 0, 97, 4)
		done.Finished = start.Add(2 * time.Second)
		wantRows := []ledger.Account{
			row(ledger.AccountPreStaging, -1, 0, 0, 0, 0), row(ledger.AccountPreStaging, -1, 0, 0, 0, 0),
			row(ledger.AccountPreStaging, 7, 100, 1000, 40, 3), row(ledger.AccountPreStaging, 7, 100, 1000, 40, 3), done,
		}
		if diff := cmp.Diff(wantRows, rows.rows["a"]); diff != "" {
			t.Error(diff)
		}
	})
}

// The ledger is what the conductor writes to.
var _ Ledger = (*ledger.Passes)(nil)
