// SPDX-License-Identifier: Apache-2.0

package mailcopy_test

import (
	"strings"
	"testing"

	"rehome"
	"rehome/internal/mailcopy"
	"rehome/lab/dovecot"
	"rehome/lab/faultproxy"
)

// A destination without UIDPLUS can expunge only everything that is marked: then nothing is marked.
func TestRemoval_withoutUIDPLUS(t *testing.T) {
	t.Parallel()
	p := newPair(t, dovecot.Options{}, dovecot.Options{
		Layout: dovecot.Sdbox, Extra: "protocol imap {\n  imap_capability = IMAP4rev1 AUTH=PLAIN LIST-EXTENDED LIST-STATUS CONDSTORE\n}\n",
	})
	p.deletions = rehome.DeletionsMirror
	p.fill(p.src, "INBOX", letters(10, 500, "a")...)
	p.sync()
	before := p.content(p.dst, "INBOX")
	p.expunge(p.src, "INBOX", "1:3")
	r := p.sync()
	wantTally(t, r, mailcopy.Tally{Kept: 3})
	wantFinding(t, r, "removal_impossible")
	if after := p.content(p.dst, "INBOX"); strings.Join(before, "\n") != strings.Join(after, "\n") {
		t.Errorf("something has changed: %s", firstDifference(before, after))
	}
}

// The connection is cut at every place of the removal; in the end exactly the right messages are gone
// and none carries a mark.
func TestRemoval_cutAnywhere(t *testing.T) {
	t.Parallel()
	p := atmailPair(t)
	p.deletions = rehome.DeletionsMirror
	p.fill(p.src, "INBOX", letters(60, 500, "a")...)
	p.sync()
	p.expunge(p.src, "INBOX", "2:4,10:20")
	proxy := faultproxy.Open(t, p.dst.IMAP)
	p.dstVia = proxy.Addr()
	removed, cuts := 0, 0
	for after := int64(1); ; after += 64 {
		proxy.Set(faultproxy.ToServer, faultproxy.Fault{CutAfter: after})
		r, err := p.trySync(p.engine())
		removed += r.Tally.Removed
		if err == nil {
			break
		}
		cuts++
	}
	proxy.Set(faultproxy.ToServer, faultproxy.Fault{})
	if cuts < 5 {
		t.Errorf("only %d cuts: they did not reach the removal", cuts)
	}
	p.quiet(mailcopy.Tally{})
	p.wantEqual("INBOX", "INBOX")
}

// A removal that was begun under mirror is taken back when the policy has become keep.
func TestRemoval_begunAndNoLongerWanted(t *testing.T) {
	t.Parallel()
	p := atmailPair(t)
	p.fill(p.src, "INBOX", letters(20, 500, "a")...)
	p.sync()
	p.expunge(p.src, "INBOX", "2:4")
	p.sync()
	rows, err := p.ledger.Mailboxes(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	row := rows["INBOX"]
	if _, err := p.ledger.IntendRemoval(t.Context(), &row, row.Removable()); err != nil {
		t.Fatal(err)
	}
	before := p.content(p.dst, "INBOX")
	p.mark(p.dst, "INBOX", "2:3", `\Deleted`) // as far as the pass came
	p.quiet(mailcopy.Tally{Kept: 3})
	if after := p.content(p.dst, "INBOX"); strings.Join(before, "\n") != strings.Join(after, "\n") {
		t.Errorf("a mark was left: %s", firstDifference(before, after))
	}
	p.deletions = rehome.DeletionsMirror
	p.quiet(mailcopy.Tally{Removed: 3})
}

// A removal was begun, and then the source was put back and has the messages again: nothing of it is carried on, and what
// it had removed already is copied again.
func TestRemoval_begunAndBackAtTheSource(t *testing.T) {
	t.Parallel()
	p := atmailPair(t)
	p.fill(p.src, "INBOX", letters(20, 500, "a")...)
	p.sync()
	putBack := p.backUp(p.src)
	p.expunge(p.src, "INBOX", "2:4")
	p.sync()
	rows, err := p.ledger.Mailboxes(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	row := rows["INBOX"]
	if _, err := p.ledger.IntendRemoval(t.Context(), &row, row.Removable()); err != nil {
		t.Fatal(err)
	}
	p.mark(p.dst, "INBOX", "2:3", `\Deleted`)
	p.expunge(p.dst, "INBOX", "4") // as far as the pass came
	putBack()
	p.deletions = rehome.DeletionsMirror
	wantTally(t, p.sync(), mailcopy.Tally{Copied: 1})
	p.wantSame("INBOX", "INBOX")
	p.quiet(mailcopy.Tally{})
}
