// SPDX-License-Identifier: Apache-2.0

package mailcopy_test

import (
	"context"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rehome"
	"rehome/internal/ledger"
	"rehome/internal/mailcopy"
	"rehome/internal/mapping"
	"rehome/internal/protocol/imap"
	"rehome/internal/wayback"
)

// back carries the account's mail back, and returns what that did and how many messages were counted before.
func (p *pair) back(store *ledger.Ledger) (passed, wayback.Tally) {
	p.t.Helper()
	ctx := context.Background()
	ways, err := wayback.Turn(ctx, p.ledger, store.Mail, address)
	if err != nil {
		p.t.Fatal(err)
	}
	source, destination := host(rehome.Source, p.srcVia), host(rehome.Destination, p.dstVia)
	if err := wayback.Steady(ctx, source, destination, account, ways.Shared); err != nil {
		p.t.Fatal(err)
	}
	for i := range ways.Shared { // as if it had been renumbered
		ways.Shared[i].SrcUIDValidity++
		if err := wayback.Steady(ctx, source, destination, account, ways.Shared); rehome.HintOf(err) == "" {
			p.t.Errorf("a shared mailbox that was numbered anew: got %v, want a fault with a hint", err)
		}
	}
	tally, err := wayback.Count(ctx, destination, store.Mail, account)
	if err != nil {
		p.t.Fatal(err)
	}
	engine := mailcopy.New(mailcopy.Options{Source: destination, Destination: source, Ledger: store.Mail, Settle: shortSettle,
		Rules: mapping.Rules{Rename: ways.Names}, EscrowDir: filepath.Join(p.escrow, "back"), Deletions: rehome.DeletionsKeep})
	did, err := p.trySync(engine)
	if err != nil {
		p.t.Fatalf("carry back: %v", err)
	}
	return did, tally
}

func (p *pair) backLedger() *ledger.Ledger {
	p.t.Helper()
	store, err := ledger.Open(context.Background(), filepath.Join(p.t.TempDir(), "rehome.back.db"))
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = store.Close() })
	return store
}

// subjects returns the subjects of a mailbox, in order.
func (p *pair) subjects(c *imap.Client, mailbox string) []string {
	p.t.Helper()
	ctx := context.Background()
	if _, err := c.Examine(ctx, mailbox); err != nil {
		p.t.Fatalf("%s: %v", mailbox, err)
	}
	uids, err := c.SearchAll(ctx, 1)
	if err != nil {
		p.t.Fatal(err)
	}
	var all []string
	if uids.Empty() {
		return nil
	}
	command, err := c.Fetch(ctx, uids, imap.FetchItems{HeaderFields: "SUBJECT"}, imap.FetchHandler{Literal: func(l *imap.Literal) error {
		text := make([]byte, l.Size)
		_, err := io.ReadFull(l, text)
		all = append(all, strings.TrimSpace(strings.TrimPrefix(string(text), "Subject: ")))
		return err
	}})
	if err == nil {
		err = command.Wait(ctx)
	}
	if err != nil {
		p.t.Fatal(err)
	}
	slices.Sort(all)
	return all
}

// wantSubjects compares a mailbox of each end.
func (p *pair) wantSubjects(c *imap.Client, mailbox string, want ...string) {
	p.t.Helper()
	slices.Sort(want)
	if got := p.subjects(c, mailbox); !slices.Equal(got, want) {
		p.t.Errorf("%s has %q, want %q", mailbox, got, want)
	}
}

// expungeFirst deletes the first message of a mailbox.
func (p *pair) expungeFirst(c *imap.Client, mailbox string) {
	p.t.Helper()
	ctx := context.Background()
	var first imap.UIDSet
	_, err := c.Select(ctx, mailbox)
	if err == nil {
		var all imap.UIDSet
		all, err = c.SearchAll(ctx, 1)
		first.Add(all.Ranges()[0].First)
	}
	if err == nil {
		err = c.Store(ctx, first, imap.StoreAdd, []string{`\Deleted`})
	}
	if err == nil {
		err = c.Expunge(ctx, first)
	}
	if err != nil {
		p.t.Fatal(err)
	}
}

// What has arrived at the destination is carried back once; what the source's user has deleted stays deleted; mailboxes that share
// a place go back where they came from; and a later pass of the move adopts what was carried, and brings nothing twice.
func TestWayBack_onceThereAndOnceBack(t *testing.T) {
	t.Parallel()
	p := atmailPair(t)
	p.rules = mapping.Rules{Rename: map[string]string{"INBOX.Old": "Archive", "INBOX.Older": "Archive"}}
	p.fill(p.src, "INBOX", letters(4, 300, "in")...)
	p.fill(p.src, "INBOX.Old", letters(3, 300, "old")...)
	p.fill(p.src, "INBOX.Older", letters(2, 300, "older")...)
	p.sync()
	src := p.client(p.src)
	p.expungeFirst(src, "INBOX") // before the last pass: the move keeps the copy
	p.sync()

	dst := p.client(p.dst)
	p.fill(p.dst, "INBOX", letters(2, 300, "new")...)
	p.fill(p.dst, "Fresh", letters(1, 300, "fresh")...)
	p.fill(p.dst, "Archive", letters(1, 300, "filed")...)
	p.expungeFirst(dst, "Archive") // numbers alone do not tell that one is new
	store := p.backLedger()
	did, tally := p.back(store)
	if tally.Fresh != 4 || tally.Departed == 0 || did.Tally.Copied != 4 || did.Tally.Adopted != 0 {
		t.Errorf("counted %+v, copied %d, adopted %d; want 4 fresh and 4 copied", tally, did.Tally.Copied, did.Tally.Adopted)
	}
	p.wantSubjects(src, "INBOX", "in 1", "in 2", "in 3", "new 0", "new 1")
	p.wantSubjects(src, "INBOX.Fresh", "fresh 0")
	p.wantSubjects(src, "INBOX.Old", "old 0", "old 1", "old 2", "filed 0")
	p.wantSubjects(src, "INBOX.Older", "older 0", "older 1")

	if did, tally = p.back(store); tally.Fresh != 0 || did.Tally.Copied != 0 {
		t.Errorf("once more: counted %+v, copied %d", tally, did.Tally.Copied)
	}
	before := p.subjects(dst, "INBOX")
	if did := p.sync(); did.Tally.Copied != 0 || did.Tally.Adopted != 4 {
		t.Errorf("a later pass of the move copied %d and adopted %d, want 0 and 4", did.Tally.Copied, did.Tally.Adopted)
	}
	p.wantSubjects(dst, "INBOX", before...)
	p.wantSubjects(dst, "Fresh", "fresh 0")
	if did, tally = p.back(store); tally.Fresh != 0 || did.Tally.Copied != 0 {
		t.Errorf("after a later pass: counted %+v, copied %d", tally, did.Tally.Copied)
	}
}
