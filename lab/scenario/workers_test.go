// SPDX-License-Identifier: Apache-2.0

package scenario_test

import (
	"bytes"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"rehome/lab"
	"rehome/lab/corpus"
	"rehome/lab/postgres"
)

// workerProcess is a "rehome worker run".
type workerProcess struct {
	*exec.Cmd

	said bytes.Buffer
}

func (s *testSetup) worker(args ...string) *workerProcess {
	s.t.Helper()
	w := &workerProcess{Cmd: s.Command(s.t.Context(), append([]string{"worker", "run", "--lease", "15s"}, args...)...)}
	w.Stdout, w.Stderr = &w.said, &w.said
	if err := w.Start(); err != nil {
		s.t.Fatal(err)
	}
	return w
}

// named is a part of a sentence of SQL: what this worker holds.
func (w *workerProcess) named() string { return fmt.Sprintf("LIKE '%%-%d-%%'", w.Process.Pid) }

func (w *workerProcess) signal(t *testing.T, signal syscall.Signal) {
	t.Helper()
	if err := w.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
}

// busyPeople are so many with some mail.
func busyPeople(n int) (people []corpus.Person) {
	some := peopleWithMail(n)
	for i := range n {
		p := some[i%len(some)]
		if i >= len(some) {
			local, domain, _ := strings.Cut(p.Address, "@")
			p.Address = fmt.Sprintf("%s%d@%s", local, i, domain)
		}
		people = append(people, p)
	}
	return people
}

// Two machines copy for twenty accounts. One is killed and another takes its place; one is stopped until its accounts are with others,
// and wakes up as if nothing had been; the server of the ledger crashes. Both ends are equal, and nothing is there twice.
func TestJourney_workers(t *testing.T) {
	t.Parallel()
	server, err := postgres.Start(lab.Open(t), postgres.Options{Connections: 100})
	if err != nil {
		t.Fatal(err)
	}
	s := setPeople(t, true, busyPeople(20)...)
	s.settle()
	s.edit(func(text string) string {
		return strings.Replace(text, "store: rehome.db\n", "store: "+server.Address("postgres")+"\n", 1) +
			"\nlimits: {source_connections: 6, destination_connections: 6, bytes_per_second: 60000}\n"
	})
	s.provision()
	await := func(what string, args ...any) {
		t.Helper()
		if err := server.Await(t.Context(), fmt.Sprintf(what, args...)); err != nil {
			t.Fatal(err)
		}
	}
	s.want(0, "status")
	first, second := s.worker(), s.worker()
	done := make(chan outcome, 1)
	go func() { done <- s.run("sync", "--on", "workers") }()

	underWay := `SELECT EXISTS (SELECT 1 FROM rehome.batches b JOIN rehome.mailboxes m ON m.id = b.mailbox_id JOIN rehome.leases l
		ON l.address = m.address WHERE b.state = 'intent' AND l.until_milli > 1 AND l.holder %s)`
	await(underWay, first.named())
	first.signal(t, syscall.SIGKILL)
	if err := first.Wait(); err == nil {
		t.Error("the first worker ended in order, although it was killed")
	}
	third := s.worker()
	await(underWay, second.named())
	second.signal(t, syscall.SIGSTOP)
	await(`SELECT EXISTS (SELECT 1 FROM rehome.leases WHERE epoch > 1 AND until_milli > 1 AND holder %s)`, third.named())
	await(`SELECT NOT EXISTS (SELECT 1 FROM rehome.leases WHERE until_milli > EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AND holder %s)`,
		second.named())
	second.signal(t, syscall.SIGCONT)
	await(underWay, third.named())
	if err := server.Restart(); err != nil {
		t.Fatal(err)
	}
	o := <-done
	if o.code != 0 || !strings.Contains(o.out, "20 accounts complete") {
		t.Errorf("sync ended with %d\n%s%s", o.code, o.out, o.err)
	}
	if v := s.both(); v.Code != 0 {
		t.Errorf("verify ended with %d\n%.3000s", v.Code, v.Err)
	}
	await(`SELECT COUNT(*) = 2 FROM rehome.workers WHERE until_milli > EXTRACT(EPOCH FROM clock_timestamp()) * 1000`)
	if o := s.want(0, "worker", "drain"); !strings.Contains(o.out, "told to end: ") {
		t.Errorf("drain: %s", o.out)
	}
	for name, w := range map[string]*workerProcess{"second": second, "third": third} {
		if err := w.Wait(); err != nil {
			t.Errorf("the %s worker: %v", name, err)
		}
		if said := w.said.String(); strings.Contains(said, "bug") || !strings.Contains(said, "has ended; it completed") {
			t.Errorf("the %s worker said\n%s", name, said)
		}
	}
	for _, a := range answer[synced](s, 0, "sync").Accounts {
		if a.Mail.Copied+a.Mail.Adopted > 0 || a.Mail.Unchanged == 0 {
			t.Errorf("after the workers %s is not as they have left it: %+v", a.Account, a.Mail)
		}
	}
}
