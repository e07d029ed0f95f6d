// SPDX-License-Identifier: Apache-2.0

package ledger_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"rehome"
	"rehome/internal/ledger"
	"rehome/internal/ledger/ledgertest"
	"rehome/internal/ledger/postgres"
	"rehome/lab"
	labpostgres "rehome/lab/postgres"
)

// schemas are those of one server: each is a ledger, and is emptied and lent again, as to make one takes longer than most tests.
type schemas struct {
	server *labpostgres.Server
	made   atomic.Int64
	free   chan string // addresses
}

// startPostgres runs one server for many ledgers.
func startPostgres(t testing.TB) *schemas {
	t.Helper()
	server, err := labpostgres.Start(lab.Open(t), labpostgres.Options{Connections: 100})
	must(t, err)
	return &schemas{server: server, free: make(chan string, 100)}
}

// empty returns the address of an empty ledger, for one test.
func (s *schemas) empty(t testing.TB) (address string) {
	t.Helper()
	select {
	case address = <-s.free:
	default:
		address = fmt.Sprintf("%s&search_path=ledger%d", s.server.Address("postgres"), s.made.Add(1))
	}
	t.Cleanup(func() {
		must(t, s.server.Exec(context.Background(), fmt.Sprintf(clear, strings.SplitAfter(address, "search_path=")[1])))
		s.free <- address
	})
	return address
}

// clear empties all tables of a ledger, without a look at what refers to what.
const clear = `DO $$ DECLARE t text; BEGIN
	PERFORM set_config('session_replication_role', 'replica', true);
	FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = '%[1]s' AND tablename <> 'goose_db_version' LOOP
		EXECUTE 'DELETE FROM %[1]s.' || t;
	END LOOP;
	FOR t IN SELECT sequencename FROM pg_sequences WHERE schemaname = '%[1]s' LOOP
		EXECUTE 'ALTER SEQUENCE %[1]s.' || t || ' RESTART';
	END LOOP;
END $$`

// must ends the test at an error that is not the subject of it.
func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func connect(t testing.TB, name string) *postgres.Server {
	t.Helper()
	address, err := postgres.ParseAddress(name)
	must(t, err)
	database, err := postgres.Open(t.Context(), address, rehome.Secret{})
	must(t, err)
	return database
}

func openPostgres(t testing.TB, name string, now func() time.Time) *ledger.Ledger {
	t.Helper()
	l, err := ledger.NewAt(t.Context(), connect(t, name), now)
	must(t, err)
	t.Cleanup(func() { must(t, l.Close()) })
	return l
}

// One server is enough for all.
func TestPostgreSQL(t *testing.T) {
	t.Parallel()
	ledgers := startPostgres(t)
	for name, test := range map[string]func(*testing.T, *schemas){
		"keeps the contract": keepsTheContract, "has the schema of SQLite": schemasAreTheSame, "faults": faults,
		"lock of a dead process": lockOfADeadProcess, "claim behind a late worker": claimBehindALateWorker, "stopped in the middle": stoppedInTheMiddle,
		"copy": copied, "many at once": manyOpenAtOnce, "waits for the disk": waitsForTheDisk, "goes together": sentencesGoTogether,
		"few trips": slicesTakeFewTrips,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, ledgers)
		})
	}
}

func keepsTheContract(t *testing.T, ledgers *schemas) {
	ledgertest.Run(t, func(t testing.TB) func(now func() time.Time) *ledger.Ledger {
		address := ledgers.empty(t)
		return func(now func() time.Time) *ledger.Ledger { return openPostgres(t, address, now) }
	})
}
