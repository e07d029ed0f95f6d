// SPDX-License-Identifier: Apache-2.0

package ledger_test

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rehome/internal/ledger"
	"rehome/internal/ledger/sqlite"
)

// fill writes rows into every table of a new ledger, with all that a column may hold.
func fill(t *testing.T, path string) {
	t.Helper()
	file, err := sqlite.Open(t.Context(), path)
	must(t, err)
	defer func() { must(t, file.Pool().Close()) }()
	tables, err := file.Tables(t.Context())
	must(t, err)
	for i, table := range tables {
		for n := int64(1); n <= 3; n++ {
			fillRow(t, file.Pool(), table, n, int64(100*i))
		}
	}
}

// fillRow writes one row. Numbers that are no key are larger by own, so that no two tables of the same columns hold the same.
func fillRow(t *testing.T, db *sql.DB, table string, n, own int64) {
	t.Helper()
	var text string
	must(t, db.QueryRow(`SELECT sql FROM sqlite_master WHERE name = ?`, table).Scan(&text))
	choices := map[string]string{}
	for _, found := range choice.FindAllStringSubmatch(text, -1) {
		choices[found[1]] = strings.Trim(strings.Split(found[2], ",")[0], "'")
	}
	refers := facts(t, db, `SELECT "from" FROM pragma_foreign_key_list('`+table+`')`)
	var columns []string
	var values []any
	for _, fact := range facts(t, db, `SELECT name, type, "notnull", pk FROM pragma_table_info('`+table+`')`) {
		field := strings.Fields(fact)
		columns = append(columns, field[0])
		word, chosen := choices[field[0]]
		switch {
		case chosen && field[1] == "TEXT":
			values = append(values, word)
		case chosen:
			values = append(values, n%2)
		case field[1] == "TEXT" && field[0] == "domain":
			values = append(values, fmt.Sprint(n))
		case field[1] == "TEXT":
			values = append(values, fmt.Sprintf("%s\xff\x00 größe %d", field[0], n))
		case field[1] != "BLOB" && field[3] == "0" && !slices.Contains(refers, field[0]):
			values = append(values, n+own)
		case field[1] != "BLOB":
			values = append(values, n)
		case n == 1 && field[2] == "0":
			values = append(values, nil)
		default:
			values = append(values, make([]byte, n-1))
		}
	}
	places := strings.TrimSuffix(strings.Repeat("?, ", len(columns)), ", ")
	_, err := db.Exec(`INSERT INTO `+table+` (`+strings.Join(columns, ", ")+`) VALUES (`+places+`)`, values...)
	must(t, err)
}

// A ledger goes from a file to a server and back, and is the same.
func copied(t *testing.T, ledgers *schemas) {
	dir := t.TempDir()
	file, server := ledger.Location{Name: filepath.Join(dir, "rehome.db")}, ledger.Location{Name: ledgers.empty(t)}
	back := ledger.Location{Name: filepath.Join(dir, "back.db")}
	fill(t, file.Name)
	there, err := ledger.Copy(t.Context(), file, server)
	must(t, err)
	again, err := ledger.Copy(t.Context(), server, back)
	must(t, err)
	digests := map[string]bool{}
	for _, table := range there {
		if digests[table.Digest] = true; table.Rows != 3 {
			t.Errorf("%s: %d rows, want 3", table.Table, table.Rows)
		}
	}
	if diff := cmp.Diff(there, again); diff != "" || len(digests) != len(there) || len(there) < 28 {
		t.Errorf("%d digests of %d tables; there (-), and back (+):\n%s", len(digests), len(there), diff)
	}
	l := openPostgres(t, server.Name, time.Now)
	m, err := l.Mail.Mailbox(t.Context(), ledger.Anchor{
		Address: "new@example.test", Source: "INBOX", Destination: "INBOX", SrcUIDValidity: 1, DstUIDValidity: 1,
	})
	if err != nil || m.ID != 4 {
		t.Errorf("the next mailbox has the number %v, %v; want the one behind the highest", m, err)
	}

	for name, test := range map[string]struct {
		from, to    ledger.Location
		words, hint string
	}{
		"not empty":   {file, server, "it is not empty", "does not exist yet"},
		"no ledger":   {ledger.Location{Name: filepath.Join(dir, "none.db")}, server, "there is no ledger", "the move was run with"},
		"the same":    {file, file, "the same ledger", "another one"},
		"no address":  {file, ledger.Location{Name: "postgres://u:hunter2@h/d"}, "holds a password", "store_password"},
		"not empty 2": {server, back, "it is not empty", "does not exist yet"},
	} {
		_, err := ledger.Copy(t.Context(), test.from, test.to)
		wantOperator(t, err, test.words, test.hint)
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "none.db")); err == nil {
		t.Error("a ledger was made to copy from")
	}
	unlock, err := l.Lock()
	must(t, err)
	for _, ends := range [][2]ledger.Location{{server, {Name: filepath.Join(dir, "held.db")}}, {file, server}} {
		_, err := ledger.Copy(t.Context(), ends[0], ends[1])
		wantOperator(t, err, "in use by another rehome run (rehome pid ", "wait until that run has ended")
	}
	unlock()
	unlock, err = l.LockFor("notify")
	must(t, err)
	_, err = ledger.Copy(t.Context(), server, ledger.Location{Name: filepath.Join(dir, "held.db")})
	wantOperator(t, err, "another rehome run does the same", "wait until that run has ended")
	unlock()
}
