// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"rehome"
)

// wantOperator proves that err is an operator's fault, says words, and hints at the way out.
func wantOperator(t testing.TB, err error, words, hint string) {
	t.Helper()
	if rehome.ClassOf(err) != rehome.ClassOperator || !strings.Contains(err.Error(), words) || !strings.Contains(rehome.HintOf(err), hint) {
		t.Errorf("%s %v, hint %q; want class operator, %q and the hint %q", rehome.ClassOf(err), err, rehome.HintOf(err), words, hint)
	}
}

func TestOpen_privateFiles(t *testing.T) {
	t.Parallel()
	l := create(t)
	unlock, err := l.Lock()
	must(t, err)
	defer unlock()
	must(t, l.Passes.Begin(t.Context(), queued("anna@example.test")))
	files, err := filepath.Glob(l.store.database.Name() + "*")
	must(t, err)
	if len(files) < 4 {
		t.Errorf("files %v, want the store, its log, its index and the lock", files)
	}
	for _, file := range files {
		if info, err := os.Stat(file); err != nil || info.Mode() != 0o600 {
			t.Errorf("%s: %v %v, want mode 0600", file, info.Mode(), err)
		}
	}
}

// What has a meaning in a URI or to SQLite is part of a file's name like everything else.
func TestOpen_namesAsTheyAre(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"a b.db", "what?mode=memory", "half#way", "100%41.db", "Größe.db", ":memory:", "file:x.db", "a&b=c;d'e\".db"} {
		path := filepath.Join(dir, name)
		l, err := Open(t.Context(), path)
		must(t, err)
		must(t, l.Passes.Begin(t.Context(), queued(name)))
		must(t, l.Close())
		if info, err := os.Stat(path); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v %v, want a file with something in it", name, info, err)
		}
		if got := addresses(t, open(t, "/"+path)); got != name {
			t.Errorf("%s: read back %q", name, got)
		}
	}
	entries, err := os.ReadDir(dir)
	must(t, err)
	for _, entry := range entries {
		if name := strings.TrimSuffix(strings.TrimSuffix(entry.Name(), "-wal"), "-shm"); name == "memory" || name == "what" || name == "half" {
			t.Errorf("a file named %s came into being", entry.Name())
		}
	}
}

func TestOpen_relativeNameOfAMemoryStore(t *testing.T) { // not parallel: it changes the folder
	t.Chdir(t.TempDir())
	l, err := Open(t.Context(), ":memory:")
	must(t, err)
	must(t, l.Passes.Begin(t.Context(), queued("anna@example.test")))
	must(t, l.Close())
	if got := addresses(t, open(t, "./:memory:")); got != "anna@example.test" {
		t.Errorf("read back %q: the ledger was kept in memory", got)
	}
}

func TestOpen_manyAtOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "rehome.db")
	var work sync.WaitGroup
	for range 8 {
		work.Go(func() {
			l, err := Open(t.Context(), path)
			if err != nil {
				t.Errorf("open: %v", err)
				return
			}
			if err := errors.Join(l.Passes.Begin(t.Context(), queued("anna@example.test")), l.Close()); err != nil {
				t.Error(err)
			}
		})
	}
	work.Wait()
}

// database runs statements on a file that is not opened as a ledger.
func database(t *testing.T, path string, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	must(t, err)
	for _, statement := range statements {
		if _, err := db.Exec(statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	must(t, db.Close())
}

func TestOpen_refused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		prepare     func(t *testing.T, dir string) (path string)
		words, hint string
	}{
		"PostgreSQL": {func(*testing.T, string) string { return "postgres://user:hunter2@db.example.test/rehome" },
			"holds a password", "store_password"},
		"no folder": {func(_ *testing.T, dir string) string { return filepath.Join(dir, "newer", "rehome.db") },
			"no such file or directory", "check that the folder exists"},
		"a folder":         {func(_ *testing.T, dir string) string { return dir }, "is a directory", "check that"},
		"read-only folder": {func(t *testing.T, _ string) string { return filepath.Join(readOnly(t, nil), "rehome.db") }, "open store", "writable"},
		"read-only store": {func(t *testing.T, _ string) string {
			return filepath.Join(readOnly(t, func(dir string) { must(t, create(t).copyTo(dir)) }), "rehome.db")
		}, "open store", "writable"},
		"text": {func(t *testing.T, dir string) string {
			path := filepath.Join(dir, "rehome.yaml")
			must(t, os.WriteFile(path, []byte(strings.Repeat("organisation: Example Ltd\n", 100)), 0o600))
			return path
		}, "not a database", "is a rehome store"},
		"another program": {func(t *testing.T, dir string) string {
			path := filepath.Join(dir, "calendar.db")
			database(t, path, "CREATE TABLE calendars (id INTEGER)")
			return path
		}, "another program", "is a rehome store"},
		"a newer rehome's": {func(t *testing.T, dir string) string {
			l := create(t)
			database(t, l.store.database.Name(), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, 1)",
				"UPDATE schema_readers SET oldest = 99")
			return l.store.database.Name()
		}, "schema 99 is newer than this program's ", "use the rehome version that wrote it"},
		"half a store": {func(t *testing.T, dir string) string {
			path := filepath.Join(dir, "rehome.db")
			must(t, create(t).copyTo(dir))
			must(t, os.Truncate(path, 8192))
			return path
		}, "malformed", "restore the store"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := test.prepare(t, t.TempDir())
			before, _ := os.ReadFile(path) // where there is one
			l, err := Open(t.Context(), path)
			if err == nil {
				_ = l.Close()
			}
			wantOperator(t, err, test.words, test.hint)
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the secret is in %v", err)
			}
			if after, _ := os.ReadFile(path); name == "text" && string(after) != string(before) {
				t.Error("the file was changed")
			}
		})
	}
}

func TestOpen_foreignTablesAreLeftAlone(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "calendar.db")
	database(t, path, "CREATE TABLE calendars (id INTEGER)")
	_, err := Open(t.Context(), path)
	wantOperator(t, err, "another program", "is a rehome store")
	db, err := sql.Open("sqlite", path)
	must(t, err)
	defer db.Close()
	var tables int
	must(t, db.QueryRow("SELECT COUNT(*) FROM sqlite_master").Scan(&tables))
	if tables != 1 {
		t.Errorf("%d tables, want the one that was there", tables)
	}
}

func TestOpen_cancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Open(ctx, filepath.Join(t.TempDir(), "rehome.db")); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}

// copyTo closes the ledger and copies its file into a folder.
func (l *Ledger) copyTo(dir string) error {
	if err := l.Close(); err != nil {
		return err
	}
	octets, err := os.ReadFile(l.store.database.Name())
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "rehome.db"), octets, 0o600)
}

// readOnly makes a folder that cannot be written to any more after fill. Mode bits do not stop root,
// who gets a disk instead.
func readOnly(t *testing.T, fill func(dir string)) string {
	t.Helper()
	if fill == nil {
		fill = func(string) {}
	}
	if os.Geteuid() == 0 {
		dir := mount(t, 0)
		fill(dir)
		must(t, syscall.Mount("", dir, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""))
		return dir
	}
	dir := t.TempDir()
	fill(dir)
	must(t, os.Chmod(dir, 0o500))
	t.Cleanup(func() { _ = os.Chmod(dir, 0o700) }) // for its removal
	return dir
}
