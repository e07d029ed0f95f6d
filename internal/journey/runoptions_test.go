// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"rehome"
	"rehome/internal/conductor"
	"rehome/internal/endpoint"
	"rehome/internal/ledger"
	"rehome/internal/pass"
	"rehome/internal/people"
	"rehome/internal/vault"
	"rehome/internal/worker"
)

// A worker without the temporary passwords that the run was begun with hands accounts back and leaves its share to others. Once it has them it
// takes part again, whether an account comes or not. Where they make no difference it needs none.
func TestCrew_withoutTheSheet(t *testing.T) {
	t.Parallel()
	m, store := moveOf(t, "anna@x.test", "ben@x.test")
	m.settings.Destination.IMAP.Address = "d:993"
	m.Simulate(func(*ledger.Ledger, *endpoint.Host, *endpoint.Host, *conductor.Progress) pass.Step { return nil })
	text := "address,source_password\nanna@x.test,a\nben@x.test,b\n"
	if err := os.WriteFile(m.settings.Roster, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := vault.CreateIdentity(m.settings.Secrets.Identity); err != nil {
		t.Fatal(err)
	}
	who, err := m.chosen(t.Context(), people.Choice{})
	if err == nil {
		err = m.makePasswords(who.Everybody)
	}
	if err != nil {
		t.Fatal(err)
	}
	sheet := who.Temporary
	who.Temporary = nil // the machine that begins the pass has no sheet either
	note := func(line ledger.AuditLine) {
		t.Helper()
		if err := m.note(t.Context(), line); err != nil {
			t.Fatal(err)
		}
	}
	wantExported := func(want int) {
		t.Helper()
		if n, err := exportedPasswords(t.Context(), store); err != nil || n != want {
			t.Errorf("%d passwords by the last export, %v, want %d", n, err, want)
		}
	}
	wantExported(0)
	note(ledger.AuditLine{Action: actionDestroyed, Before: vault.SecretSheet})
	note(ledger.AuditLine{Action: actionExported, After: fmt.Sprintf(exportedText, 2, len(sheet), 2)})
	wantExported(2)
	run, _, err := m.beginRun(t.Context(), who, SyncOptions{}, 9)
	if err != nil {
		t.Fatal(err)
	}
	away := m.sheetFile() + ".away"
	if err := os.Rename(m.sheetFile(), away); err != nil {
		t.Fatal(err)
	}
	leave := make(chan struct{})
	close(leave) // nobody waits in this test
	c := &crew{move: m, store: store, runs: map[int64]*crewRun{}, leave: leave, worked: Worked{Name: "one"},
		options: WorkerOptions{Told: func(string) {}}}
	c.limits = c.share()
	job := worker.Job{Run: run.ID, Account: "anna@x.test"}
	if c.able(t.Context(), job) || !strings.Contains(c.hindrance().Error(), "this machine has no such file") {
		t.Errorf("hindered by %v", c.hindrance())
	}
	if err := os.Rename(away, m.sheetFile()); err != nil {
		t.Fatal(err)
	}
	tries := func(mended bool) {
		t.Helper()
		c.mend(t.Context())
		c.mending.tries.Wait()
		if got := c.hindrance() == nil; got != mended {
			t.Errorf("mended: %v, want %v; hindered by %v", got, mended, c.hindrance())
		}
	}
	if tries(false); !c.mending.rests(false) {
		t.Error("it keeps its share until it tries again")
	}
	c.runs[run.ID].again = time.Now()
	c.mending.next(run.ID, c.runs[run.ID])
	if tries(false); c.mending.rests(true) {
		t.Error("it does not want a share although it is time to try again")
	}
	c.limits.Allow(ledger.Amounts{worker.Source: 1, worker.Destination: 1})
	if tries(true); !c.mending.rests(true) || c.mending.rests(false) || !c.able(t.Context(), job) {
		t.Error("it is not as any other worker")
	}
	note(ledger.AuditLine{Action: actionDestroyed, Before: vault.SecretSheet})
	wantExported(0)
	if who, err = m.chosen(t.Context(), people.Choice{}); err != nil {
		t.Fatal(err)
	}
	if err := m.sheetLacks(who, runOptions{Temporary: 9}); err != nil {
		t.Errorf("%v, though no account lacks a password", err)
	}
	who.accounts[0].DestinationPassword = rehome.Secret{}
	if err := m.sheetLacks(who, runOptions{Temporary: 9}); err == nil || !strings.Contains(err.Error(), "this machine has 2 of 9 temporary passwords") {
		t.Errorf("%v, with an older sheet", err)
	}
}
