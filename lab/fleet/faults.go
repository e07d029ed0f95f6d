// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"rehome/internal/journey"
	"rehome/internal/ledger"
	"rehome/lab/faultproxy"
)

// process is one worker as its system sees it: it can be killed or stopped, and its line to the store can break. Nil lives for ever.
type process struct {
	ends   *ends
	line   *faultproxy.Proxy
	store  ledger.Location // without the line
	cancel context.CancelFunc
	ended  chan error

	mu     sync.Mutex
	name   string        // as which it has joined last
	joined int           // how often
	halt   chan struct{} // closed when it is woken up; nil where it is not stopped
	now    int           // slices under way
	most   int           // of them at once
	begun  int           // slices
	done   int           // of these
	cut    int           // likewise: somebody has to do them again
	looks  int           // at accounts that were through
	dead   bool
}

// told implements journey.WorkerOptions.Told.
func (p *process) told(sentence string) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if rest, is := strings.CutPrefix(sentence, "worker "); is && strings.Contains(rest, " takes accounts") {
		p.name, _, _ = strings.Cut(rest, " ")
		p.joined++
	}
}

func (p *process) enter() {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.begun++
	p.now++
	p.most = max(p.most, p.now)
}

func (p *process) leave(end sliceEnd) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now--
	switch end {
	case sliceDone:
		p.done++
	case sliceAgain:
		p.begun-- // it was no slice of the pass
	case sliceLook:
		p.begun--
		p.looks++
	case sliceCut:
		p.cut++
	}
}

// called is the name as which it has joined last, and how many slices are under way.
func (p *process) called() (name string, busy int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.name, p.now
}

func (p *process) isStopped() bool {
	if p == nil {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.halt != nil
}

var errStopped = errors.New("the process was stopped")

// stopped returns an error while it is.
func (p *process) stopped() error {
	if p.isStopped() {
		return errStopped
	}
	return nil
}

// stop lets nothing of it go on until it is woken up: what it was about to do it does then.
func (p *process) stop() (wake func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	halt := make(chan struct{})
	p.halt = halt
	return func() {
		p.mu.Lock()
		p.halt = nil
		p.mu.Unlock()
		close(halt)
	}
}

// wait waits while it is stopped.
func (p *process) wait() {
	if p == nil {
		return
	}
	p.mu.Lock()
	halt := p.halt
	p.mu.Unlock()
	if halt != nil {
		<-halt
	}
}

// awake waits until it is woken up, and then tries to go on with an account that another one has begun with meanwhile.
func (p *process) awake(ctx context.Context, s *step, account string) {
	if !p.isStopped() {
		return
	}
	p.wait()
	if !s.ends.lost(account, p) {
		return
	}
	wrong := func(what string) {
		s.ends.mu.Lock()
		defer s.ends.mu.Unlock()
		s.ends.wrong("%s for %s, which another worker had begun with", what, account)
	}
	if s.put(account, "Zombie") == nil {
		wrong("a message was sent")
	}
	if err := p.writeLate(context.WithoutCancel(ctx), account); err == nil {
		wrong("the store was written")
	}
}

// writeLate writes under the lease that it had by a line that has not broken, as what was on its way when it was stopped.
func (p *process) writeLate(ctx context.Context, account string) error {
	store, err := p.store.Open(ctx)
	if err != nil {
		return err
	}
	err = store.Leased().Passes.Wait(ctx, ledger.Turn{Address: account, State: ledger.TurnFailed})
	return errors.Join(err, store.Close())
}

// lost reports whether another process has begun with an account.
func (e *ends) lost(account string, p *process) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.accounts[account].by != p
}

// take has the destination take a batch for a mailbox, which holds one.
func (e *ends) take(account, mailbox string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	s := e.accounts[account]
	if s.brought == nil {
		s.brought = map[string]int{}
	}
	if s.brought[mailbox]++; s.brought[mailbox] > 1 {
		e.wrong("%s has a batch twice in %s", account, mailbox)
	}
}

// settle looks up what an earlier worker was about to bring to a mailbox, as a copy does. It reports whether the batch is there. Where
// workers live for ever nothing is.
func (s *step) settle(ctx context.Context, account, name string, mailbox *ledger.Mailbox) (there bool, err error) {
	if s.process == nil {
		return false, nil
	}
	s.ends.mu.Lock()
	there = s.ends.accounts[account].brought[name] > 0
	s.ends.mu.Unlock()
	for _, intent := range mailbox.Intents {
		if !there {
			err = s.store.Mail.Void(ctx, intent.ID)
		} else {
			_, err = s.store.Mail.Recover(ctx, mailbox, intent, arrived(intent.Items), nil)
		}
		if err != nil {
			return there, err
		}
	}
	return there, nil
}

// crew are workers that die, are stopped, and are cut off from the store.
type crew struct {
	fleet   *Fleet
	pass    *Pass
	chance  *rand.Rand
	stop    chan struct{}
	members []*process
	former  []*process
	told    func(string)
}

// fault is what happens to a worker.
type fault struct {
	name   string
	happen func(ctx context.Context, member int) error
}

func (c *crew) faults() []fault {
	return []fault{
		{"killed", c.kill},
		{"stopped until others have its accounts, and woken up", c.halt},
		{"cut off from the store until others have its accounts", c.cutOff},
		{"cut off from the store for a moment", func(_ context.Context, member int) error {
			c.members[member].line.Cut(faultproxy.RST)
			return nil
		}},
		{"at work while the store crashes", c.crash},
	}
}

// Hurt is the shape of accounts where workers die: each batch has a mailbox of its own.
var Hurt = Shape{Slices: 4, Takes: 200 * time.Millisecond, Batches: 8, Speed: 1}

// Suffer lets workers do a pass over all accounts, each as shape says, while so many faults happen to them, chosen by a seed; the first of
// them are one of each kind. Told is told of each. The error names what is against the rules.
func (f *Fleet) Suffer(ctx context.Context, shape Shape, n int, seed uint64, told func(string)) (r Reckoning, err error) {
	p, err := f.Begin(ctx)
	if err != nil {
		return r, err
	}
	c := &crew{fleet: f, pass: p, chance: rand.New(rand.NewPCG(seed, seed)), stop: make(chan struct{}), told: told}
	f.ends.begin(shape, 0, 0)
	f.ends.expect(true)
	for range f.options.Workers {
		if err := c.hire(ctx); err != nil {
			return r, err
		}
	}
	if err = c.suffer(ctx, n); err != nil {
		p.cancel()
	}
	f.ends.expect(false)
	synced, passErr := p.Wait()
	close(c.stop)
	for _, m := range c.members {
		err = errors.Join(err, <-m.ended, m.line.Close())
	}
	r = c.reckon()
	return r, errors.Join(err, passErr, c.against(shape, r, synced))
}

// expect says whether faults are still to come.
func (e *ends) expect(trouble bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.trouble = trouble
}

// suffer lets faults happen one after the other, each to a worker that is at work.
func (c *crew) suffer(ctx context.Context, n int) error {
	all := c.faults()
	for i := range n {
		kind := i
		if i >= len(all) {
			kind = c.chance.IntN(len(all))
		}
		member, err := c.atWork(ctx)
		if err != nil {
			return err
		}
		c.told(fmt.Sprintf("worker %d is %s", member, all[kind].name))
		if err := all[kind].happen(ctx, member); err != nil {
			return fmt.Errorf("worker %d is %s: %w", member, all[kind].name, err)
		}
	}
	return nil
}

// atWork waits until workers are at work, and chooses one of them.
func (c *crew) atWork(ctx context.Context) (member int, err error) {
	order := c.chance.Perm(len(c.members))
	err = c.until(ctx, func() (bool, error) {
		i := slices.IndexFunc(order, func(i int) bool {
			_, busy := c.members[i].called()
			return busy > 0
		})
		if i >= 0 {
			member = order[i]
		}
		return i >= 0, nil
	})
	return member, err
}

// until waits for something.
func (c *crew) until(ctx context.Context, is func() (bool, error)) error {
	for {
		if yes, err := is(); err != nil || yes {
			return err
		}
		if err := c.lostForGood(); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-c.pass.over:
			return errors.New("the pass is over")
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// lostForGood is an error once a worker has ended that nobody has killed: what others would do is waited for in vain then.
func (c *crew) lostForGood() error {
	for i, m := range c.members {
		select {
		case err := <-m.ended:
			m.ended <- err
			return fmt.Errorf("worker %d has ended by itself: %w", i, cmp.Or(err, errors.New("in order")))
		default:
		}
	}
	return nil
}

// hire starts a worker.
func (c *crew) hire(ctx context.Context) error {
	line, err := faultproxy.New(c.fleet.server.Addr)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	store := ledger.Location{Name: c.fleet.server.Address("postgres")}
	p := &process{ends: c.fleet.ends, line: line, store: store, cancel: cancel, ended: make(chan error, 1)}
	c.members = append(c.members, p)
	go func() { p.ended <- c.fleet.work(ctx, p, c.stop) }()
	return nil
}

// kill ends a worker with all its connections, and starts another one.
func (c *crew) kill(ctx context.Context, member int) error {
	p := c.members[member]
	if err := p.line.Close(); err != nil { // what it says from now on is heard by nobody
		return err
	}
	p.cancel()
	if err := <-p.ended; err == nil {
		return errors.New("it ended in order")
	}
	p.dead = true
	c.former = append(c.former, p)
	c.members = append(c.members[:member], c.members[member+1:]...)
	return c.hire(ctx)
}

// alone waits until a worker has no account any more, as the store sees it.
func (c *crew) alone(ctx context.Context, name string) error {
	return c.asked(ctx, `SELECT NOT EXISTS (SELECT 1 FROM rehome.leases
		WHERE until_milli > EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AND holder = $1)`, name)
}

// asked waits until the store says yes.
func (c *crew) asked(ctx context.Context, question string, values ...any) error {
	return c.until(ctx, func() (is bool, err error) {
		err = c.fleet.db.QueryRowContext(ctx, question, values...).Scan(&is)
		return is, err
	})
}

// breakLine lets nothing through until it is mended: then all arrives.
func (p *process) breakLine() (mend func()) {
	for _, direction := range []faultproxy.Direction{faultproxy.ToServer, faultproxy.ToClient} {
		p.line.Set(direction, faultproxy.Fault{Stall: true})
	}
	return func() {
		for _, direction := range []faultproxy.Direction{faultproxy.ToServer, faultproxy.ToClient} {
			p.line.Set(direction, faultproxy.Fault{})
		}
	}
}

// halt stops a worker until another one has begun with something that it has under way.
func (c *crew) halt(ctx context.Context, member int) error {
	p := c.members[member]
	name, _ := p.called()
	wake, mend := p.stop(), p.breakLine()
	err := c.alone(ctx, name)
	if err == nil {
		c.fleet.ends.makeRoom(true)
		err = c.until(ctx, func() (bool, error) { return c.fleet.ends.anyOther(p), nil })
		c.fleet.ends.makeRoom(false)
	}
	mend()
	wake()
	return err
}

// makeRoom lets accounts be over although faults are to come, so that workers take those that others have lost.
func (e *ends) makeRoom(room bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.room = room
}

// anyOther reports whether an account that a process has under way was begun by another one, or it has none.
func (e *ends) anyOther(p *process) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	own := 0
	for _, s := range e.accounts {
		if s.by == p && s.working {
			own++
		}
	}
	_, busy := p.called()
	return own < busy || busy == 0
}

// cutOff cuts a worker off until its leases are over.
func (c *crew) cutOff(ctx context.Context, member int) error {
	p := c.members[member]
	name, _ := p.called()
	defer p.breakLine()()
	return c.alone(ctx, name)
}

// crash lets the server of the store crash. Whether somebody was dead before, or dies before he has joined again, is not known afterwards:
// his share is free when servers have ended his connections, in half an hour.
func (c *crew) crash(ctx context.Context, _ int) error {
	names := func() (all []any) {
		for _, p := range c.members {
			name, _ := p.called()
			all = append(all, name)
		}
		return all
	}
	there := func() (bool, error) {
		known := names()
		marks := make([]string, len(known))
		for i := range known {
			marks[i] = fmt.Sprintf("$%d", i+1)
		}
		var all, alive int
		err := c.fleet.db.QueryRowContext(ctx, `SELECT COUNT(DISTINCT worker), COUNT(DISTINCT CASE WHEN worker IN (`+strings.Join(marks, ", ")+`)
			THEN worker END) FROM rehome.shares WHERE worker <> ''`, known...).Scan(&all, &alive)
		return all == len(c.members) && alive == all, err
	}
	if err := c.until(ctx, there); err != nil {
		return err
	}
	before := names()
	if err := c.fleet.server.Restart(); err != nil {
		return err
	}
	return c.until(ctx, func() (bool, error) {
		for i, name := range names() {
			if name == before[i] {
				return false, nil
			}
		}
		return there()
	})
}

// Reckoning is what faults have cost.
type Reckoning struct {
	Killed int // workers
	Lost   int // how often one that lived has lost all its accounts
	Begun  int // slices
	Done   int // of these
	Cut    int // likewise: they were done again
	Looks  int // at accounts that were through: the worker that had brought the last of it has not told
}

func (r Reckoning) String() string {
	return fmt.Sprintf("%d workers were killed, others lost their accounts %d times; %d slices were begun, %d done and %d cut, which were done again; "+
		"%d accounts were looked at once more", r.Killed, r.Lost, r.Begun, r.Done, r.Cut, r.Looks)
}

func (c *crew) reckon() (r Reckoning) {
	r.Killed = len(c.former)
	for _, p := range slices.Concat(c.former, c.members) {
		r.Lost += p.joined - 1
		r.Begun, r.Done, r.Cut, r.Looks = r.Begun+p.begun, r.Done+p.done, r.Cut+p.cut, r.Looks+p.looks
	}
	return r
}

// against says which rules were not kept. All workers have ended.
func (c *crew) against(shape Shape, r Reckoning, synced journey.WorkersSynced) error {
	e, all := c.fleet.ends, c.fleet.options
	most := 0 // slices that dead and absent workers can have had under way
	for _, p := range slices.Concat(c.former, c.members) {
		losses := p.joined - 1
		if p.dead {
			losses++
		}
		most += losses * p.most
		if p.cut > losses*p.most {
			e.wrong("%s lost its accounts %d times, of which at most %d were under way at once, and left %d slices undone", p.name, losses, p.most, p.cut)
		}
	}
	if r.Cut+r.Looks > most {
		e.wrong("%s; at most %d can have been under way when workers died or were away", r, most)
	}
	if r.Begun != r.Done+r.Cut || r.Done != all.Accounts*shape.Slices {
		e.wrong("%s; wanted %d done", r, all.Accounts*shape.Slices)
	}
	if e.most > all.Connections || e.open != 0 {
		e.wrong("%d connections were open at once and %d are left, wanted at most %d and none", e.most, e.open, all.Connections)
	}
	if synced.Finished != int64(all.Accounts) || synced.Failed > 0 || len(synced.Left) > 0 {
		e.wrong("%d of %d accounts are through, %d have failed: %v", synced.Finished, all.Accounts, synced.Failed, synced.Left)
	}
	for address, s := range e.accounts {
		if s.passes != 1 || len(s.brought) != shape.Batches {
			e.wrong("%s was through %d times, with %d of %d batches", address, s.passes, len(s.brought), shape.Batches)
		}
	}
	if len(e.mistakes) > 0 {
		return fmt.Errorf("against the rules: %s", strings.Join(e.mistakes, "; "))
	}
	return nil
}
