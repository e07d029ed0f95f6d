// SPDX-License-Identifier: Apache-2.0

package mailcopy_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"rehome/internal/pass"
	"rehome/lab/dovecot"
	"rehome/lab/faultproxy"

	"go.uber.org/goleak"
)

// Every goroutine of every test is gone at the end.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// who lists the sessions of the account as a server sees them.
func (p *pair) who(server *dovecot.Server) []string {
	p.t.Helper()
	out, err := server.Exec(context.Background(), "who", "-1", address)
	if err != nil {
		p.t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(out)), "\n")[1:] // the first line is a heading
}

// wantNobody proves that no session is left at either server. A server notices an end a moment later.
func (p *pair) wantNobody(when string) {
	p.t.Helper()
	for side, server := range map[string]*dovecot.Server{"source": p.src, "destination": p.dst} {
		who := p.who(server)
		for deadline := time.Now().Add(10 * time.Second); len(who) > 0 && time.Now().Before(deadline); who = p.who(server) {
			time.Sleep(20 * time.Millisecond)
		}
		if len(who) > 0 {
			p.t.Errorf("%s: the %s still sees\n%s", when, side, strings.Join(who, "\n"))
		}
	}
}

func TestSync_connectionsAreGoneHoweverItEnds(t *testing.T) {
	t.Parallel()
	p := atmailPair(t)
	for _, mailbox := range []string{"INBOX", "INBOX.A", "INBOX.B", "INBOX.C"} {
		p.fill(p.src, mailbox, letters(150, 4000, mailbox)...)
	}
	c := p.client(p.dst)
	if who := p.who(p.dst); len(who) != 1 {
		t.Fatalf("one session is open, the server sees %q", who)
	}
	p.logout(c)
	proxy := faultproxy.Open(t, p.dst.IMAP)

	p.dstVia = proxy.Addr()
	proxy.Set(faultproxy.ToServer, faultproxy.Fault{CutAfter: 150_000, End: faultproxy.RST})
	if _, err := p.engine().RunSlice(t.Context(), account, time.Now(), pass.DefaultBudget); err == nil {
		t.Fatal("the connections were not cut")
	}
	p.wantNobody("after the connections were cut")

	p.fill(p.src, "INBOX.D", letters(300, 4000, "D")...) // the others wait for what may still arrive
	proxy.Set(faultproxy.ToServer, faultproxy.Fault{Rate: 200_000})
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(300*time.Millisecond, cancel)
	if _, err := p.engine().RunSlice(ctx, account, time.Now(), pass.DefaultBudget); err == nil {
		t.Fatal("the slice was over before it was cancelled")
	}
	p.wantNobody("after it was cancelled")

	p.dstVia = p.dst.IMAP
	p.sync()
	p.wantNobody("after a pass")
	p.wantSame("INBOX.C", "C")
}
