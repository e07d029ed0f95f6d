// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"strings"
	"testing"
	"time"

	"rehome/internal/ledger"
	"rehome/internal/protocol/imap"
	"rehome/internal/switchover"
)

// Who has to be decided about is read from the ledger and from what logs have shown.
func TestWorld_downloads(t *testing.T) {
	t.Parallel()
	m, _ := moveIn(t)
	store, err := m.store(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// UIDs that were kept, one that was not, and a mailbox that went by IMAP.
	for address, uids := range map[string]map[imap.UID]imap.UID{"kept@a.test": {1: 1, 2: 2}, "lost@a.test": {1: 1, 2: 9}, "imap@a.test": {1: 1, 2: 2}} {
		anchor := ledger.Anchor{Address: address, Source: "INBOX", Destination: "INBOX", SrcUIDValidity: 7, DstUIDValidity: 7}
		if address == "imap@a.test" {
			anchor.DstUIDValidity = 8
		}
		row, err := store.Mail.Mailbox(t.Context(), anchor)
		if err != nil {
			t.Fatal(err)
		}
		var items []ledger.Item
		for src, dst := range uids {
			items = append(items, ledger.Item{UID: src, DstUID: dst, Size: 1000})
		}
		if err := store.Mail.Adopt(t.Context(), row, items); err != nil {
			t.Fatal(err)
		}
	}
	seen := []ledger.Sighting{{Address: "imap@a.test", Protocol: "pop3", Last: time.Unix(1_790_000_000, 0)}, {Address: "lost@a.test", Protocol: "imap"}}
	if err := store.Sightings.Save(t.Context(), seen); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ dsync, want string }{
		{"", "imap@a.test: its POP3 programs download 2 messages again"},
		{"mail.a.test:2425", "imap@a.test: its POP3 programs download 2 messages again; lost@a.test: each of its programs downloads 1 message again"},
	} {
		m.settings.Destination.Dsync.Address = c.dsync
		accounts := []switchover.Account{{Address: "imap@a.test"}, {Address: "kept@a.test"}, {Address: "lost@a.test"}, {Address: "new@a.test"}}
		if err := (&world{move: m, store: store}).downloads(t.Context(), accounts); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, a := range accounts {
			if a.Undecided != "" {
				why, _, _ := strings.Cut(a.Undecided, " again")
				got = append(got, a.Address+": "+why+" again")
			}
		}
		if text := strings.Join(got, "; "); text != c.want {
			t.Errorf("dsync %q: got %s, want %s", c.dsync, text, c.want)
		}
	}
}
