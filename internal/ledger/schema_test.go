// SPDX-License-Identifier: Apache-2.0

package ledger_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rehome"
	"rehome/internal/ledger/postgres"
	"rehome/internal/ledger/sqlite"
)

// The rule: both databases have the same tables, with the same columns, keys, indexes and choices, so that a ledger can be moved from
// one to the other and no sentence means something else there. An upgrade of one side alone is found here.
func schemasAreTheSame(t *testing.T, ledgers *schemas) {
	file, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "rehome.db"))
	must(t, err)
	defer func() { must(t, file.Pool().Close()) }()
	address, err := postgres.ParseAddress(ledgers.empty(t))
	must(t, err)
	server, err := postgres.Open(t.Context(), address, rehome.Secret{})
	must(t, err)
	defer func() { must(t, server.Pool().Close()) }()

	want, got := schemaOfSQLite(t, file.Pool()), schemaOfPostgreSQL(t, server.Pool())
	if len(want) < 28*5 {
		t.Errorf("found only %d facts: the test does not look where they are", len(want))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("SQLite has (-), PostgreSQL has (+):\n%s", diff)
	}
}

// facts asks a question and returns its rows, the fields of each joined by blanks.
func facts(t *testing.T, db *sql.DB, question string) (all []string) {
	t.Helper()
	rows, err := db.Query(question)
	must(t, err)
	defer func() { must(t, rows.Close()) }()
	columns, err := rows.Columns()
	must(t, err)
	for rows.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		must(t, rows.Scan(into...))
		all = append(all, strings.Join(strings.Fields(fmt.Sprintln(values...)), " "))
	}
	must(t, rows.Err())
	return all
}

var (
	inQuotes = regexp.MustCompile(`'[a-z_]+'`)
	choice   = regexp.MustCompile(`CHECK \((\w+) IN \(([^)]*)\)`)
)

// choices are what a column may hold, sorted.
func choices(table, column, text string) string {
	words := inQuotes.FindAllString(text, -1)
	slices.Sort(words)
	return strings.Join(append([]string{"choice", table, column}, words...), " ")
}

func schemaOfSQLite(t *testing.T, db *sql.DB) (all []string) {
	t.Helper()
	const tables = ` FROM sqlite_master m, `
	const ours = ` WHERE m.type = 'table' AND m.name <> 'goose_db_version' AND m.name NOT LIKE 'sqlite%'`
	// A primary key is never empty, whether it says so (sqlite.org/lang_createtable.html, section 3.5: by an old mistake it may be).
	all = append(all, facts(t, db, `SELECT 'column', m.name, c.name, CASE c.type WHEN 'INTEGER' THEN 'BIGINT' ELSE c.type END,
		CASE WHEN c."notnull" OR c.pk THEN 'NOT NULL' ELSE '' END, COALESCE(c.dflt_value, '')`+tables+`pragma_table_info(m.name) c`+ours)...)
	all = append(all, facts(t, db, `SELECT 'key', m.name, group_concat(c.name, ',' ORDER BY c.pk)`+tables+
		`pragma_table_info(m.name) c`+ours+` AND c.pk GROUP BY m.name`)...)
	all = append(all, facts(t, db, `SELECT 'reference', m.name, f."from", f."table", f."to", f.on_delete`+tables+
		`pragma_foreign_key_list(m.name) f`+ours)...)
	all = append(all, facts(t, db, `SELECT 'index', m.name, CASE i."unique" WHEN 1 THEN 'unique' ELSE i.name END,
		(SELECT group_concat(c.name, ',' ORDER BY c.seqno) FROM pragma_index_info(i.name) c),
		COALESCE((SELECT substr(x.sql, instr(x.sql, ' WHERE ') + 1) FROM sqlite_master x WHERE x.name = i.name AND i.partial), '')`+tables+
		`pragma_index_list(m.name) i`+ours+` AND i.origin <> 'pk'`)...)
	for _, table := range facts(t, db, `SELECT m.name FROM sqlite_master m`+ours) {
		var text string
		must(t, db.QueryRow(`SELECT sql FROM sqlite_master WHERE name = ?`, table).Scan(&text))
		for _, found := range choice.FindAllStringSubmatch(text, -1) {
			all = append(all, choices(table, found[1], found[2]))
		}
	}
	slices.Sort(all)
	return all
}

func schemaOfPostgreSQL(t *testing.T, db *sql.DB) (all []string) {
	t.Helper()
	const ours = ` AND c.relnamespace = current_schema()::regnamespace AND c.relname <> 'goose_db_version'`
	for _, fact := range facts(t, db, `SELECT 'column', c.relname, a.attname, CASE a.atttypid::regtype::text WHEN 'bytea' THEN 'BLOB' ELSE
		upper(a.atttypid::regtype::text) END, CASE WHEN a.attnotnull THEN 'NOT NULL' ELSE '' END, COALESCE(pg_get_expr(d.adbin, d.adrelid), '')
		FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
		WHERE c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped`+ours) {
		all = append(all, regexp.MustCompile(`::\w+$`).ReplaceAllString(fact, ""))
	}
	const columns = `(SELECT string_agg(a.attname, ',' ORDER BY k.n) FROM unnest(%s) WITH ORDINALITY k (num, n)
		JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.num)`
	all = append(all, facts(t, db, `SELECT 'key', c.relname, `+fmt.Sprintf(columns, "o.conkey")+` FROM pg_constraint o
		JOIN pg_class c ON c.oid = o.conrelid WHERE o.contype = 'p'`+ours)...)
	all = append(all, facts(t, db, `SELECT 'reference', c.relname, `+fmt.Sprintf(columns, "o.conkey")+`, f.relname,
		(SELECT a.attname FROM pg_attribute a WHERE a.attrelid = f.oid AND a.attnum = o.confkey[1]),
		CASE o.confdeltype WHEN 'c' THEN 'CASCADE' ELSE 'NO ACTION' END
		FROM pg_constraint o JOIN pg_class c ON c.oid = o.conrelid JOIN pg_class f ON f.oid = o.confrelid WHERE o.contype = 'f'`+ours)...)
	all = append(all, facts(t, db, `SELECT 'index', c.relname, CASE WHEN i.indisunique THEN 'unique' ELSE i.indexrelid::regclass::text END,
		`+fmt.Sprintf(columns, "i.indkey::int2[]")+`, CASE WHEN i.indpred IS NULL THEN '' ELSE 'WHERE ' || translate(replace(
		pg_get_expr(i.indpred, i.indrelid), '::text', ''), '()', '') END
		FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid WHERE NOT i.indisprimary`+ours)...)
	for _, fact := range facts(t, db, `SELECT c.relname, `+fmt.Sprintf(columns, "o.conkey")+`, pg_get_constraintdef(o.oid) FROM pg_constraint o
		JOIN pg_class c ON c.oid = o.conrelid WHERE o.contype = 'c'`+ours) {
		table, rest, _ := strings.Cut(fact, " ")
		column, text, _ := strings.Cut(rest, " ")
		all = append(all, choices(table, column, text))
	}
	if wrong := facts(t, db, `SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
		WHERE c.relkind = 'r' AND a.attnum > 0 AND a.atttypid = 'text'::regtype AND a.attcollation <> '"C"'::regcollation`+ours); len(wrong) > 0 {
		t.Errorf("not sorted by octets, as SQLite sorts (say COLLATE \"C\"): %q", wrong)
	}
	slices.Sort(all)
	return all
}
