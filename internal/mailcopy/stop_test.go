// SPDX-License-Identifier: Apache-2.0

package mailcopy_test

import (
	"testing"
	"time"

	"rehome/internal/pass"
	"rehome/lab/dovecot"
	"rehome/lab/faultproxy"
)

// A pass that is told to stop brings to its end what is under way, on a slow line too, and leaves nothing for
// the next one to look up: that begins at once, without a wait.
func TestSync_stopFinishesWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	for name, dst := range map[string]dovecot.Options{
		"batches":         {Layout: dovecot.Sdbox, Separator: "/"},
		"single messages": {Layout: dovecot.Maildir, Separator: ".", Extra: "imap_capability = IMAP4rev1 LITERAL+ UIDPLUS NAMESPACE\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPair(t, dovecot.Options{Layout: dovecot.Maildir, Prefix: "INBOX."}, dst)
			p.settle = time.Hour
			p.fill(p.src, "INBOX", letters(600, 20_000, "a")...)
			p.fill(p.src, "INBOX.Other", letters(600, 20_000, "b")...)
			copied := p.stopAfter(1 << 20)
			t.Logf("%d messages were copied until the stop", copied)
			if copied < 10 || copied > 1000 {
				t.Errorf("%d messages were copied, want some", copied)
			}
			if r := p.sync(); r.Tally.Copied != 1200-copied || r.Tally.Adopted+r.Tally.Deserted+r.Tally.Failed > 0 {
				t.Errorf("after %d copied messages the next pass: %+v", copied, r.Tally)
			}
			p.wantEqual("INBOX", "INBOX")
			p.wantEqual("INBOX.Other", "Other")
		})
	}
}

// stopAfter begins a pass over a line of 500 kB/s, stops it in order when octets have passed, and returns how
// many messages it has copied.
func (p *pair) stopAfter(octets int64) (copied int) {
	p.t.Helper()
	proxy := faultproxy.Open(p.t, p.dst.IMAP)
	p.dstVia = proxy.Addr()
	defer func() { p.dstVia = p.dst.IMAP }()
	proxy.Set(faultproxy.ToServer, faultproxy.Fault{Rate: 500_000})
	stop := make(chan struct{})
	budget := pass.DefaultBudget
	budget.Stop = stop
	ended := make(chan passed, 1)
	go func() {
		r, err := slice(p.t.Context(), p.engine(), time.Now(), budget)
		if err != nil || !r.More || len(r.Waits) > 0 {
			p.t.Errorf("the stopped slice: %v, %+v", err, r)
		}
		ended <- r
	}()
	deadline := time.After(time.Minute)
	for proxy.Counts().Bytes[faultproxy.ToServer] < octets {
		select {
		case <-deadline:
			p.t.Fatal("the pass does not come far enough")
		case <-time.After(5 * time.Millisecond):
		}
	}
	close(stop)
	return (<-ended).Tally.Copied
}
