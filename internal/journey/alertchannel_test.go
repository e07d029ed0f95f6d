// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"rehome/internal/ledger"
	"rehome/internal/notify"
)

// tellings are what some were sent, of whom one cannot be told.
type tellings struct {
	kinds  map[string][]string // of what each was sent
	refuse string              // who is refused

	mu sync.Mutex
}

func openRecipients(a *alerts, refuse string, names ...string) *tellings {
	r := &tellings{kinds: map[string][]string{}, refuse: refuse}
	a.channels = nil
	for _, name := range names {
		a.channels = append(a.channels, &alertChannel{name: name, told: ledger.Alerted{}, send: func(_ context.Context, alert notify.Alert) error {
			if name == r.refuse {
				return errors.New("no such user")
			}
			r.mu.Lock()
			defer r.mu.Unlock()
			r.kinds[name] = append(r.kinds[name], alert.Kind)
			return nil
		}})
	}
	return r
}

// Whom one of several is refused tells the others once, also when he is tried again, and says so once.
func TestAlerter_oneOfSeveralIsRefused(t *testing.T) {
	t.Parallel()
	a := openTestAlerts(t)
	ctx := t.Context()
	a.said = nil
	r := openRecipients(a, "b", "a", "b", "c")
	left := []need{{"accounts", notify.Need{Sentence: "two", Accounts: []string{"x"}}}}
	for range 4 {
		a.over(ctx, left, nil)
	}
	a.report(ctx)
	for _, name := range []string{"a", "c"} {
		if got := r.kinds[name]; !slices.Equal(got, []string{notify.AlertNeeds, notify.AlertReport}) {
			t.Errorf("%s was sent %v", name, got)
		}
	}
	if len(a.said) != 1 || !strings.Contains(a.said[0], "b could not be told: no such user") {
		t.Errorf("said %q", a.said)
	}
	r.refuse = ""
	a.over(ctx, left, nil)
	if got := r.kinds["b"]; len(got) != 0 {
		t.Errorf("b was sent %v within its pause", got)
	}
	a.channels[1].again = time.Time{} // the pause is over
	a.over(ctx, left, nil)
	a.over(ctx, left, nil)
	if got := r.kinds["b"]; !slices.Equal(got, []string{notify.AlertReport, notify.AlertNeeds}) {
		t.Errorf("b was sent %v afterwards", got)
	}
}

// One that fails is tried again at the next look, then more and more rarely.
func TestAlertChannel_pauses(t *testing.T) {
	t.Parallel()
	c := &alertChannel{}
	now := time.Now()
	for i, want := range []time.Duration{0, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute, 16 * time.Minute, 30 * time.Minute, 30 * time.Minute} {
		if c.ended(errors.New("away"), now); c.again.Sub(now) != want {
			t.Errorf("%d: %v, want %v", i, c.again.Sub(now), want)
		}
	}
	if c.ended(nil, now); !c.again.IsZero() || c.pause != 0 {
		t.Errorf("%+v", c)
	}
}

// A command that starts again after the hour of the report sends what the one before has not sent, once a pass has told what accounts need;
// one that never sent a report waits for the hour.
func TestAlerter_reportIsOwed(t *testing.T) {
	t.Parallel()
	a := openTestAlerts(t)
	ctx := t.Context()
	due, some := a.move.settings.Alerts.ReportWas(time.Now())
	if !some {
		t.Fatal("no report is due")
	}
	r := openRecipients(a, "", "a", "b")
	if err := a.move.note(ctx, ledger.AuditLine{Action: actionAlerted, Object: "a", After: notify.AlertReport}); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		now  time.Time
		owed bool
	}{{time.Now(), false}, {time.Now().AddDate(0, 0, 2), true}} {
		if err := a.owe(ctx, test.now); err != nil || a.channels[0].owed != test.owed || a.channels[1].owed {
			t.Errorf("%v, last due %v: %v, %v, %v", test.now, due, a.channels[0].owed, a.channels[1].owed, err)
		}
	}
	a.look(ctx)
	if got := r.kinds["a"]; len(got) != 0 {
		t.Errorf("sent %v before a pass has ended", got)
	}
	a.over(ctx, nil, nil)
	a.over(ctx, nil, nil)
	if got := r.kinds["a"]; !slices.Equal(got, []string{notify.AlertReport}) || len(r.kinds["b"]) != 0 {
		t.Errorf("sent %v, %v", got, r.kinds["b"])
	}
}

// A report before the first pass has ended does not say that nobody has to do anything: nobody knows.
func TestAlerter_earlyReport(t *testing.T) {
	t.Parallel()
	a := openTestAlerts(t)
	ctx := t.Context()
	a.report(ctx)
	a.wantMail(t, 2, "No pass has ended since")
	a.over(ctx, nil, nil)
	a.report(ctx)
	a.wantMail(t, 4, "Nothing needs somebody.")
}
