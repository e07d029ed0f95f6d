// SPDX-License-Identifier: Apache-2.0

package imappair_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"rehome/lab"
	"rehome/lab/dovecot"
	"rehome/lab/faultproxy"
	"rehome/lab/imappair"
	"rehome/lab/operator"
)

// slowLine is of 250 kB/s: what the kernels hold takes seconds to arrive.
var slowLine = faultproxy.Fault{Rate: 250_000}

// farewell is a way to end a process that is copying.
type farewell struct {
	signals []os.Signal
	code    int // -1 when it is killed
	said    []string
	late    bool // what was sent may arrive after the end
}

// What happens on Ctrl-C is what the screen says; and however a copy ends, the same command at once
// finishes it, with nothing twice and nothing taken for deleted.
func TestInterrupted_slowDestination(t *testing.T) {
	t.Parallel()
	ends := map[string]func(*testing.T, *lab.Lab) server{
		"sdbox": func(t *testing.T, l *lab.Lab) server {
			return startDovecot(t, l, dovecot.Options{Name: "dst", Layout: dovecot.Sdbox, Separator: "/"}, person)
		},
		"maildir": func(t *testing.T, l *lab.Lab) server {
			return startDovecot(t, l, dovecot.Options{Name: "dst", Layout: dovecot.Maildir, Prefix: "INBOX."}, person)
		},
		"Courier": func(t *testing.T, l *lab.Lab) server { return startCourier(t, l, person) },
	}
	ways := map[string]farewell{
		"Ctrl-C":       {signals: []os.Signal{os.Interrupt}, code: 5, said: []string{"finishing what is in progress", "interrupted after"}},
		"Ctrl-C twice": {signals: []os.Signal{os.Interrupt, os.Interrupt}, code: 5, said: []string{"stopped at once"}, late: true},
		"kill -9":      {signals: []os.Signal{syscall.SIGKILL}, code: -1, late: true},
	}
	for name, start := range ends {
		for how, way := range ways {
			t.Run(name+" "+how, func(t *testing.T) {
				t.Parallel()
				l := lab.Open(t)
				src := startDovecot(t, l, dovecot.Options{Name: "src", Layout: dovecot.Maildir, Prefix: "INBOX."}, person)
				endLate(t, l, src, start(t, l), way)
			})
		}
	}
}

// endLate copies over a slow line, ends that in a way, and copies again.
func endLate(t *testing.T, l *lab.Lab, src, dst server, way farewell) {
	t.Helper()
	u := src.logIn(t, person)
	u.fill("INBOX", letters(150, 20_000, "inbox")...)
	u.fill(src.name("Other"), letters(60, 10_000, "other")...)
	proxy := faultproxy.Open(t, dst.plain)
	m := move{t: t, Operator: newOperator(t), src: src, dst: dst, people: []imappair.Person{person}}
	err := imappair.Prepare(l, m.Dir, imappair.Options{
		Source: src.plain, Destination: proxy.Addr(), Plain: true, People: m.people, More: "mail: {settle: 12s}\n",
	})
	if err != nil {
		t.Fatal(err)
	}
	proxy.Set(faultproxy.ToServer, slowLine)
	said := m.endAfter(proxy, 700_000, way)
	// What is still held up belongs to the connections that are gone, and arrives while the next run is at work.
	proxy.Plan(func(int) *faultproxy.Faults { return &faultproxy.Faults{} })
	late := time.AfterFunc(4*time.Second, func() { proxy.Set(faultproxy.ToServer, slowLine) })
	defer late.Stop()
	again := operator.Answer[operator.Synced](t, m.Operator, 0, "sync")
	n, adopted, failed := copied(again)
	if !way.late && !strings.Contains(said, fmt.Sprintf("interrupted after %d messages", 210-n)) {
		t.Errorf("the next run copied %d of 210, the interrupted one said\n%s", n, said)
	}
	if adopted+failed > 0 || again.Accounts[0].Mail.Deserted > 0 {
		t.Errorf("the next run: %+v", again.Accounts[0].Mail)
	}
	m.wantEqual(210)
}

// endAfter begins a sync, ends it in a way when octets have gone to the destination, and returns what it said.
func (m move) endAfter(proxy *faultproxy.Proxy, octets int64, way farewell) string {
	m.t.Helper()
	command := m.Command(context.Background(), "sync")
	var said strings.Builder
	command.Stdout, command.Stderr = &said, &said
	if err := command.Start(); err != nil {
		m.t.Fatal(err)
	}
	for end := time.Now().Add(time.Minute); proxy.Counts().Bytes[faultproxy.ToServer] < octets; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			m.t.Fatalf("the copy does not come far enough\n%s", said.String())
		}
	}
	if way.late { // the destination stands still: nothing can be brought to an end
		proxy.Set(faultproxy.ToServer, faultproxy.Fault{Stall: true})
		proxy.Set(faultproxy.ToClient, faultproxy.Fault{Stall: true}) // an answer to nobody would end the connection
	}
	for i, signal := range way.signals {
		if i > 0 {
			time.Sleep(200 * time.Millisecond) // two signals at once are one to the system
		}
		if err := command.Process.Signal(signal); err != nil {
			m.t.Fatalf("signal %d: %v", i, err)
		}
	}
	_ = command.Wait() // the exit code tells
	if code := command.ProcessState.ExitCode(); code != way.code {
		m.t.Errorf("exit code %d, want %d\n%s", code, way.code, said.String())
	}
	for _, words := range way.said {
		if !strings.Contains(said.String(), words) {
			m.t.Errorf("it does not say %q:\n%s", words, said.String())
		}
	}
	return said.String()
}
