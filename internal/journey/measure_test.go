// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"errors"
	"testing"

	"rehome"
	"rehome/internal/conductor"
	"rehome/internal/pass"
)

// What counts up goes on over passes: that one is over takes nothing away.
func TestMeasure_goesOnOverPasses(t *testing.T) {
	t.Parallel()
	m := watchable(t)
	work := func(messages int) (over func()) {
		progress := conductor.NewProgress()
		over = m.show(workSync, progress)
		progress.Begin("anna", &pass.Size{Messages: int64(messages)})
		progress.Copied("anna", messages, 10)
		progress.TriedAgain(rehome.KindMail, &rehome.Fault{Class: rehome.ClassTemporary})
		progress.TriedAgain(rehome.KindMail, nil)
		progress.StepEnded(rehome.KindMail, nil)
		progress.Finished("anna", messages == 4)
		return over
	}
	want := func(running bool, messages, failed, complete int64) {
		t.Helper()
		got := m.Measure().Work[workSync]
		if got.Running != running || got.Messages != messages || got.Failed != failed || got.Accounts != complete ||
			got.Ends[conductor.StepEnd{Kind: rehome.KindMail}] != complete+failed ||
			got.Retries[conductor.StepEnd{Kind: rehome.KindMail, Reason: rehome.ClassTemporary}] != complete+failed {
			t.Errorf("got %+v", got)
		}
	}
	want(false, 0, 0, 0)
	over := work(3)
	want(true, 3, 0, 1)
	over()
	want(false, 3, 0, 1)
	over = work(4)
	want(true, 7, 1, 1)
	over()
	want(false, 7, 1, 1)
}

// A process is ready when its ledger answers; a worker also has to have joined, and to have lost nothing since.
func TestReady_saysWhyNot(t *testing.T) {
	t.Parallel()
	m, store := storeIn(t)
	if err := m.Ready(t.Context()); err != nil {
		t.Errorf("with a ledger that is open: %v", err)
	}
	m.joined.Store(&lostStore)
	if err := m.Ready(t.Context()); err == nil {
		t.Error("a worker that has not joined is ready")
	}
	var lost error
	permit := func() error { return lost }
	m.joined.Store(&permit)
	if err := m.Ready(t.Context()); err != nil {
		t.Errorf("a worker that has joined: %v", err)
	}
	if lost = errors.New("lost"); !errors.Is(m.Ready(t.Context()), lost) {
		t.Error("a worker that has lost its leases is ready")
	}
	before := store.Spent()
	if _, err := m.Standing(t.Context()); err != nil {
		t.Error(err)
	}
	if now := m.Measure().Ledger; now.Reads <= before.Reads || now.Writes != before.Writes {
		t.Errorf("the ledger was asked: %+v, before %+v", now, before)
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Standing(t.Context()); !errors.Is(err, errNotOpen) || !errors.Is(m.Ready(t.Context()), errNotOpen) {
		t.Errorf("with a ledger that is closed: %v", err)
	}
}
