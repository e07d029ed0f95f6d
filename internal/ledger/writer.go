// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"sync"
)

// writer runs all changes on one goroutine and commits those that came together in one transaction:
// with a hundred mailboxes at work, one fsync serves many of them (group commit).
//
// Only intents wait for the disk. Whatever else a power cut takes away is found again by what is left:
// an intent whose receipt is lost is looked up at the destination like one whose answer was lost, and
// an end of a pass that is lost costs another look. A killed process loses nothing of either kind.
type writer struct {
	durability func(wait bool) string // see Database
	begin      func(conn *sql.Conn, together, onDisk bool) (*sql.Tx, error)
	between    []string
	settle     string
	lost       func(*sql.Tx, []Lease) (lostLeases, error)

	conn *sql.Conn // one connection, because to wait for the disk is a setting of the connection
	sync bool      // what it is set to

	// broken is why the connection is gone; then nothing more is written. What was committed last without waiting for the disk may
	// be lost with the server, and this process would go on as if it were there. The next one goes on from what is.
	broken error

	queue chan *change
	done  sync.WaitGroup
	mu    sync.RWMutex // held by senders while they send, so that none meets a closed queue
	shut  bool
}

// change is one caller's write, all or nothing.
type change struct {
	ctx    context.Context
	apply  func(*sql.Tx) error
	onDisk bool   // has to survive a power cut
	lease  *Lease // without which it is refused; nil for none

	// together says that other processes may write at the same time: what the change is about is held by a lease, or the change
	// sees to it by itself.
	together bool

	result chan error
}

// groupLimit bounds how many changes share a commit, so that the first of them does not wait long.
const groupLimit = 64

var errClosed = errors.New("the ledger is closed")

// lostLeases has an error for each lease that is lost. Where answers are waited for it is the answer to a question.
type lostLeases func() (map[Lease]error, error)

// newWriter returns a writer that refuses what is written under a lease for which lost has an error.
func newWriter(ctx context.Context, database Database, lost func(*sql.Tx, []Lease) (lostLeases, error)) (*writer, error) {
	conn, err := database.Pool().Conn(ctx)
	if err != nil {
		return nil, err
	}
	w := &writer{durability: database.Durability, begin: database.Begin, between: database.BetweenSavepoints(), settle: database.Settle(), lost: lost,
		conn: conn, sync: true, queue: make(chan *change, groupLimit)}
	w.done.Add(1)
	go w.run()
	return w, nil
}

// do queues a change and returns when it is committed, or was refused; with onDisk, when it would survive
// a power cut.
func (w *writer) do(c *change) error {
	c.result = make(chan error, 1)
	w.mu.RLock()
	if w.shut {
		w.mu.RUnlock()
		return errClosed
	}
	w.queue <- c // the run loop never stops before close, so this always ends
	w.mu.RUnlock()
	return <-c.result
}

func (w *writer) close() {
	w.mu.Lock()
	if !w.shut {
		w.shut = true
		close(w.queue)
	}
	w.mu.Unlock()
	w.done.Wait()
	_ = w.conn.Close() // gives it back to the pool, whose own end is what counts
}

func (w *writer) run() {
	defer w.done.Done()
	for first := range w.queue {
		w.commit(w.gather(first))
	}
}

// gather takes what else is already waiting.
func (w *writer) gather(first *change) []*change {
	group := []*change{first}
	for len(group) < groupLimit {
		select {
		case c, open := <-w.queue:
			if !open {
				return group
			}
			group = append(group, c)
		default:
			return group
		}
	}
	return group
}

// commit applies the group in one transaction. A change that fails is rolled back alone.
func (w *writer) commit(group []*change) {
	results := make([]error, len(group))
	err := w.transact(group, results)
	for i, c := range group {
		if err != nil {
			results[i] = err
		}
		c.result <- results[i]
	}
}

func (w *writer) transact(group []*change, results []error) error {
	if w.broken != nil {
		return w.broken
	}
	err := w.transactNow(group, results)
	if err != nil && w.conn.PingContext(context.Background()) != nil {
		w.broken = err
	}
	return err
}

func (w *writer) transactNow(group []*change, results []error) error {
	onDisk := slices.ContainsFunc(group, func(c *change) bool { return c.onDisk })
	if err := w.waitForDisk(onDisk); err != nil {
		return err
	}
	// A caller that gave up must not roll the others back, so the transaction has no deadline.
	tx, err := w.begin(w.conn, !slices.ContainsFunc(group, func(c *change) bool { return !c.together }), onDisk)
	if err != nil {
		return err
	}
	if err := w.fill(tx, group, results); err != nil {
		_ = tx.Rollback() // the transaction is lost either way, and err is the reason
		return err
	}
	return tx.Commit()
}

// fill applies a group within its transaction. An error means that this is lost.
func (w *writer) fill(tx *sql.Tx, group []*change, results []error) error {
	asked, err := w.lost(tx, leasesOf(group))
	if err != nil {
		return err
	}
	if len(group) == 1 && w.settle != "" {
		results[0], err = applyAhead(tx, group[0], asked)
		return err
	}
	lost, err := asked()
	if err != nil {
		return err
	}
	apply := (&savepoints{between: w.between, settle: w.settle}).apply
	if len(group) == 1 {
		apply = applyAlone
	}
	for i, c := range group {
		if results[i] = c.ctx.Err(); results[i] != nil {
			continue
		}
		if c.lease != nil && lost[*c.lease] != nil {
			results[i] = lost[*c.lease]
			continue
		}
		if results[i], err = apply(tx, c.apply); err != nil {
			return err
		}
	}
	return nil
}

// applyAhead is applyAlone of a change whose lease is asked for together with its own sentences. Before the commit it is known whether that
// was lost; then nothing of the change is kept.
func applyAhead(tx *sql.Tx, c *change, asked lostLeases) (failed, lost error) {
	if err := c.ctx.Err(); err != nil {
		return err, nil
	}
	failed = c.apply(tx)
	if c.lease == nil {
		return failed, failed
	}
	switch gone, err := asked(); {
	case err == nil && gone[*c.lease] != nil:
		failed = gone[*c.lease]
	case failed == nil:
		failed = err
	}
	return failed, failed
}

// leasesOf are those under which a group writes. Whether they last is asked once: they stay so until the end of the transaction.
func leasesOf(group []*change) (all []Lease) {
	for _, c := range group {
		if c.lease != nil && !slices.Contains(all, *c.lease) {
			all = append(all, *c.lease)
		}
	}
	return all
}

// waitForDisk says whether the next commit waits for the disk, and with it all before.
func (w *writer) waitForDisk(wait bool) error {
	sentence := w.durability(wait)
	if w.sync == wait || sentence == "" {
		return nil
	}
	if _, err := w.conn.ExecContext(context.Background(), sentence); err != nil {
		return err
	}
	w.sync = wait
	return nil
}

// applyAlone runs the only change of a transaction, which is lost when the change fails.
func applyAlone(tx *sql.Tx, apply func(*sql.Tx) error) (failed, lost error) {
	err := apply(tx)
	return err, err
}

// savepoints lets changes share a transaction: one that fails takes nothing of the others along.
type savepoints struct {
	between []string
	settle  string
	state   savepoint
}

type savepoint int

const (
	noSavepoint    savepoint = iota
	usedSavepoint            // a change stands behind it
	cleanSavepoint           // nothing does
)

// apply runs one change of several. The second error means that the transaction itself is lost: after a full disk and its like a database
// may roll all of it back by itself (SQLite does: sqlite.org/lang_transaction.html, section 3.1), and then there is no savepoint to go back
// to. The last savepoint ends with the transaction.
func (s *savepoints) apply(tx *sql.Tx, apply func(*sql.Tx) error) (failed, lost error) {
	var first []string
	switch s.state {
	case noSavepoint:
		first = []string{"SAVEPOINT one"}
	case usedSavepoint:
		first = s.between
	}
	for _, sentence := range first {
		if _, err := tx.Exec(sentence); err != nil {
			return nil, err
		}
	}
	s.state = usedSavepoint
	failed = apply(tx)
	if failed == nil && s.settle != "" {
		_, failed = tx.Exec(s.settle)
	}
	if failed == nil {
		return nil, nil
	}
	if _, err := tx.Exec("ROLLBACK TO one"); err != nil {
		return failed, failed // the consequence would only hide the cause
	}
	s.state = cleanSavepoint
	return failed, nil
}
