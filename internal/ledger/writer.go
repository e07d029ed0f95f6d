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
	durability func(wait bool) string                // see Database
	fence      func(tx *sql.Tx, together bool) error // likewise
	check      func(*sql.Tx, Lease) error            // refuses what is written under a lease that is lost

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

func newWriter(ctx context.Context, database Database, check func(*sql.Tx, Lease) error) (*writer, error) {
	conn, err := database.Pool().Conn(ctx)
	if err != nil {
		return nil, err
	}
	w := &writer{durability: database.Durability, fence: database.Fence, conn: conn, sync: true, queue: make(chan *change, groupLimit)}
	w.check = check
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
	if err := w.waitForDisk(slices.ContainsFunc(group, func(c *change) bool { return c.onDisk })); err != nil {
		return err
	}
	// A caller that gave up must not roll the others back, so the transaction has no deadline.
	tx, err := w.conn.BeginTx(context.Background(), nil)
	if err != nil {
		return err
	}
	alone := slices.ContainsFunc(group, func(c *change) bool { return !c.together })
	if err := w.fence(tx, !alone); err != nil {
		_ = tx.Rollback() // nothing was done
		return err
	}
	held, apply := map[Lease]error{}, applyAmong
	if len(group) == 1 {
		apply = applyAlone
	}
	for i, c := range group {
		if results[i] = c.ctx.Err(); results[i] != nil {
			continue
		}
		if results[i] = w.mayWrite(tx, c.lease, held); results[i] != nil {
			continue
		}
		if results[i], err = apply(tx, c.apply); err != nil {
			_ = tx.Rollback() // the transaction is lost either way, and err is the reason
			return err
		}
	}
	return tx.Commit()
}

// mayWrite asks once in a transaction whether a lease still holds: it stays so until the end of that.
func (w *writer) mayWrite(tx *sql.Tx, lease *Lease, known map[Lease]error) error {
	if lease == nil {
		return nil
	}
	if err, asked := known[*lease]; asked {
		return err
	}
	known[*lease] = w.check(tx, *lease)
	return known[*lease]
}

// waitForDisk says whether the next commit waits for the disk, and with it all before.
func (w *writer) waitForDisk(wait bool) error {
	if w.sync == wait {
		return nil
	}
	if _, err := w.conn.ExecContext(context.Background(), w.durability(wait)); err != nil {
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

// applyAmong runs one change of several inside a savepoint. The second error means that the transaction itself
// is lost: after a full disk and its like a database may roll all of it back by itself (SQLite does:
// sqlite.org/lang_transaction.html, section 3.1), and then there is no savepoint to go back to.
func applyAmong(tx *sql.Tx, apply func(*sql.Tx) error) (failed, lost error) {
	if _, err := tx.Exec("SAVEPOINT one"); err != nil {
		return nil, err
	}
	if failed = apply(tx); failed == nil {
		_, err := tx.Exec("RELEASE one")
		return nil, err
	}
	for _, sentence := range []string{"ROLLBACK TO one", "RELEASE one"} {
		if _, err := tx.Exec(sentence); err != nil {
			return failed, failed // the consequence would only hide the cause
		}
	}
	return failed, nil
}
