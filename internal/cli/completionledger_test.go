// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rehome"
	"rehome/internal/config"
	"rehome/internal/journey"
	"rehome/internal/ledger"
	"rehome/internal/verify"
)

const oneDifference = `{"mail": {"differences": [
	{"kind": "missing_message", "mailbox": "INBOX", "object": "<1@example.com>", "sentence": "it is gone"}],
	"counts": {"missing_message": 1}}}`

// settingsIn writes those of a move that has accounts, waves, an operator and a token, and returns the file and the id of a difference.
func settingsIn(t *testing.T) (file, difference string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "rehome.yaml")
	text := "organisation: x\ndomains: [example.com]\nroster: people.csv\nsource: {kind: imap, imap: {address: 'a.test:993'}}\n" +
		"destination: {kind: imap, imap: {address: 'b.test:993'}}\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	settings, err := config.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	store, err := ledger.Open(t.Context(), settings.Store)
	for _, local := range []string{"anna", "bo", "berta"} {
		account := ledger.Account{Address: local + "@example.com", State: ledger.AccountPreStaged}
		if err == nil {
			err = store.Passes.Save(t.Context(), account, nil, ledger.Turn{Address: account.Address, State: ledger.TurnOver})
		}
	}
	if err == nil {
		err = store.Verifications.Save(t.Context(), ledger.Verification{
			Address: "bo@example.com", Level: string(verify.LevelFull), Verdict: string(verify.Differs), Result: []byte(oneDifference)})
	}
	if err = errors.Join(err, store.Close()); err != nil {
		t.Fatal(err)
	}
	move := journey.New(settings, "test", rehome.Logger(nil))
	defer func() {
		if err := move.Close(); err != nil {
			t.Error(err)
		}
	}()
	for _, name := range []string{"pilot", "night"} {
		if _, err := move.CreateWave(t.Context(), name, journey.WaveChange{}, nil); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := move.SetOperator(t.Context(), "anna", ledger.RoleLook, rehome.NewSecret("a sentence that is long")); err != nil {
		t.Fatal(err)
	}
	page, err := move.DifferencePage(t.Context(), "", 1, 1)
	if err != nil || len(page.Accounts) != 1 {
		t.Fatal(page, err)
	}
	return file, page.Accounts[0].Open[0].ID
}

// A shell is offered the accounts, differences, waves and operators of the move, and makes no ledger where there is none.
func TestCompletion_fromTheLedger(t *testing.T) {
	t.Parallel()
	file, difference := settingsIn(t)
	for words, want := range map[string][]string{
		"sync --account ":           {"anna@example.com", "berta@example.com", "bo@example.com"},
		"verify --account b":        {"berta@example.com", "bo@example.com"},
		"wave add pilot --account ": {"anna@example.com", "berta@example.com", "bo@example.com"},
		"findings accept ":          {difference},
		"wave start ":               {"night", "pilot"},
		"wave start pilot ":         nil,
		"wave status night ":        {"pilot"},
		"wave set pilot --after n":  {"night"},
		"operators remove ":         {"anna"},
		"tokens revoke ":            nil,
		"cutover run ":              {"example.com"},
	} {
		args := append([]string{"--config", file}, strings.Split(words, " ")...)
		got := completed(t, args...)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", words, got, want)
		}
	}
	empty := filepath.Join(t.TempDir(), "rehome.yaml")
	text, err := os.ReadFile(file)
	if err == nil {
		err = os.WriteFile(empty, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	if got := completed(t, "--config", empty, "sync", "--account", ""); got != nil {
		t.Errorf("%q", got)
	}
	if left, err := filepath.Glob(filepath.Join(filepath.Dir(empty), "*")); err != nil || len(left) != 1 {
		t.Errorf("completion has made %v", left)
	}
}
