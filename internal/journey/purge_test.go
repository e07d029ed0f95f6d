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
	"rehome/internal/ledger"
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

// storeIn is a move with an open ledger, until the end of the test.
func storeIn(t *testing.T) (*Move, *ledger.Ledger) {
	t.Helper()
	m, _ := moveIn(t)
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	store, err := m.store(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return m, store
}

// planned lists the plan, names from dir.
func planned(t *testing.T, m *Move, dir string) string {
	t.Helper()
	purge, err := m.PurgePlan(t.Context(), PurgeChoice{Needed: true})
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
	purge, err := m.Purge(t.Context(), PurgeChoice{Needed: true})
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

// What a later pass logs in with outlives every purge before the end; with a master user nothing needs it.
func TestPurge_keepsWhatLaterPassesNeed(t *testing.T) {
	t.Parallel()
	m, dir := moveIn(t)
	defer m.Close()
	m.settings.Source.IMAP.Address, m.settings.Destination.IMAP.Address = "s:993", "d:993"
	write := func(what, file string) {
		t.Helper()
		if err := m.register().WriteSecrets(what, map[string][]byte{file: []byte("secret")}); err != nil {
			t.Fatal(err)
		}
	}
	write(vault.SecretSheet, m.sheetFile())
	write(vault.SecretImport, filepath.Join(dir, "accounts", "accounts.csv"))
	write(vault.SecretHandOut, filepath.Join(dir, "list.csv"))
	if err := vault.WriteFile(m.settings.Secrets.Identity, []byte("key")); err != nil {
		t.Fatal(err)
	}
	store, err := m.store(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	wanted := func(choice PurgeChoice, files, needed int) {
		t.Helper()
		purge, err := m.PurgePlan(t.Context(), choice)
		if err != nil || len(purge.Files) != files || len(purge.Needed) != needed {
			t.Errorf("%+v: got %+v, %v; want %d to destroy and %d needed", choice, purge, err, files, needed)
		}
	}
	wanted(PurgeChoice{}, 1, 2)
	wanted(PurgeChoice{Identity: true}, 1, 3)
	wanted(PurgeChoice{Needed: true, Identity: true}, 4, 0)
	if err := store.Looks.Note(t.Context(), ledger.Look{Name: lookAccounts, Outcome: rehome.OutcomeDone}); err != nil {
		t.Fatal(err)
	}
	wanted(PurgeChoice{}, 2, 1)
	purge, err := m.Purge(t.Context(), PurgeChoice{})
	if err != nil || !purge.Destroyed || len(purge.Files) != 2 || !exists(m.sheetFile()) || !exists(m.settings.Secrets.Identity) {
		t.Errorf("got %+v, %v", purge, err)
	}
	m.settings.Destination.IMAP.Login, m.settings.Destination.IMAP.MasterUser = config.LoginMaster, "mover"
	wanted(PurgeChoice{}, 1, 0)
}
