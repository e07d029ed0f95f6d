// SPDX-License-Identifier: Apache-2.0

package mailcopy_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"rehome"
	"rehome/lab/dovecot"
	"rehome/lab/faultproxy"
)

// An account's mailboxes take one conversation, however many they are; a pass in which none of them has something to say takes none.
func TestUIDs_oneConversation(t *testing.T) {
	t.Parallel()
	for _, destination := range []dovecot.Options{
		{Version: dovecot.V23, Layout: dovecot.Maildir}, {Version: dovecot.V23, Layout: dovecot.Mdbox},
		{Version: dovecot.V24, Layout: dovecot.Maildir}, {Version: dovecot.V24, Layout: dovecot.Sdbox},
	} {
		t.Run(destination.Version+" "+destination.Layout, func(t *testing.T) {
			t.Parallel()
			destination.Separator, destination.Doveadm = "/", true
			p := newPair(t, atmailSource(), destination)
			p.dsync = p.dst.DoveadmTCP
			proxy := p.via(&p.dsync)
			conversations := func(what string, want int) {
				t.Helper()
				before := proxy.Counts().Connections
				total, err := p.trySync(p.engine())
				// Dovecot may end an IMAP session that remembers the old UIDVALIDITY of a mailbox, as the conductor knows it: another slice.
				for broken := 0; rehome.ClassOf(err) == rehome.ClassTemporary && broken < 2; broken++ {
					t.Logf("%s: %v", what, err)
					want += min(want, 1)
					total, err = p.trySync(p.engine())
				}
				if err != nil {
					t.Fatal(err)
				}
				wantNoFinding(t, uidCodes, total.Findings)
				if got := proxy.Counts().Connections - before; got > want || got < min(want, 1) {
					t.Errorf("%s took %d conversations, want %d", what, got, want)
				}
			}
			p.fill(p.dst, "Own", letters(3, 300, "own")...)
			p.fill(p.dst, "Own/a_b", letters(1, 300, "own below")...)
			own := slices.Concat(p.content(p.dst, "Own"), p.content(p.dst, "Own/a_b"))
			names := []string{"INBOX", "INBOX.Work", "INBOX.Work.2024", "INBOX.a_b", "INBOX.Lists.Ünï"}
			for i, name := range names {
				p.fill(p.src, name, letters(10+i, 300, name)...)
				p.remove(p.src, name, 2, 5)
			}
			conversations("the first pass", 1)
			conversations("a pass with nothing to do", 0)
			p.fill(p.src, "INBOX.Work", letters(2, 300, "later")...)
			conversations("new mail in one mailbox", 1)
			for _, name := range names {
				p.fill(p.src, name, letters(2, 300, "new "+name)...)
			}
			conversations("new mail everywhere", 1)
			for src, dst := range map[string]string{"INBOX": "INBOX", "INBOX.Work": "Work", "INBOX.Work.2024": "Work/2024", "INBOX.a_b": "a_b",
				"INBOX.Lists.Ünï": "Lists/Ünï"} {
				p.wantNumbers(src, dst)
				p.wantEqual(src, dst)
			}
			if got := slices.Concat(p.content(p.dst, "Own"), p.content(p.dst, "Own/a_b")); !slices.Equal(got, own) {
				t.Errorf("the destination's own mailboxes have changed: %q, want %q", got, own)
			}
		})
	}
}

// What arrived by dsync is looked at once: the listing that proves it and what the next pass goes by come in one round trip.
func TestUIDs_roundTripsAtTheDestination(t *testing.T) {
	t.Parallel()
	const boxes = 6
	p := dsyncPair(t, dovecot.Sdbox)
	p.worth = time.Hour // one connection: each log-in would count
	for i := range boxes {
		p.fill(p.src, fmt.Sprintf("INBOX.Box %d", i), letters(5, 300, fmt.Sprint(i))...)
	}
	if got, want := p.roundTrips(p.dst.IMAP, &p.dstVia), 2*boxes+6; got > want {
		t.Errorf("%d round trips to the destination, want %d at most", got, want)
	}
	if got := p.roundTrips(p.dst.IMAP, &p.dstVia); got > most {
		t.Errorf("%d round trips to the destination with nothing to do, want %d at most", got, most)
	}
	rows, err := p.ledger.Mailboxes(context.Background(), address)
	if err != nil {
		t.Fatal(err)
	}
	for name, row := range rows {
		p.wantNumbers(name, row.Anchor.Destination)
		if seen := row.Seen; seen.Messages != 5 || seen.UIDNext != 6 || seen.Size == 0 || seen.Newest == "" {
			t.Errorf("%s was seen as %+v", name, seen)
		}
	}
}

// A conversation that ends between two mailboxes, or in one, costs neither a message nor a UID: what was begun with it is begun anew.
func TestUIDs_conversationEndsBetweenMailboxes(t *testing.T) {
	t.Parallel()
	p := dsyncPair(t, dovecot.Maildir)
	proxy := p.via(&p.dsync)
	var names []string
	for round, cut := range []int64{700, 900, 1100, 1400, 1800, 2300, 3000, 4000} {
		for n := range 3 {
			name := fmt.Sprintf("Round%d-%d", round, n)
			names = append(names, name)
			p.fill(p.src, "INBOX."+name, letters(2, 300, name)...)
		}
		proxy.Plan(func(number int) *faultproxy.Faults {
			if number > 1 {
				return nil
			}
			return &faultproxy.Faults{ToServer: faultproxy.Fault{CutAfter: cut, End: faultproxy.End(round % 2)}}
		})
		_, _ = p.trySync(p.engine())
		wantNoFinding(t, uidCodes, p.syncAtLast().Findings)
	}
	if proxy.Counts().Cuts == 0 {
		t.Error("nothing was cut")
	}
	for _, name := range names {
		p.wantNumbers("INBOX."+name, name)
		p.wantEqual("INBOX."+name, name)
	}
}

// A mailbox of the destination that its dsync-server cannot read keeps it from listing all of the account. The others keep their UIDs
// all the same.
func TestUIDs_besideAMailboxThatCannotBeRead(t *testing.T) {
	t.Parallel()
	p := dsyncPair(t, dovecot.Sdbox)
	p.fill(p.dst, "Own", letters(1, 300, "own")...)
	index := filepath.Join(p.dst.MailRoot(address), "mailboxes", "Own", "dbox-Mails")
	if err := os.Chmod(index, 0); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"INBOX", "INBOX.Work", "INBOX.Lists"} {
		p.fill(p.src, name, letters(3, 300, name)...)
	}
	proxy := p.via(&p.dsync)
	wantNoFinding(t, uidCodes, p.sync().Findings)
	if proxy.Counts().Connections == 1 {
		t.Error("the server has listed it")
	}
	for src, dst := range map[string]string{"INBOX": "INBOX", "INBOX.Work": "Work", "INBOX.Lists": "Lists"} {
		p.wantNumbers(src, dst)
		p.wantEqual(src, dst)
	}
}
