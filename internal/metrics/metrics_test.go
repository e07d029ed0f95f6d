// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"rehome"
	"rehome/internal/conductor"
	"rehome/internal/endpoint"
	"rehome/internal/journey"
	"rehome/internal/ledger"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakeMove has one of everything.
type fakeMove struct {
	awaited time.Duration
	ready   error
	asked   int // how often for where the move stands
}

func (m *fakeMove) Measure() journey.Measured {
	end := func(reason rehome.Class) map[conductor.StepEnd]int64 {
		return map[conductor.StepEnd]int64{{Kind: rehome.KindMail, Reason: reason}: 2}
	}
	return journey.Measured{
		Version: "v1", Awaited: time.Minute, Ledger: ledger.Spent{Reads: 1, Writes: 2, Waited: time.Second},
		Work: map[string]journey.WorkMeasured{
			"sync": {Totals: conductor.Totals{Messages: 7, Accounts: 3, Failed: 1, Ends: end(""), Retries: end(rehome.ClassTemporary)}, Running: true,
				Now: conductor.Snapshot{Accounts: 9, Finished: 4, Failed: 1, Messages: 70, Done: 7, Left: time.Hour,
					HeldUp: conductor.HeldUp{Lately: []endpoint.Share{{By: endpoint.ByLine, Percent: 60}}}}},
			"verify": {},
		},
		Servers: map[endpoint.Server]endpoint.Metered{
			{Side: rehome.Source, Service: "imap", Address: "a.test:993"}: {
				Load: endpoint.Load{Open: time.Hour, Awaited: m.awaited, OnWay: time.Second}, In: 4, Waiting: 1, Slowed: 2,
				LogIns: map[rehome.Class]int64{"": 5, rehome.ClassAuth: 1},
			},
		},
	}
}

func (m *fakeMove) Standing(context.Context) (journey.Standing, error) {
	m.asked++
	return journey.Standing{
		Accounts: []ledger.AccountTotal{
			{State: ledger.AccountPreStaged, Verdict: "equal", Accounts: 2}, {State: ledger.AccountPreStaged, Verdict: "equal", Unfinished: true, Accounts: 1},
			{State: ledger.AccountBlocked, Accounts: 4},
		},
		Findings: []ledger.FindingTotal{{Severity: rehome.SeverityError, Findings: 6}}, Workers: 2, Held: 3,
	}, nil
}

func (m *fakeMove) Ready(context.Context) error { return m.ready }

// get asks a handler as somebody who calls it by a name.
func get(handler http.Handler, host, path string) (status int, body string) {
	answer := httptest.NewRecorder()
	request := httptest.NewRequest(http.MethodGet, "http://"+host+path, nil)
	handler.ServeHTTP(answer, request)
	return answer.Code, answer.Body.String()
}

// What is declared is told, with the labels that are declared, and nobody's address in them.
func TestMetrics_allAreTold(t *testing.T) {
	t.Parallel()
	move := &fakeMove{awaited: time.Minute}
	h := handler(move, true)
	_, body := get(h, "127.0.0.1:8026", "/metrics")
	for _, d := range All() {
		if !strings.Contains(body, "# HELP "+d.Name+" "+d.Help+"\n") || !regexp.MustCompile("(?m)^"+d.Name+"[{ ]").MatchString(body) {
			t.Errorf("%s is not told", d.Name)
		}
	}
	for _, line := range []string{
		`rehome_accounts_total{result="failed",work="sync"} 1`,
		`rehome_held_up_ratio{by="round_trips",work="sync"} 0.6`,
		`rehome_move_accounts{state="pre_staged",verdict="equal"} 3`,
		`rehome_move_accounts{state="blocked",verdict="none"} 4`,
		`rehome_move_findings{severity="warning"} 0`,
		`rehome_pass_accounts{state="complete",work="sync"} 3`,
		`rehome_running{work="verify"} 0`,
		`rehome_server_logins_total{host="a.test:993",reason="auth",service="imap",side="source"} 1`,
		`rehome_server_seconds_total{host="a.test:993",service="imap",side="source",spent="answers"} 59`,
		`rehome_steps_total{kind="mail",reason="none"} 2`,
		`process_open_fds `, `go_goroutines `,
	} {
		if !strings.Contains(body, "\n"+line) {
			t.Errorf("not told: %s", line)
		}
	}
	if strings.Contains(body, "@") {
		t.Error("an address is in it")
	}
	// The time is measured anew, and is a little less.
	move.awaited = 50 * time.Second
	if _, body = get(h, "localhost", "/metrics"); !strings.Contains(body, `spent="answers"} 59`) || move.asked != 1 {
		t.Errorf("a counter has shrunk, or the ledger was asked %d times:\n%s", move.asked, body)
	}
}

// Profiles are for this machine, and nothing is told to who uses another name for it. What is not ready says why.
func TestListener_whoMaySeeWhat(t *testing.T) {
	t.Parallel()
	move := &fakeMove{}
	here, open := handler(move, true), handler(move, false)
	for _, test := range []struct {
		handler    http.Handler
		host, path string
		want       int
	}{
		{here, "127.0.0.1:8026", "/healthz", 200},
		{here, "[::1]:8026", "/readyz", 200},
		{here, "localhost", "/debug/pprof/", 200},
		{here, "localhost", "/debug/pprof/cmdline", 200},
		{here, "localhost", "/", 404},
		{here, "evil.test", "/metrics", 421},
		{here, "evil.test", "/debug/pprof/heap", 421},
		{open, "worker1.test:8026", "/healthz", 200},
		{open, "worker1.test:8026", "/metrics", 200},
		{open, "worker1.test:8026", "/debug/pprof/", 404},
		{open, "127.0.0.1:8026", "/debug/pprof/heap", 404},
	} {
		if got, body := get(test.handler, test.host, test.path); got != test.want {
			t.Errorf("%s%s: %d, want %d: %s", test.host, test.path, got, test.want, body)
		}
	}
	move.ready = errors.New("the store is away")
	if status, body := get(open, "a", "/readyz"); status != 503 || body != "not ready: the store is away\n" {
		t.Errorf("got %d %q", status, body)
	}
	if status, _ := get(open, "a", "/healthz"); status != 200 {
		t.Errorf("who is not ready lives, but got %d", status)
	}
}

// An address without a host is one of this machine.
func TestListen_onThisMachineUnlessToldOtherwise(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"8026": "127.0.0.1:8026", ":8026": "127.0.0.1:8026", "0.0.0.0:8026": "0.0.0.0:8026", "[::1]:8026": "[::1]:8026", "a.test:1": "a.test:1",
		"": "", ":": "", "a.test:": "", "a:b:c": "",
	} {
		if got, err := addressOf(text); got != want || (err != nil) != (want == "") {
			t.Errorf("%q: %q, %v, want %q", text, got, err, want)
		}
	}
	listener, err := Listen(t.Context(), ":0", &fakeMove{})
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	if !strings.HasPrefix(listener.Address, "127.0.0.1:") {
		t.Errorf("it listens on %s", listener.Address)
	}
	if _, err := Listen(t.Context(), listener.Address, &fakeMove{}); rehome.HintOf(err) == "" {
		t.Errorf("a port that is taken: %v", err)
	}
}
