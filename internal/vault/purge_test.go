// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func noName(string) bool { return false }

// files are the names of a plan's files, from the folder.
func files(t *testing.T, folder string, all []PurgeFile) string {
	t.Helper()
	var names []string
	for _, file := range all {
		name, err := filepath.Rel(folder, file.File)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}

func TestPurge_sparesWhatIsTheOperators(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	register := NewRegister(folder)
	at := func(name string) string { return filepath.Join(folder, name) }
	if err := register.WriteSecrets(SecretSheet, map[string][]byte{at("sheet.age"): []byte("sealed"), at("gone.age"): []byte("sealed")}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"identity.txt", "roster.csv", "unknown.age", "notes.txt"} {
		if err := os.WriteFile(at(name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Remove(at("gone.age")); err != nil {
		t.Fatal(err)
	}
	options := PurgeOptions{Identity: at("identity.txt"), LooksSecret: func(name string) bool { return strings.HasSuffix(name, ".age") },
		Yours: []PurgeFile{{File: at("roster.csv"), What: "yours"}, {File: at("none"), What: "yours"}}}
	plan, err := register.PlanPurge(options)
	kept := files(t, folder, plan.Kept)
	if err != nil || files(t, folder, plan.Files) != "sheet.age, unknown.age" || kept != "identity.txt, roster.csv" || len(plan.Gone) != 1 {
		t.Errorf("got %+v, %v", plan, err)
	}
	if plan.Destroyed || plan.Files[0].What != SecretSheet || plan.Files[0].Octets != 6 {
		t.Errorf("got %+v", plan)
	}
	options.WithIdentity = true
	purge, err := register.Purge(options)
	if err != nil || files(t, folder, purge.Files) != "identity.txt, sheet.age, unknown.age" || !purge.Destroyed || len(purge.Gone) != 1 {
		t.Errorf("got %+v, %v", purge, err)
	}
	if purge, err = register.Purge(options); err != nil || purge.Destroyed || len(purge.Gone) != 0 {
		t.Errorf("a second time: got %+v, %v, want nothing to do", purge, err)
	}
	for name, want := range map[string]bool{"sheet.age": false, "identity.txt": false, "roster.csv": true, "notes.txt": true} {
		if _, err := os.Stat(at(name)); (err == nil) != want {
			t.Errorf("%s: got %v, want it there: %t", name, err, want)
		}
	}
}

// A copy of the whole folder, taken to try something out, knows by its register where the original has files.
func TestPurge_inACopyLeavesTheOriginal(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	folder := filepath.Join(dir, "accounts")
	inside := filepath.Join(folder, "a.csv")
	outside := filepath.Join(dir, "handed out.csv")
	for _, file := range []string{inside, outside} {
		if err := NewRegister(folder).WriteSecrets(SecretHandOut, map[string][]byte{file: []byte("secret")}); err != nil {
			t.Fatal(err)
		}
	}
	other := t.TempDir()
	if err := os.CopyFS(other, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	options := PurgeOptions{LooksSecret: noName}
	purge, err := NewRegister(filepath.Join(other, "accounts")).Purge(options)
	if err != nil || len(purge.Files) != 1 || purge.Files[0].File != filepath.Join(other, "accounts", "a.csv") {
		t.Errorf("got %+v, %v", purge, err)
	}
	if len(purge.Kept) != 1 || purge.Kept[0].File != outside || !strings.Contains(purge.Kept[0].What, "copied") {
		t.Errorf("got %+v kept, want %s to be named", purge.Kept, outside)
	}
	for _, file := range []string{inside, outside} {
		if _, err := os.Stat(file); err != nil {
			t.Errorf("the original is gone: %v", err)
		}
	}

	// The same folder by another path is the same folder.
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	if purge, err = NewRegister(filepath.Join(link, "accounts")).PlanPurge(options); err != nil || len(purge.Files) != 2 {
		t.Errorf("got %+v, %v", purge, err)
	}
}
