// SPDX-License-Identifier: Apache-2.0

package mailcopy_test

import (
	"fmt"
	"testing"
	"time"

	"rehome"
	"rehome/internal/mailcopy"
	"rehome/lab/faultproxy"
)

// most is how often an end may answer in a pass with nothing to do, whatever the number of messages.
const most = 6

// wantRoundTrips proves that a pass costs no more at one end. A machine that is busy otherwise takes
// what was sent at once apart, and gets another try.
func (p *pair) wantRoundTrips(end string, via *string) {
	p.t.Helper()
	got := p.roundTrips(end, via)
	for try := 0; try < 5 && got > most; try++ {
		got = min(got, p.roundTrips(end, via))
	}
	if got > most {
		p.t.Errorf("%d round trips, want %d at most", got, most)
	}
}

// roundTrips counts how often one end answers in a pass, on a line so long that whatever is sent
// without waiting arrives together.
func (p *pair) roundTrips(slow string, via *string) int {
	p.t.Helper()
	const oneWay = 75 * time.Millisecond
	proxy := faultproxy.Open(p.t, slow)
	proxy.Set(faultproxy.ToServer, faultproxy.Fault{Delay: oneWay})
	proxy.Set(faultproxy.ToClient, faultproxy.Fault{Delay: oneWay})
	direct := *via
	defer func() { *via = direct }()
	*via = proxy.Addr()
	if _, err := p.trySync(p.engine()); err != nil {
		p.t.Fatal(err)
	}
	return proxy.Counts().RoundTrips
}

// A pass with nothing to do costs the same few round trips, whatever was deleted or kept before.
func TestQuiet_roundTrips(t *testing.T) {
	t.Parallel()
	p := atmailPair(t)
	p.deletions = rehome.DeletionsMirror
	for i := range 20 {
		p.fill(p.src, fmt.Sprintf("INBOX.Box %d", i), letters(25, 300, fmt.Sprint(i))...)
	}
	p.sync()
	p.expunge(p.src, "INBOX.Box 1", "1:3")
	p.delete(p.src, "INBOX.Box 2")
	p.expunge(p.dst, "Box 3", "1:3")
	p.mark(p.dst, "Box 1", "2", `\Flagged`)
	p.confirm = true
	wantTally(t, p.sync(), mailcopy.Tally{Removed: 27, Kept: 1, Deserted: 3})
	p.confirm = false
	p.wantRoundTrips(p.src.IMAP, &p.srcVia)
	p.wantRoundTrips(p.dst.IMAP, &p.dstVia)
	p.deletions = rehome.DeletionsKeep
	p.wantRoundTrips(p.src.IMAP, &p.srcVia)
	p.wantRoundTrips(p.dst.IMAP, &p.dstVia)
}

// A pass that finds a message in each mailbox opens it and reads the message, and opens the copy and writes it: two round trips for
// each at either end, and the few of any pass.
func TestDelta_roundTrips(t *testing.T) {
	t.Parallel()
	const boxes, of = 6, 12
	for _, end := range []string{"source", "destination"} {
		p := atmailPair(t)
		p.worth = time.Hour // one connection: each log-in would count
		for i := range boxes {
			p.fill(p.src, fmt.Sprintf("INBOX.Box %d", i), letters(of, 300, fmt.Sprint(i))...)
		}
		p.sync()
		p.sync()
		for i := range boxes {
			p.fill(p.src, fmt.Sprintf("INBOX.Box %d", i), letters(2, 300, fmt.Sprint("new ", i))...)
		}
		server, via := p.src, &p.srcVia
		if end == "destination" {
			server, via = p.dst, &p.dstVia
		}
		if got, want := p.roundTrips(server.IMAP, via), 2*boxes+10; got > want {
			t.Errorf("%d round trips to the %s, want %d at most", got, end, want)
		}
		for i := range boxes {
			p.wantCount(p.dst, fmt.Sprintf("Box %d", i), of+2)
		}
	}
}
