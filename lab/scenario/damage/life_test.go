// SPDX-License-Identifier: Apache-2.0

package damage_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rehome/lab/lmtp"
	"rehome/lab/operator"
)

// life is what happens in an account while it is verified: mail arrives, is read, moved and deleted, each time at both ends, one
// a moment behind the other. So the ends are equal but for what is just on its way. It touches its own letters only.
type life struct {
	src, dst *client
	random   *rand.Rand
	lmtp     string            // of the source
	where    map[string]string // each letter's mailbox
	read     map[string]bool
	born     int
	deeds    atomic.Int64
}

// pace is how often something happens.
const pace = 100 * time.Millisecond

// start begins to live, and returns what ends it and tells what went wrong.
func (m *move) start(seed uint64) (l *life, stop func() error) {
	m.t.Helper()
	l = &life{src: m.client(m.src), dst: m.client(m.dst), random: rand.New(rand.NewPCG(seed, 1)), lmtp: m.src.lmtp,
		where: map[string]string{}, read: map[string]bool{}}
	ending, end := context.WithCancel(m.t.Context())
	failed := make(chan error, 1)
	go func() {
		tick := time.NewTicker(pace)
		defer tick.Stop()
		for {
			select {
			case <-ending.Done():
				failed <- nil
				return
			case <-tick.C:
			}
			if err := l.deed(m.t.Context()); err != nil {
				failed <- err
				return
			}
			l.deeds.Add(1)
		}
	}()
	return l, func() error { end(); return <-failed }
}

// deed does one thing at both ends.
func (l *life) deed(ctx context.Context) error {
	all := slices.Sorted(maps.Keys(l.where))
	if len(all) < 3 {
		return l.arrive(ctx)
	}
	id := all[l.random.IntN(len(all))]
	at := l.where[id]
	switch l.random.IntN(6) {
	case 0, 1:
		return l.arrive(ctx)
	case 2:
		delete(l.where, id)
		return l.both(func(c *client) error { return c.remove(at, id) })
	case 3:
		to := mailboxes()[l.random.IntN(len(mailboxes()))]
		if to == at {
			return nil
		}
		l.where[id] = to
		return l.both(func(c *client) error { return c.move(at, id, to) })
	}
	change := `+FLAGS (\Seen)`
	if l.read[id] {
		change = `-FLAGS (\Seen)`
	}
	l.read[id] = !l.read[id]
	return l.both(func(c *client) error { return c.flag(at, id, change) })
}

// both does something at one end and then at the other.
func (l *life) both(do func(c *client) error) error {
	ends := []*client{l.src, l.dst}
	if l.random.IntN(2) == 0 {
		slices.Reverse(ends)
	}
	for _, c := range ends {
		if err := do(c); err != nil {
			return err
		}
	}
	return nil
}

// arrive brings a new letter: by the transport, which the other end gets from the source, or to both.
func (l *life) arrive(ctx context.Context) error {
	l.born++
	id := fmt.Sprintf("<life-%d@example.test>", l.born)
	text := fmt.Sprintf("From: carl@example.test\r\nSubject: life %d\r\nMessage-ID: %s\r\nDate: Mon, 2 Jan 2006 15:04:05 +0000\r\n\r\nNews %d.\r\n",
		l.born, id, l.born)
	if l.random.IntN(2) == 0 {
		l.where[id] = "INBOX"
		if err := lmtp.Deliver(ctx, l.lmtp, "carl@example.test", anna, []byte(text)); err != nil {
			return err
		}
		arrived, err := l.src.read("INBOX", id)
		if err != nil {
			return err
		}
		return l.dst.store("INBOX", arrived)
	}
	to := mailboxes()[l.random.IntN(len(mailboxes()))]
	l.where[id] = to
	return l.both(func(c *client) error { return c.store(to, letter{text, "", "10-Jan-2010 10:00:00 +0000"}) })
}

// answered is what the test looks at of "verify --json".
type answered struct {
	Verdict  string
	Accounts []struct {
		Verdict string
		Mail    struct {
			Differences []struct{ Kind, Mailbox, Object, Sentence string }
		}
	}
	Findings []struct{ Code, Object, Sentence string }
}

// seedOf is the seed of a run: another one each time, or that of REHOME_SEED.
func seedOf(t *testing.T) uint64 {
	t.Helper()
	seed, err := strconv.ParseUint(os.Getenv("REHOME_SEED"), 10, 64)
	if err != nil {
		seed = rand.Uint64N(1 << 20)
	}
	t.Logf("REHOME_SEED=%d", seed)
	return seed
}

// While people live in the account nothing of that is called damage; real damage is, and nothing else.
func TestDamage_noFalseAlarm(t *testing.T) {
	t.Parallel()
	for _, family := range families() {
		t.Run(family, func(t *testing.T) {
			t.Parallel()
			m := prepare(t, family)
			l, stop := m.start(seedOf(t))
			for _, args := range [][]string{{"--level", "full"}, {"--level", "full"}, {"--level", "metadata"}, {"--level", "counts"},
				{"--level", "full", "--reread"}} {
				m.wantNoAlarm(args...)
			}
			want := m.plantBoth()
			o := m.Run(t, "verify", "--json")
			if diff := cmp.Diff(want, differencesOf(operator.Decode[answered](t, o))); o.Code != 5 || diff != "" {
				t.Errorf("with real damage verify ended with %d: -planted +found\n%s", o.Code, diff)
			}
			must(t, stop())
			if l.deeds.Load() < 20 {
				t.Errorf("only %d things happened meanwhile", l.deeds.Load())
			}
			if v := m.both(); v.Code != 5 {
				t.Errorf("at rest verify ended with %d\n%s", v.Code, v.Out)
			}
			if found, _ := m.found(); !cmp.Equal(found, want) {
				t.Errorf("at rest: -planted +found\n%s", cmp.Diff(want, found))
			}
		})
	}
}

// wantNoAlarm verifies: what is only on its way may make it unknown, and never different.
func (m *move) wantNoAlarm(args ...string) {
	m.t.Helper()
	o := m.Run(m.t, append([]string{"verify", "--json"}, args...)...)
	v := operator.Decode[answered](m.t, o)
	if all := differencesOf(v); len(all) > 0 {
		m.t.Errorf("%v: %v", args, v.Accounts[0].Mail.Differences)
	}
	atRest := !slices.ContainsFunc(v.Findings, func(f struct{ Code, Object, Sentence string }) bool { return f.Code == "mailbox_not_at_rest" })
	if atRest && (o.Code != 0 || v.Verdict != "equal") {
		m.t.Errorf("%v ended with %d, %s: %+v", args, o.Code, v.Verdict, v.Findings)
	}
	m.t.Logf("%v: %s, at rest: %t", args, v.Accounts[0].Verdict, atRest)
}

func differencesOf(v answered) (all []string) {
	for _, a := range v.Accounts {
		for _, d := range a.Mail.Differences {
			all = append(all, d.Kind+" "+d.Mailbox+" "+d.Object)
		}
	}
	slices.Sort(all)
	return all
}

// plantBoth does real damage to letters that nobody works with.
func (m *move) plantBoth() []string {
	m.t.Helper()
	must(m.t, m.atDestination.remove("INBOX", idOf("INBOX", 0)))
	must(m.t, m.atDestination.flag("Work", idOf("Work", 1), `-FLAGS (\Flagged)`))
	return []string{"flags_differ INBOX.Work " + idOf("Work", 1), "missing_message INBOX " + idOf("INBOX", 0)}
}
