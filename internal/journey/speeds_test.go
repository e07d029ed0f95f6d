// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"testing"
	"time"

	"rehome/internal/conductor"
	"rehome/internal/ledger"
	"rehome/internal/pass"
)

// What a pass has carried is kept when it ends, however short it was, and nothing of one that has carried nothing.
func TestThroughput_keepsWhatAPassHasCarried(t *testing.T) {
	t.Parallel()
	m, store := storeIn(t)
	m.noteSpeed(t.Context(), store, conductor.NewProgress())()
	progress := conductor.NewProgress()
	progress.Begin("anna", &pass.Size{Messages: 3, Octets: 30})
	over := m.noteSpeed(t.Context(), store, progress)
	progress.Copied("anna", 3, 30)
	progress.Finished("anna", false)
	over()
	if err := m.note(t.Context(), ledger.AuditLine{Action: actionSyncBegan, After: "1 account"}, ledger.AuditLine{Action: actionAccepted}); err != nil {
		t.Fatal(err)
	}
	got, err := m.Throughput(t.Context(), 35*24*time.Hour)
	if err != nil || len(got.Speeds) != 1 || got.Speeds[0].Messages != 3 || got.Speeds[0].Octets != 30 || got.Speeds[0].Accounts != 1 {
		t.Errorf("got %+v, %v", got, err)
	}
	if got.Step < 100*time.Minute || len(got.Events) != 1 || got.Events[0].Text != "pass of 1 account" {
		t.Errorf("got %+v", got)
	}
	lines, more, err := m.AuditPage(t.Context(), "", 0, 1)
	if err != nil || !more || len(lines) != 1 || lines[0].Action != actionAccepted {
		t.Errorf("the log: %+v, %v, %v", lines, more, err)
	}
}
