// SPDX-License-Identifier: Apache-2.0

package ledger_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"fmt"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"rehome"
	"rehome/internal/ledger"
	"rehome/internal/ledger/postgres"
	"rehome/internal/protocol/imap"
	"rehome/lab"
	labpostgres "rehome/lab/postgres"
)

// wantOperator proves that err is an operator's fault, says words, and hints at the way out.
func wantOperator(t testing.TB, err error, words, hint string) {
	t.Helper()
	if rehome.ClassOf(err) != rehome.ClassOperator || !strings.Contains(err.Error(), words) || !strings.Contains(rehome.HintOf(err), hint) {
		t.Errorf("%s %v, hint %q; want class operator, %q and the hint %q", rehome.ClassOf(err), err, rehome.HintOf(err), words, hint)
	}
}

func begin(l *ledger.Ledger, address string) error {
	return l.Passes.Begin(context.Background(), []ledger.Turn{{Address: address, Pass: rehome.PassPreStage, State: ledger.TurnQueued}})
}

func accounts(t testing.TB, l *ledger.Ledger) string {
	t.Helper()
	all, err := l.Accounts.All(t.Context())
	must(t, err)
	var names []string
	for _, a := range all {
		names = append(names, a.Address)
	}
	return strings.Join(names, " ")
}

// endLocks ends the sessions that hold a lock of a handle, and no other, as a network does that forgets a connection at rest.
const endLocks = `SELECT COALESCE(bool_and(pg_terminate_backend(pid)), true) FROM pg_locks WHERE locktype = 'advisory' AND pid IN
	(SELECT pid FROM pg_stat_activity WHERE query LIKE '%pg_advisory_xact_lock%' AND state = 'idle')`

// faults are what happens to a server of one's own, one after the other.
func faults(t *testing.T, _ *schemas) {
	server, err := labpostgres.Start(lab.Open(t), labpostgres.Options{Name: "own", Password: "hunter2hunter2"})
	must(t, err)
	for _, fault := range []struct {
		name string
		test func(*testing.T, *labpostgres.Server)
	}{{"lost lock", lostLock}, {"refused", refused}, {"server restarted", serverRestarted}, {"disk full", diskFull}} {
		t.Run(fault.name, func(t *testing.T) { fault.test(t, server) })
	}
}

// A process that was only thought dead must write nothing once another one may have begun.
func lostLock(t *testing.T, server *labpostgres.Server) {
	name := server.Address("postgres")
	first, second := openPostgres(t, name, time.Now), openPostgres(t, name, time.Now)
	unlock, err := first.Lock()
	must(t, err)
	must(t, begin(first, "anna@example.test"))
	must(t, server.Await(t.Context(), endLocks))
	must(t, server.Await(t.Context(), `SELECT NOT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory')`))
	wantOperator(t, begin(first, "bert@example.test"), "has lost its lock", "run the same command again")
	next, err := second.Lock()
	must(t, err)
	must(t, begin(second, "cleo@example.test"))
	wantOperator(t, begin(first, "dora@example.test"), "has lost its lock", "run the same command again")
	unlock()
	wantOperator(t, begin(first, "emil@example.test"), "has lost its lock", "run the same command again")
	next()
	must(t, begin(second, "fred@example.test"))
	if got, want := accounts(t, first), "anna@example.test cleo@example.test fred@example.test"; got != want {
		t.Errorf("written: %s, want %s", got, want)
	}
}

// beginAt begins a transaction as a ledger does.
func beginAt(t *testing.T, database *postgres.Server, together bool) *sql.Tx {
	t.Helper()
	conn, err := database.Pool().Conn(t.Context())
	must(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	tx, err := database.Begin(conn, together, true)
	must(t, err)
	return tx
}

// writeAt writes the row of an account within the transaction; the server has heard of it.
func writeAt(t *testing.T, database *postgres.Server, tx *sql.Tx, address string) {
	t.Helper()
	for _, sentence := range []string{`INSERT INTO accounts (address) VALUES ('` + address + `')`, database.Settle()} {
		_, err := tx.Exec(sentence)
		must(t, err)
	}
}

// Who takes a lock is told only when what the holder before him was writing is written, or not.
func lockOfADeadProcess(t *testing.T, ledgers *schemas) {
	name := ledgers.empty(t)
	database := connect(t, name)
	defer func() { must(t, database.Pool().Close()) }()
	tx := beginAt(t, database, false) // of a holder whose lock is gone already
	writeAt(t, database, tx, "late@example.test")
	l := openPostgres(t, name, time.Now)
	took := make(chan error, 1)
	go func() {
		unlock, err := l.Lock()
		if err == nil {
			defer unlock()
		}
		took <- err
	}()
	must(t, ledgers.server.Await(t.Context(), `SELECT EXISTS (SELECT 1 FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
		WHERE l.locktype = 'advisory' AND NOT l.granted AND a.query LIKE '%pg_advisory_xact_lock%')`))
	select {
	case err := <-took:
		t.Fatalf("the lock was given while the last change was under way: %v", err)
	default:
	}
	must(t, tx.Commit())
	must(t, <-took)
	if got := accounts(t, l); got != "late@example.test" {
		t.Errorf("written: %q", got)
	}
}

// Nobody gets an account while what the worker before him was writing is neither written nor refused. Nobody waits for that, either.
func claimBehindALateWorker(t *testing.T, ledgers *schemas) {
	name := ledgers.empty(t)
	l := openPostgres(t, name, time.Now)
	lease, taken, err := l.Leases.Claim(t.Context(), "late", "anna@example.test", 50*time.Millisecond)
	if err != nil || !taken {
		t.Fatalf("taken %v, %v", taken, err)
	}
	database := connect(t, name)
	defer func() { must(t, database.Pool().Close()) }()
	tx := beginAt(t, database, true) // of the worker, while his lease lasted
	var epoch int64
	must(t, tx.QueryRow(`SELECT epoch FROM leases WHERE address = ?`+database.Holding(), lease.Address).Scan(&epoch))
	writeAt(t, database, tx, "anna@example.test")
	must(t, ledgers.server.Await(t.Context(), `SELECT pg_sleep(0.1) IS NOT NULL`)) // the lease is over by the clock of the server
	claim := func(want bool) {
		t.Helper()
		if _, taken, err := l.Leases.Claim(t.Context(), "next", lease.Address, time.Hour); err != nil || taken != want {
			t.Fatalf("taken %v, %v; want %v", taken, err, want)
		}
	}
	claim(false)
	must(t, tx.Commit())
	claim(true)
	if got := accounts(t, l); got != "anna@example.test" {
		t.Errorf("written: %q", got)
	}
}

// An intent waits for the disk, and what may be lost does not, whatever the transaction before did.
func waitsForTheDisk(t *testing.T, ledgers *schemas) {
	database := connect(t, ledgers.empty(t))
	defer func() { must(t, database.Pool().Close()) }()
	conn, err := database.Pool().Conn(t.Context())
	must(t, err)
	defer func() { must(t, conn.Close()) }()
	for i, onDisk := range []bool{true, false, true, true, false} {
		tx, err := database.Begin(conn, i%2 == 0, onDisk)
		must(t, err)
		var waits string
		must(t, tx.QueryRow(`SHOW synchronous_commit`).Scan(&waits))
		if waits == "on" != onDisk {
			t.Errorf("transaction %d: synchronous_commit is %s, to be on disk: %v", i, waits, onDisk)
		}
		if i == 2 {
			must(t, tx.Rollback())
		} else {
			must(t, tx.Commit())
		}
	}
}

// A process that was stopped in the middle of a transaction keeps nobody waiting, and what it was writing is not there.
func stoppedInTheMiddle(t *testing.T, ledgers *schemas) {
	name := ledgers.empty(t)
	l := openPostgres(t, name, time.Now)
	database := connect(t, name)
	defer func() { _ = database.Pool().Close() }()
	tx := beginAt(t, database, false)
	writeAt(t, database, tx, "stopped@example.test")
	must(t, begin(l, "anna@example.test"))
	if err := tx.Commit(); err == nil {
		t.Error("who was stopped could commit")
	}
	if got := accounts(t, l); got != "anna@example.test" {
		t.Errorf("written: %q", got)
	}
}

// The server crashes in the middle. What was promised is there, nothing is there in half, and who was connected writes nothing more:
// he may believe in what was committed last and is lost.
func serverRestarted(t *testing.T, server *labpostgres.Server) {
	name := server.Address("postgres")
	l := openPostgres(t, name, time.Now)
	unlock, err := l.Lock()
	must(t, err)
	defer unlock()
	box := ledger.Anchor{Address: "anna@example.test", Source: "INBOX", Destination: "INBOX", SrcUIDValidity: 1, DstUIDValidity: 1}
	m, err := l.Mail.Mailbox(t.Context(), box)
	must(t, err)
	promised := make(chan int)
	go func() {
		for n := 0; ; n++ {
			if _, err := l.Mail.Intend(context.Background(), m, 1, []ledger.Item{{UID: imap.UID(n + 1), Size: 1}}); err != nil {
				promised <- n
				return
			}
		}
	}()
	must(t, server.Await(t.Context(), `SELECT COUNT(*) > 20 FROM rehome.batches`))
	must(t, server.Restart())
	n := <-promised
	wantOperator(t, begin(l, "bert@example.test"), "write store postgres://rehome@socket/postgres", "run the same command again")
	_ = accounts(t, l) // reading goes on
	again := openPostgres(t, name, time.Now)
	next, err := again.Lock()
	must(t, err)
	defer next()
	m, err = again.Mail.Mailbox(t.Context(), box)
	if err != nil || len(m.Intents) < n || len(m.Intents) > n+1 {
		t.Errorf("%d intents, %v; want the %d that were promised, and at most one more", len(m.Intents), err, n)
	}
	must(t, begin(again, "cleo@example.test"))
}

func refused(t *testing.T, server *labpostgres.Server) {
	for _, sentence := range []string{
		`CREATE ROLE nobody LOGIN`, `CREATE ROLE full LOGIN CONNECTION LIMIT 0`, `CREATE SCHEMA other`, `CREATE TABLE other.calendars (id int)`,
		`CREATE DATABASE latin ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0`, `REVOKE CREATE ON DATABASE postgres FROM PUBLIC`,
	} {
		must(t, server.Exec(t.Context(), sentence))
	}
	const right = "hunter2hunter2"
	newer, err := postgres.Open(t.Context(), parse(t, server.NetworkAddress("postgres")+"&search_path=newer"), rehome.NewSecret(right))
	must(t, err)
	must(t, newer.Pool().Close())
	must(t, server.Exec(t.Context(), `INSERT INTO newer.goose_db_version (version_id, is_applied) VALUES (9999, true)`))
	must(t, server.Exec(t.Context(), `UPDATE newer.schema_readers SET oldest = 9999`))
	as := func(user, address string) string { return strings.Replace(address, "rehome@", user+"@", 1) }
	for name, test := range map[string]struct{ address, password, words, hint string }{
		"wrong password":    {server.NetworkAddress("postgres"), "guess-me-not", "password authentication failed", "store_password"},
		"no password":       {server.NetworkAddress("postgres"), "", "password", "store_password"},
		"no such database":  {server.NetworkAddress("none"), right, "does not exist", "createdb"},
		"unknown authority": {strings.Split(server.NetworkAddress("postgres"), "?")[0] + "?sslmode=verify-full", right, "certificate", "sslrootcert"},
		"in the clear":      {strings.Split(server.NetworkAddress("postgres"), "?")[0], right, "no encryption", "pg_hba.conf"},
		"nobody there":      {"postgres://rehome@127.0.0.1:1/postgres", right, "connection refused", "runs and can be reached"},
		"no right":          {as("nobody", server.Address("postgres")), "", "permission denied", "GRANT CREATE"},
		"too many":          {as("full", server.Address("postgres")), "", "too many connections", "max_connections"},
		"another program":   {server.Address("postgres") + "&search_path=other", "", "another program", "search_path"},
		"another encoding":  {server.Address("latin"), "", "UTF-8, but of LATIN1", "createdb"},
		"a newer rehome's": {server.Address("postgres") + "&search_path=newer", "",
			"schema 9999 is newer than this program's ", "use the rehome version"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			database, err := postgres.Open(t.Context(), parse(t, test.address), rehome.NewSecret(test.password))
			if err == nil {
				must(t, database.Pool().Close())
			}
			wantOperator(t, err, test.words, test.hint)
			if err != nil && test.password != "" && strings.Contains(err.Error(), test.password) {
				t.Errorf("the secret is in %v", err)
			}
		})
	}
}

func parse(t testing.TB, name string) postgres.Address {
	t.Helper()
	address, err := postgres.ParseAddress(name)
	must(t, err)
	return address
}

func manyOpenAtOnce(t *testing.T, ledgers *schemas) {
	name := ledgers.empty(t)
	var work sync.WaitGroup
	for range 4 {
		work.Go(func() {
			database, err := postgres.Open(t.Context(), parse(t, name), rehome.Secret{})
			if err == nil {
				err = database.Pool().Close()
			}
			if err != nil {
				t.Errorf("open: %v", err)
			}
		})
	}
	work.Wait()
}

// The disk of the server is full: what was written is there, what failed is not, and the same process goes on when there is space.
func diskFull(t *testing.T, server *labpostgres.Server) {
	dir := smallDisk(t, server)
	must(t, server.Exec(t.Context(), fmt.Sprintf(`CREATE TABLESPACE small LOCATION '%s'`, dir)))
	must(t, server.Exec(t.Context(), `ALTER ROLE rehome SET default_tablespace = 'small'`))
	l := openPostgres(t, server.Address("postgres")+"&search_path=small", time.Now)
	var err error
	written := -1
	for ; err == nil && written < 5000; written++ {
		var text [1500]byte
		_, _ = rand.Read(text[:]) // which does not shrink
		err = l.Rules.Save(t.Context(), fmt.Sprint(written), ledger.Rule{Name: "main", Digest: hex.EncodeToString(text[:])})
	}
	wantOperator(t, err, "write store postgres://rehome@socket/postgres", "free space on the disk of the PostgreSQL server")
	counts, err := l.Rules.Counts(t.Context())
	if err != nil || len(counts) != written {
		t.Errorf("%d are there, %v; want the %d that were written", len(counts), err, written)
	}
	must(t, syscall.Mount("", dir, "tmpfs", syscall.MS_REMOUNT, "size=64m"))
	must(t, l.Rules.Save(t.Context(), "more", ledger.Rule{Name: "main", Digest: "1"}))
}

// smallDisk makes a disk of some megabytes that the server can write to; the caller is root.
func smallDisk(t *testing.T, server *labpostgres.Server) string {
	t.Helper()
	dir := server.Sockets + "/small"
	must(t, os.Mkdir(dir, 0o777))
	must(t, syscall.Mount("rehome-test", dir, "tmpfs", 0, "size=6m"))
	t.Cleanup(func() { must(t, syscall.Unmount(dir, syscall.MNT_DETACH)) })
	must(t, os.Chmod(dir, 0o777))
	info, err := os.Stat(server.Sockets + "/data")
	must(t, err)
	must(t, os.Chown(dir, int(info.Sys().(*syscall.Stat_t).Uid), -1))
	return dir
}
