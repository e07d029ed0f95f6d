// SPDX-License-Identifier: Apache-2.0

package ledgertest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rehome/internal/ledger"
)

// A cutover comes back as it was, moves only from the state that it is in, and never without a line in the audit log, which is
// not there if it has not moved.
func cutoversMoveWithTheirLine(t *testing.T, empty Empty) {
	l := create(t, empty)
	ctx := t.Context()
	at := func(seconds int64) time.Time { return time.Unix(seconds, 0).UTC() }
	first := ledger.Cutover{
		Domain: "b.test", State: ledger.CutoverGates, Since: at(10), Began: at(9), Passed: at(11), Written: at(12), Switched: at(13), Quiet: at(14),
		Looked: at(15), Late: 16, Returned: 17,
		Held:      []ledger.CutoverHold{{Gate: "ttl", Sentence: "s", Who: "w", NextStep: "n", Until: at(18)}},
		Overrides: []ledger.CutoverOverride{{Gate: "lag", Why: "because", Person: "p", At: at(19)}},
		Records: []ledger.CutoverRecord{
			{About: "MX", Name: "b.test", Before: ledger.RecordSet{Type: "MX", Data: []string{"10 a", "20 b"}, TTL: time.Hour},
				After: ledger.RecordSet{Type: "MX", Data: []string{"10 c"}, TTL: time.Minute},
				State: ledger.RecordWriting, ByHand: true, Wrote: at(20), Seen: at(21)},
			{About: "Autodiscover", Name: "autodiscover.b.test", After: ledger.RecordSet{Type: "CNAME", Data: []string{"CNAME x"}},
				State: ledger.RecordPlanned},
		},
	}
	other := ledger.Cutover{Domain: "a.test", State: ledger.CutoverGates}
	line := ledger.AuditLine{Who: "p", Action: "cutover", Object: "b.test", After: "gates"}
	if err := l.Cutovers.Save(ctx, "", first); err == nil {
		t.Error("a state was entered without a line in the audit log")
	}
	must(t, l.Cutovers.Save(ctx, "", first, line))
	must(t, l.Cutovers.Save(ctx, "", other, line))
	wantCutovers(t, l, []ledger.Cutover{other, first}, 2)
	if err := l.Cutovers.Save(ctx, "", first, line); !errors.Is(err, ledger.ErrCutoverMoved) {
		t.Errorf("got %v for a domain that somebody else has begun with", err)
	}
	if err := l.Cutovers.Save(ctx, ledger.CutoverLive, first, line); !errors.Is(err, ledger.ErrCutoverMoved) {
		t.Errorf("got %v for a domain in another state", err)
	}
	wantCutovers(t, l, []ledger.Cutover{other, first}, 2)
	first.State, first.Records, first.Held, first.Overrides = ledger.CutoverSwitching, first.Records[:1], nil, nil
	must(t, l.Cutovers.Save(ctx, ledger.CutoverGates, first, line))
	first.Late = 18
	must(t, l.Cutovers.Save(ctx, ledger.CutoverSwitching, first))
	wantCutovers(t, l, []ledger.Cutover{other, first}, 3)
	if err := l.Cutovers.Save(ctx, ledger.CutoverSwitching, ledger.Cutover{Domain: "b.test", State: "somewhere"}, line); err == nil {
		t.Error("a state that is none was taken")
	}
	wantCutovers(t, l, []ledger.Cutover{other, first}, 3)
}

func wantCutovers(t *testing.T, l *handle, want []ledger.Cutover, lines int64) {
	t.Helper()
	got, err := l.again.Cutovers.All(context.Background())
	must(t, err)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	last, err := ledger.CheckChain(l.again.Audit.Lines(context.Background()))
	must(t, err)
	if last.Line != lines {
		t.Errorf("%d lines in the audit log, want %d", last.Line, lines)
	}
}
