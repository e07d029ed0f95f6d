// SPDX-License-Identifier: Apache-2.0

package conductor

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"rehome"
	"rehome/internal/pass"
)

// logTo returns a logger that writes what does not differ from run to run.
func logTo(w *bytes.Buffer, level slog.Level) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: level, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey || a.Key == slog.LevelKey {
			return slog.Attr{}
		}
		return a
	}}))
}

// The log at level info tells of an account what it did, why it was tried again, what was found, and how it ended.
func TestLog_tellsTheCourseOfAnAccount(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var log bytes.Buffer
		found := rehome.Finding{Code: "mailbox_renumbered", Severity: rehome.SeverityInfo, Account: "anna", Object: "INBOX", Sentence: "renumbered"}
		mail := &slicer{play: func(_ context.Context, c call) (pass.Result, error) {
			switch c.number {
			case 1:
				return pass.Result{}, &rehome.Fault{Class: rehome.ClassTemporary, Op: "open", Server: "come back later"}
			case 2:
				return pass.Result{Looked: true, More: true, Findings: []rehome.Finding{found}}, nil
			case 3:
				return pass.Result{Looked: true, Findings: []rehome.Finding{found},
					Waits: []pass.Wait{{Messages: 7, Look: time.Now().Add(time.Minute), Until: time.Now().Add(time.Minute)}}}, nil
			}
			return pass.Result{Looked: true}, errors.New("over quota")
		}}
		if _, err := conduct(t, t.Context(), Options{Steps: steps(mail), Log: logTo(&log, slog.LevelInfo)}, "anna"); err != nil {
			t.Fatal(err)
		}
		want := []string{
			`msg="pass begins" pass=pre_stage accounts=1 kinds=[mail] workers=1`,
			`msg="account begins" account=anna`,
			`msg="account is tried again" account=anna kind=mail attempt=1 pause=1s error="open: server says \"come back later\""`,
			`msg=finding account=anna code=mailbox_renumbered severity=info object=INBOX why=renumbered`,
			`msg="account waits for what may still arrive" account=anna kind=mail mailboxes=1 messages=7 pause=1m0s`,
			`msg="step ends" account=anna kind=mail took=1m1s error="over quota" hint=""`,
			`msg="account ends" account=anna state=blocked took=1m1s why="over quota" hint=""`,
			`msg="pass ends" pass=pre_stage accounts=1 failed=1 took=1m1s`,
		}
		if got := strings.Split(strings.TrimSpace(log.String()), "\n"); strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	})
}

// How much there is to do is known before the turn of most accounts has come, and none is kept in mind behind it.
func TestRun_countsAllAccountsFromTheBeginning(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := NewProgress()
		var first Snapshot
		mail := &slicer{play: func(_ context.Context, c call) (pass.Result, error) {
			if c.account == "anna" {
				first = p.Snapshot()
			}
			return pass.Result{Looked: true}, nil
		}}
		options := Options{Steps: steps(mail), Workers: 1, Progress: p, Expected: map[string]pass.Size{
			"anna": {Messages: 10, Octets: 100, There: 9}, "bert": {Messages: 1000, Octets: 10_000, There: 800},
		}}
		if _, err := conduct(t, t.Context(), options, "anna", "bert", "carl"); err != nil {
			t.Fatal(err)
		}
		if first.Accounts != 3 || first.Known != 2 || first.Messages != 1010 || first.Done != 809 {
			t.Errorf("in the first slice: got %+v", first)
		}
		if last := p.Snapshot(); last.Finished != 3 || len(p.atWork) > 0 || p.ahead != (share{}) {
			t.Errorf("at the end: got %+v, %d kept, %+v ahead", last, len(p.atWork), p.ahead)
		}
	})
}
