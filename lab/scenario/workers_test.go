// SPDX-License-Identifier: Apache-2.0

package scenario_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"rehome/lab"
	"rehome/lab/corpus"
	"rehome/lab/faultproxy"
	"rehome/lab/postgres"
)

// What all workers together may have of each end: connections, and octets per second.
const (
	crewLimit = 6
	crewPace  = 100_000
)

// crew are two machines that copy at the same time, each behind a line of its own to the store.
type crew struct {
	*testSetup

	server   *postgres.Server
	src, dst *faultproxy.Proxy
	lines    []*faultproxy.Proxy // to the store
	workers  []*workerProcess
	done     chan struct{} // closed when the pass is over
}

// workerProcess is a "rehome worker run".
type workerProcess struct {
	*exec.Cmd

	mu   sync.Mutex
	said bytes.Buffer
}

func (w *workerProcess) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.said.Write(b)
}

func (w *workerProcess) words() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.said.String()
}

// named is a part of a sentence of SQL: what this worker holds.
func (w *workerProcess) named() string { return fmt.Sprintf("LIKE '%%-%d-%%'", w.Process.Pid) }

// stageCrew has people with mail, a store on a server, and the settings of each machine.
func stageCrew(t *testing.T, people []corpus.Person) *crew {
	t.Helper()
	const password = "the store's own password"
	server, err := postgres.Start(lab.Open(t), postgres.Options{Connections: 100, Password: password})
	if err != nil {
		t.Fatal(err)
	}
	c := &crew{testSetup: setPeople(t, true, people...), server: server, done: make(chan struct{})}
	c.settle()
	c.src, c.dst = faultproxy.Open(t, c.Source.IMAPS), faultproxy.Open(t, c.Destination.IMAPS)
	c.edit(func(text string) string {
		return strings.NewReplacer("store: rehome.db\n", "store: "+server.NetworkAddress("postgres")+"\nstore_password: file:secrets/store\n",
			c.Source.IMAPS, c.src.Addr(), c.Destination.IMAPS, c.dst.Addr()).Replace(text) +
			fmt.Sprintf("\nlimits: {source_connections: %[1]d, destination_connections: %[1]d, bytes_per_second: %[2]d}\n", crewLimit, crewPace)
	})
	c.write("secrets/store", password+"\n")
	settings, err := os.ReadFile(filepath.Join(c.Dir, "rehome.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 2 {
		line := faultproxy.Open(t, server.Addr)
		c.lines = append(c.lines, line)
		c.write(machine(i), strings.ReplaceAll(string(settings), server.Addr, line.Addr()))
	}
	c.provision()
	c.want(0, "status")
	return c
}

// machine is the file with the settings of one.
func machine(i int) string { return fmt.Sprintf("machine%d.yaml", i) }

func (c *crew) write(file, text string) {
	c.t.Helper()
	if err := os.WriteFile(filepath.Join(c.Dir, file), []byte(text), 0o600); err != nil {
		c.t.Fatal(err)
	}
}

func (c *crew) start(i int) *workerProcess {
	c.t.Helper()
	w := &workerProcess{Cmd: c.Command(c.t.Context(), "worker", "run", "--lease", "15s", "--config", machine(i))}
	w.Stdout, w.Stderr = w, w
	if err := w.Start(); err != nil {
		c.t.Fatal(err)
	}
	return w
}

// await waits until the answer of the store is true; it is false when the pass was over before.
func (c *crew) await(what string, args ...any) bool {
	c.t.Helper()
	question := fmt.Sprintf(what, args...)
	for {
		is, err := c.server.Is(c.t.Context(), question)
		if err != nil {
			c.t.Fatal(err)
		}
		if is {
			return true
		}
		select {
		case <-c.done:
			return false
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// underWay waits until a worker has written down messages that it is about to send.
func (c *crew) underWay(w *workerProcess) bool {
	c.t.Helper()
	return c.await(`SELECT EXISTS (SELECT 1 FROM rehome.batches b JOIN rehome.mailboxes m ON m.id = b.mailbox_id JOIN rehome.leases l
		ON l.address = m.address WHERE b.state = 'intent' AND l.until_milli > EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AND l.holder %s)`, w.named())
}

// alone waits until a worker has lost all its accounts.
func (c *crew) alone(w *workerProcess) bool {
	c.t.Helper()
	return c.await(`SELECT NOT EXISTS (SELECT 1 FROM rehome.leases WHERE until_milli > EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AND holder %s)`,
		w.named())
}

func (c *crew) signal(w *workerProcess, signal syscall.Signal) {
	c.t.Helper()
	if err := w.Process.Signal(signal); err != nil {
		c.t.Fatal(err)
	}
}

// crewFaults are what happens to a machine that is at work, or to all.
var crewFaults = []struct {
	name   string
	happen func(c *crew, machine int)
}{
	{"killed", func(c *crew, machine int) {
		w := c.workers[machine]
		c.signal(w, syscall.SIGKILL)
		if err := w.Wait(); err == nil {
			c.t.Error("a worker ended in order, although it was killed")
		}
		c.workers[machine] = c.start(machine)
	}},
	{"stopped until others have its accounts, and woken up", func(c *crew, machine int) {
		w, other := c.workers[machine], c.workers[1-machine]
		// A stopped process keeps its share of the limits: one that has just begun would have what is next to nothing to go on with.
		c.await(`SELECT EXISTS (SELECT 1 FROM rehome.shares WHERE part = 'octets' AND amount > %d AND worker %s)`, crewPace/4, other.named())
		c.signal(w, syscall.SIGSTOP)
		if c.alone(w) {
			c.await(`SELECT EXISTS (SELECT 1 FROM rehome.leases WHERE epoch > 1 AND until_milli > 1 AND holder %s)`, other.named())
		}
		c.signal(w, syscall.SIGCONT)
	}},
	{"cut off from the store, which hears later what it has said meanwhile", func(c *crew, machine int) {
		line := c.lines[machine]
		for _, direction := range []faultproxy.Direction{faultproxy.ToServer, faultproxy.ToClient} {
			line.Set(direction, faultproxy.Fault{Stall: true})
			defer line.Set(direction, faultproxy.Fault{})
		}
		c.alone(c.workers[machine])
	}},
	{"cut off from the store for a moment", func(c *crew, machine int) { c.lines[machine].Cut(faultproxy.RST) }},
	{"at work while the server of the store crashes", func(c *crew, _ int) {
		// Whether somebody was dead before, or dies before he has joined again, is not known afterwards: his share is free when servers have
		// ended his connections, in half an hour.
		c.await(`SELECT NOT EXISTS (SELECT 1 FROM rehome.shares WHERE worker <> '' AND NOT worker %s AND NOT worker %s)`,
			c.workers[0].named(), c.workers[1].named())
		if err := c.server.Restart(); err != nil {
			c.t.Fatal(err)
		}
		c.await(`SELECT COUNT(*) = 2 AND MIN(w.until_milli) > EXTRACT(EPOCH FROM clock_timestamp()) * 1000
			AND MIN(w.server) >= EXTRACT(EPOCH FROM pg_postmaster_start_time()) * 1000 - 1
			FROM rehome.workers w WHERE EXISTS (SELECT 1 FROM rehome.shares s WHERE s.worker = w.name)`)
	}},
}

// busyPeople are so many with some mail, or more of it by scale.
func busyPeople(n int, scale float64) (people []corpus.Person) {
	some := peopleWithMail(n, scale)
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

// lastingThrough is how many octets per second each connection to the destination may take so that the mail of all people lasts through so
// many faults, however fast the machine is. A hundred of them came nine seconds apart in the mean; chance may choose more of those that last
// until a lease is over.
func lastingThrough(faults int, people []corpus.Person) int {
	return int(octetsOf(people)) / crewLimit / (faults * 20)
}

func octetsOf(people []corpus.Person) (sum int64) {
	for _, p := range people {
		sum += p.Count().Octets
	}
	return sum
}

// Two machines copy for twenty accounts, and each fault happens once to one of them while it is at work. Both ends are equal, and
// nothing is there twice; neither server has ever had more connections than the limits allow all workers together. REHOME_SOAK lets half
// as many faults happen as it says, to as many accounts as it says, by chance; REHOME_SEED repeats a run.
func TestJourney_workers(t *testing.T) {
	t.Parallel()
	soak := int(fromEnvironment(t, "REHOME_SOAK", 0))
	people, faults := busyPeople(20, 0.05), len(crewFaults)
	seed := fromEnvironment(t, "REHOME_SEED", uint64(time.Now().UnixNano()>>10))
	if soak > 0 {
		people, faults = busyPeople(max(soak, 20), 0.3), max(soak/2, 1)
		t.Logf("REHOME_SOAK=%d REHOME_SEED=%d", soak, seed)
	}
	chance := rand.New(rand.NewPCG(seed, seed))
	c := stageCrew(t, people)
	c.dst.Set(faultproxy.ToServer, faultproxy.Fault{Rate: lastingThrough(faults, people)}) // until the last fault has happened
	c.workers = []*workerProcess{c.start(0), c.start(1)}
	var pass outcome
	go func() {
		defer close(c.done)
		pass = c.run("sync", "--on", "workers")
	}()
	happened := 0
	for ; happened < faults; happened++ {
		fault, machine := happened, happened%2
		if soak > 0 {
			fault, machine = chance.IntN(len(crewFaults)), chance.IntN(2)
		}
		if !c.underWay(c.workers[machine]) {
			break
		}
		t.Logf("machine %d is %s", machine, crewFaults[fault].name)
		crewFaults[fault].happen(c, machine)
	}
	c.dst.Set(faultproxy.ToServer, faultproxy.Fault{})
	<-c.done
	if happened < faults {
		t.Errorf("the pass was over after %d of %d faults", happened, faults)
	}
	if pass.code != 0 || !strings.Contains(pass.out, fmt.Sprintf("%d accounts complete", len(people))) {
		t.Errorf("sync ended with %d\n%s%s", pass.code, pass.out, pass.err)
	}
	c.wantWithinLimits()
	c.wantLittleAgain(happened, people)
	c.wantAllThereOnce()
}

// wantWithinLimits asks whoever stands before both servers.
func (c *crew) wantWithinLimits() {
	c.t.Helper()
	for end, most := range map[string]int{"source": c.src.Counts().Most, "destination": c.dst.Counts().Most} {
		if most > crewLimit || most < crewLimit/2 {
			c.t.Errorf("the %s had %d connections at the same time, want as many as the limits allow and no more", end, most)
		}
	}
}

// wantLittleAgain asks how much was sent to the destination: what a worker had under way when something happened to it is done again, which
// is a slice for each connection that it had, and of these accounts none is larger than a slice. Package lab/fleet counts that exactly.
func (c *crew) wantLittleAgain(faults int, people []corpus.Person) {
	c.t.Helper()
	mail := octetsOf(people)
	most := mail + int64(faults*crewLimit/2)*mail/int64(len(people))
	if sent := c.dst.Counts().Bytes[faultproxy.ToServer]; sent < mail || sent > most {
		c.t.Errorf("%d octets went to the destination for %d of mail and %d faults, want %d at most", sent, mail, faults, most)
	}
}

// wantAllThereOnce proves that both ends are equal, that workers end when they are told to, and that nothing is left to do.
func (c *crew) wantAllThereOnce() {
	c.t.Helper()
	if v := c.both(); v.Code != 0 {
		c.t.Errorf("verify ended with %d\n%.3000s", v.Code, v.Err)
	}
	err := c.server.Await(c.t.Context(), `SELECT COUNT(*) = 2 FROM rehome.workers WHERE until_milli > EXTRACT(EPOCH FROM clock_timestamp()) * 1000`)
	if err != nil {
		c.t.Fatal(err)
	}
	c.wantProviderPage()
	if o := c.want(0, "worker", "drain"); !strings.Contains(o.out, "told to end: ") {
		c.t.Errorf("drain: %s", o.out)
	}
	for i, w := range c.workers {
		if err := w.Wait(); err != nil {
			c.t.Errorf("worker %d: %v", i, err)
		}
		said := w.words()
		if strings.Contains(said, "bug") || !strings.Contains(said, "has ended; it completed") ||
			!strings.Contains(said, fmt.Sprintf(" of %d connections to the source", crewLimit)) {
			c.t.Errorf("worker %d said\n%s", i, said)
		}
	}
	for _, a := range answer[synced](c.testSetup, 0, "sync").Accounts {
		if a.Mail.Copied+a.Mail.Adopted > 0 || a.Mail.Unchanged == 0 {
			c.t.Errorf("after the workers %s is not as they have left it: %+v", a.Account, a.Mail)
		}
	}
}
