// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"strings"
	"testing"

	"rehome/internal/conductor"
	"rehome/internal/ledger"
)

// Before and after the copying the brake ends the work at once; in between what is under way is finished, also when it was pulled before.
func TestBrake(t *testing.T) {
	t.Parallel()
	var b Brake
	stop, over := b.Finish()
	if !b.Pull(func() { t.Error("cancelled instead of finished") }) || !b.Pull(func() { t.Error("cancelled the second time") }) {
		t.Error("does not finish")
	}
	<-stop
	over()
	cancelled := false
	if b.Pull(func() { cancelled = true }) || !cancelled {
		t.Error("after the copying it does not end at once")
	}
	var early Brake
	early.Pull(func() {})
	stop, _ = early.Finish()
	<-stop
}

// What is done in somebody's name stands in the log with that name, and with who runs the program.
func TestAs_namesThePerson(t *testing.T) {
	t.Parallel()
	m, _ := moveIn(t)
	defer m.Close()
	ctx := As(t.Context(), "anna")
	if err := m.note(ctx, ledger.AuditLine{Action: actionAccepted}); err != nil {
		t.Fatal(err)
	}
	lines, err := m.AuditLog(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for line, err := range lines {
		if err != nil || line.Who != "anna (screen of "+operator()+")" {
			t.Errorf("got %q, %v", line.Who, err)
		}
	}
	store, err := m.store(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if person := m.driver(ctx, store, nil).Person; !strings.HasPrefix(person, "anna (screen of ") {
		t.Errorf("a cutover is by %q", person)
	}
}

func TestGlance(t *testing.T) {
	t.Parallel()
	m := watchable(t)
	if r, err := m.Glance(t.Context()); err != nil || r.State != RunNone {
		t.Errorf("nothing runs: %+v, %v", r, err)
	}
	over := m.show(workSync, conductor.NewProgress())
	if r, err := m.Glance(t.Context()); err != nil || r.State != RunRunning || r.Work != "sync" {
		t.Errorf("a pass: %+v, %v", r, err)
	}
	over()
	if r, err := m.Glance(t.Context()); err != nil || r.State != RunNone {
		t.Errorf("after it: %+v, %v", r, err)
	}
}
