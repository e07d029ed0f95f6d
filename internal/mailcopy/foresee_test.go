// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"testing"
	"time"

	"rehome/internal/content/message"
	"rehome/internal/ledger"
	"rehome/internal/protocol/imap"
)

func TestForeseeable(t *testing.T) {
	t.Parallel()
	row := ledger.Mailbox{Anchor: ledger.Anchor{SrcUIDValidity: 7}, State: ledger.State{SrcUIDNext: 11}}
	row.Done.AddRange(1, 10)
	status := imap.Status{Messages: imap.CountOf(11), UIDNext: 12, UIDValidity: 7}
	for name, test := range map[string]struct {
		change func(*ledger.Mailbox, *imap.Status)
		want   bool
	}{
		"mail has come":         {func(*ledger.Mailbox, *imap.Status) {}, true},
		"none has":              {func(_ *ledger.Mailbox, s *imap.Status) { s.UIDNext = 11 }, false},
		"another mailbox":       {func(_ *ledger.Mailbox, s *imap.Status) { s.UIDValidity = 8 }, false},
		"a number not told":     {func(_ *ledger.Mailbox, s *imap.Status) { s.Messages = imap.Count{} }, false},
		"never looked through":  {func(r *ledger.Mailbox, _ *imap.Status) { r.State = ledger.State{} }, false},
		"something is open":     {func(r *ledger.Mailbox, _ *imap.Status) { r.Open = true }, false},
		"something is untold":   {func(r *ledger.Mailbox, _ *imap.Status) { r.Untold.Add(3) }, false},
		"something is restored": {func(r *ledger.Mailbox, _ *imap.Status) { r.Restored.Add(3) }, false},
		"nothing is claimed":    {func(r *ledger.Mailbox, _ *imap.Status) { r.Gone = r.Done }, false},
		"more than a window":    {func(_ *ledger.Mailbox, s *imap.Status) { s.UIDNext = 12 + sweepWindow }, false},
	} {
		r, s := row, status
		r.Done = union(row.Done)
		test.change(&r, &s)
		if got := foreseeable(r, &s); got != test.want {
			t.Errorf("%s: got %v", name, got)
		}
	}
	if foreseeable(row, nil) {
		t.Error("without a status: got true")
	}
}

// Only what has come whole is an answer, and a listing is one once.
func TestForesight_onlyWhatHasCome(t *testing.T) {
	t.Parallel()
	var none *foresight
	none.teach([]*entry{{uid: 1}})
	if got := none.listed(imap.NewUIDSet(1)); got != nil {
		t.Errorf("nothing was asked: got %v", got)
	}
	f := &foresight{
		asked:   []*entry{{uid: 3, seen: true, original: true, origin: message.Fingerprint{1}}, {uid: 4}},
		listing: newListing(nil, rangeOf(5, 8)),
	}
	known, silent, strange := &entry{uid: 3}, &entry{uid: 4}, &entry{uid: 9}
	f.teach([]*entry{known, silent, strange})
	if !known.seen || !known.original || bodySeen(known) || silent.seen || strange.seen {
		t.Errorf("got %+v, %+v and %+v", known, silent, strange)
	}
	date := time.Unix(1e9, 0)
	for _, m := range []imap.Message{
		{UID: 5, Flags: []string{}, InternalDate: date, Size: 10}, {UID: 6, InternalDate: date, Size: 10}, {UID: 7, Flags: []string{}, Size: 10},
		{UID: 8, Flags: []string{}, InternalDate: date},
	} {
		if err := f.listing.take(&m); err != nil {
			t.Fatal(err)
		}
	}
	if got := uidsOf(f.listed(rangeOf(1, 9))); got.String() != "5" {
		t.Errorf("listed %s, want 5 alone", got)
	}
	if got := f.listed(rangeOf(1, 9)); got != nil {
		t.Errorf("the second time: got %v", got)
	}
}

func rangeOf(first, last imap.UID) (set imap.UIDSet) {
	set.AddRange(first, last)
	return set
}
