// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"errors"
	"slices"
	"testing"
)

// testDovecotResync lets one session change a mailbox and another hear of it.
func testDovecotResync(t *testing.T, server *realServer, user string) {
	writer, reader := server.logIn(t, user), server.logIn(t, user)
	if on, err := reader.Enable(within(t), "QRESYNC"); err != nil || len(on) != 1 {
		t.Fatalf("Enable: %v, %v", on, err)
	}
	message := []byte("Subject: x\r\n\r\nbody\r\n")
	for range 6 {
		appendBytes(t, writer, "INBOX", message)
	}
	before, err := examineSince(within(t), reader, "INBOX", Known{}, FetchHandler{})
	if err != nil || before.HighestModSeq == 0 {
		t.Fatalf("first: %+v, %v", before, err)
	}
	if assigned, err := writer.CreateSpecial(within(t), "Archive", `\Archive`); err != nil ||
		assigned != writer.Capabilities().Has("CREATE-SPECIAL-USE") {
		t.Errorf("CreateSpecial: %v, %v", assigned, err)
	}
	if _, err := writer.Select(within(t), "INBOX"); err != nil {
		t.Fatal(err)
	}
	moved, err := writer.Move(within(t), rangeSet(3, 4), "Archive")
	if err != nil || moved.UIDValidity == 0 || !slices.Equal(moved.From, []UID{3, 4}) || !slices.Equal(moved.To, []UID{1, 2}) {
		t.Errorf("Move: %+v, %v", moved, err)
	}
	err = errors.Join(
		writer.Store(within(t), rangeSet(1, 2), StoreAdd, []string{`\Deleted`}),
		writer.Expunge(within(t), rangeSet(2, 2)),
		writer.Store(within(t), rangeSet(5, 5), StoreAdd, []string{`\Flagged`, "$Forwarded"}))
	if err != nil {
		t.Fatal(err)
	}
	appendBytes(t, writer, "INBOX", message)

	known := Known{UIDValidity: before.UIDValidity, ModSeq: before.HighestModSeq}
	var gone UIDSet
	changed := map[UID][]string{}
	collect := FetchHandler{
		Message:  func(m *Message) error { changed[m.UID] = m.Flags; return nil },
		Vanished: func(uids UIDSet) error { gone.AddSet(uids); return nil },
	}
	check := func(how string) {
		t.Helper()
		_, arrived := changed[7]
		if gone.String() != "2:4" || len(changed) != 3 || !arrived || !slices.Contains(changed[5], `\Flagged`) || !slices.Contains(changed[1], `\Deleted`) {
			t.Errorf("%s: vanished %s, changed %v", how, gone, changed)
		}
		gone = UIDSet{}
		clear(changed)
	}
	after, err := examineSince(within(t), reader, "INBOX", known, collect)
	if err != nil || after.HighestModSeq <= before.HighestModSeq || !after.Messages.Is(4) {
		t.Errorf("ExamineSince: %+v, %v", after, err)
	}
	check("ExamineSince")
	known.UIDs = rangeSet(3, 5)
	if _, err := examineSince(within(t), reader, "INBOX", known, collect); err != nil || gone.String() != "3:4" || len(changed) != 1 {
		t.Errorf("only 3:5: vanished %s, changed %v, %v", gone, changed, err)
	}
	gone = UIDSet{}
	clear(changed)
	fetch, err := reader.Fetch(within(t), rangeSet(1, 100), FetchItems{Flags: true, ChangedSince: before.HighestModSeq, Vanished: true}, collect)
	if err != nil {
		t.Fatal(err)
	}
	if err := fetch.Wait(within(t)); err != nil {
		t.Error(err)
	}
	check("Fetch")
	if _, err := examineSince(within(t), reader, "INBOX", Known{UIDValidity: before.UIDValidity + 1, ModSeq: before.HighestModSeq},
		collect); err != nil || len(changed) > 0 || !gone.Empty() {
		t.Errorf("another UIDVALIDITY: vanished %s, changed %v, %v", gone, changed, err)
	}
	if err := errors.Join(writer.Rename(within(t), "Archive", "Archiv/Alt"), writer.Delete(within(t), "Archiv/Alt"), writer.Delete(within(t),
		"Archiv/Alt")); err != nil {
		t.Error(err)
	}
}
