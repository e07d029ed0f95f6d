// SPDX-License-Identifier: Apache-2.0

package pim_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"rehome/internal/content/pim"
	"rehome/lab"
	"rehome/lab/atmail7"
	"rehome/lab/corpus"
	"rehome/lab/faultproxy"
)

// blows is how often the copy is hit: kills, and as many cuts. REHOME_SOAK raises it, REHOME_SEED repeats a run.
func blows(t *testing.T) (count int, rng *rand.Rand) {
	t.Helper()
	number := func(name string, otherwise uint64) uint64 {
		text := os.Getenv(name)
		if text == "" {
			return otherwise
		}
		n, err := strconv.ParseUint(text, 10, 64)
		must(t, err)
		return n
	}
	seed := number("REHOME_SEED", uint64(time.Now().UnixNano()))
	count = int(number("REHOME_SOAK", 4))
	t.Logf("REHOME_SOAK=%d REHOME_SEED=%d", count, seed)
	return count, rand.New(rand.NewPCG(seed, 0))
}

const (
	hitContacts = 120
	hitEvents   = 160
)

// hit is a move of one person with a fault proxy before the destination.
type hit struct {
	src      *atmail7.Server
	operator move
	proxy    *faultproxy.Proxy
}

func newHit(t *testing.T) *hit {
	t.Helper()
	l := lab.Open(t)
	people := []corpus.Person{corpus.PIMPerson(host, password, hitContacts, hitEvents)}
	src := source(t, l, people)
	dst := radicale(t, l, people)
	proxy, err := faultproxy.New(hostOf(t, dst))
	must(t, err)
	t.Cleanup(func() { must(t, proxy.Close()) })
	h := &hit{src: src, operator: newOperator(t, people, src.IMAP, src.DAV, "http://"+proxy.Addr()+"/", ""), proxy: proxy}
	h.operator.dst = dst
	return h
}

// edit changes most events at the source, so that every blow meets a copy at work.
func (h *hit) edit(t *testing.T, round int) {
	t.Helper()
	for _, statement := range []string{
		fmt.Sprintf(`UPDATE calendarObjects SET calendardata = REPLACE(calendardata, 'DESCRIPTION:', 'DESCRIPTION:%d '), etag = MD5(calendardata), size = LENGTH(calendardata)`, round),
		"UPDATE calendars SET ctag = ctag + 1",
	} {
		if _, err := h.src.DB().ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
}

// wantWhole finishes the copy undisturbed: nothing twice, nothing lost.
func (h *hit) wantWhole(t *testing.T) {
	t.Helper()
	h.proxy.Plan(nil)
	h.operator.Want(t, 0, "sync", "--quiet", "--only", "contacts,calendars")
	verdicts, objects := verify(t, h.operator).all(t)
	if n := verdicts[pim.StateIdentical] + verdicts[pim.StateEqual] + verdicts[pim.StateCosmetic]; n != hitContacts+hitEvents {
		t.Errorf("%d objects are as at the source, want %d: %v", n, hitContacts+hitEvents, verdicts)
	}
	for _, o := range objects {
		t.Errorf("%s %s: %s", o.Verdict, o.Object, o.Sentence)
	}
}

// A copy that is killed at any moment goes on where it was.
func TestAdversity_killed(t *testing.T) {
	t.Parallel()
	h := newHit(t)
	count, rng := blows(t)
	ended := 0
	for round := range count {
		h.edit(t, round)
		command := h.operator.Command(t.Context(), "sync", "--quiet", "--only", "contacts,calendars")
		must(t, command.Start())
		time.AfterFunc(time.Duration(20+rng.IntN(400))*time.Millisecond, func() { _ = command.Process.Kill() }) // SIGKILL; it may have ended
		if command.Wait() == nil {
			ended++
		}
	}
	t.Logf("%d kills, of which %d came too late", count, ended)
	h.wantWhole(t)
}

// A connection that is cut at any octet, in any direction, loses and doubles nothing, and what was on its
// way is known again though the source has changed it meanwhile.
func TestAdversity_cut(t *testing.T) {
	t.Parallel()
	h := newHit(t)
	count, rng := blows(t)
	for round := range count {
		h.edit(t, round)
		direction, end, left := faultproxy.Direction(rng.IntN(2)), faultproxy.End(rng.IntN(2)), 2
		at := 1 + rng.Int64N(40_000)
		h.proxy.Plan(func(int) *faultproxy.Faults {
			if left--; left < 0 {
				return nil
			}
			fault := faultproxy.Fault{CutAfter: at, End: end}
			if direction == faultproxy.ToServer {
				return &faultproxy.Faults{ToServer: fault}
			}
			return &faultproxy.Faults{ToClient: fault}
		})
		command := h.operator.Command(t.Context(), "sync", "--quiet", "--only", "contacts,calendars")
		must(t, command.Start())
		time.AfterFunc(time.Duration(1000+rng.IntN(1500))*time.Millisecond, func() { _ = command.Process.Kill() })
		_ = command.Wait() // cut, or killed, or through
	}
	t.Logf("%d times the first two connections were cut", count)
	h.wantWhole(t)
}
