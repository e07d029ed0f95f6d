// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"rehome"
	"rehome/internal/config"
	"rehome/internal/itinerary"
	"rehome/internal/ledger"
	"rehome/internal/notify"
	"rehome/lab"
	"rehome/lab/mailsink"
)

// What somebody was told of is told again only when it has gone and come back, or somebody else has it too.
func TestNeeds_areToldOnce(t *testing.T) {
	t.Parallel()
	account := func(name string, class rehome.Class) SyncedAccount {
		return SyncedAccount{Account: name, Error: "it failed", class: class}
	}
	brake := []itinerary.Wave{{Name: "runs"}, {Name: "lunch", Stop: itinerary.StopPause, Reason: "is paused"},
		{Name: "hard", Stop: itinerary.StopBrake, Reason: "was stopped by its brake", NextStep: "look"}}
	known := ledger.Alerted{}
	for i, test := range []struct {
		accounts []SyncedAccount
		waves    []itinerary.Wave
		fresh    string
	}{
		{nil, nil, ""},
		{[]SyncedAccount{account("bert", rehome.ClassTemporary), account("carl", rehome.ClassThrottled), {Account: "dora"}}, nil, ""},
		{[]SyncedAccount{account("bert", rehome.ClassAuth)}, nil, "the log-in of 1 account was refused"},
		{[]SyncedAccount{account("bert", rehome.ClassAuth)}, brake, "wave hard was stopped by its brake"},
		{[]SyncedAccount{account("carl", rehome.ClassAuth), account("bert", rehome.ClassAuth)}, brake, "the log-in of 2 accounts was refused"},
		{[]SyncedAccount{account("carl", rehome.ClassAuth)}, brake, ""},
		{[]SyncedAccount{{Account: "emil", blocked: true}}, nil, "somebody has to decide or act before 1 account can be completed"},
		{[]SyncedAccount{account("carl", rehome.ClassAuth)}, nil, "the log-in of 1 account was refused"},
	} {
		needs := needsOf(Synced{Accounts: test.accounts}, test.waves)
		var got []string
		for _, n := range freshOf(known, needs) {
			got = append(got, n.Sentence)
		}
		if strings.Join(got, "; ") != test.fresh {
			t.Errorf("%d: %q, wanted %q", i, got, test.fresh)
		}
		known = tell(needs)
	}
}

// alerts is a move that tells a mail server and a webhook.
type alerts struct {
	*alerter

	sink   *mailsink.Sink
	posted []notify.Alert
	status atomic.Int64 // what the webhook answers
	said   []string
	seen   int // messages
}

func openTestAlerts(t *testing.T) *alerts {
	t.Helper()
	a := &alerts{}
	a.status.Store(http.StatusOK)
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var alert notify.Alert
		if err := json.NewDecoder(r.Body).Decode(&alert); err != nil || r.URL.Path != "/secret-path" {
			t.Errorf("%s: %v", r.URL, err)
		}
		a.posted = append(a.posted, alert)
		w.WriteHeader(int(a.status.Load()))
	}))
	t.Cleanup(hook.Close)
	var err error
	if a.sink, err = mailsink.Start(lab.Open(t), ""); err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "hook"), []byte(hook.URL+"/secret-path\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	settings, err := config.Parse(filepath.Join(folder, "rehome.yaml"), fmt.Appendf(nil, `organisation: Example
source: {kind: imap, imap: {address: "old.example.test:993"}}
destination: {kind: imap, imap: {address: "new.example.test:993"}}
roster: people.csv
clients: {notify: {address: "%s", tls: none, from: "IT <it@example.test>"}}
alerts: {mail: [ops@example.test, boss@example.test], webhook: "file:hook", report: "07:00"}
`, a.sink.SMTP))
	if err != nil {
		t.Fatal(err)
	}
	move := New(settings, "test", nil)
	t.Cleanup(func() { _ = move.Close() })
	store, err := move.store(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if a.alerter, err = move.openAlerts(t.Context(), store, func(sentence string) { a.said = append(a.said, sentence) }); err != nil {
		t.Fatal(err)
	}
	return a
}

// wantMail proves that so many messages have arrived by now, and that those that are new say something.
func (a *alerts) wantMail(t *testing.T, n int, parts ...string) {
	t.Helper()
	all, err := a.sink.Messages()
	if err != nil || len(all) != n {
		t.Fatalf("%d messages, %v, wanted %d", len(all), err, n)
	}
	var fresh strings.Builder
	for _, m := range all[a.seen:] {
		fresh.Write(m.Octets)
	}
	a.seen = n
	for _, part := range parts {
		if !strings.Contains(fresh.String(), part) {
			t.Errorf("%q is missing in\n%s", part, fresh.String())
		}
	}
}

// Those who are named get mail, and a webhook the same without names of accounts. One that cannot be reached is told later; the address is
// a secret in all that is said.
func TestAlerts_tellThoseWhoAreNamed(t *testing.T) {
	t.Parallel()
	a := openTestAlerts(t)
	ctx := t.Context()
	if len(a.said) != 1 || !strings.Contains(a.said[0], "ops@example.test, boss@example.test and the webhook, and a report at 07:00") {
		t.Errorf("it said %q", a.said)
	}
	a.passed(ctx, Synced{}, nil)
	a.wantMail(t, 0)
	a.status.Store(http.StatusBadGateway)
	refused := Synced{Accounts: []SyncedAccount{{Account: "bert@example.test", Error: "refused", class: rehome.ClassAuth}}}
	a.passed(ctx, Synced{Accounts: refused.Accounts, Interrupted: true}, nil)
	a.wantMail(t, 0)
	a.passed(ctx, refused, nil)
	a.wantMail(t, 2, "To: <boss@example.test>", "the log-in of 1 account was refused", "bert@example.test: refused", "Auto-Submitted: auto-generated")
	a.status.Store(http.StatusNoContent)
	a.passed(ctx, refused, nil)
	a.wantMail(t, 2)
	if len(a.posted) != 2 || a.posted[1].Text != "the log-in of 1 account was refused" || a.posted[1].Organisation != "Example" {
		t.Errorf("posted %+v", a.posted)
	}
	a.passed(ctx, Synced{}, &rehome.Fault{Class: rehome.ClassTemporary, Op: "connect", Object: "cleo@example.test",
		Cause: errors.New("timed out"), Hint: "wait"})
	a.wantMail(t, 4, "a pass could not begin", "cleo@example.test: timed out; wait", "Next step: run")
	again, err := a.move.openAlerts(ctx, a.store, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	again.passed(ctx, refused, nil)
	a.wantMail(t, 4) // it was told of before the restart
	a.report(ctx)
	a.wantMail(t, 6, "rehome: Example: report", "3 passes, 0 messages copied", "the log-in of 1 account was refused")
	if posted := fmt.Sprintf("%+v", a.posted); strings.Contains(posted, "@") {
		t.Errorf("the webhook was told whose: %s", posted)
	}
	last := a.posted[len(a.posted)-1]
	if last.Kind != notify.AlertReport || !strings.Contains(last.Text, "0 of 0 accounts copied") || len(last.Needs) != 2 {
		t.Errorf("posted %+v", last)
	}
	said := strings.Join(a.said, "\n")
	if !strings.Contains(said, "the webhook could not be told: ") || strings.Contains(said, "secret-path") || len(a.said) != 2 {
		t.Errorf("it said %q", a.said)
	}
	noted := 0
	for line, err := range a.store.Audit.Lines(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		if line.Action == actionAlerted {
			noted++
		}
	}
	if noted != 9 {
		t.Errorf("%d alerts are in the audit log, wanted 9", noted)
	}
}

// The account that a brake names to try is not for a webhook.
func TestStandingNeeds_nameNobodyToAWebhook(t *testing.T) {
	t.Parallel()
	needs := standingNeeds([]itinerary.Wave{{Name: "hard", Stop: itinerary.StopBrake, Reason: "was stopped by its brake",
		NextStep: `run "rehome accounts check --account bert@example.test"`},
		{Name: "slow", Stop: itinerary.StopBrake, NextStep: "see the host"}}, nil)
	if len(needs) != 2 {
		t.Fatalf("%+v", needs)
	}
	hard, slow := needs[0].Need, needs[1].Need
	const next = `see what to look at with "rehome wave status hard"; then run "rehome wave resume hard"`
	if !strings.Contains(hard.Detail, "bert@") || hard.NextStep != next {
		t.Errorf("%+v", hard)
	}
	if slow.NextStep != `see the host; then run "rehome wave resume slow"` {
		t.Errorf("%+v", slow)
	}
}
