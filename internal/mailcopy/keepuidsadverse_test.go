// SPDX-License-Identifier: Apache-2.0

package mailcopy_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rehome"
	"rehome/internal/ledger"
	"rehome/internal/pass"
	"rehome/internal/protocol/imap"
	"rehome/lab/dovecot"
	"rehome/lab/faultproxy"
)

// Connections to both ends are cut where chance has it, one after the other, until all is there.
func TestUIDs_cutByChance(t *testing.T) {
	t.Parallel()
	p := dsyncPair(t, dovecot.Sdbox)
	chance := rand.New(rand.NewPCG(17, 4))
	fault := func() *faultproxy.Faults {
		cut := faultproxy.Fault{CutAfter: 1 + chance.Int64N(120_000), End: faultproxy.End(chance.IntN(2))}
		if chance.IntN(3) == 0 {
			return &faultproxy.Faults{ToClient: faultproxy.Fault{CutAfter: 1 + chance.Int64N(9_000), End: cut.End}}
		}
		return &faultproxy.Faults{ToServer: cut}
	}
	var proxies []*faultproxy.Proxy
	for _, address := range []*string{&p.srcVia, &p.dstVia, &p.dsync} {
		proxy, err := faultproxy.New(*address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = proxy.Close() })
		*address = proxy.Addr()
		proxies = append(proxies, proxy)
	}
	p.fill(p.src, "INBOX", letters(250, 700, "inbox")...)
	p.remove(p.src, "INBOX", 100, 101, 102, 250)
	p.fill(p.src, "INBOX.Work", letters(120, 700, "work")...)
	for i := range 24 {
		var once sync.Once
		proxies[i%3].Plan(func(int) (faults *faultproxy.Faults) {
			once.Do(func() { faults = fault() })
			return faults
		})
		_, _ = p.trySync(p.engine()) // whatever it says, it goes on
		proxies[i%3].Plan(nil)
	}
	p.syncAtLast()
	for src, dst := range map[string]string{"INBOX": "INBOX", "INBOX.Work": "Work"} {
		p.wantNumbers(src, dst)
		p.wantEqual(src, dst)
	}
}

// A stop comes in the middle; what was sent is booked, and the next run sends the rest.
func TestUIDs_stopped(t *testing.T) {
	t.Parallel()
	p := dsyncPair(t, dovecot.Maildir)
	p.fill(p.src, "INBOX", letters(300, 3000, "inbox")...)
	proxy, err := faultproxy.New(p.src.IMAP)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = proxy.Close() })
	proxy.Set(faultproxy.ToClient, faultproxy.Fault{Rate: 400_000})
	p.srcVia = proxy.Addr()
	stop := make(chan struct{})
	budget := pass.Budget{Time: time.Minute, Octets: 256 << 20, Stop: stop}
	go func() {
		defer close(stop)
		for deadline := time.Now().Add(time.Minute); proxy.Counts().Bytes[faultproxy.ToClient] < 300_000 && time.Now().Before(deadline); {
			<-time.After(5 * time.Millisecond)
		}
	}()
	r, err := slice(t.Context(), p.engine(), time.Now(), budget)
	if err != nil || !r.More || r.Tally.Copied == 0 || r.Tally.Copied == 300 {
		t.Errorf("stopped: more %v, copied %d: %v", r.More, r.Tally.Copied, err)
	}
	proxy.Set(faultproxy.ToClient, faultproxy.Fault{})
	if rest := p.sync(); rest.Tally.Copied+r.Tally.Copied != 300 || rest.Tally.Adopted != 0 {
		t.Errorf("copied %d, then %d, adopted %d", r.Tally.Copied, rest.Tally.Copied, rest.Tally.Adopted)
	}
	p.wantNumbers("INBOX", "INBOX")
	p.wantEqual("INBOX", "INBOX")
}

// The destination's user deletes, reads and receives mail: nothing comes back, nothing of theirs is touched.
func TestUIDs_usersAtTheDestination(t *testing.T) {
	t.Parallel()
	p := dsyncPair(t, dovecot.Sdbox)
	p.fill(p.src, "INBOX", letters(20, 500, "inbox")...)
	p.sync()
	p.remove(p.dst, "INBOX", 4, 5, 20)
	c := p.client(p.dst)
	if _, err := c.Select(t.Context(), "INBOX"); err != nil {
		t.Fatal(err)
	}
	if err := c.Store(t.Context(), imap.NewUIDSet(7), imap.StoreAdd, []string{`\Flagged`, "mine"}); err != nil {
		t.Fatal(err)
	}
	p.logout(c)
	p.fill(p.src, "INBOX", letters(3, 500, "later")...)
	wantNoFinding(t, uidCodes, p.sync().Findings)
	if got := p.numbers(p.dst, "INBOX"); !strings.HasSuffix(got, "UIDNEXT 24 UIDs 1:3,6:19,21:23") {
		t.Errorf("INBOX has %s", got)
	}
	if lines := p.content(p.dst, "INBOX"); !strings.Contains(lines[4], `\Flagged`) || !strings.Contains(lines[4], "mine") {
		t.Errorf("the user's flags are gone: %s", lines[4])
	}
}

// Mail is delivered to the destination all the while.
func TestUIDs_deliveriesMeanwhile(t *testing.T) {
	t.Parallel()
	p := dsyncPair(t, dovecot.Sdbox)
	p.fill(p.src, "INBOX", letters(400, 500, "inbox")...)
	p.numbers(p.dst, "INBOX") // it is there from now on: a Dovecot that makes it for two at once refuses one of them
	own := letters(12, 300, "delivered")
	var delivering sync.WaitGroup
	delivering.Go(func() {
		for _, m := range own {
			p.fill(p.dst, "INBOX", m)
		}
	})
	for range 6 {
		_, _ = p.trySync(p.engine()) // it may find the mailbox changed, and say so
	}
	delivering.Wait()
	p.syncAtLast()
	want := slices.Concat(p.content(p.src, "INBOX"), linesOf(p, own))
	got := p.content(p.dst, "INBOX")
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("the destination has %d messages, want %d: %s", len(got), len(want), firstDifference(want, got))
	}
}

// A server that goes on working for longer than anybody waits: what it stores then keeps its UIDs, is sent by nobody a second time, and
// what the source has taken away of its flags since is taken away from it, too.
func TestUIDs_arriveAfterTheyWereGivenUp(t *testing.T) {
	t.Parallel()
	for _, layout := range []string{dovecot.Maildir, dovecot.Sdbox} {
		t.Run(layout, func(t *testing.T) {
			t.Parallel()
			p := dsyncPair(t, layout)
			p.settle = time.Second
			mails := letters(60, 5_000, "a")
			for i := range mails {
				mails[i].flags = []string{`\Seen`}
			}
			p.fill(p.src, "INBOX", mails...)
			proxy := p.interruptAt(&p.dsync, 150_000, faultproxy.Fault{Rate: 250_000})
			p.in(p.src, "INBOX", func(c *imap.Client) {
				store(t, c, "1:60", "-", `\Seen`)
				store(t, c, "7", "+", `\Flagged`)
			})
			direct := p.dsync
			p.dsync = "127.0.0.1:1" // nobody goes on before it has arrived
			_, _ = p.trySync(p.engine())
			before := len(p.content(p.dst, "INBOX"))
			if before == 60 || len(p.row().Voids) == 0 {
				t.Fatalf("%d are there, and %d batches were given up", before, len(p.row().Voids))
			}
			p.dsync = direct
			proxy.Set(faultproxy.ToServer, faultproxy.Fault{})
			proxy.Set(faultproxy.ToClient, faultproxy.Fault{})
			for deadline := time.Now().Add(time.Minute); len(p.content(p.dst, "INBOX")) == before && time.Now().Before(deadline); {
				<-time.After(50 * time.Millisecond)
			}
			p.syncAtLast()
			p.wantNumbers("INBOX", "INBOX")
			p.wantEqual("INBOX", "INBOX")
		})
	}
}

// linesOf are what content says of messages.
func linesOf(p *pair, mails []mail) []string {
	p.t.Helper()
	p.fill(p.src, "INBOX.Reference", mails...)
	return p.content(p.src, "INBOX.Reference")
}

// Two with ledgers of their own, at the same time.
func TestUIDs_twoAtOnce(t *testing.T) {
	t.Parallel()
	p := dsyncPair(t, dovecot.Mdbox)
	p.fill(p.src, "INBOX", letters(300, 500, "inbox")...)
	p.fill(p.src, "INBOX.Work", letters(50, 500, "work")...)
	first := p.engine()
	p.newLedger()
	second := p.engine()
	var both sync.WaitGroup
	for _, engine := range []interface {
		RunSlice(context.Context, rehome.Account, time.Time, pass.Budget) (pass.Result, error)
	}{first, second} {
		both.Go(func() {
			for range 5 {
				_, _ = engine.RunSlice(context.Background(), account, time.Now(), pass.DefaultBudget) // whatever it says, it goes on
			}
		})
	}
	both.Wait()
	p.syncAtLast()
	p.wantSame("INBOX", "INBOX")
	p.wantSame("INBOX.Work", "Work")
}

// An earlier pass went by IMAP: what it brought stays as it is, and the rest has a reason.
func TestUIDs_behindAPassByIMAP(t *testing.T) {
	t.Parallel()
	p := dsyncPair(t, dovecot.Sdbox)
	dsync := p.dsync
	p.fill(p.src, "INBOX", letters(10, 500, "inbox")...)
	p.dsync = ""
	p.sync()
	p.dsync = dsync
	wantNoFinding(t, uidCodes, p.sync().Findings)
	p.fill(p.src, "INBOX", letters(2, 500, "later")...)
	p.fill(p.src, "INBOX.New", letters(2, 500, "new")...)
	total := p.sync()
	if want := []string{"uids_not_kept INBOX"}; !sameFindings(total.Findings, want) {
		t.Errorf("got %v, want %q", total.Findings, want)
	}
	p.wantNumbers("INBOX.New", "New")
	p.wantEqual("INBOX", "INBOX")
}

// What is deleted at the source goes at the destination with mirror, also where it was brought by dsync.
func TestUIDs_mirror(t *testing.T) {
	t.Parallel()
	p := dsyncPair(t, dovecot.Maildir)
	p.deletions = rehome.DeletionsMirror
	p.fill(p.src, "INBOX", letters(40, 500, "inbox")...)
	p.sync()
	p.remove(p.src, "INBOX", 3, 40)
	p.fill(p.src, "INBOX", letters(1, 500, "later")...)
	p.sync()
	p.wantNumbers("INBOX", "INBOX")
	p.wantEqual("INBOX", "INBOX")
}

// A dsync-server that cannot be reached stops the mail: by IMAP it would lose its UIDs for good.
func TestUIDs_withoutAnAnswer(t *testing.T) {
	t.Parallel()
	p := dsyncPair(t, dovecot.Sdbox)
	p.fill(p.src, "INBOX", letters(5, 500, "inbox")...)
	address := p.dsync
	p.dsync = "127.0.0.1:1"
	total, err := p.trySync(p.engine())
	if err == nil || total.Tally.Copied != 0 || rehome.ClassOf(err) != rehome.ClassTemporary {
		t.Errorf("copied %d: %v", total.Tally.Copied, err)
	}
	p.dsync = address
	wantNoFinding(t, uidCodes, p.sync().Findings)
	p.wantNumbers("INBOX", "INBOX")
}

// The source's connection ends once in the middle of a message: that one is asked for again in its turn, because behind the others
// its UID would be lost.
func TestUIDs_sourceBreaksOff(t *testing.T) {
	t.Parallel()
	p := dsyncPair(t, dovecot.Mdbox)
	p.fill(p.src, "INBOX", letters(40, 8000, "inbox")...)
	proxy, err := faultproxy.New(p.src.IMAP)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = proxy.Close() })
	p.srcVia = proxy.Addr()
	var cut atomic.Bool
	proxy.Plan(func(int) *faultproxy.Faults {
		if cut.Swap(true) {
			return nil
		}
		return &faultproxy.Faults{ToClient: faultproxy.Fault{CutAfter: 150_000}}
	})
	_, _ = p.trySync(p.engine()) // breaks off
	p.syncAtLast()
	if proxy.Counts().Cuts != 1 {
		t.Fatalf("%d cuts, want 1", proxy.Counts().Cuts)
	}
	p.wantNumbers("INBOX", "INBOX")
	p.wantEqual("INBOX", "INBOX")
}

// A pass by IMAP came between, and so did its user's own mail: under UIDs that would have been the same, and under GUIDs of the
// server's. Both stay as they are, and what comes later keeps its UIDs if they are still free.
func TestUIDs_behindMessagesOfOtherWays(t *testing.T) {
	t.Parallel()
	for _, layout := range []string{dovecot.Maildir, dovecot.Sdbox, dovecot.Mdbox} {
		t.Run(layout, func(t *testing.T) {
			t.Parallel()
			p := dsyncPair(t, layout)
			p.fill(p.src, "INBOX", letters(20, 300, "by dsync")...)
			p.sync()
			via := p.dsync
			p.dsync = ""
			p.fill(p.src, "INBOX", letters(10, 300, "by IMAP")...)
			p.sync()
			p.fill(p.dst, "INBOX", letters(2, 300, "the user's own")...)
			before := p.numbers(p.dst, "INBOX")
			p.dsync = via
			p.fill(p.src, "INBOX", letters(5, 300, "by dsync again")...) // 31 and 32 are given out, 33 to 35 are not
			p.sync()
			if got, want := p.numbers(p.dst, "INBOX"), strings.NewReplacer("UIDNEXT 33", "UIDNEXT 38", "1:32", "1:37").Replace(before); got != want {
				t.Errorf("%s, want %s", got, want)
			}
			if total := p.sync(); total.Tally.Copied != 0 || total.Census.Deserted != 0 {
				t.Errorf("the next pass: %+v %+v", total.Tally, total.Census)
			}
		})
	}
}

// The line to the destination is cut, and so is the one to the source while what has arrived is looked up. The message at which that
// came is not asked again at once: its copy is not given to an equal message meanwhile, or it would be sent anew, behind all others.
func TestUIDs_equalMessagesOfWhichOneIsSetAside(t *testing.T) {
	t.Parallel()
	p := dsyncPair(t, dovecot.Maildir)
	p.settle = time.Second
	mails := letters(20, 3000, "inbox")
	p.fill(p.src, "INBOX", append(mails, mails[:5]...)...)
	direct, proxy := p.dsync, faultproxy.Open(t, p.dsync)
	proxy.Set(faultproxy.ToServer, faultproxy.Fault{CutAfter: 40_000})
	p.dsync = proxy.Addr()
	if _, err := slice(t.Context(), p.engine(), time.Now(), pass.DefaultBudget); err == nil {
		t.Fatal("the conversation was not cut")
	}
	p.dsync = direct
	if err := p.ledger.Suspect(t.Context(), p.row(), 3); err != nil {
		t.Fatal(err)
	}
	wantNoFinding(t, uidCodes, p.syncAtLast().Findings)
	p.wantNumbers("INBOX", "INBOX")
	p.wantEqual("INBOX", "INBOX")
}

// A conversation was cut, and mail was delivered meanwhile: the destination has stored what was sent under other UIDs. That is said.
func TestUIDs_storedUnderOthers(t *testing.T) {
	t.Parallel()
	p := dsyncPair(t, dovecot.Sdbox)
	p.fill(p.src, "INBOX", letters(3, 500, "inbox")...)
	p.sync()
	later := letters(2, 500, "later")
	p.fill(p.src, "INBOX", later...)
	p.fill(p.dst, "INBOX", append(letters(1, 500, "delivered"), later...)...)
	items := []ledger.Item{{UID: 4}, {UID: 5}}
	if _, err := p.ledger.Intend(t.Context(), p.row(), 4, items); err != nil {
		t.Fatal(err)
	}
	total := p.sync()
	if want := []string{"uids_not_kept INBOX"}; total.Tally.Copied != 2 || !sameFindings(total.Findings, want) {
		t.Errorf("copied %d, got %v, want %q", total.Tally.Copied, total.Findings, want)
	}
	p.wantCount(p.dst, "INBOX", 6)
}
