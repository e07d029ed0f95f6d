// SPDX-License-Identifier: Apache-2.0

package mailcopy_test

import (
	"context"
	"testing"
	"time"

	"rehome/internal/mailcopy"
	"rehome/internal/pass"
)

func TestSync_copiesEverythingOnce(t *testing.T) {
	t.Parallel()
	p := atmailPair(t)
	p.fill(p.src, "INBOX", letters(250, 3000, "inbox")...)
	p.fill(p.src, "INBOX.Projects.2019", letters(120, 10000, "projects")...)
	p.fill(p.src, "INBOX.Entwürfe & mehr", letters(3, 500, "drafts")...)
	p.fill(p.src, "INBOX.Sent Items", letters(7, 500, "sent")...)
	p.fill(p.src, "INBOX.Empty")

	first := p.sync()
	if first.Tally.Copied != 380 || first.Tally.Failed != 0 {
		t.Errorf("first pass: %+v", first.Tally)
	}
	p.wantEqual("INBOX", "INBOX")
	p.wantEqual("INBOX.Projects.2019", "Projects/2019")
	p.wantEqual("INBOX.Entwürfe & mehr", "Entwürfe & mehr")
	p.wantEqual("INBOX.Sent Items", "Sent")
	p.wantEqual("INBOX.Empty", "Empty")

	second := p.sync()
	if second.Tally != (mailcopy.Tally{}) || second.Census != (mailcopy.Census{There: 380}) {
		t.Errorf("second pass did something: %+v", second)
	}
}

func TestSync_carriesNewMailAndChangedFlags(t *testing.T) {
	t.Parallel()
	p := atmailPair(t)
	p.fill(p.src, "INBOX", letters(20, 1000, "old")...)
	p.sync()
	p.fill(p.src, "INBOX", letters(5, 1000, "new")...)
	c := p.client(p.src)
	if _, err := c.Select(t.Context(), "INBOX"); err != nil {
		t.Fatal(err)
	}
	store(t, c, "1:3", "+", `\Flagged`)
	store(t, c, "2", "-", `\Seen`)

	// What the user changed at the destination meanwhile stays.
	d := p.client(p.dst)
	if _, err := d.Select(t.Context(), "INBOX"); err != nil {
		t.Fatal(err)
	}
	store(t, d, "10", "+", `\Answered`)

	r := p.sync()
	if r.Tally.Copied != 5 || r.Tally.Flagged != 3 {
		t.Errorf("delta: %+v", r.Tally)
	}
	store(t, d, "10", "-", `\Answered`)
	p.wantEqual("INBOX", "INBOX")
}

func TestSync_lostLedgerAdoptsInsteadOfCopying(t *testing.T) {
	t.Parallel()
	p := atmailPair(t)
	twins := letters(2, 1000, "twin")
	twins[1] = twins[0] // the same message twice stays two
	p.fill(p.src, "INBOX", append(letters(150, 2000, "a"), twins...)...)
	p.fill(p.src, "INBOX", mail{body: "\r\nno header at all\r\n", date: time.Unix(1e9, 0)}, mail{body: "\r\nno header at ALL\r\n",
		date: time.Unix(1e9, 0)})
	p.sync()
	p.newLedger()
	p.fill(p.src, "INBOX", letters(3, 2000, "late")...)
	r := p.sync()
	if r.Tally.Adopted != 154 || r.Tally.Copied != 3 {
		t.Errorf("after the loss: %+v, want 154 adopted and 3 copied", r.Tally)
	}
	p.wantEqual("INBOX", "INBOX")
}

func TestSync_smallBudgetGoesOnWhereItStopped(t *testing.T) {
	t.Parallel()
	p := atmailPair(t)
	p.fill(p.src, "INBOX", letters(1000, 2000, "a")...)
	engine, started := p.engine(), time.Now()
	slices, copied := 0, 0
	for more := true; more; slices++ {
		r, err := slice(context.Background(), engine, started, pass.Budget{Time: time.Minute, Octets: 300_000})
		if err != nil {
			t.Fatal(err)
		}
		more, copied = r.More, copied+r.Tally.Copied
	}
	if copied != 1000 || slices < 2 {
		t.Errorf("%d messages in %d slices", copied, slices)
	}
	p.wantEqual("INBOX", "INBOX")
}

// A rule may send several mailboxes into one. The same message in two of them stays two messages.
func TestSync_mergedMailboxes(t *testing.T) {
	t.Parallel()
	p := atmailPair(t)
	same := letters(40, 1000, "same")
	p.fill(p.src, "INBOX.A", append(letters(30, 1000, "a"), same...)...)
	p.fill(p.src, "INBOX.B", append(letters(20, 1000, "b"), same...)...)
	p.rules.Rename = map[string]string{"INBOX.A": "All", "INBOX.B": "All"}
	if r := p.sync(); r.Tally.Copied != 130 || r.Tally.Adopted != 0 {
		t.Errorf("first pass: %+v", r.Tally)
	}
	if r := p.sync(); r.Tally != (mailcopy.Tally{}) {
		t.Errorf("second pass: %+v", r.Tally)
	}
	p.newLedger()
	if r := p.sync(); r.Tally.Copied != 0 || r.Tally.Adopted != 130 {
		t.Errorf("after the loss of the ledger: %+v", r.Tally)
	}
	if got := len(p.content(p.dst, "All")); got != 130 {
		t.Errorf("%d messages, want 130", got)
	}
}
