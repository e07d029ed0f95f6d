// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rehome"
)

// stand lists what the register knows, "event name", names from dir.
func stand(t *testing.T, r Register, dir string) string {
	t.Helper()
	files, err := r.Files()
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, f := range files {
		name, err := filepath.Rel(dir, f.File)
		if err != nil || f.What == "" || f.At.IsZero() {
			t.Errorf("got %+v, %v", f, err)
		}
		all = append(all, string(f.Event)+" "+name)
	}
	return strings.Join(all, ", ")
}

func TestRegister_knowsTheLastOfEachFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	folder := filepath.Join(dir, "accounts")
	r := NewRegister(folder)
	if got := stand(t, r, dir); got != "" {
		t.Errorf("got %q of no register", got)
	}
	inside, outside, lost := filepath.Join(folder, "a.csv"), filepath.Join(dir, "bundle", "h.age"), filepath.Join(folder, "people", "b.age")
	for _, file := range []string{inside, outside} {
		if err := r.Expect("a kind", file); err != nil {
			t.Fatal(err)
		}
		if err := WriteFile(file, []byte("secret")); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Expect("a kind", lost, inside); err != nil {
		t.Fatal(err)
	}
	if err := r.Destroy("a kind", outside); err != nil {
		t.Fatal(err)
	}
	if err := r.Lost("a kind", lost); err != nil {
		t.Fatal(err)
	}
	if got, want := stand(t, r, dir), "destroyed bundle/h.age, written accounts/a.csv, gone accounts/people/b.age"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	wantMode(t, r.Path(), 0o600)

	// The folder moves as a whole, and its files with it.
	moved := filepath.Join(dir, "moved")
	if err := os.Rename(folder, moved); err != nil {
		t.Fatal(err)
	}
	if got := stand(t, NewRegister(moved), dir); !strings.Contains(got, "written moved/a.csv") {
		t.Errorf("got %q", got)
	}
}

func TestRegister_destroyNotesOnlyWhatIsGone(t *testing.T) {
	t.Parallel()
	r := NewRegister(t.TempDir())
	if err := r.Destroy("a kind", filepath.Join(t.TempDir(), "nothing")); rehome.ClassOf(err) != rehome.ClassOperator {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(r.Path()); !os.IsNotExist(err) {
		t.Errorf("something was noted: %v", err)
	}
}

// A crash cuts the last line off; the next line does not stick to it.
func TestRegister_survivesACutLine(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := NewRegister(dir)
	if err := r.Expect("a kind", filepath.Join(dir, "a")); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(r.Path())
	if err != nil {
		t.Fatal(err)
	}
	for cut := range len(whole) {
		if err := os.WriteFile(r.Path(), append(whole[:len(whole):len(whole)], whole[:cut]...), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := stand(t, r, dir); got != "written a" {
			t.Errorf("cut at %d: got %q", cut, got)
		}
		if err := r.Expect("a kind", filepath.Join(dir, "b")); err != nil {
			t.Fatal(err)
		}
		if got := stand(t, r, dir); got != "written a, written b" {
			t.Errorf("cut at %d and gone on: got %q", cut, got)
		}
	}
	if err := os.WriteFile(r.Path(), append([]byte("{}\n"), whole...), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = r.Files()
	wantFault(t, err, rehome.ClassOperator, "line 1 is not a record", "correct that line")
}

// A register of a large organisation costs no more to add to than one of a small one.
func TestRegister_grows(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := NewRegister(dir)
	var files []string
	for i := range 5000 {
		files = append(files, filepath.Join(dir, "people", fmt.Sprintf("%d.letter.txt.age", i)))
	}
	if err := r.Expect("a kind", files...); err != nil {
		t.Fatal(err)
	}
	if err := r.Lost("a kind", files[7]); err != nil {
		t.Fatal(err)
	}
	known, err := r.Files()
	if err != nil || len(known) != len(files) {
		t.Errorf("got %d files, %v, want %d", len(known), err, len(files))
	}
	for _, file := range known {
		if gone := file.File == files[7]; gone != (file.Event == EventGone) {
			t.Errorf("got %+v", file)
		}
	}
}

func TestLeftovers(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "accounts.csv")
	name, err := writeBeside(path, whole([]byte("secret")))
	if err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(path, nil); err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(filepath.Dir(path), ".notes.csv-1")
	if err := os.WriteFile(other, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := Leftovers([]string{path, filepath.Join(path, "nothing", "here")}); len(got) != 1 || got[0] != name {
		t.Errorf("got %v, want %s", got, name)
	}
}

func FuzzParseRegister(f *testing.F) {
	f.Add(`{"at":"2026-01-31T18:00:00Z","event":"written","file":"accounts.csv","what":"x"}` + "\n")
	f.Add("{}\n{\n")
	f.Fuzz(func(t *testing.T, text string) {
		files, err := parseRegister(text)
		if err != nil {
			return
		}
		for _, file := range files {
			if file.File == "" {
				t.Errorf("a record of no file: %+v", file)
			}
		}
		if len(files) > strings.Count(text, "\n") {
			t.Errorf("got %d files of %d lines", len(files), strings.Count(text, "\n"))
		}
	})
}
