// SPDX-License-Identifier: Apache-2.0

package ledger_test

import (
	"database/sql"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// relay stands between a ledger and its server, and counts how often the server was waited for.
type relay struct {
	mu    sync.Mutex
	asked bool // it was the ledger that has spoken last
	trips int
}

// openRelay returns the address by which a ledger is reached through it.
func openRelay(t *testing.T, address, sockets string) (*relay, string) {
	t.Helper()
	dir := t.TempDir()
	listener, err := net.Listen("unix", filepath.Join(dir, ".s.PGSQL.5432"))
	must(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	r := &relay{}
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("unix", filepath.Join(sockets, ".s.PGSQL.5432"))
			if err != nil {
				_ = client.Close()
				return
			}
			go r.pass(client, server, true)
			go r.pass(server, client, false)
		}
	}()
	return r, strings.Replace(address, url.QueryEscape(sockets), url.QueryEscape(dir), 1)
}

func (r *relay) pass(from, to net.Conn, asks bool) {
	defer func() { _ = to.Close() }()
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		r.mu.Lock()
		if asks && !r.asked && n > 0 {
			r.trips++
		}
		if n > 0 {
			r.asked = asks
		}
		r.mu.Unlock()
		if err != nil {
			return
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// during returns how many trips something takes.
func (r *relay) during(do func()) int {
	r.mu.Lock()
	before := r.trips
	r.mu.Unlock()
	do()
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.trips - before
}

// A transaction begins with its first question, and savepoints go with what is said behind them. What fails takes nothing of the others along.
func sentencesGoTogether(t *testing.T, ledgers *schemas) {
	name := ledgers.empty(t)
	r, way := openRelay(t, name, ledgers.server.Sockets)
	l := openPostgres(t, name, time.Now)
	database := connect(t, way)
	defer func() { must(t, database.Pool().Close()) }()
	conn, err := database.Pool().Conn(t.Context())
	must(t, err)
	defer func() { must(t, conn.Close()) }()
	exec := func(tx *sql.Tx, sentence string, values ...any) {
		t.Helper()
		_, err := tx.Exec(sentence, values...)
		must(t, err)
	}
	const insert = `INSERT INTO accounts (address) VALUES (?)`
	write := func(what string, fails bool) func() {
		return func() {
			tx, err := database.Begin(conn, true, false)
			must(t, err)
			var there int
			must(t, tx.QueryRow(`SELECT COUNT(*) FROM accounts WHERE address = ?`, what).Scan(&there)) // with the beginning
			exec(tx, "SAVEPOINT one")
			exec(tx, insert, what)
			exec(tx, "RELEASE one; SAVEPOINT one")
			if fails {
				if _, err := tx.Exec(insert, what); err == nil {
					t.Error("an account is there twice")
				}
				exec(tx, "ROLLBACK TO one")
			}
			var state string
			must(t, tx.QueryRow(insert+` RETURNING state`, what+" too").Scan(&state))
			exec(tx, "RELEASE one; SAVEPOINT one") // behind which nothing is said
			must(t, tx.Commit())
		}
	}
	write("anna", false)() // the server learns the sentences
	if got, want := r.during(write("bert", false)), 4; got != want {
		t.Errorf("a transaction of three sentences takes %d trips, want %d", got, want)
	}
	write("carl", true)()
	if got, want := accounts(t, l), "anna anna too bert bert too carl carl too"; got != want {
		t.Errorf("written: %q, want %q", got, want)
	}
	nothing := func() {
		for _, end := range []func(*sql.Tx) error{(*sql.Tx).Commit, (*sql.Tx).Rollback} {
			tx, err := database.Begin(conn, true, true)
			must(t, err)
			exec(tx, "SAVEPOINT one")
			must(t, end(tx))
		}
	}
	if got := r.during(nothing); got > 0 {
		t.Errorf("transactions in which nothing is said take %d trips", got)
	}
}
