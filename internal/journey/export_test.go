// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rehome"
	"rehome/internal/vault"
)

// Every export gives the same temporary passwords; a purge says what it costs, and the export after it that they are others.
func TestExportAccounts_temporaryPasswordsStayUntilAPurge(t *testing.T) {
	t.Parallel()
	m, dir := moveIn(t)
	m.settings.Roster = filepath.Join(dir, "people.csv")
	m.settings.Accounts.CSV.Header = nil
	if err := os.WriteFile(m.settings.Roster, []byte("EmailAddress;Vorname;Nachname\r\nanna@example.org;Anna;Berg\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := vault.CreateIdentity(m.settings.Secrets.Identity); err != nil {
		t.Fatal(err)
	}
	export := func(wantReplaced bool) string {
		t.Helper()
		export, err := m.ExportAccounts(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got := slices.ContainsFunc(export.Findings, func(f rehome.Finding) bool { return passwordsReplaced.Is(f) }); got != wantReplaced {
			t.Errorf("replaced: got %v, want %v, in %+v", got, wantReplaced, export.Findings)
		}
		text, err := os.ReadFile(export.Files[0])
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	first := export(false)
	if again := export(false); again != first {
		t.Error("the second export gives other passwords")
	}
	purge, err := m.PurgePlan(t.Context(), PurgeChoice{Identity: true, Needed: true})
	if err != nil || len(purge.Costs) != 2 || !strings.Contains(purge.Costs[0], "another export makes new ones") {
		t.Errorf("got costs %q, %v", purge.Costs, err)
	}
	if _, err := m.Purge(t.Context(), PurgeChoice{Needed: true}); err != nil {
		t.Fatal(err)
	}
	if after := export(true); after == first {
		t.Error("the export after the purge gives the passwords that nobody keeps any more")
	}
	export(false)
}
