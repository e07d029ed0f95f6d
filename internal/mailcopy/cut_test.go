// SPDX-License-Identifier: Apache-2.0

package mailcopy_test

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"rehome"
	"rehome/internal/mailcopy"
	"rehome/internal/pass"
	"rehome/lab/dovecot"
	"rehome/lab/faultproxy"
)

// cuts is how many connections a run of the cut test loses before it is left in peace.
const cuts = 12

// Connections of either side are cut at random bytes, again and again; in the end both ends hold the
// same messages, each as often as the source has it.
func TestSync_connectionsCutAtRandomBytes(t *testing.T) {
	t.Parallel()
	for _, layout := range []string{dovecot.Sdbox, dovecot.Mdbox, dovecot.Maildir} {
		t.Run(layout, func(t *testing.T) {
			t.Parallel()
			p := newPair(t, dovecot.Options{Layout: dovecot.Maildir, Prefix: "INBOX."}, dovecot.Options{Layout: layout, Separator: "/"})
			twins := letters(40, 4000, "twin")
			for i := range twins {
				twins[i] = twins[i/2*2]
			}
			p.fill(p.src, "INBOX", append(letters(700, 4000, "a"), twins...)...)
			p.fill(p.src, "INBOX.Big", letters(6, 2<<20, "big")...)
			chance := rand.New(rand.NewPCG(7, uint64(len(layout))))
			p.survive(chance)
			p.wantSame("INBOX", "INBOX")
			p.wantSame("INBOX.Big", "Big")
			if r := p.sync(); r.Tally != (mailcopy.Tally{}) {
				t.Errorf("a pass after the last one did something: %+v", r.Tally)
			}
		})
	}
}

// survive syncs through proxies that cut connections at random bytes, then once without.
func (p *pair) survive(chance *rand.Rand) {
	p.t.Helper()
	for i := range cuts {
		victim := p.src.IMAP
		if i%2 == 1 {
			victim = p.dst.IMAP
		}
		proxy, err := faultproxy.New(victim)
		if err != nil {
			p.t.Fatal(err)
		}
		direction := faultproxy.Direction(chance.IntN(2))
		bytes := 200 + chance.Int64N(4<<20)
		if victim == p.src.IMAP && direction == faultproxy.ToServer || victim == p.dst.IMAP && direction == faultproxy.ToClient {
			bytes = 50 + chance.Int64N(2000) // little flows that way
		}
		end := faultproxy.FIN
		if chance.IntN(2) == 0 {
			end = faultproxy.RST
		}
		proxy.Set(direction, faultproxy.Fault{CutAfter: bytes, End: end})
		p.srcVia, p.dstVia = p.src.IMAP, p.dst.IMAP
		if victim == p.src.IMAP {
			p.srcVia = proxy.Addr()
		} else {
			p.dstVia = proxy.Addr()
		}
		_, err = slice(context.Background(), p.engine(), time.Now(), pass.DefaultBudget)
		if class := rehome.ClassOf(err); err != nil && class != rehome.ClassTemporary && class != rehome.ClassAuth {
			p.t.Errorf("cut %d after %d bytes: class %s: %v", i, bytes, class, err)
		}
		if err := proxy.Close(); err != nil {
			p.t.Error(err)
		}
	}
	p.srcVia, p.dstVia = p.src.IMAP, p.dst.IMAP
	p.sync()
}
