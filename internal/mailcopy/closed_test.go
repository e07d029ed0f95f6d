// SPDX-License-Identifier: Apache-2.0

package mailcopy_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// A mailbox that the source refuses to open costs no connection: what was asked behind the opening is answered with BAD, which was
// to be expected, and the next mailbox is opened behind that.
func TestSync_aMailboxThatIsRefusedCostsNoConnection(t *testing.T) {
	t.Parallel()
	p := atmailPair(t)
	p.worth = time.Hour
	for _, mailbox := range []string{"INBOX.Closed", "INBOX.Open"} {
		p.fill(p.src, mailbox, letters(1, 300_000, mailbox)...)
	}
	var logins atomic.Int64
	p.srcVia = dictate(t, p.src.IMAP, func(line string) string {
		if strings.Contains(line, " AUTHENTICATE ") {
			logins.Add(1)
		}
		return strings.Replace(line, `EXAMINE "INBOX.Closed"`, `EXAMINE "INBOX.Nowhere"`, 1)
	})
	total := p.sync()
	if total.Tally.Copied != 1 || total.Census.Stuck != 1 {
		t.Errorf("%+v, census %+v; want the open mailbox copied, and the closed one named", total.Tally, total.Census)
	}
	if n := logins.Load(); n != 1 {
		t.Errorf("%d log-ins at the source, want one", n)
	}
	p.wantEqual("INBOX.Open", "Open")
}
