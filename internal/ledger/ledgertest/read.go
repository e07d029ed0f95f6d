// SPDX-License-Identifier: Apache-2.0

package ledgertest

import (
	"bytes"
	"slices"
	"testing"

	"rehome"
	"rehome/internal/ledger"
	"rehome/internal/protocol/imap"
)

// What was digested is told by the row of its mailbox, whatever has become of it, and what is not known is nil.
func digestsOfWhatWasBrought(t *testing.T, empty Empty) {
	l := create(t, empty)
	ctx := t.Context()
	m := load(t, l, inbox())
	must(t, l.Mail.Receive(ctx, m, intend(t, l, m, messages(1, 2)...), hashed(messages(1, 2))))
	half := hashed(messages(3, 4))
	half[0].Digest = nil
	must(t, l.Mail.Receive(ctx, m, intend(t, l, m, messages(3, 4)...), half))
	must(t, l.Mail.Adopt(ctx, m, messages(5)))
	intend(t, l, m, messages(6)...)
	must(t, l.Mail.Drop(ctx, m.ID))
	got := map[imap.UID][]byte{}
	must(t, l.again.Mail.Digests(ctx, inbox().Address, func(mailbox int64, uids []imap.UID, digests [][]byte) error {
		if mailbox != m.ID || len(uids) != len(digests) {
			t.Errorf("mailbox %d, %d messages and %d digests", mailbox, len(uids), len(digests))
		}
		for i, uid := range uids {
			got[uid] = slices.Clone(digests[i])
		}
		return nil
	}))
	for _, uid := range []imap.UID{1, 2, 4} {
		if want := bytes.Repeat([]byte{byte(uid)}, 32); !bytes.Equal(got[uid], want) {
			t.Errorf("message %d: %x, want %x", uid, got[uid], want)
		}
	}
	if digest, there := got[3]; len(got) != 4 || !there || digest != nil {
		t.Errorf("digests of %v, want those of 1, 2 and 4, and that of 3 unknown", got)
	}
}

// A mailbox that is gone has nothing stored in it, and what was brought to it is known all the same.
func broughtToAMailboxThatIsGone(t *testing.T, empty Empty) {
	l := create(t, empty)
	ctx := t.Context()
	m := load(t, l, inbox())
	must(t, l.Mail.Adopt(ctx, m, messages(1, 2)))
	intend(t, l, m, messages(3)...)
	must(t, l.Mail.Drop(ctx, m.ID))
	var brought []ledger.Item
	must(t, l.again.Mail.Brought(ctx, m, func(s ledger.Stored) error {
		brought = append(brought, s.Items...)
		return nil
	}))
	if there := stored(t, l, m); len(there) > 0 || sourceUIDs(brought).String() != "1:2" {
		t.Errorf("stored %v, brought %v; want none, and both", there, brought)
	}
	must(t, l.Mail.Disown(ctx, m, uids(1))) // it was found again
	var dropped []ledger.Item
	must(t, l.again.Mail.Dropped(ctx, m, func(s ledger.Stored) error {
		dropped = append(dropped, s.Items...)
		return nil
	}))
	if sourceUIDs(dropped).String() != "2" {
		t.Errorf("dropped %v, want the other one", dropped)
	}
}

func unsettleOpensAgain(t *testing.T, empty Empty) {
	l := create(t, empty)
	ctx := t.Context()
	m := load(t, l, inbox())
	must(t, l.Mail.Settle(ctx, m, ledger.State{SrcUIDNext: 5, SrcMessages: 4, SrcModSeq: 9}))
	for _, modSeq := range []uint64{ledger.Fallen, 0} {
		must(t, l.Mail.Unsettle(ctx, modSeq))
		must(t, l.Mail.Unsettle(ctx, modSeq, m.ID))
		want := ledger.State{SrcUIDNext: 5, SrcMessages: 4, SrcModSeq: modSeq}
		if got := load(t, l, inbox()); got.State != want {
			t.Errorf("state %+v, want %+v", got.State, want)
		}
	}
}

func trustOfEachEnd(t *testing.T, empty Empty) {
	l := create(t, empty)
	ctx := t.Context()
	const anna = "anna@example.test"
	must(t, l.Mail.SaveTrust(ctx, anna, rehome.Source, ledger.TrustEarned))
	must(t, l.Mail.SaveTrust(ctx, anna, rehome.Destination, ledger.TrustNone))
	must(t, l.Mail.SaveTrust(ctx, anna, rehome.Source, ledger.TrustLost))
	got, err := l.again.Mail.Trusts(ctx, anna)
	if err != nil || len(got) != 2 || got[rehome.Source] != ledger.TrustLost || got[rehome.Destination] != ledger.TrustNone {
		t.Errorf("%v, %v; want the last word of each end", got, err)
	}
	if others, err := l.again.Mail.Trusts(ctx, "bert@example.test"); err != nil || len(others) > 0 {
		t.Errorf("another account has %v, %v", others, err)
	}
}

func refusedSizesOfTheAccount(t *testing.T, empty Empty) {
	l := create(t, empty)
	ctx := t.Context()
	m := load(t, l, inbox())
	for uid, size := range []int64{0, 70, 80, 70} {
		must(t, l.Mail.Refuse(ctx, m, ledger.Refusal{UID: imap.UID(uid + 1), Size: size}))
	}
	renumbered := inbox()
	renumbered.Source = "Sent"
	old := load(t, l, renumbered)
	must(t, l.Mail.Refuse(ctx, old, ledger.Refusal{UID: 1, Size: 90}))
	renumbered.SrcUIDValidity++
	load(t, l, renumbered)
	got, err := l.again.Mail.RefusedSizes(ctx, inbox().Address)
	if err != nil || len(got) != 2 || !got[70] || !got[80] {
		t.Errorf("%v, %v; want 70 and 80: nothing of unknown size, and nothing of a generation before", got, err)
	}
}

func hasPreStagedAfterTheFirst(t *testing.T, empty Empty) {
	l := create(t, empty)
	ctx := t.Context()
	must(t, l.Passes.Begin(ctx, queued("anna@example.test", "bert@example.test")))
	for _, state := range []ledger.AccountState{ledger.AccountPlanned, ledger.AccountBlocked, ledger.AccountPreStaged} {
		must(t, l.Passes.Save(ctx, ledger.Account{Address: "bert@example.test", State: state}, nil, ledger.Turn{State: ledger.TurnOver}))
		got, err := l.again.Accounts.HasPreStaged(ctx)
		if err != nil || got != (state == ledger.AccountPreStaged) {
			t.Errorf("%s: %v, %v", state, got, err)
		}
	}
}
