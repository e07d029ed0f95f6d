// SPDX-License-Identifier: Apache-2.0

package ledger_test

import (
	"database/sql"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	"github.com/pressly/goose/v3"

	"rehome/internal/ledger"
	"rehome/internal/ledger/upgrade"
	"rehome/lab"
	labpostgres "rehome/lab/postgres"
)

// files are those of a program: all real ones up to a number, and some that are still to be written.
func files(t *testing.T, last int64, more map[string]string) fs.FS {
	t.Helper()
	all := fstest.MapFS{}
	names, err := filepath.Glob("postgres/schema/*.sql")
	must(t, err)
	for _, name := range names {
		text, err := os.ReadFile(name)
		must(t, err)
		number, err := goose.NumericComponent(name)
		if must(t, err); number <= last {
			all[filepath.Base(name)] = &fstest.MapFile{Data: text}
		}
	}
	for name, text := range more {
		all[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return all
}

// program is another version of rehome.
type program struct {
	t     *testing.T
	db    *sql.DB
	files fs.FS
}

// open brings the schema up to date as that program does.
func (p program) open() error {
	p.t.Helper()
	conn, err := p.db.Conn(p.t.Context())
	must(p.t, err)
	defer func() { must(p.t, conn.Close()) }()
	must(p.t, upgrade.Make(p.t.Context(), conn, goose.DialectPostgres, "", p.files,
		`SELECT COUNT(*) FROM pg_tables WHERE schemaname = current_schema()`))
	provider, err := goose.NewProvider(goose.DialectPostgres, p.db, p.files)
	must(p.t, err)
	return upgrade.Apply(p.t.Context(), conn, provider, p.files)
}

// newest is the last real file.
const newest = 49

// A worker of an older version joins again as long as the newer schema is meant for it too, and is told otherwise. Today's program and the
// one before it are real, those that come are not.
func TestOpen_byAnOlderProgram(t *testing.T) {
	t.Parallel()
	server, err := labpostgres.Start(lab.Open(t), labpostgres.Options{})
	must(t, err)
	must(t, server.Exec(t.Context(), `CREATE SCHEMA rehome`))
	address := server.Address("postgres")
	db, err := sql.Open("pgx", address+"&search_path=rehome")
	must(t, err)
	t.Cleanup(func() { must(t, db.Close()) })
	goesOn, breaks := map[string]string{}, map[string]string{}
	goesOn["00050_more.sql"] = "-- +goose Up\n-- Older programs go on.\n\nALTER TABLE workers ADD COLUMN machine TEXT NOT NULL DEFAULT '';\n" +
		"CREATE TABLE machines (name TEXT PRIMARY KEY);\n"
	breaks["00050_more.sql"] = goesOn["00050_more.sql"]
	breaks["00051_other.sql"] = "-- +goose Up\n\nALTER TABLE workers RENAME COLUMN hindered TO hindrance;\n"

	before := program{t, db, files(t, newest-1, nil)}
	must(t, before.open())
	works := func(name string) {
		t.Helper()
		l, err := ledger.Open(t.Context(), address)
		must(t, err)
		defer func() { must(t, l.Close()) }()
		_, err = l.Workers.Report(t.Context(), ledger.Worker{Name: name}, time.Minute)
		must(t, err)
		must(t, l.Workers.Hinder(t.Context(), name, "why"))
		lease, taken, err := l.Leased().Leases.Claim(t.Context(), name, "anna@example.test", time.Minute)
		if err != nil || !taken {
			t.Fatalf("%s has no account: %v, %v", name, taken, err)
		}
		must(t, l.Leased().Leases.Release(t.Context(), lease, false))
	}
	works("today's")
	must(t, before.open())
	must(t, program{t, db, files(t, newest, goesOn)}.open())
	works("today's again")
	must(t, program{t, db, files(t, newest, breaks)}.open())
	l, err := ledger.Open(t.Context(), address)
	if err == nil {
		must(t, l.Close())
	}
	wantOperator(t, err, "its schema 51 is newer than this program's 49", "use the rehome version that wrote it, or a newer one")
	if err := (program{t, db, files(t, newest, goesOn)}).open(); err == nil {
		t.Error("a program that does not know the last file may use what it makes")
	}
	must(t, program{t, db, files(t, newest, breaks)}.open())
	var oldest int64
	must(t, db.QueryRow(`SELECT oldest FROM rehome.schema_readers`).Scan(&oldest))
	if oldest != 51 {
		t.Errorf("programs from schema %d on may use it, want 51", oldest)
	}
}
