// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"rehome"
)

// The rule: who holds a lock may write as long as the server knows that he holds it, and nobody else can have taken it.
//
//   - A lock is an advisory lock (postgresql.org/docs/15/explicit-locking.html, section 13.3.5) of a session of its own, so that it
//     ends with the process, and with the connection. The session holds a second one, the token, with a number of chance.
//   - Every transaction that writes takes the trunk, one after the other, whoever they are, or together with others of its like where
//     leases keep them apart. It looks first whether the tokens of its own handle are still held. A process that was thought dead and
//     wakes up writes nothing more, also when nobody has taken the lock meanwhile.
//   - Who takes a lock passes the trunk once before he is told. What the holder before him was writing has ended then, and is read;
//     what he wants to write later finds no token.
type lock struct {
	server *Server
	conn   *pgx.Conn
	number int64
	token  int64
	once   sync.Once
	ended  chan struct{} // closed by the unlock
	done   chan struct{} // closed when the watch is over
}

// errLost is why a handle writes nothing more.
var errLost = errors.New("this run has lost its lock, because the connection that held it is gone, and another run may have begun")

// key is the number of an advisory lock. All programs of a database share these numbers.
func key(schema, work string) int64 {
	digest := sha256.Sum256([]byte("rehome ledger " + schema + " " + work))
	return int64(binary.BigEndian.Uint64(digest[:8]))
}

// Lock makes this process the only one that copies with the ledger.
func (s *Server) Lock() (unlock func(), err error) {
	return s.lock("copy", "in use by another rehome run", `wait until that run has ended; "rehome status" shows its progress`)
}

// LockFor makes this process the only one that does one kind of work beside those that copy, such as "notify".
func (s *Server) LockFor(work string) (unlock func(), err error) {
	return s.lock("work "+work, "another rehome run does the same", "wait until that run has ended")
}

// lockPatience is how long a lock is tried again: the server may need a moment to see that its holder is dead.
const lockPatience = time.Second

func (s *Server) lock(work, cause, hint string) (unlock func(), err error) {
	l, err := s.take(work, cause, hint)
	if err != nil {
		return nil, err
	}
	if err := l.begin(context.Background()); err != nil {
		_ = l.conn.Close(context.Background()) // err is the reason
		return nil, s.address.openFault(err)
	}
	s.mu.Lock()
	s.held[l] = true
	s.mu.Unlock()
	go l.watch()
	return l.unlock, nil
}

// take takes a lock in a session of its own.
func (s *Server) take(work, cause, hint string) (*lock, error) {
	ctx := context.Background()
	conn, err := pgx.ConnectConfig(ctx, s.config)
	if err != nil {
		return nil, s.address.openFault(err)
	}
	number := key(s.address.Schema, work)
	taken, err := try(ctx, conn, number)
	for until := time.Now().Add(lockPatience); err == nil && !taken && time.Now().Before(until); {
		time.Sleep(20 * time.Millisecond)
		taken, err = try(ctx, conn, number)
	}
	switch {
	case err != nil:
		err = s.address.openFault(err)
	case !taken:
		err = &rehome.Fault{Class: rehome.ClassOperator, Op: "use store", Object: s.Name(),
			Cause: errors.New(cause + holder(ctx, conn, number)), Hint: hint}
	}
	if err != nil {
		_ = conn.Close(ctx) // err is the reason
		return nil, err
	}
	return &lock{server: s, conn: conn, number: number, ended: make(chan struct{}), done: make(chan struct{})}, nil
}

func try(ctx context.Context, conn *pgx.Conn, number int64) (taken bool, err error) {
	err = conn.QueryRow(ctx, `SELECT pg_try_advisory_lock($1)`, number).Scan(&taken)
	return taken, err
}

// begin takes the token and passes the trunk.
func (l *lock) begin(ctx context.Context) error {
	var random [8]byte
	_, _ = rand.Read(random[:]) // which never fails
	l.token = int64(binary.BigEndian.Uint64(random[:]))
	if _, err := l.conn.Exec(ctx, `SELECT pg_advisory_lock($1)`, l.token); err != nil {
		return err
	}
	_, err := l.conn.Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, l.server.trunk)
	return err
}

// watchPause is how often the session of a lock is looked at: nothing is lost by looking rarely, as every transaction asks the server.
const watchPause = 5 * time.Second

// watch keeps the session in use, so that nothing on the way takes it for forgotten.
func (l *lock) watch() {
	defer close(l.done)
	ticker := time.NewTicker(watchPause)
	defer ticker.Stop()
	for {
		select {
		case <-l.ended:
			return
		case <-ticker.C:
			if l.ping() != nil {
				return // the next transaction finds no token
			}
		}
	}
}

// ping waits no longer than a command that ends may wait for it.
func (l *lock) ping() error {
	ctx, cancel := context.WithTimeout(context.Background(), busyPatience)
	defer cancel()
	return l.conn.Ping(ctx)
}

// unlock gives the lock back.
func (l *lock) unlock() {
	l.once.Do(func() {
		err := l.let()
		l.server.mu.Lock()
		defer l.server.mu.Unlock()
		delete(l.server.held, l)
		l.server.lost = l.server.lost || err != nil
	})
}

// let gives the lock back at once; the end of the session does the same a little later.
func (l *lock) let() error {
	close(l.ended)
	<-l.done
	ctx, cancel := context.WithTimeout(context.Background(), lockPatience)
	defer cancel()
	_, err := l.conn.Exec(ctx, `SELECT pg_advisory_unlock($1)`, l.number)
	_ = l.conn.Close(ctx)
	return err
}

// Attend lets others see that the process of a worker lives: it has a session, which the system ends with the process. Nothing depends
// on it that this handle writes.
func (s *Server) Attend(name string) (leave func(), err error) {
	l, err := s.take(attendance+name, "another worker has this name", "start it again")
	if err != nil {
		return nil, err
	}
	go l.watch()
	return func() { l.once.Do(func() { _ = l.let() }) }, nil // a session that is gone has let it go
}

const attendance = "worker "

// Attends reports whether it does.
func (s *Server) Attends(tx *sql.Tx, name string) (attends bool, err error) {
	err = tx.QueryRow(`SELECT NOT pg_try_advisory_xact_lock_shared(?)`, key(s.address.Schema, attendance+name)).Scan(&attends)
	return attends, err
}

// Incarnation returns when the server was started: it has let go then of all that was locked before.
func (s *Server) Incarnation() string {
	return `CAST(EXTRACT(EPOCH FROM pg_postmaster_start_time()) * 1000 AS BIGINT)`
}

// stall is how long a transaction that writes may be at rest. Its sentences come one right after the other, so that the process has
// been stopped then, or its machine sleeps; others would wait for it for as long as that takes. The server ends it, with all that it
// has written.
const stall = "5s"

// Begin begins a transaction that writes: see the rule. Its commit waits for the disk, and with it for all that was committed before: the
// log is written in order. Or it does not, and a crash of the server may take the last of them
// (postgresql.org/docs/15/wal-async-commit.html); it takes the connection with them, after which this process writes nothing more. All of
// that goes to the server in one text with BEGIN.
func (s *Server) Begin(conn *sql.Conn, together, onDisk bool) (*sql.Tx, error) {
	commit := "off"
	if onDisk {
		commit = "on"
	}
	tx, err := conn.BeginTx(withFirst(context.Background(), `SELECT set_config('synchronous_commit', '`+commit+`', true), `+
		s.pass(together, stall)), nil)
	if err != nil {
		return nil, err
	}
	if err := s.stillHeld(tx); err != nil {
		_ = tx.Rollback() // nothing was done
		return nil, err
	}
	return tx, nil
}

// pass bounds the rest of a transaction, and then waits for the trunk.
func (s *Server) pass(together bool, stall string) string {
	wait := `pg_advisory_xact_lock`
	if together {
		wait = `pg_advisory_xact_lock_shared`
	}
	return fmt.Sprintf(`set_config('idle_in_transaction_session_timeout', '%s', true), %s('%d'::bigint)`, stall, wait, s.trunk)
}

// FenceLong is what Begin does, for a transaction that has begun and may take its time.
func (s *Server) FenceLong(tx *sql.Tx) error {
	if _, err := tx.Exec(`SELECT ` + s.pass(false, "0")); err != nil {
		return err
	}
	return s.stillHeld(tx)
}

// stillHeld is refused when a lock of this handle is not held any more.
func (s *Server) stillHeld(tx *sql.Tx) error {
	tokens, lost := s.tokens()
	for _, token := range tokens {
		var free bool
		if err := tx.QueryRow(`SELECT pg_try_advisory_xact_lock_shared(?)`, token).Scan(&free); err != nil {
			return err
		}
		lost = lost || free
	}
	if lost {
		return errLost
	}
	return nil
}

// tokens are those of the locks that are held; lost, that one was not held any more when it was given back.
func (s *Server) tokens() (tokens []int64, lost bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for l := range s.held {
		tokens = append(tokens, l.token)
	}
	return tokens, s.lost
}

// Free reports whether nobody has taken Lock, and lets nobody do so until the transaction ends. Who tries meanwhile tries again, see
// lockPatience.
func (s *Server) Free(tx *sql.Tx) (free bool, err error) {
	err = tx.QueryRow(`SELECT pg_try_advisory_xact_lock_shared(?)`, key(s.address.Schema, "copy")).Scan(&free)
	return free, err
}

// Clock returns what the time is in a sentence, also within a transaction that has begun before.
func (s *Server) Clock() string {
	return `CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)`
}

// Holding keeps the row that is read as it is, while others may read it likewise.
func (s *Server) Holding() string { return ` FOR SHARE` }

// Seizing keeps the row that is read for this transaction. A row that another one holds is passed over: that may have been stopped.
func (s *Server) Seizing() string { return ` FOR UPDATE SKIP LOCKED` }

// Locked reports whether a process copies with the ledger. It takes the lock from nobody.
func (s *Server) Locked() (locked bool, err error) {
	err = s.db.QueryRow(`SELECT EXISTS (SELECT 1 FROM pg_locks WHERE `+thatLock+`)`, lockArgs(key(s.address.Schema, "copy"))...).Scan(&locked)
	if err != nil {
		return false, s.address.openFault(err)
	}
	return locked, nil
}

// thatLock finds an advisory lock by its number, of which PostgreSQL shows the halves (postgresql.org/docs/15/view-pg-locks.html).
const thatLock = `locktype = 'advisory' AND granted AND objsubid = 1 AND classid::bigint = ? AND objid::bigint = ?
	AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`

func lockArgs(number int64) []any {
	return []any{int64(uint64(number) >> 32), int64(uint64(number) & 0xFFFFFFFF)}
}

// holder returns " (rehome pid 1234 at HOST)" for the process that holds the lock, or "" if the server does not say.
func holder(ctx context.Context, conn *pgx.Conn, number int64) string {
	query := (&connection{numbered: map[string]string{}}).number(`SELECT application_name FROM pg_stat_activity WHERE pid IN
		(SELECT pid FROM pg_locks WHERE ` + thatLock + `)`)
	var name string
	if err := conn.QueryRow(ctx, query, lockArgs(number)...).Scan(&name); err != nil || name == "" {
		return ""
	}
	return fmt.Sprintf(" (%s)", name)
}
