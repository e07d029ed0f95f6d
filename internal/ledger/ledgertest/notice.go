// SPDX-License-Identifier: Apache-2.0

package ledgertest

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rehome/internal/ledger"
)

// A notice moves only from the state that was seen, so that of two runs one sends; a preview changes nothing that was begun with.
func noticesMoveFromTheStateThatWasSeen(t *testing.T, empty Empty) {
	l := create(t, empty)
	ctx := t.Context()
	l.now = func() time.Time { return time.Unix(4000, 0) }
	one := ledger.Notice{Address: "anna@example.test", Kind: "before", Digest: "d1"}
	must(t, l.Notices.Preview(ctx, []ledger.Notice{one, {Address: "bo@example.test", Kind: "after", Digest: "d2"}}))
	if err := l.Notices.Move(ctx, ledger.NoticeSent, one); !errors.Is(err, ledger.ErrNoticeMoved) {
		t.Errorf("from a state that it is not in: %v", err)
	}
	one.State, one.MessageID = ledger.NoticeSending, "<1@x>"
	must(t, l.Notices.Move(ctx, ledger.NoticePreviewed, one))
	if err := l.again.Notices.Move(ctx, ledger.NoticePreviewed, one); !errors.Is(err, ledger.ErrNoticeMoved) {
		t.Errorf("twice: %v", err)
	}
	one.State, one.Words = ledger.NoticeRefused, "550 no"
	must(t, l.Notices.Move(ctx, ledger.NoticeSending, one))
	must(t, l.Notices.Preview(ctx, []ledger.Notice{{Address: one.Address, Kind: one.Kind, Digest: "d3"}}))
	one.Digest, one.At = "d3", time.Unix(4000, 0).UTC()
	got, err := l.again.Notices.All(ctx)
	must(t, err)
	other := ledger.Notice{Address: "bo@example.test", Kind: "after", State: ledger.NoticePreviewed, Digest: "d2", At: one.At}
	if diff := cmp.Diff([]ledger.Notice{one, other}, got); diff != "" {
		t.Error(diff)
	}
}
