// SPDX-License-Identifier: Apache-2.0

package conductor

import (
	"fmt"
	"math"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"rehome/internal/pass"
)

// mover plays a pass: accounts of one size, of which some messages are new, with a time for a look and for each new message.
type mover struct {
	accounts, workers, messages, fresh int
	look, each                         time.Duration
	known                              bool // a pass has been there before
	swept                              int  // of the old messages, gone from the source since
}

const messageSize = 10_000

// play runs the pass and returns, for each tenth of its time, what was said to be left and what was.
func (m mover) play(t *testing.T) (said, was []time.Duration) {
	t.Helper()
	p := NewProgress()
	size := &pass.Size{Messages: int64(m.messages), Octets: int64(m.messages) * messageSize, There: int64(m.messages)}
	if !m.known {
		size = nil
	}
	queue := make(chan string, m.accounts)
	for i := range m.accounts {
		p.Expect(size)
		queue <- fmt.Sprint(i)
	}
	close(queue)
	begun := time.Now()
	var workers sync.WaitGroup
	for range m.workers {
		workers.Go(func() {
			for account := range queue {
				m.move(p, account, size)
			}
		})
	}
	var looks []time.Duration
	over := make(chan struct{})
	go func() { workers.Wait(); close(over) }()
	for running := true; running; {
		select {
		case <-over:
			running = false
		case <-time.After(time.Second):
			looks = append(looks, p.Snapshot().Left)
		}
	}
	whole := time.Since(begun)
	for i, left := range looks {
		said, was = append(said, left), append(was, whole-time.Duration(i+1)*time.Second)
	}
	return said, was
}

func (m mover) move(p *Progress, account string, size *pass.Size) {
	p.Begin(account, size)
	time.Sleep(m.look / 2)
	there := m.messages - m.swept
	p.Looked(account, int64(there+m.fresh), int64(there+m.fresh)*messageSize)
	time.Sleep(m.look / 2)
	if m.known {
		p.Present(account, int64(there))
	}
	for range m.fresh {
		time.Sleep(m.each)
		p.Copied(account, 1, messageSize)
	}
	p.Finished(account, false)
}

// wantClose wants an estimate from a third of the pass on, until its last seconds, that is off by no more than a fifth.
func wantClose(t *testing.T, said, was []time.Duration) {
	t.Helper()
	for i := len(said) / 3; i < len(said) && was[i] > 15*time.Second; i++ {
		if off := math.Abs(said[i].Seconds()/was[i].Seconds() - 1); off > 0.2 {
			t.Fatalf("after %d s of %d: said %v, was %v", i+1, len(said), said[i], was[i])
		}
	}
}

func TestLeft_secondPassOverMostlyUnchangedMail(t *testing.T) {
	t.Parallel()
	for name, m := range map[string]mover{
		"some new mail everywhere": {accounts: 400, workers: 8, messages: 10_000, fresh: 10, look: 2 * time.Second, each: 100 * time.Millisecond},
		"as much gone as has come": {accounts: 400, workers: 8, messages: 10_000, fresh: 10, swept: 10, look: 2 * time.Second,
			each: 100 * time.Millisecond},
		"no new mail at all": {accounts: 400, workers: 8, messages: 10_000, look: 3 * time.Second},
		"one account":        {accounts: 1, workers: 1, messages: 100_000, fresh: 1000, look: time.Second, each: 100 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m.known = true
			synctest.Test(t, func(t *testing.T) { said, was := m.play(t); wantClose(t, said, was) })
		})
	}
}

func TestLeft_firstPass(t *testing.T) {
	t.Parallel()
	m := mover{accounts: 8, workers: 8, messages: 0, fresh: 1000, look: time.Second, each: 100 * time.Millisecond}
	synctest.Test(t, func(t *testing.T) {
		said, was := m.play(t)
		wantClose(t, said, was)
		for i := range int(firstEstimate/time.Second) - 1 {
			if said[i] != 0 {
				t.Errorf("after %d s: %v is guessed", i+1, said[i])
			}
		}
	})
}

// As long as nobody knows how large some accounts are, nobody knows how long they take.
func TestLeft_unknownAccounts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := NewProgress()
		for range 3 {
			p.Expect(nil)
		}
		p.Begin("anna", nil)
		p.Looked("anna", 1000, 1000*messageSize)
		for range 30 {
			time.Sleep(time.Second)
			p.Copied("anna", 10, 10*messageSize)
		}
		if s := p.Snapshot(); s.Left != 0 || s.Known != 1 || s.Accounts != 3 || s.Messages != 1000 {
			t.Errorf("got %+v, want one of three accounts known and no time", s)
		}
		for _, name := range []string{"bert", "carl"} {
			p.Begin(name, nil)
			p.Looked(name, 0, 0)
		}
		if s := p.Snapshot(); s.Left != 70*time.Second || s.Known != 3 {
			t.Errorf("got %+v, want all known and 70 s", s)
		}
		p.Finished("anna", true)
		if s := p.Snapshot(); s.Left != 0 || s.Messages != 1000 || s.Done != 300 {
			t.Errorf("got %+v: what a failed account has left behind is not waited for", s)
		}
	})
}

// What was found unchanged is no speed, and a connection that stands still has none.
func TestSpeed_isOfWhatWasCarriedLately(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := NewProgress()
		p.Expect(nil)
		p.Begin("anna", nil)
		p.Looked("anna", 100_000, 100_000*messageSize)
		time.Sleep(time.Minute)
		p.Present("anna", 99_000)
		if s := p.Snapshot(); s.MessagesPerSecond != 0 || s.OctetsPerSecond != 0 || s.Done != 99_000 {
			t.Errorf("unchanged: got %+v, want no speed", s)
		}
		for range 30 {
			time.Sleep(time.Second)
			p.Copied("anna", 10, 10*messageSize)
		}
		if s := p.Snapshot(); math.Abs(s.MessagesPerSecond-10) > 2 || math.Abs(s.OctetsPerSecond-10*messageSize) > 2*messageSize {
			t.Errorf("copying: got %+v, want 10 messages a second", s)
		}
		time.Sleep(time.Minute)
		if s := p.Snapshot(); s.MessagesPerSecond != 0 {
			t.Errorf("standing: got %+v", s)
		}
		time.Sleep(longWindow)
		if s := p.Snapshot(); s.Left != 0 {
			t.Errorf("standing for long: got %v left", s.Left)
		}
	})
}

func TestTotals_doNotJumpWhenAnAccountBegins(t *testing.T) {
	t.Parallel()
	p := NewProgress()
	sizes := []pass.Size{{Messages: 1000, Octets: 5000, There: 900}, {Messages: 10, Octets: 50, There: 10}, {Messages: 7, There: 0}, {}}
	for i := range sizes {
		p.Expect(&sizes[i])
	}
	before := p.Snapshot()
	if before.Messages != 1017 || before.Done != 910 || before.Octets != -1 || before.Known != 4 || before.Accounts != 4 {
		t.Errorf("got %+v", before)
	}
	same := func(when string, messages int64) {
		t.Helper()
		if s := p.Snapshot(); s.Messages != messages || s.Done != before.Done || s.Accounts != 4 || s.Known != 4 {
			t.Errorf("%s: got %+v", when, s)
		}
	}
	for i := range sizes {
		p.Begin(fmt.Sprint(i), &sizes[i])
		same("begun", 1017)
	}
	p.Looked("0", 1000, 5000)
	same("looked", 1017)
	p.Present("0", 500)
	same("half found", 1017)
	p.Looked("1", 12, 60)
	same("two more have come", 1019)
	p.Finished("1", false)
	same("finished", 1019)
}

func TestWindow_forgetsWhatIsLongAgo(t *testing.T) {
	t.Parallel()
	w := window{began: time.Unix(1000, 0)}
	at := func(after time.Duration) time.Time { return w.began.Add(after) }
	w.add(at(0), load{messages: 1})
	w.add(at(7*time.Second), load{messages: 2})
	if l, span := w.last(at(8*time.Second), longWindow); l.messages != 3 || span != 8*time.Second {
		t.Errorf("got %+v in %v", l, span)
	}
	if l, span := w.last(at(longWindow+bucketTime), longWindow); l.messages != 0 || span != longWindow-bucketTime {
		t.Errorf("long after: got %+v in %v", l, span)
	}
	w.add(at(longWindow+bucketTime), load{messages: 4}) // in the place of the second
	if l, _ := w.last(at(longWindow+2*bucketTime), longWindow); l.messages != 4 {
		t.Errorf("anew: got %+v", l)
	}
	if l, span := w.last(at(0), shortWindow); span != 0 || l.messages != 1 {
		t.Errorf("at once: got %+v in %v", l, span)
	}
}
