// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rehome"
	"rehome/internal/atmail8"
	"rehome/internal/config"
	"rehome/internal/vault"
)

// moveIn has its exports in dir/accounts.
func moveIn(t *testing.T) (m *Move, dir string) {
	t.Helper()
	dir = t.TempDir()
	settings := config.Default()
	settings.Accounts.Output = filepath.Join(dir, "accounts")
	settings.Secrets.Identity = filepath.Join(dir, "identity.txt")
	settings.Store = filepath.Join(dir, "rehome.db")
	return New(&settings, "test", nil), dir
}

// planned lists the plan, names from dir.
func planned(t *testing.T, m *Move, dir string) string {
	t.Helper()
	purge, err := m.PurgePlan(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	add := func(word, file string) {
		name, err := filepath.Rel(dir, file)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, word+name)
	}
	for _, file := range purge.Files {
		add("", file.File)
	}
	for _, file := range purge.Gone {
		add("gone ", file.File)
	}
	return strings.Join(all, ", ")
}

func TestPurge_knowsWhatWasWrittenAnywhere(t *testing.T) {
	t.Parallel()
	m, dir := moveIn(t)
	row := func(address string) atmail8.Row {
		return atmail8.Row{Address: address, Password: rehome.NewSecret("Secret-1")}
	}
	m.settings.Accounts.CSV.BatchSize = 1
	if _, err := m.writeAccountFiles([]atmail8.Row{row("a@b.example"), row("c@b.example"), row("d@b.example")}); err != nil {
		t.Fatal(err)
	}
	elsewhere := filepath.Join(dir, "elsewhere", "list.csv")
	for _, file := range []string{elsewhere, filepath.Join(dir, "lost.csv"), filepath.Join(dir, "elsewhere", "h.age")} {
		if err := m.register().WriteSecrets(vault.SecretHandOut, map[string][]byte{file: []byte("secret")}); err != nil {
			t.Fatal(err)
		}
	}
	for name, leave := range map[string]bool{"lost.csv": false, "elsewhere/.list.csv-123": true, "accounts/people/x.age": true,
		"accounts/notes.txt": true} {
		file := filepath.Join(dir, name)
		err := os.Remove(file)
		if leave {
			err = vault.WriteFile(file, []byte("secret"))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	want := "accounts/accounts-001.csv, accounts/accounts-002.csv, accounts/accounts-003.csv, accounts/people/x.age, " +
		"elsewhere/.list.csv-123, elsewhere/h.age, elsewhere/list.csv, gone lost.csv"
	if got := planned(t, m, dir); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	if _, err := m.writeAccountFiles([]atmail8.Row{row("a@b.example")}); err != nil {
		t.Fatal(err)
	}
	if got := planned(t, m, dir); !strings.HasPrefix(got, "accounts/accounts.csv, accounts/people") {
		t.Errorf("got %s, want the batches of the first run destroyed", got)
	}
	purge, err := m.Purge(t.Context(), false)
	if err != nil || !purge.Destroyed || len(purge.Files) != 5 || len(purge.Gone) != 1 {
		t.Errorf("got %+v, %v", purge, err)
	}
	if got := planned(t, m, dir); got != "" {
		t.Errorf("after the purge: %s", got)
	}
	if _, err := os.Stat(filepath.Join(dir, "accounts", "notes.txt")); err != nil {
		t.Error("a file without secrets was destroyed")
	}
}

func TestWritePasswords_leavesAFileOfSomebodyElse(t *testing.T) {
	t.Parallel()
	m, dir := moveIn(t)
	if _, err := vault.CreateIdentity(m.settings.Secrets.Identity); err != nil {
		t.Fatal(err)
	}
	identity, err := vault.LoadIdentity(m.settings.Secrets.Identity)
	if err != nil {
		t.Fatal(err)
	}
	if err := (vault.Sheet{}).Save(m.sheetFile(), identity.Recipients()); err != nil {
		t.Fatal(err)
	}
	mine := filepath.Join(dir, "mine.txt")
	if err := os.WriteFile(mine, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := m.WritePasswords(t.Context(), mine); rehome.ClassOf(err) != rehome.ClassOperator {
		t.Errorf("got %v, want it refused", err)
	}
	if got := planned(t, m, dir); strings.Contains(got, "mine.txt") {
		t.Errorf("a purge would destroy somebody else's file: %s", got)
	}
}
