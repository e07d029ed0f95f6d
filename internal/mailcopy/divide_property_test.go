// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"math/rand/v2"
	"testing"

	"rehome/internal/protocol/imap"
)

// Whatever a destination keeps of a conversation that it ends, all messages that it takes are there at last, in order, and those
// that it does not take are named: nothing else is.
func TestDivision_property(t *testing.T) {
	t.Parallel()
	for seed := range uint64(300) {
		chance := rand.New(rand.NewPCG(seed, 18))
		every := []int{1, 10, 100, 1 << 30}[chance.IntN(4)] // it commits so many at a time, and the rest at a good end only
		bad := imap.UIDSet{}
		n := 1 + chance.IntN(400)
		for range chance.IntN(5) {
			bad.Add(imap.UID(1 + chance.IntN(n)))
		}
		if bad.Len() == n {
			continue // see TestDivision_hopeless
		}
		var d division
		var stored imap.UIDSet
		talks := 0
		for next := imap.UID(1); int(next) <= n; talks++ {
			if talks > 2000 {
				t.Fatalf("seed %d: no end in sight", seed)
			}
			var uids []imap.UID
			for uid := next; int(uid) <= n && (d.most == 0 || len(uids) < d.most); uid++ {
				if !d.rejected.Contains(uid) {
					uids = append(uids, uid)
				}
			}
			if len(uids) == 0 {
				break
			}
			good := 0
			for good < len(uids) && !bad.Contains(uids[good]) {
				good++
			}
			kept := good
			if good < len(uids) {
				kept -= good % every
			}
			for _, uid := range uids[:kept] {
				stored.Add(uid)
				next = uid + 1
			}
			if good == len(uids) {
				d.succeeded()
				continue
			}
			d.failed(uids, kept)
			if d.hopeless(!stored.Empty()) {
				t.Fatalf("seed %d: given up after %d", seed, talks)
			}
		}
		if stored.Len() != n-bad.Len() || !d.rejected.Minus(bad).Empty() || !bad.Minus(d.rejected).Empty() {
			t.Errorf("seed %d: stored %d of %d, rejected %s, want %s", seed, stored.Len(), n, d.rejected, bad)
		}
	}
}

// A message has to be alone three times in a row until it is to blame.
func TestDivision_blame(t *testing.T) {
	t.Parallel()
	var d division
	for _, uid := range []imap.UID{7, 7, 8, 7, 7} {
		d.failed([]imap.UID{uid}, 0)
	}
	if !d.rejected.Empty() {
		t.Errorf("rejected %s before it was its turn", d.rejected)
	}
	if d.failed([]imap.UID{7}, 0); d.rejected.String() != "7" {
		t.Errorf("rejected %q, want 7", d.rejected)
	}
}

// Where nothing at all is taken, no message is to blame, and none is put off.
func TestDivision_hopeless(t *testing.T) {
	t.Parallel()
	for taken, most := range map[bool]int{false: mostRejectedFirst, true: mostRejected} {
		var d division
		talks := 0
		for uid := imap.UID(1); ; uid++ {
			for range mostBlames {
				d.failed([]imap.UID{uid}, 0)
			}
			if talks++; d.hopeless(taken) {
				break
			}
		}
		if talks != most || !d.rejected.Empty() {
			t.Errorf("taken before %v: given up after %d with %s rejected, want %d and none", taken, talks, d.rejected, most)
		}
	}
}
