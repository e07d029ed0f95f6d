// SPDX-License-Identifier: Apache-2.0

package mail

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"time"

	"rehome"
	"rehome/internal/conductor"
	"rehome/internal/endpoint"
	"rehome/internal/journey"
	"rehome/internal/mailcopy"
	work "rehome/internal/pass"
	"rehome/internal/protocol"
	"rehome/internal/verify"
	verifymail "rehome/internal/verify/mail"
	"rehome/lab/simulation/ledgers"
)

// account is the one that moves.
var account = rehome.Account{
	Address: "anna@example.org", SourcePassword: rehome.NewSecret("s0urce"), DestinationPassword: rehome.NewSecret("dest1ny"),
}

// mover is somebody who runs the program with a ledger of his own, one process after the other.
type mover struct {
	world   *world
	name    string
	ledger  *ledgers.File
	passes  int
	mirror  bool
	confirm bool      // somebody has looked at a large loss, and that the source is still this person's
	again   bool      // somebody has seen that the destination was put back: what it has lost is copied again
	asked   time.Time // when that has last happened
}

func (w *world) begin(name string) (*mover, error) {
	file, err := w.pool.Lend(context.Background())
	if err != nil {
		return nil, err
	}
	w.lent = append(w.lent, file)
	return &mover{world: w, name: name, ledger: file, mirror: w.plan.Has(mirrors, 0.4)}, nil
}

// loseLedger lets the mover begin with an empty ledger. What its processes have under way nobody knows of any more.
func (m *mover) loseLedger() error {
	for n := 1; n <= m.passes; n++ {
		if process := m.process(n); m.world.forgotten[process].IsZero() {
			m.world.forgotten[process] = time.Now()
		}
	}
	return m.ledger.Empty(context.Background())
}

// process names the nth process.
func (m *mover) process(n int) string { return fmt.Sprintf("%s-%d", m.name, n) }

// end is how a process ends.
type end struct {
	killAt, cancelAt time.Duration // after the start; 0 for never
}

// pass is what one process has said at its end.
type pass struct {
	process string
	began   time.Time
	outcome outcome
	killed  bool // nothing of it was heard
	stopped bool // by Ctrl-C
	took    time.Duration
	changes int // commands that have changed the destination meanwhile, by whoever
}

// outcome is what the conductor and the engine say of it.
type outcome struct {
	conductor.Ended
	mailcopy.Counts
}

// relaxed says that a mailbox may have several writers. Then there are more connections, and more groups of messages for them.
func (w *world) relaxed() bool { return w.plan.Has(relaxed, 0.2) }

func (w *world) connections() int {
	if w.relaxed() {
		return w.plan.Size("connections", 2, 4)
	}
	return w.plan.Size("connections", 1, 3)
}

func (w *world) batchMessages() int {
	if w.relaxed() {
		return 1
	}
	return 1 + w.chance.With("batch").Int(4)
}

// longestPass is how long a pass may take, in virtual time, whatever the ends do.
const longestPass = 6 * time.Hour

// mostCommands bounds what is asked of both ends together while one pass runs: by two movers, where there are two, and by
// up to three commands for each opening of a mailbox (it, its newest message, its UIDs), which a source that cuts every
// connection and gives hardly any message makes them repeat for a quarter of an hour.
const mostCommands = 8000

// mostCommands is twice that where a mailbox has several writers: there are more connections, and more messages. It is twice that again
// where a destination answers BAD to messages: that ends the connections, for each of them, and what was under way is looked for until
// nothing of it can arrive any more.
func (w *world) mostCommands() int {
	most := mostCommands
	if w.relaxed() {
		most *= 2
	}
	if w.habits["destination"].always(appendBad) {
		most *= 2
	}
	return most
}

// counts returns how many commands both ends were given, and how many of them changed the destination.
func (w *world) counts() (commands, changes int) {
	for _, s := range []*store{w.src, w.dst} {
		s.mu.Lock()
		commands += s.commands
		changes = s.changes
		s.mu.Unlock()
	}
	return commands, changes
}

func (m *mover) endpoint(process string, side rehome.Side, address string) *endpoint.IMAP {
	connections := m.world.connections()
	return endpoint.NewIMAP(endpoint.Settings{
		Host:    endpoint.NewHost(endpoint.HostSettings{Side: side, Connections: connections}),
		Address: address, Security: protocol.NoTLS, Timeout: 20 * time.Second, PerAccount: connections, Dial: m.world.network.Dialer(process),
		Pace: func(local net.Addr, command string) { m.world.pace(process, local.String(), command) },
	})
}

// run is one process: it opens the ledger, does a pass, and ends, by itself or as it is told.
func (m *mover) run(ending end) (pass, error) {
	w := m.world
	m.passes++
	p := pass{process: m.process(m.passes), began: time.Now()}
	store, err := m.ledger.Open(context.Background())
	if err != nil {
		return p, err
	}
	src, dst := m.endpoint(p.process, rehome.Source, sourceAddress), m.endpoint(p.process, rehome.Destination, destinationAddress)
	deletions := rehome.DeletionsKeep
	if m.mirror {
		deletions = rehome.DeletionsMirror
	}
	engine := mailcopy.New(mailcopy.Options{
		Source: src, Destination: dst, Ledger: store.Mail, EscrowDir: filepath.Join(w.dir, "escrow"), Deletions: deletions,
		ConfirmDeletions: m.confirm, ConfirmSource: m.confirm, CopyAgain: m.again,
		Pace: func(what string) { w.pace(p.process, "", what) }, Connections: w.connections(),
		Worth:         time.Duration(w.plan.Size("worth", 0, 1)), // an extra connection for each mailbox, or as usual
		BatchMessages: w.batchMessages(), BatchOctets: 4000, Relaxed: w.relaxed(), Part: 2,
	})
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	done := make(chan struct{})
	var outcomes []conductor.Ended
	var runErr error
	_, changes := w.counts()
	w.tell("%s begins (mirror %v)", p.process, m.mirror)
	go func() {
		defer close(done)
		options := conductor.Options{Steps: []work.Step{engine}, Ledger: store.Passes, Workers: 1}
		outcomes, runErr = conductor.New(options).Run(ctx, []rehome.Account{account})
	}()
	m.watch(&p, ending, cancel, done)
	p.took = time.Since(p.began)
	_, changesNow := w.counts()
	p.changes = changesNow - changes
	if err := store.Close(); err != nil && !p.killed {
		return p, err
	}
	if p.killed {
		return p, nil
	}
	if runErr != nil && !errors.Is(runErr, context.Canceled) {
		return p, runErr
	}
	p.outcome.Ended = outcomes[0]
	p.outcome.Counts, _ = outcomes[0].Counts[rehome.KindMail].(mailcopy.Counts)
	m.say(p)
	return p, nil
}

// watch waits for the end of a pass, and brings it about where it is time.
func (m *mover) watch(p *pass, ending end, cancel context.CancelFunc, done <-chan struct{}) {
	w := m.world
	limit := time.NewTimer(longestPass)
	defer limit.Stop()
	look := time.NewTicker(time.Minute)
	defer look.Stop()
	before, _ := w.counts()
	var kill, stop <-chan time.Time
	if ending.killAt > 0 {
		kill = time.After(ending.killAt)
	}
	if ending.cancelAt > 0 {
		stop = time.After(ending.cancelAt)
	}
	for {
		select {
		case <-done:
			return
		case <-kill:
			w.tell("%s is killed", p.process)
			m.die(p, cancel)
		case <-stop:
			w.tell("%s is told to stop", p.process)
			p.stopped = true
			cancel()
		case <-look.C:
			if asked, _ := w.counts(); asked-before > w.mostCommands() {
				w.fail("it ends", "%s has asked %d commands of both ends", p.process, asked-before)
				cancel()
			}
		case <-limit.C:
			w.fail("it ends", "%s is still at it after %v", p.process, longestPass)
			cancel()
		}
	}
}

// die is kill -9: what the process has written to its sockets is on its way, and what it has committed
// is on the disk. Whatever its goroutines do from now on reaches nobody.
func (m *mover) die(p *pass, cancel func()) {
	p.killed = true
	m.world.bury(p.process)
	m.ledger.Kill()
	m.world.network.Kill(p.process, cancel)
}

func (m *mover) say(p pass) {
	o := p.outcome
	m.world.tell("%s ends with %d after %v: %+v, census %+v, error %v", p.process, exitCode(p), p.took.Round(time.Millisecond),
		o.Tally, o.Census, o.Err)
	for _, f := range o.Findings {
		m.world.tell("  finding %s %s: %s", f.Code, f.Object, f.Sentence)
		m.world.noteSpare(f)
		m.world.noteNamed(f)
	}
}

// held says that somebody has to say what a large loss means.
func held(p pass) bool { return p.outcome.Tally.Held > 0 || p.outcome.Census.Waiting > 0 }

// answer lets somebody look at what is held, and say what it means, in the words of the next pass. It returns
// whether there was something to look at.
func (m *mover) answer(p pass) bool {
	m.again = false
	switch {
	case !held(p) || m.confirm:
		return false
	case m.world.dst.wasPutBack(m.asked):
		m.again = true
		m.asked = time.Now()
		m.world.lost = true // what its user has deleted comes back, too
	default:
		m.confirm = true
	}
	return true
}

// wasPutBack says that a backup has taken what a mover had brought, after an instant.
func (s *store) wasPutBack(since time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.byMovers(), func(m *message) bool { return m.goneBy == "backup" && m.gone.After(since) })
}

// exitCode is what a shell would see.
func exitCode(p pass) int {
	o := p.outcome
	switch {
	case p.killed:
		return 137
	case held(p) && !p.stopped:
		return 6
	case o.Err != nil || p.stopped || o.Census.Mendable():
		return 5
	case !o.Census.Complete(), o.Blocked != nil:
		return 6
	}
	return 0
}

// verify asks the product's verifier, with what it remembers in the ledger or, to reread, without.
func (m *mover) verify(reread bool) (found verify.Account, err error) {
	m.passes++
	process := fmt.Sprintf("%s-verify-%d", m.name, m.passes)
	store, err := m.ledger.Open(context.Background())
	if err != nil {
		return found, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	ends := func(rehome.Account) (src, dst verify.End) {
		return verify.End{Mail: sourceAddress}, verify.End{Mail: destinationAddress}
	}
	verifier := verify.New(verify.Options{Memory: journey.Proofs(store.Proofs, ends), Reread: reread}, verifymail.New(verifymail.Options{
		Source: m.endpoint(process, rehome.Source, sourceAddress), Destination: m.endpoint(process, rehome.Destination, destinationAddress),
	}))
	ctx, cancel := context.WithTimeout(context.Background(), longestPass)
	defer cancel()
	return verifier.Account(ctx, account)
}
