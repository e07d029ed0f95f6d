// SPDX-License-Identifier: Apache-2.0

package ledger_test

import (
	"database/sql"
	"errors"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"rehome"
	"rehome/internal/ledger"
	"rehome/internal/ledger/postgres"
	"rehome/internal/protocol/imap"
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

// A transaction begins with its first question, and what only changes something goes with what is said behind it, or with the commit. What
// fails takes nothing of the others along.
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
	group := func(what string, fails bool) func() {
		return func() {
			tx, err := database.Begin(conn, true, false)
			must(t, err)
			var there int
			must(t, tx.QueryRow(`SELECT COUNT(*) FROM accounts WHERE address = ?`, what).Scan(&there)) // with the beginning
			exec(tx, "SAVEPOINT one")
			exec(tx, insert, what)
			exec(tx, database.Settle())
			exec(tx, "RELEASE one; SAVEPOINT one")
			if fails {
				exec(tx, insert, what)
				if _, err := tx.Exec(database.Settle()); err == nil {
					t.Error("an account is there twice")
				}
				exec(tx, "ROLLBACK TO one")
				exec(tx, insert, what+" not")
				exec(tx, "ROLLBACK TO one") // before the server has heard of it
			}
			var state string
			must(t, tx.QueryRow(insert+` RETURNING state`, what+" too").Scan(&state))
			exec(tx, "RELEASE one; SAVEPOINT one") // behind which nothing is said
			must(t, tx.Commit())
		}
	}
	group("anna", false)() // the server learns the sentences
	if got, want := r.during(group("bert", false)), 4; got != want {
		t.Errorf("a transaction of three sentences takes %d trips, want %d", got, want)
	}
	group("carl", true)()
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
	changesGoWithTheCommit(t, r, database, conn)
	if got, want := accounts(t, l), "anna anna too bert bert too carl carl too dora emil"; got != want {
		t.Errorf("written: %q, want %q", got, want)
	}
}

// changesGoWithTheCommit writes dora and emil, and nobody else.
func changesGoWithTheCommit(t *testing.T, r *relay, database *postgres.Server, conn *sql.Conn) {
	write := func(addresses ...string) (trips int, err error) {
		trips = r.during(func() {
			tx, began := database.Begin(conn, true, true)
			must(t, began)
			for _, address := range addresses {
				_, err := tx.Exec(`INSERT INTO accounts (address) VALUES (?)`, address)
				must(t, err)
			}
			err = tx.Commit()
		})
		return trips, err
	}
	if trips, err := write("dora", "emil"); trips > 2 || err != nil { // the server learns COMMIT
		t.Errorf("%d trips, %v", trips, err)
	}
	if _, err := write("fred", "dora", "gabi"); err == nil || !strings.Contains(err.Error(), "accounts_pkey") {
		t.Errorf("%v, want to hear that dora is there already", err)
	}
	if trips, err := write(); trips > 0 || err != nil {
		t.Errorf("%d trips, %v, after one that has failed", trips, err)
	}
	learnt := answersTogether(t, r, database, conn)
	if trips := answersTogether(t, r, database, conn); trips != 1 {
		t.Errorf("a question and a change take %d trips, and %d while the server learns them", trips, learnt)
	}
}

// answersTogether asks a question that waits for the change behind it, and returns how many trips both take.
func answersTogether(t *testing.T, r *relay, database *postgres.Server, conn *sql.Conn) (trips int) {
	tx, err := database.Begin(conn, true, true)
	must(t, err)
	rows, err := tx.QueryContext(database.Later(t.Context()), `SELECT address FROM accounts WHERE address = ?`, "dora")
	must(t, err)
	defer func() { must(t, rows.Close()) }()
	result, err := tx.Exec(`UPDATE accounts SET state = 'blocked' WHERE address = ?`, "dora")
	must(t, err)
	trips = r.during(func() {
		if changed, err := result.RowsAffected(); err != nil || changed != 1 {
			t.Errorf("%d rows are changed, %v", changed, err)
		}
		var address string
		if !rows.Next() || rows.Scan(&address) != nil || address != "dora" || rows.Next() || rows.Err() != nil {
			t.Errorf("read %q, %v", address, rows.Err())
		}
	})
	must(t, tx.Rollback())
	return trips
}

// What a worker writes for a slice takes two trips: all of it with the question for the lease, and the commit. A receipt has to know that
// its intent was there.
func slicesTakeFewTrips(t *testing.T, ledgers *schemas) {
	name := ledgers.empty(t)
	r, way := openRelay(t, name, ledgers.server.Sockets)
	l := openPostgres(t, way, time.Now).Leased()
	const anna = "anna@example.test"
	lease, taken, err := l.Leases.Claim(t.Context(), "worker", anna, time.Hour)
	if err != nil || !taken {
		t.Fatalf("taken %v, %v", taken, err)
	}
	ctx := ledger.WithLease(t.Context(), lease)
	m, err := l.Mail.Mailbox(ctx, ledger.Anchor{Address: anna, Source: "INBOX", Destination: "INBOX", SrcUIDValidity: 1, DstUIDValidity: 1})
	must(t, err)
	turn := ledger.Turn{Address: anna, Pass: rehome.PassPreStage, State: ledger.TurnWorking}
	account := ledger.Account{Address: anna, State: ledger.AccountPreStaging, Pass: rehome.PassPreStage}
	slice := func(uid imap.UID) {
		items := []ledger.Item{{UID: uid, Size: 1}}
		must(t, l.Passes.Save(ctx, account, map[rehome.Kind][]rehome.Finding{rehome.KindMail: nil}, turn))
		ids, err := l.Mail.Intend(ctx, m, 1, items)
		must(t, err)
		items[0].DstUID = uid
		must(t, l.Mail.Receive(ctx, m, ids[0], items))
	}
	slice(1) // the server learns the sentences
	if trips := r.during(func() { slice(2) }); trips != 6 {
		t.Errorf("a slice with a batch takes %d trips, want 2 for each of its changes", trips)
	}
	account.State = "away"
	if err := l.Passes.Save(ctx, account, nil, turn); err == nil || !strings.Contains(err.Error(), "accounts_state_check") {
		t.Errorf("%v, want to hear what is wrong with the row", err)
	}
	account.State = ledger.AccountPreStaging
	slice(3)
	lease.Epoch++
	account.Address = "bert@example.test"
	err = l.Passes.Save(ledger.WithLease(t.Context(), lease), account, nil, turn)
	if written := accounts(t, l); !errors.Is(err, ledger.ErrLeaseLost) || written != anna {
		t.Errorf("%v, written: %q, want nothing without a lease", err, written)
	}
}
