// SPDX-License-Identifier: Apache-2.0

package mailcopy_test

import (
	"context"
	"testing"
	"time"

	"rehome/internal/mailcopy"
	"rehome/internal/pass"
	"rehome/lab/dovecot"
	"rehome/lab/faultproxy"
)

// The connection is gone, and what was under way arrives seconds later: it is found then, nothing is sent
// twice, and nothing that is there is taken for deleted.
func TestSync_workDoneAfterTheConnectionWasGone(t *testing.T) {
	t.Parallel()
	for _, layout := range []string{dovecot.Sdbox, dovecot.Maildir} {
		t.Run(layout, func(t *testing.T) {
			t.Parallel()
			p := newPair(t, dovecot.Options{Layout: dovecot.Maildir, Prefix: "INBOX."}, dovecot.Options{Layout: layout, Separator: "/"})
			p.settle = 10 * time.Second
			p.fill(p.src, "INBOX", letters(300, 20_000, "a")...)
			p.fill(p.src, "INBOX.Other", letters(10, 2_000, "b")...)
			proxy := p.interrupt(2<<20, faultproxy.Fault{Delay: time.Second}) // so long is what was sent under way
			late := time.AfterFunc(4*time.Second, func() { proxy.Set(faultproxy.ToServer, faultproxy.Fault{}) })
			defer late.Stop()
			total := p.sync()
			if total.Tally.Deserted > 0 || total.Tally.Failed > 0 {
				t.Errorf("%+v: messages that are there were given up", total.Tally)
			}
			p.wantEqual("INBOX", "INBOX")
			p.wantEqual("INBOX.Other", "Other")
			if r := p.sync(); r.Tally != (mailcopy.Tally{}) {
				t.Errorf("a pass after the last one did something: %+v", r.Tally)
			}
		})
	}
}

// What arrives later than anybody could expect, after it was sent again, is named.
func TestSync_arrivesAfterItWasGivenUp(t *testing.T) {
	t.Parallel()
	single := "imap_capability = IMAP4rev1 LITERAL+ UIDPLUS NAMESPACE\n" // so that a part of a batch arrives
	p := newPair(t, dovecot.Options{Layout: dovecot.Maildir, Prefix: "INBOX."}, dovecot.Options{Layout: dovecot.Sdbox, Separator: "/", Extra: single})
	p.settle = time.Second
	p.fill(p.src, "INBOX", letters(300, 4_000, "a")...)
	proxy := p.interrupt(300_000, faultproxy.Fault{Rate: 250_000})
	p.sync()
	p.wantSame("INBOX", "INBOX")
	proxy.Set(faultproxy.ToServer, faultproxy.Fault{})
	before, now := 0, 300 // until all has arrived that was held up
	for deadline := time.Now().Add(30 * time.Second); (now == 300 || now > before) && time.Now().Before(deadline); {
		<-time.After(500 * time.Millisecond)
		before, now = now, len(p.content(p.dst, "INBOX"))
	}
	for range 2 {
		wantFinding(t, p.sync(), "arrived_twice")
	}
}

// interrupt begins a pass and ends it hard when octets have passed, with more of them held up in a network
// that does not deliver them before the returned proxy is told to.
func (p *pair) interrupt(octets int64, line faultproxy.Fault) *faultproxy.Proxy {
	p.t.Helper()
	return p.interruptAt(&p.dstVia, octets, line)
}

// interruptAt does so on the way to one of the services.
func (p *pair) interruptAt(service *string, octets int64, line faultproxy.Fault) *faultproxy.Proxy {
	p.t.Helper()
	direct := *service
	proxy := faultproxy.Open(p.t, direct)
	*service = proxy.Addr()
	line.Orphan = true // a server that noticed the end of its client would not work on what has arrived
	defer func() { *service = direct }()
	proxy.Set(faultproxy.ToServer, line)
	ctx, cancel := context.WithCancel(p.t.Context())
	defer cancel()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = p.engine().RunSlice(ctx, account, time.Now(), pass.DefaultBudget) // it is meant to fail
	}()
	deadline := time.After(time.Minute)
	for proxy.Counts().Bytes[faultproxy.ToServer] < octets {
		select {
		case <-ended:
			p.t.Fatal("the pass has ended too early")
		case <-deadline:
			p.t.Fatal("the pass does not come far enough")
		case <-time.After(5 * time.Millisecond):
		}
	}
	proxy.Set(faultproxy.ToServer, faultproxy.Fault{Stall: true})
	proxy.Set(faultproxy.ToClient, faultproxy.Fault{Stall: true}) // an answer to nobody would end the connection
	cancel()
	<-ended
	return proxy
}
