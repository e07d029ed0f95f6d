// SPDX-License-Identifier: Apache-2.0

package escrow

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rehome"
)

func text(content string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, content)
		return err
	}
}

func keep(t *testing.T, f Folder, account, label, content string) string {
	t.Helper()
	path, err := f.Keep(account, label, ".eml", text(content))
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if err != nil || string(got) != content {
		t.Errorf("%s holds %q, %v, want %q", path, got, err, content)
	}
	return path
}

// names lists every file below dir.
func names(t *testing.T, dir string) []string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			all = append(all, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// Mailboxes that share a UIDVALIDITY and a UID, labels that differ in nothing that a file name can hold,
// in case only, or behind what fits: every original has a file of its own.
func TestKeep_noTwoOriginalsShareAFile(t *testing.T) {
	t.Parallel()
	folder := New(filepath.Join(t.TempDir(), "escrow"))
	long := strings.Repeat("x", 250)
	seen := map[string]string{}
	for _, label := range []string{"Работа 1 7", "Письма 1 7", "Work 1 7", "work 1 7", long + "a", long + "b", "", ".", "..", "a/b", `a\b`, "../up"} {
		path := keep(t, folder, "anna@example.com", label, "original of "+label)
		if other, taken := seen[strings.ToLower(path)]; taken {
			t.Errorf("%q and %q share %s", label, other, path)
		}
		seen[strings.ToLower(path)] = label
		if len(filepath.Base(path)) > 200 || filepath.Dir(path) != filepath.Join(folder.path, "anna@example.com") {
			t.Errorf("%q became %s", label, path)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
	if len(seen) != len(names(t, folder.path)) {
		t.Errorf("got %d files of %d originals", len(names(t, folder.path)), len(seen))
	}
}

// Another message that later has the same label does not replace the one that was promised.
func TestKeep_replacesNoOther(t *testing.T) {
	t.Parallel()
	folder := New(t.TempDir())
	first := keep(t, folder, "anna@example.com", "INBOX 1 7", "first")
	second := keep(t, folder, "anna@example.com", "INBOX 1 7", "second")
	if again := keep(t, folder, "anna@example.com", "INBOX 1 7", "first"); again != first || first == second {
		t.Errorf("got %s, %s, %s", first, second, again)
	}
}

// A person's two addresses that a file system would confuse.
func TestKeep_accountsAreApart(t *testing.T) {
	t.Parallel()
	folder := New(t.TempDir())
	a := keep(t, folder, "jürgen@example.com", "INBOX 1 7", "x")
	b := keep(t, folder, "jörgen@example.com", "INBOX 1 7", "x")
	if filepath.Dir(a) == filepath.Dir(b) {
		t.Errorf("both are in %s", filepath.Dir(a))
	}
}

// What was planted is neither followed nor overwritten.
func TestKeep_followsNoLink(t *testing.T) {
	t.Parallel()
	outside := t.TempDir()
	target := filepath.Join(outside, "target")
	if err := os.WriteFile(target, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	folder := New(dir)
	path := keep(t, folder, "anna@example.com", "INBOX 1 7", "original")
	if err := errors.Join(os.Remove(path), os.Symlink(target, path)); err != nil {
		t.Fatal(err)
	}
	if again := keep(t, folder, "anna@example.com", "INBOX 1 7", "original"); again != path {
		t.Errorf("got %s, want %s", again, path)
	}
	partial := filepath.Join(dir, "anna@example.com", "."+digestText([]byte("INBOX 1 8"))+".partial")
	if err := os.Symlink(target, partial); err != nil {
		t.Fatal(err)
	}
	keep(t, folder, "anna@example.com", "INBOX 1 8", "original")

	if err := os.Symlink(outside, filepath.Join(dir, "ben@example.com")); err != nil {
		t.Fatal(err)
	}
	_, err := folder.Keep("ben@example.com", "INBOX 1 7", ".eml", text("original"))
	if rehome.ClassOf(err) != rehome.ClassOperator {
		t.Errorf("a folder that leads outside: got %v", err)
	}
	if got, err := os.ReadFile(target); err != nil || string(got) != "precious" || len(names(t, outside)) != 1 {
		t.Errorf("got %q, %v, %v", got, err, names(t, outside))
	}
}

// A source that breaks off in the middle, or a kill, leaves no file that could pass for the original.
func TestKeep_leavesNothingHalf(t *testing.T) {
	t.Parallel()
	folder := New(t.TempDir())
	broken := errors.New("the connection broke")
	_, err := folder.Keep("anna@example.com", "INBOX 1 7", ".eml", func(w io.Writer) error {
		_, _ = io.WriteString(w, "half of")
		for _, name := range names(t, folder.path) {
			if !strings.HasSuffix(name, ".partial") {
				t.Errorf("%s is there before it is whole", name)
			}
		}
		return broken
	})
	if !errors.Is(err, broken) || len(names(t, folder.path)) != 0 {
		t.Errorf("got %v and %v", err, names(t, folder.path))
	}
}

// A folder that others could write to is closed to them, and the owner's mode is kept.
func TestKeep_closesAnOpenFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	open := filepath.Join(dir, "anna@example.com")
	if err := errors.Join(os.Mkdir(open, 0o700), os.Chmod(open, 0o777)); err != nil {
		t.Fatal(err)
	}
	keep(t, New(dir), "anna@example.com", "INBOX 1 7", "original")
	if info, err := os.Stat(open); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("got %v, %v", info.Mode(), err)
	}
}

func TestKeep_saysWhatIsWrongWithTheFolder(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "escrow")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := New(file).Keep("anna@example.com", "INBOX 1 7", ".eml", text("original"))
	if rehome.ClassOf(err) != rehome.ClassOperator || !strings.Contains(err.Error(), file) || rehome.HintOf(err) == "" {
		t.Errorf("got %v", err)
	}
}
