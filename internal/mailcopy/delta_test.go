// SPDX-License-Identifier: Apache-2.0

package mailcopy_test

import (
	"slices"
	"testing"

	"rehome"
	"rehome/internal/mailcopy"
	"rehome/internal/protocol/imap"
	"rehome/lab/dovecot"
)

// eachPolicy runs a test under either policy.
func eachPolicy(t *testing.T, test func(t *testing.T, p *pair)) {
	t.Parallel()
	for _, policy := range []rehome.Deletions{rehome.DeletionsKeep, rehome.DeletionsMirror} {
		t.Run(string(policy), func(t *testing.T) {
			t.Parallel()
			p := atmailPair(t)
			p.deletions = policy
			test(t, p)
		})
	}
}

// in opens a mailbox for changes and lets work do them, as a user would.
func (p *pair) in(server *dovecot.Server, mailbox string, work func(c *imap.Client)) {
	p.t.Helper()
	c := p.client(server)
	defer p.logout(c)
	if mailbox != "" {
		if _, err := c.Select(p.t.Context(), mailbox); err != nil {
			p.t.Fatalf("%s: %v", mailbox, err)
		}
	}
	work(c)
}

func set(t testing.TB, text string) imap.UIDSet {
	t.Helper()
	uids, ok := imap.ParseUIDSet(text)
	if !ok {
		t.Fatalf("%q is no set of UIDs", text)
	}
	return uids
}

// expunge deletes messages for good.
func (p *pair) expunge(server *dovecot.Server, mailbox, uids string) {
	p.t.Helper()
	p.in(server, mailbox, func(c *imap.Client) {
		if err := c.Store(p.t.Context(), set(p.t, uids), imap.StoreAdd, []string{`\Deleted`}); err != nil {
			p.t.Fatal(err)
		}
		if err := c.Expunge(p.t.Context(), set(p.t, uids)); err != nil {
			p.t.Fatal(err)
		}
	})
}

func (p *pair) mark(server *dovecot.Server, mailbox, uids, flag string) {
	p.t.Helper()
	p.in(server, mailbox, func(c *imap.Client) {
		if err := c.Store(p.t.Context(), set(p.t, uids), imap.StoreAdd, []string{flag}); err != nil {
			p.t.Fatal(err)
		}
	})
}

func (p *pair) move(server *dovecot.Server, mailbox, uids, to string) {
	p.t.Helper()
	p.in(server, mailbox, func(c *imap.Client) {
		if _, err := c.Move(p.t.Context(), set(p.t, uids), to); err != nil {
			p.t.Fatal(err)
		}
	})
}

func (p *pair) rename(server *dovecot.Server, from, to string) {
	p.t.Helper()
	p.in(server, "", func(c *imap.Client) {
		if err := c.Rename(p.t.Context(), from, to); err != nil {
			p.t.Fatal(err)
		}
	})
}

func (p *pair) delete(server *dovecot.Server, mailbox string) {
	p.t.Helper()
	p.in(server, "", func(c *imap.Client) {
		if err := c.Delete(p.t.Context(), mailbox); err != nil {
			p.t.Fatal(err)
		}
	})
}

// mailboxes returns the names at one end in alphabetical order.
func (p *pair) mailboxes(server *dovecot.Server) []string {
	p.t.Helper()
	var names []string
	p.in(server, "", func(c *imap.Client) {
		entries, err := c.List(p.t.Context())
		if err != nil {
			p.t.Fatal(err)
		}
		for _, e := range entries {
			names = append(names, e.Name)
		}
	})
	slices.Sort(names)
	return names
}

func (p *pair) wantMailboxes(server *dovecot.Server, want ...string) {
	p.t.Helper()
	if got := p.mailboxes(server); !slices.Equal(got, want) {
		p.t.Errorf("mailboxes %q, want %q", got, want)
	}
}

// wantTally compares what a pass has done, octets aside.
func wantTally(t testing.TB, r passed, want mailcopy.Tally) {
	t.Helper()
	got := r.Tally
	got.Octets = 0
	if got != want {
		t.Errorf("got %+v, want %+v; findings %v", got, want, codes(r.Findings))
	}
}

func codes(findings []rehome.Finding) []string {
	var list []string
	for _, f := range findings {
		list = append(list, f.Code)
	}
	return list
}

func wantFinding(t testing.TB, r passed, code string) rehome.Finding {
	t.Helper()
	for _, f := range r.Findings {
		if f.Code == code {
			return f
		}
	}
	t.Errorf("no finding %s among %v", code, codes(r.Findings))
	return rehome.Finding{}
}

func (p *pair) wantCount(server *dovecot.Server, mailbox string, want int) {
	p.t.Helper()
	if got := len(p.content(server, mailbox)); got != want {
		p.t.Errorf("%s has %d messages, want %d", mailbox, got, want)
	}
}

// quiet proves that another pass has nothing to do.
func (p *pair) quiet(want mailcopy.Tally) {
	p.t.Helper()
	wantTally(p.t, p.sync(), want)
}

func TestDelta_vanishedIsKeptAndToldInEveryPass(t *testing.T) {
	t.Parallel()
	p := atmailPair(t)
	p.fill(p.src, "INBOX", letters(30, 1000, "a")...)
	p.sync()
	p.expunge(p.src, "INBOX", "3:7,30")
	for range 2 {
		r := p.sync()
		wantTally(t, r, mailcopy.Tally{Kept: 6})
		wantFinding(t, r, "vanished_kept")
	}
	p.wantCount(p.dst, "INBOX", 30)

	// A change of mind removes them.
	p.deletions = rehome.DeletionsMirror
	wantTally(t, p.sync(), mailcopy.Tally{Removed: 6})
	p.wantEqual("INBOX", "INBOX")
	p.quiet(mailcopy.Tally{})
}

func TestDelta_mirrorRemovesOnlyWhatIsOursAndUntouched(t *testing.T) {
	t.Parallel()
	p := atmailPair(t)
	p.deletions = rehome.DeletionsMirror
	same := letters(1, 1000, "same")[0]
	p.fill(p.src, "INBOX", append(letters(30, 1000, "a"), same, same)...)
	p.fill(p.dst, "INBOX", letters(2, 1000, "a")...)          // adopted
	p.fill(p.dst, "INBOX", letters(1, 500, "of the user")...) // never ours
	wantTally(t, p.sync(), mailcopy.Tally{Copied: 30, Adopted: 2})

	p.mark(p.dst, "INBOX", "4", `\Flagged`)     // the copy of source UID 3
	p.expunge(p.dst, "INBOX", "5")              // of 4
	p.expunge(p.src, "INBOX", "1,3:5,10:12,31") // 31 is one of two identical ones
	p.mark(p.dst, "INBOX", "14", `\Deleted`)    // of 13, which stays at the source
	r := p.sync()
	wantTally(t, r, mailcopy.Tally{Removed: 5, Kept: 2})
	wantFinding(t, r, "vanished_changed")
	wantFinding(t, r, "vanished_not_ours")
	p.wantCount(p.dst, "INBOX", 33-1-5)
	p.quiet(mailcopy.Tally{Kept: 2})
	if got := p.content(p.dst, "INBOX"); !slices.Contains(got, p.content(p.src, "INBOX")[23]) {
		t.Error("the other of two identical messages is gone, too")
	}
}

func TestDelta_movedAtTheSource(t *testing.T) {
	eachPolicy(t, func(t *testing.T, p *pair) {
		p.fill(p.src, "INBOX", letters(60, 1000, "a")...)
		p.fill(p.src, "INBOX.Archive", letters(5, 1000, "b")...)
		p.sync()
		p.move(p.src, "INBOX", "1:50", "INBOX.Archive") // more than half: filing away is no loss
		r := p.sync()
		p.wantSame("INBOX.Archive", "Archive")
		if p.deletions == rehome.DeletionsMirror {
			wantTally(t, r, mailcopy.Tally{Copied: 50, Removed: 50})
			p.wantEqual("INBOX", "INBOX")
			p.quiet(mailcopy.Tally{})
			return
		}
		wantTally(t, r, mailcopy.Tally{Copied: 50, Kept: 50})
		p.wantCount(p.dst, "INBOX", 60)
		p.quiet(mailcopy.Tally{Kept: 50})
	})
}

func TestDelta_renamedAtTheSource(t *testing.T) {
	eachPolicy(t, func(t *testing.T, p *pair) {
		p.fill(p.src, "INBOX.Old", letters(30, 1000, "old")...)
		p.fill(p.src, "INBOX.Old.Below", letters(4, 1000, "below")...)
		p.fill(p.src, "INBOX.A", letters(7, 1000, "a")...)
		p.fill(p.src, "INBOX.B", letters(8, 1000, "b")...)
		p.sync()
		p.rename(p.src, "INBOX.Old", "INBOX.New")
		p.rename(p.src, "INBOX.A", "INBOX.X") // A and B change places
		p.rename(p.src, "INBOX.B", "INBOX.A")
		p.rename(p.src, "INBOX.X", "INBOX.B")
		p.fill(p.src, "INBOX.New", letters(2, 1000, "late")...)
		wantTally(t, p.sync(), mailcopy.Tally{Copied: 2})
		p.wantMailboxes(p.dst, "A", "B", "INBOX", "New", "New/Below", "Sent")
		p.wantEqual("INBOX.New", "New")
		p.wantEqual("INBOX.New.Below", "New/Below")
		p.wantEqual("INBOX.A", "A")
		p.wantEqual("INBOX.B", "B")
		p.quiet(mailcopy.Tally{})
	})
}

// Where the destination cannot follow, everything is copied anew, and what stood there goes only
// with the policy for it.
func TestDelta_renameThatCannotBeFollowed(t *testing.T) {
	eachPolicy(t, func(t *testing.T, p *pair) {
		p.fill(p.src, "INBOX.Old", letters(10, 1000, "old")...)
		p.sync()
		p.rename(p.src, "INBOX.Old", "INBOX.New")
		p.fill(p.dst, "New", letters(1, 500, "of the user")...)
		r := p.sync()
		wantFinding(t, r, "rename_not_followed")
		p.wantCount(p.dst, "New", 11)
		if p.deletions == rehome.DeletionsMirror {
			wantTally(t, r, mailcopy.Tally{Copied: 10, Removed: 10})
			p.wantMailboxes(p.dst, "INBOX", "New", "Sent")
			p.quiet(mailcopy.Tally{})
			return
		}
		wantTally(t, r, mailcopy.Tally{Copied: 10, Kept: 10})
		p.wantCount(p.dst, "Old", 10)
		p.quiet(mailcopy.Tally{Kept: 10})
	})
}

func TestDelta_deletedMailbox(t *testing.T) {
	eachPolicy(t, func(t *testing.T, p *pair) {
		p.fill(p.src, "INBOX", letters(50, 500, "inbox")...)
		p.fill(p.src, "INBOX.Gone", letters(5, 1000, "gone")...)
		p.fill(p.src, "INBOX.Gone.Below", letters(4, 1000, "below")...)
		p.fill(p.src, "INBOX.Used", letters(3, 1000, "used")...)
		p.sync()
		p.fill(p.dst, "Used", letters(1, 500, "of the user")...)
		for _, name := range []string{"INBOX.Gone.Below", "INBOX.Gone", "INBOX.Used"} {
			p.delete(p.src, name)
		}
		r := p.sync()
		if p.deletions == rehome.DeletionsMirror {
			wantTally(t, r, mailcopy.Tally{Removed: 12})
			p.wantMailboxes(p.dst, "INBOX", "Sent", "Used")
			p.wantCount(p.dst, "Used", 1)
			p.quiet(mailcopy.Tally{})
			return
		}
		wantTally(t, r, mailcopy.Tally{Kept: 12})
		wantFinding(t, r, "mailbox_deleted")
		p.wantMailboxes(p.dst, "Gone", "Gone/Below", "INBOX", "Sent", "Used")
		p.quiet(mailcopy.Tally{Kept: 12})
	})
}

// Deleted and made anew under the same name, with some of the same messages.
func TestDelta_refilledMailbox(t *testing.T) {
	eachPolicy(t, func(t *testing.T, p *pair) {
		p.fill(p.src, "INBOX.Box", letters(30, 1000, "a")...)
		p.sync()
		p.delete(p.src, "INBOX.Box")
		p.fill(p.src, "INBOX.Box", append(letters(30, 1000, "a"), letters(4, 1000, "new")...)...)
		r := p.sync()
		wantTally(t, r, mailcopy.Tally{Copied: 4, Adopted: 30})
		p.wantSame("INBOX.Box", "Box")
		p.quiet(mailcopy.Tally{})

		// What was found again is still known to be ours.
		p.expunge(p.src, "INBOX.Box", "1:2")
		if p.deletions == rehome.DeletionsMirror {
			p.quiet(mailcopy.Tally{Removed: 2})
		} else {
			p.quiet(mailcopy.Tally{Kept: 2})
		}
	})
}

func TestDelta_changesAtTheDestinationSurvive(t *testing.T) {
	eachPolicy(t, func(t *testing.T, p *pair) {
		p.fill(p.src, "INBOX", letters(30, 1000, "a")...)
		p.fill(p.src, "INBOX.Small", letters(3, 1000, "small")...)
		p.sync()
		p.fill(p.dst, "Own")
		p.move(p.dst, "INBOX", "1:2", "Own")
		p.expunge(p.dst, "INBOX", "3:5")
		p.delete(p.dst, "Small")
		p.mark(p.dst, "INBOX", "10", `\Flagged`)
		r := p.sync()
		wantTally(t, r, mailcopy.Tally{Deserted: 8})
		wantFinding(t, r, "deleted_at_destination")
		p.quiet(mailcopy.Tally{Deserted: 8})
		p.wantCount(p.dst, "INBOX", 25)
		p.wantCount(p.dst, "Own", 2)
		p.wantMailboxes(p.dst, "INBOX", "Own", "Sent")

		// New mail for a mailbox that its user has removed makes it come back, with the new mail only.
		p.fill(p.src, "INBOX.Small", letters(1, 1000, "late")...)
		p.quiet(mailcopy.Tally{Copied: 1, Deserted: 8})
		p.wantCount(p.dst, "Small", 1)
		p.quiet(mailcopy.Tally{Deserted: 8})

		p.copyAgain = true
		p.quiet(mailcopy.Tally{Copied: 8, Adopted: 26})
		p.copyAgain = false
		p.quiet(mailcopy.Tally{})
	})
}

// The destination's user renames a mailbox: it goes on to be filled under its new name.
func TestDelta_renamedAtTheDestination(t *testing.T) {
	t.Parallel()
	p := atmailPair(t)
	p.fill(p.src, "INBOX.Box", letters(30, 1000, "a")...)
	p.sync()
	p.rename(p.dst, "Box", "Mine")
	p.fill(p.src, "INBOX.Box", letters(2, 1000, "late")...)
	p.quiet(mailcopy.Tally{Copied: 2})
	p.wantEqual("INBOX.Box", "Mine")
	p.wantMailboxes(p.dst, "INBOX", "Mine", "Sent")
	p.quiet(mailcopy.Tally{})
}

// A pass was killed when the destination had been renamed and the ledger did not know yet.
func TestDelta_renameInterrupted(t *testing.T) {
	t.Parallel()
	p := atmailPair(t)
	p.fill(p.src, "INBOX.Box", letters(30, 1000, "a")...)
	p.fill(p.src, "INBOX.Box.Below", letters(3, 1000, "below")...)
	p.sync()
	p.rename(p.src, "INBOX.Box", "INBOX.New")
	p.rename(p.dst, "Box", "New")
	p.quiet(mailcopy.Tally{})
	p.wantMailboxes(p.dst, "INBOX", "New", "New/Below", "Sent")
	p.wantEqual("INBOX.New", "New")
}

// Sources that tell less: the numbers of the opening and a list of UIDs do as well.
func TestDelta_sourcesThatTellLess(t *testing.T) {
	t.Parallel()
	for _, capabilities := range []string{"IMAP4rev1 UIDPLUS MOVE", "IMAP4rev1 UIDPLUS MOVE LIST-EXTENDED LIST-STATUS ESEARCH CONDSTORE ENABLE"} {
		t.Run(capabilities, func(t *testing.T) {
			t.Parallel()
			src := atmailSource()
			src.Extra = "protocol imap {\n  imap_capability = " + capabilities + "\n}\n"
			p := newPair(t, src, cloudDestination())
			p.deletions = rehome.DeletionsMirror
			p.fill(p.src, "INBOX", letters(30, 500, "a")...)
			p.fill(p.src, "INBOX.Box", letters(9, 500, "b")...)
			p.fill(p.src, "INBOX.Old", letters(5, 500, "c")...)
			p.sync()
			p.quiet(mailcopy.Tally{})
			p.expunge(p.src, "INBOX", "1:4,30")
			p.mark(p.src, "INBOX", "6", `\Flagged`)
			p.move(p.src, "INBOX.Box", "2:3", "INBOX")
			p.rename(p.src, "INBOX.Old", "INBOX.New")
			p.quiet(mailcopy.Tally{Copied: 2, Flagged: 1, Removed: 7})
			p.wantEqual("INBOX", "INBOX")
			p.wantEqual("INBOX.Box", "Box")
			p.wantEqual("INBOX.New", "New")
			p.quiet(mailcopy.Tally{})
		})
	}
}

// A mailbox that its user has removed at the destination is renamed at the source: it stays away under its new name, and
// comes back for new mail.
func TestDelta_renamedAtTheSourceAndRemovedAtTheDestination(t *testing.T) {
	t.Parallel()
	p := atmailPair(t)
	p.fill(p.src, "INBOX.Box", letters(3, 500, "a")...)
	p.sync()
	p.delete(p.dst, "Box")
	p.quiet(mailcopy.Tally{Deserted: 3})
	p.rename(p.src, "INBOX.Box", "INBOX.New")
	p.quiet(mailcopy.Tally{Deserted: 3})
	p.fill(p.src, "INBOX.New", letters(1, 500, "late")...)
	p.quiet(mailcopy.Tally{Copied: 1, Deserted: 3})
	p.wantCount(p.dst, "New", 1)
}
