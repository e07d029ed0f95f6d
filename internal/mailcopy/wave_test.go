// SPDX-License-Identifier: Apache-2.0

package mailcopy_test

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"rehome"
	"rehome/internal/ledger"
	"rehome/internal/mailcopy"
	"rehome/internal/protocol/imap"
)

// commits counts how intents are written.
type commits struct {
	mailcopy.Ledger

	alone, together atomic.Int64 // calls; mailboxes
}

func (c *commits) Intend(ctx context.Context, m *ledger.Mailbox, floor imap.UID, batches ...[]ledger.Item) ([]int64, error) {
	c.alone.Add(1)
	return c.Ledger.Intend(ctx, m, floor, batches...)
}

func (c *commits) IntendAll(ctx context.Context, all ...ledger.Beginning) ([][]int64, error) {
	c.together.Add(int64(len(all)))
	return c.Ledger.IntendAll(ctx, all...)
}

func (p *pair) counting(c *commits) *mailcopy.Engine {
	c.Ledger = p.ledger
	return mailcopy.New(mailcopy.Options{
		Source: host(rehome.Source, p.srcVia), Destination: host(rehome.Destination, p.dstVia), Ledger: c, EscrowDir: p.escrow,
		Settle: shortSettle, Worth: cmp.Or(p.worth, time.Nanosecond),
	})
}

const waved = 30 // mailboxes: more than one wave takes

func waveBox(i int) (source, destination string) {
	return fmt.Sprintf("INBOX.B%02d", i), fmt.Sprintf("B%02d", i)
}

// newMailboxes were never copied.
func newMailboxes(t *testing.T) *pair {
	p := atmailPair(t)
	for i := range waved {
		source, _ := waveBox(i)
		p.fill(p.src, source, letters(3, 500, source)...)
	}
	return p
}

// manyMailboxes are copied, and then each gets a little mail.
func manyMailboxes(t *testing.T) *pair {
	p := newMailboxes(t)
	p.sync()
	for i := range waved {
		source, _ := waveBox(i)
		p.fill(p.src, source, letters(1+i%3, 800, "new in "+source)...)
	}
	return p
}

func (p *pair) wantWaved() {
	p.t.Helper()
	for i := range waved {
		p.wantEqual(waveBox(i))
	}
	p.quiet(mailcopy.Tally{})
}

// A little new mail in many mailboxes is brought in waves: a commit of intents for many of them.
func TestWave_bringsALittleOfManyMailboxes(t *testing.T) {
	t.Parallel()
	p := manyMailboxes(t)
	p.mark(p.src, "INBOX.B04", "2", `\Flagged`)
	var c commits
	r, err := p.trySync(p.counting(&c))
	if err != nil {
		t.Fatal(err)
	}
	wantTally(t, r, mailcopy.Tally{Copied: 2 * waved, Flagged: 1})
	if alone, together := c.alone.Load(), c.together.Load(); alone != 0 || together != waved {
		t.Errorf("intents of %d mailboxes were written together, and %d times alone", together, alone)
	}
	p.wantWaved()
}

// What a wave cannot decide by what it has asked beforehand is done by a job of its own, and the others are not kept back.
func TestWave_leavesWhatIsNotPlain(t *testing.T) {
	t.Parallel()
	p := manyMailboxes(t)
	p.expunge(p.src, "INBOX.B01", "2")                  // gone, and more has come
	p.fill(p.dst, "B02", letters(1, 400, "of user")...) // its user's own
	p.expunge(p.dst, "B03", "1")                        // deleted by its user
	p.fill(p.src, "INBOX.B05", letters(1, 2<<20, "large")...)
	var c commits
	r, err := p.trySync(p.counting(&c))
	if err != nil {
		t.Fatal(err)
	}
	wantTally(t, r, mailcopy.Tally{Copied: 2*waved + 1, Kept: 1, Deserted: 1})
	if together := c.together.Load(); together < waved-5 || together >= waved {
		t.Errorf("intents of %d mailboxes were written together", together)
	}
	p.wantCount(p.dst, "B01", 3+2)
	p.wantCount(p.dst, "B02", 3+3+1)
	p.wantCount(p.dst, "B03", 2+1)
	for i := range waved {
		if i < 1 || i > 3 {
			p.wantEqual(waveBox(i))
		}
	}
	p.quiet(mailcopy.Tally{Kept: 1, Deserted: 1})
}

// Connections that end anywhere in a wave lose nothing and bring nothing twice.
func TestWave_connectionsCutAtRandomBytes(t *testing.T) {
	t.Parallel()
	p := manyMailboxes(t)
	p.survive(rand.New(rand.NewPCG(11, 5)))
	p.wantWaved()
}

// A small account is copied in waves from the beginning. What is large, or goes where its user has mail already, is done alone.
func TestWave_firstCopy(t *testing.T) {
	t.Parallel()
	p := newMailboxes(t)
	p.worth = time.Minute // what is left is not worth another connection
	p.fill(p.dst, "B02", letters(1, 400, "of user")...)
	p.fill(p.src, "INBOX.B05", letters(1, 2<<20, "large")...)
	p.expunge(p.src, "INBOX.B07", "2")
	p.mark(p.src, "INBOX.B08", "2", `\Flagged`)
	p.expunge(p.src, "INBOX.B09", "1:3") // nothing is left
	var c commits
	r, err := p.trySync(p.counting(&c))
	if err != nil {
		t.Fatal(err)
	}
	wantTally(t, r, mailcopy.Tally{Copied: 3*waved + 1 - 1 - 3})
	if together := c.together.Load(); together != waved-3 {
		t.Errorf("intents of %d mailboxes were written together", together)
	}
	p.wantCount(p.dst, "B02", 3+1)
	for i := range waved {
		if i != 2 {
			p.wantEqual(waveBox(i))
		}
	}
	p.quiet(mailcopy.Tally{})
}

// Connections that end anywhere in the first wave lose nothing and bring nothing twice.
func TestWave_firstCopyCutAtRandomBytes(t *testing.T) {
	t.Parallel()
	p := newMailboxes(t)
	p.survive(rand.New(rand.NewPCG(12, 5)))
	p.wantWaved()
}

// What a destination refuses in the first wave takes its mailbox out of it, and nothing comes twice.
func TestWave_firstCopyRefused(t *testing.T) {
	t.Parallel()
	p := newPair(t, atmailSource(), smallLimit())
	p.batch = 1
	for _, source := range []string{"INBOX.B00", "INBOX.B01", "INBOX.B02"} {
		p.fill(p.src, source, letters(3, 500, source)...)
	}
	p.fill(p.src, "INBOX.B01", append(letters(1, 100_000, "large"), letters(2, 600, "behind")...)...)
	wantTally(t, p.sync(), mailcopy.Tally{Copied: 3*3 + 2, Failed: 1})
	p.wantCount(p.dst, "B01", 5)
	p.wantEqual("INBOX.B00", "B00")
	p.quiet(mailcopy.Tally{Failed: 1})
}
