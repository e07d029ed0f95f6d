// SPDX-License-Identifier: Apache-2.0

package objects

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"rehome"
	"rehome/internal/conductor"
	"rehome/internal/davcopy"
	"rehome/internal/endpoint"
	"rehome/internal/journey"
	"rehome/internal/ledger"
	"rehome/internal/pass"
	"rehome/internal/verify"
	"rehome/internal/verify/objects"
	"rehome/lab/simulation"
	"rehome/lab/simulation/ledgers"
)

// Kind describes this simulation. Each run has a folder of its own in that one, best on a disk of memory, and
// a ledger of the pool.
func Kind(folder string, pool *ledgers.Pool) simulation.Kind {
	return simulation.Kind{
		Name: "objects", Switches: switches(), Sizes: sizes(),
		Run: func(plan simulation.Plan) *simulation.Failure { return play(plan, folder, pool) },
	}
}

// play plays one run.
func play(plan simulation.Plan, folder string, pool *ledgers.Pool) *simulation.Failure {
	failure, _ := playTraced(plan, folder, pool, false)
	return failure
}

// playTraced plays one run, and returns all that was said in it if that is wanted.
func playTraced(plan simulation.Plan, folder string, pool *ledgers.Pool, traced bool) (*simulation.Failure, []string) {
	own, err := os.MkdirTemp(folder, "run-")
	if err != nil {
		return &simulation.Failure{Rule: "the run can be played", Detail: err.Error()}, nil
	}
	defer os.RemoveAll(own)
	store, err := pool.Lend(context.Background())
	if err != nil {
		return &simulation.Failure{Rule: "the run can be played", Detail: err.Error()}, nil
	}
	r := newRun(plan, own, store)
	defer r.close()
	r.d.traced = traced
	if err := errors.Join(r.play(), store.GiveBack(context.Background())); err != nil {
		r.truth.breach("the run can be played", "%v", err)
	}
	failure := r.truth.first()
	if failure != nil {
		failure.Story = r.d.all()
	}
	return failure, r.d.noted()
}

// kindsTogether: contacts and calendars are copied at once, as the product does unless it is told otherwise.
const kindsTogether = "both kinds at once"

// run is one run being played.
type run struct {
	*world

	plan    simulation.Plan
	network *simulation.Network
	folder  string
	store   *ledgers.File

	process   int // of rehome: a crash ends one
	mu        sync.Mutex
	deletions rehome.Deletions
	again     bool               // and has what the destination has lost copied again
	together  bool               // both kinds are copied at once
	agent     bool               // the operator allows SCHEDULE-AGENT=CLIENT
	kill      context.CancelFunc // ends the process that is running; with what follows under mu
	killed    bool
	crashes   int
	atWork    atomic.Int32
	restores  atomic.Int32
	backups   map[*end]backup
}

func newRun(plan simulation.Plan, folder string, store *ledgers.File) *run {
	d := newDecisions(plan)
	r := &run{
		world: newWorld(d), plan: plan, folder: folder, store: store,
		network: simulation.NewNetwork(nil), backups: map[*end]backup{},
	}
	r.deletions = simulation.Pick(d.chance("deletions"), rehome.DeletionsKeep, rehome.DeletionsMirror)
	r.agent = d.chance("agent").Happens(0.5)
	r.together = d.has(0.7, kindsTogether)
	for _, e := range []*end{r.src, r.dst} {
		r.network.Serve(e.host()+":80", func(conn net.Conn, _ simulation.Line) { e.serve(conn) })
		e.watch = r.watch
	}
	return r
}

func (r *run) close() { r.network.Close() }

// settling bounds how many passes a quiet world may need until nothing is left to do.
const settling = 6

// play goes through some rounds of passes and of people's lives, and then waits until all has settled.
func (r *run) play() error {
	r.d.tell("deletions: %s", r.deletions)
	for round := range r.plan.Size("rounds", 1, 3) {
		name := "r" + number(round)
		r.askAgain(name)
		if _, err := r.pass(name, false); err != nil {
			return err
		}
		r.verifyBetween(name)
		r.live(name)
		r.disasters(name)
		if err := r.loseLedger(name); err != nil {
			return err
		}
	}
	r.askAgain("in the end")
	r.d.calmDown()
	time.Sleep(10 * time.Minute) // what was under way has arrived
	var last conclusion
	for i := range settling {
		found, err := r.pass("settling "+number(i), last.doubted())
		if err != nil {
			return err
		}
		if i > 0 && len(found.writes) == 0 && found.same(last) {
			return r.judge(found)
		}
		last = found
	}
	r.truth.breach("it comes to rest", "the pass %d still writes %q and says %s, before %s", settling, last.writes, last, last)
	return nil
}

// askAgain decides whether the passes from now on copy again what the destination has lost.
func (r *run) askAgain(when string) {
	if r.again = r.d.happens(copiedAgain, 0.7, when); r.again {
		r.truth.repeat()
	}
}

// conclusion is what a pass has said and done.
type conclusion struct {
	conductor.Ended
	PIM davcopy.Counts

	writes []string
}

// failed counts what is not at the destination as the source has it, and what was not tried.
func (c conclusion) failed() int {
	n := 0
	for _, t := range c.PIM {
		n += t.Failed() + t.Remaining
	}
	return n
}

func (c conclusion) doubted() bool {
	n := 0
	for _, t := range c.PIM {
		n += t.Doubted
	}
	return n > 0
}

// complete is what exit code 0 means.
func (c conclusion) complete() bool { return c.Err == nil && c.failed() == 0 && !c.doubted() }

func (c conclusion) same(other conclusion) bool {
	return c.failed() == other.failed() && c.doubted() == other.doubted() && (c.Err == nil) == (other.Err == nil) &&
		len(c.Findings) == len(other.Findings)
}

func (c conclusion) String() string {
	text := fmt.Sprintf("writes %q, error %v", c.writes, c.Err)
	for _, kind := range []rehome.Kind{rehome.KindContacts, rehome.KindCalendars} {
		if t, looked := c.PIM[kind]; looked {
			text += fmt.Sprintf("; %s%s", kind, short(t))
		}
	}
	for _, f := range c.Findings {
		text += fmt.Sprintf("; %s %s %q", f.Code, f.Object, f.Sentence)
	}
	return text
}

// short tells only what is not zero.
func short(t davcopy.Tally) string {
	text := ""
	for _, part := range strings.Fields(strings.Trim(fmt.Sprintf("%+v", t), "{}")) {
		if !strings.HasSuffix(part, ":0") {
			text += " " + part
		}
	}
	return text
}

// longest is how long a pass over so little may take, whatever the servers do.
const longest = 48 * time.Hour

// pass runs one pass as a process of its own.
func (r *run) pass(name string, confirmed bool) (conclusion, error) {
	for {
		found, err := r.once(name, confirmed)
		if err != nil || !r.dead() {
			return found, err
		}
		r.d.tell("rehome is started again")
	}
}

// once runs a pass until it ends or rehome crashes.
func (r *run) once(name string, confirmed bool) (found conclusion, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), longest)
	defer cancel()
	r.start(cancel)
	l, err := r.store.Open(ctx)
	if err != nil {
		return found, err
	}
	before := len(r.dst.written())
	r.truth.settled(false)
	outcomes, err := r.conduct(ctx, l, confirmed)
	if closeErr := l.Close(); err == nil {
		err = closeErr
	}
	if r.dead() {
		return found, nil
	}
	if errors.Is(err, context.DeadlineExceeded) {
		r.truth.breach("it ends", "the pass %s is not over after %v", name, longest)
		err = nil
	}
	if len(outcomes) == 0 {
		return found, err
	}
	found = conclusion{Ended: outcomes[0]}
	found.PIM, _ = outcomes[0].Counts[rehome.KindPIM].(davcopy.Counts)
	r.truth.settled(found.Err == nil && found.failed() == 0)
	for _, w := range r.dst.written()[before:] {
		// What was refused is offered once in each pass, and then the server may be tested, too.
		if w.taken && (found.failed() == 0 || !w.test) {
			found.writes = append(found.writes, w.what)
		}
	}
	r.d.tell("pass %s: %s", name, found)
	return found, err
}

// start begins a process.
func (r *run) start(kill context.CancelFunc) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.process++
	r.killed = false
	r.kill = kill
}

// dead says whether the process has crashed.
func (r *run) dead() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.killed
}

// lives says whether it is that process that is running.
func (r *run) lives(process int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.process == process && !r.killed
}

// conduct runs the product.
func (r *run) conduct(ctx context.Context, l *ledger.Ledger, confirmed bool) ([]conductor.Ended, error) {
	src, dst := r.service(rehome.Source), r.service(rehome.Destination)
	defer src.Close()
	defer dst.Close()
	engine := davcopy.New(davcopy.Options{
		Source: func(ctx context.Context, account rehome.Account) (davcopy.Reader, error) {
			session, err := src.Open(ctx, account)
			if err != nil {
				return nil, err
			}
			return session, nil
		},
		Destination: dst.Open, Ledger: l.Objects, EscrowDir: filepath.Join(r.folder, "escrow"), Connections: 8,
		ScheduleAgent: r.agent, Deletions: r.deletions, ConfirmDeletions: confirmed, CopyAgain: r.again, InTurn: !r.together,
		Word: r.word(),
	})
	options := conductor.Options{Steps: []pass.Step{engine}, Ledger: l.Passes, Workers: 1}
	outcomes, err := conductor.New(options).Run(ctx, []rehome.Account{owner()})
	if r.dead() {
		err = nil
	}
	return outcomes, err
}

// word draws the marks of test objects, the same ones whenever the seed is played again.
func (r *run) word() func() string {
	var drawn atomic.Int64
	process := number(r.process)
	return func() string {
		const letters = "abcdefghijklmnopqrstuvwxyz234567"
		word := make([]byte, 26)
		c := r.d.chance("word", process).Nth(int(drawn.Add(1)))
		for i := range word {
			word[i] = letters[c.Nth(i).Int(len(letters))]
		}
		return string(word)
	}
}

func owner() rehome.Account {
	password := rehome.NewSecret("secret-of-the-model")
	return rehome.Account{Address: account, SourcePassword: password, DestinationPassword: password}
}

// service is the product's own view of an end, for the process that is running.
func (r *run) service(side rehome.Side) *endpoint.DAV {
	return endpoint.NewDAV(endpoint.DAVSettings{
		Host: endpoint.NewHost(endpoint.HostSettings{Side: side}), URL: "http://" + string(side) + ".example/dav/", AllowPlaintext: true,
		Dial: r.network.Dialer("rehome " + number(r.process)), Resolver: noDNS{}, Pace: r.pace(side),
	})
}

// pace lets each request take a time of its own before it queues at a host, and before it is sent, so that who comes first
// hangs on the seed. A process that is dead asks nothing any more.
func (r *run) pace(side rehome.Side) func(string) {
	e, process := r.src, r.process
	if side == rehome.Destination {
		e = r.dst
	}
	return func(request string) {
		if r.lives(process) {
			c := r.d.chance("pace", e.side, request, number(e.occurrence(request)))
			time.Sleep(c.Between(time.Microsecond, time.Millisecond))
		}
	}
}

// noDNS knows no records.
type noDNS struct{}

func (noDNS) LookupSRV(context.Context, string, string, string) (string, []*net.SRV, error) {
	return "", nil, &net.DNSError{Err: "no such host", IsNotFound: true}
}

func (noDNS) LookupTXT(context.Context, string) ([]string, error) {
	return nil, &net.DNSError{Err: "no such host", IsNotFound: true}
}

// verifyBetween verifies between two passes: the answer is of no interest, only what is remembered of it.
func (r *run) verifyBetween(name string) {
	if !r.d.happens(verifiedBetween, 1, name) {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), longest)
	defer cancel()
	found, err := r.verdict(ctx, false)
	r.d.tell("verify: %s, error %v", found.Verdict, err)
}

// verdict asks the product's verifier, with what it remembers in the ledger or, to reread, without.
func (r *run) verdict(ctx context.Context, reread bool) (verify.Account, error) {
	l, err := r.store.Open(ctx)
	if err != nil {
		return verify.Account{}, err
	}
	defer l.Close()
	r.process++
	src, dst := r.service(rehome.Source), r.service(rehome.Destination)
	defer src.Close()
	defer dst.Close()
	open := func(end *endpoint.DAV) func(context.Context, rehome.Account) (objects.End, error) {
		return func(ctx context.Context, account rehome.Account) (objects.End, error) {
			session, err := end.Open(ctx, account)
			if err != nil {
				return nil, err
			}
			return session, nil
		}
	}
	ends := func(rehome.Account) (src, dst verify.End) {
		return verify.End{DAV: source}, verify.End{DAV: destination}
	}
	return verify.New(verify.Options{Memory: journey.Proofs(l.Proofs, ends), Reread: reread}, objects.New(objects.Options{
		Source: open(src), Destination: open(dst), Kinds: []rehome.Kind{rehome.KindContacts,
			rehome.KindCalendars}, Explainer: journey.ObjectReasons(l.Objects),
	})).Account(ctx, owner())
}
