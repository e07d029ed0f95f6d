// SPDX-License-Identifier: Apache-2.0

package imappair_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"rehome/lab"
	"rehome/lab/cyrus"
	"rehome/lab/dovecot"
	"rehome/lab/faultproxy"
	"rehome/lab/imappair"
)

// weather is how bad a destination and the line to it may be.
type weather struct {
	stall    time.Duration // at most
	slowest  int           // bytes a second
	messages int           // of a round at least, and as many again
	settings string        // for the move to get through it
}

const (
	fastest = 10 << 20 // bytes a second

	// stallShare of what is asked for is done at each kind of destination, in kills and in cuts: there are five, which
	// makes as many of each as were asked for.
	stallShare = 5

	// stallLanes moves to each kind of destination run at once in a soak: nearly all of their time they wait.
	stallLanes = 4
)

// stalls returns the weather, how many moves run at once, and how many rounds each has: mild and few unless a
// soak is asked for.
func stalls(t *testing.T) (w weather, lanes, rounds int) {
	t.Helper()
	if os.Getenv(soakVariable) == "" {
		return weather{stall: 1500 * time.Millisecond, slowest: 500_000, messages: 15, settings: "mail: {settle: 8s}\n"}, 1, 2
	}
	all := 2 * fromEnvironment(t, soakVariable, soakDefault) / stallShare
	return weather{stall: 30 * time.Second, slowest: 125_000, messages: 40}, stallLanes, max(2, (all+stallLanes-1)/stallLanes)
}

// stalled is a move to a destination that stands still in the middle, over a thin line, and gets all that was
// on its way when nobody is there any more.
type stalled struct {
	move
	weather
	chance *rand.Rand
	proxy  *faultproxy.Proxy
	from   user
	mails  int
}

// Nobody is there when the destination goes on: the copy was killed, or the line was cut, and the same command
// runs again at once. Whatever arrives late, nothing is there twice, and nothing is missing.
func TestSoak_stalledDestination(t *testing.T) {
	t.Parallel()
	weather, lanes, rounds := stalls(t)
	inbox := dovecot.Options{Name: "dst", Separator: "/"}
	layout := func(name string) func(t *testing.T, l *lab.Lab) server {
		return func(t *testing.T, l *lab.Lab) server {
			opts := inbox
			opts.Layout = name
			return startDovecot(t, l, opts, person)
		}
	}
	for name, start := range map[string]func(t *testing.T, l *lab.Lab) server{
		"sdbox": layout(dovecot.Sdbox), "maildir": layout(dovecot.Maildir), "mdbox": layout(dovecot.Mdbox),
		"Cyrus":   func(t *testing.T, l *lab.Lab) server { return startCyrus(t, l, cyrus.Options{}, person) },
		"Courier": func(t *testing.T, l *lab.Lab) server { return startCourier(t, l, person) },
	} {
		for lane := range lanes {
			t.Run(fmt.Sprintf("%s %d", name, lane+1), func(t *testing.T) {
				t.Parallel()
				s := newStalled(t, weather, lane, start)
				for round := range rounds {
					s.live()
					s.interrupt((round+lane)%2 == 0)
					s.again()
				}
				s.settle()
			})
		}
	}
}

func newStalled(t *testing.T, weather weather, lane int, start func(t *testing.T, l *lab.Lab) server) *stalled {
	t.Helper()
	seed := fromEnvironment(t, seedVariable, uint64(time.Now().UnixNano()))
	t.Logf("%s=%d repeats the choices of this run", seedVariable, seed)
	l := lab.Open(t)
	src := startDovecot(t, l, dovecot.Options{Name: "src", Layout: dovecot.Maildir, Prefix: "INBOX.", Extra: "mail_fsync = never\n"}, person)
	dst := start(t, l)
	proxy := faultproxy.Open(t, dst.plain)
	s := &stalled{
		move:   move{t: t, Operator: newOperator(t), src: src, dst: dst, people: []imappair.Person{person}},
		chance: rand.New(rand.NewPCG(seed, uint64(3+lane))), proxy: proxy, from: src.logIn(t, person), weather: weather,
	}
	err := imappair.Prepare(l, s.Dir, imappair.Options{Source: src.plain, Destination: proxy.Addr(), Plain: true, People: s.people, More: s.settings})
	if err != nil {
		t.Fatal(err)
	}
	s.from.fill(s.src.name("Work"))
	return s
}

// live gives the source new mail.
func (s *stalled) live() {
	s.t.Helper()
	for _, box := range []string{"INBOX", s.src.name("Work")} {
		n := s.messages + s.chance.IntN(s.messages)
		s.mails += n
		s.from.store(box, letters(n, 500<<s.chance.IntN(6), fmt.Sprintf("stalled %d", s.mails))...)
	}
}

// interrupt runs the copy until some octets have gone out, and then takes it, or its line, away.
func (s *stalled) interrupt(kill bool) {
	s.t.Helper()
	fault := faultproxy.Fault{
		Rate:       s.slowest + s.chance.IntN(fastest-s.slowest),
		StallAfter: s.chance.Int64N(60_000), StallFor: time.Duration(s.chance.Int64N(int64(s.stall))), Orphan: true,
	}
	s.proxy.Plan(func(int) *faultproxy.Faults { return &faultproxy.Faults{ToServer: fault} })
	before, after := s.proxy.Counts().Bytes[faultproxy.ToServer], s.chance.Int64N(80_000)
	ctx, end := context.WithCancel(s.t.Context())
	defer end()
	command := s.Command(ctx, "sync", "--quiet")
	if err := command.Start(); err != nil {
		s.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	look := time.NewTicker(2 * time.Millisecond)
	defer look.Stop()
	// What is on its way may stand still from here on, so that the count does not rise: then it is time too.
	deadline := time.After(200*time.Millisecond + time.Duration(s.chance.Int64N(int64(2*time.Second))))
	for waiting := true; waiting; {
		select {
		case <-ended:
			return // it was faster; the next round has another chance
		case <-deadline:
			waiting = false
		case <-look.C:
			waiting = s.proxy.Counts().Bytes[faultproxy.ToServer]-before < after
		}
	}
	if kill {
		end()
		<-ended
		return
	}
	s.proxy.Plan(nil)
	s.proxy.Cut(faultproxy.Vanish)
	<-ended // it goes on over a new line by itself
}

// again runs the same command at once, over a sound line, while the other may still be bringing something.
func (s *stalled) again() {
	s.t.Helper()
	s.proxy.Plan(nil)
	if o := s.Run(s.t, "sync"); o.Code != 0 && o.Code != 5 {
		s.t.Fatalf("the next run ended with %d\n%s%s", o.Code, o.Out, o.Err)
	}
}

// settle lets the move come to its end, and has the judge look for what is twice.
func (s *stalled) settle() {
	s.t.Helper()
	s.Want(s.t, 0, "sync")
	s.wantEqual(s.mails)
}
