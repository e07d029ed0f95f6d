// SPDX-License-Identifier: Apache-2.0

package web

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-crypt/crypt/algorithm/argon2"

	"rehome"
	"rehome/internal/checkup"
	"rehome/internal/conductor"
	"rehome/internal/cutover"
	"rehome/internal/itinerary"
	"rehome/internal/journey"
	"rehome/internal/ledger"
	"rehome/internal/mailcopy"
	"rehome/internal/people"
	"rehome/internal/verify"
	"rehome/internal/wave"
)

const testPassword = "a long sentence of Anna"

// testMove is a move with accounts a000 to a249, every tenth of which differs, and hostile words in it.
type testMove struct {
	mu        sync.Mutex
	operators []ledger.Operator
	tokens    []ledger.Token
	copied    int64
	looks     int
	deeds     []string // what was changed
	used      []string // names of tokens
	gone      int      // messages that have vanished
	mx        string   // what stands there now
}

// changed counts what was changed.
func (m *testMove) changed() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.deeds)
}

const hostile = `<script>alert("x")</script>`

func (m *testMove) Overview(context.Context, string) (journey.Overview, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.looks++
	return journey.Overview{
		Organisation: "Example " + hostile, Running: true, At: time.Now(),
		Itinerary: itinerary.Itinerary{
			Steps: []itinerary.Step{{Name: itinerary.Copy, Title: "copy", Progress: itinerary.Running, Sentence: "is copying"}},
			Next:  &itinerary.Thing{Sentence: "watch it", Command: "rehome status"},
		},
		Totals:   []ledger.AccountTotal{{State: ledger.AccountPreStaged, Verdict: "equal", Accounts: 2, Messages: 20000, Copied: m.copied}},
		Findings: []ledger.FindingTotal{{Code: "message_refused", Severity: rehome.SeverityError, Findings: 3, Accounts: 2}},
	}, nil
}

func (m *testMove) AccountPage(_ context.Context, f ledger.AccountFilter, after string, limit int) (page journey.AccountPage, err error) {
	for i := range 250 {
		a := journey.AccountRow{Account: fmt.Sprintf("a%03d@example.test", i), State: ledger.AccountPreStaged, Messages: 5, Copied: 5}
		if i%10 == 0 {
			a.Verdict = "differs"
		}
		if f.Verdict != "" && f.Verdict != a.Verdict || !strings.Contains(a.Account, f.Part) {
			continue
		}
		if page.Counted++; a.Account <= after {
			continue
		}
		if len(page.Accounts) == limit {
			page.Next = page.Accounts[limit-1].Account
			continue
		}
		page.Accounts = append(page.Accounts, a)
	}
	return page, nil
}

func (m *testMove) AccountDetail(_ context.Context, address string) (journey.AccountDetail, bool, error) {
	if address != "a001@example.test" {
		return journey.AccountDetail{}, false, nil
	}
	return testDetail(address), true, nil
}

// testDetail is an account in trouble, with hostile words wherever a server or a person may have written them.
func testDetail(address string) journey.AccountDetail {
	n, at := int64(7), time.Unix(1_699_990_000, 0)
	return journey.AccountDetail{
		StatusAccount: journey.StatusAccount{
			AccountRow: journey.AccountRow{Account: address, State: ledger.AccountBlocked, Reason: "is full " + hostile},
			Turn:       &journey.StatusTurn{State: ledger.TurnWaiting, Due: at, Reason: "answers " + hostile, Failures: 2, FailingSince: at},
		},
		Kinds: []journey.KindStand{{Kind: rehome.KindMail, Source: &n, Compared: &journey.Compared{Source: 7, Destination: 5, Differences: 2}}},
		Boxes: []journey.MailboxPair{{Source: "INBOX", Destination: "INBOX", AtSource: &n, Brought: 5, There: &n, Compared: true, Differences: 2},
			{Source: hostile, Destination: hostile}, {Source: "Spam", LeftOut: hostile}, {Destination: hostile, There: &n}},
		Collections: []journey.CollectionPair{{Kind: rehome.KindContacts, Name: hostile, AtSource: 3, Brought: 2, Trouble: 1}},
		Scripts:     []verify.Rule{{Script: hostile, State: verify.RuleMissing}},
		Findings: []rehome.Finding{{Code: "message_refused", Severity: rehome.SeverityError, Account: address, Object: hostile,
			Sentence: `the server says "` + hostile + `"`, NextStep: "ask"}},
		Open:        []verify.Open{{ID: "3f9a01c27b44", Account: address, What: "missing_message", Place: "INBOX", Sentence: "is missing " + hostile}},
		Excused:     []verify.Accepted{{Open: verify.Open{ID: "0123456789ab", What: "extra"}, By: "bo", Reason: hostile}},
		Certificate: journey.CertificateStand{Why: "has 2 differences", File: hostile, Written: at},
		Events:      []journey.AccountEvent{{At: at, What: journey.EventAction, Text: "difference accepted: " + hostile, Who: "anna " + hostile}},
	}
}

func (m *testMove) FindingPage(
	_ context.Context, severity rehome.Severity, _ string, after ledger.FindingPlace, limit int,
) (page []rehome.Finding, more bool, err error) {
	for i := range 150 {
		f := rehome.Finding{Code: "message_refused", Severity: severity, Account: fmt.Sprintf("a%03d@example.test", i), Sentence: hostile}
		if f.Account > after.Account && len(page) < limit {
			page = append(page, f)
		} else if len(page) == limit {
			more = true
		}
	}
	return page, more, nil
}

// DifferencePage has 45 accounts that differ, each with the same difference.
func (m *testMove) DifferencePage(_ context.Context, after string, limit, _ int) (page journey.DifferencePage, err error) {
	for i := range 45 {
		address := fmt.Sprintf("d%03d@example.test", i)
		if address <= after {
			continue
		}
		if len(page.Accounts) == limit {
			page.Next = page.Accounts[limit-1].Account
			break
		}
		page.Accounts = append(page.Accounts, journey.AccountDifferences{Account: address, More: 3, Open: []verify.Open{
			{ID: fmt.Sprintf("%012d", i), Account: address, What: "missing_message", Place: "INBOX", Object: hostile, Sentence: "is missing " + hostile}}})
	}
	return page, nil
}

func (m *testMove) did(format string, args ...any) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.deeds = append(m.deeds, fmt.Sprintf(format, args...))
}

// testWords are short.
var testWords = Words{
	Planned:  func(journey.Planned) string { return "planned words" },
	Synced:   func(journey.Synced) string { return "synced words" },
	Verified: func(verify.Document) string { return "verified words" },
	Checked:  func(checkup.Report) string { return "checked words" },
	Started:  func(started journey.WaveStarted) string { return fmt.Sprint("started ", started.Begun) },
	Progress: func(s conductor.Snapshot) string { return fmt.Sprintf("%d of %d messages", s.Done, s.Messages) },
}

func (m *testMove) PlanSync(_ context.Context, choice people.Choice, _ journey.SyncOptions) (journey.Planned, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return journey.Planned{Accounts: []journey.PlannedAccount{{Account: "a001@example.test " + hostile, Mail: &mailcopy.Amount{NewMessages: 7},
		Vanished: []mailcopy.Vanished{{Destination: strings.Join(choice.Only, "+"), Messages: m.gone}}}}}, nil
}

// Sync goes on until it is told to stop, and finishes what is under way.
func (m *testMove) Sync(ctx context.Context, choice people.Choice, options journey.SyncOptions, watcher journey.Watcher) (journey.Synced, error) {
	m.did("sync of %v by %v, again %v", choice.Only, journey.Person(ctx), options.CopyAgain)
	stop, over := watcher.Finish()
	defer over()
	select {
	case <-stop:
		m.did("finished")
		return journey.Synced{Interrupted: true}, nil
	case <-ctx.Done():
		return journey.Synced{}, ctx.Err()
	}
}

func (m *testMove) Retry(_ context.Context, choice people.Choice, options journey.RetryOptions, _ journey.Watcher) (journey.Retried, error) {
	retried := journey.Retried{Accounts: []journey.RetriedAccount{{Account: "a001@example.test",
		Failed: []journey.FailedItem{{Code: "x", Object: hostile, Sentence: "was refused", Tried: true}}}}}
	if !options.Plan {
		m.did("retry of %v%v, %v", choice.Only, options.IDs, options.Of)
		retried.Synced = &journey.Synced{}
	}
	return retried, nil
}

func (m *testMove) Check(context.Context) (checkup.Report, error) {
	return checkup.Report{Advice: []checkup.Advice{{Side: "source", Subject: "imap", Level: checkup.LevelOK, Sentence: "it answers"},
		{Side: "destination", Subject: "log-in", Level: checkup.LevelWarning, Sentence: hostile, NextStep: "look"}}}, nil
}

func (m *testMove) Verify(context.Context, people.Choice, journey.VerifyOptions, *conductor.Progress) (verify.Document, error) {
	m.did("verify")
	return verify.Document{}, nil
}

func (m *testMove) PlanCutover(_ context.Context, domains []string) (plans cutover.Plans, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, d := range domains {
		step := cutover.Step{Phase: cutover.AtSwitch, About: "MX", Name: d, Now: []string{m.mx}, Wanted: []string{"10 mx.new.test " + hostile}}
		plans.Domains = append(plans.Domains, cutover.Plan{Domain: d, Who: "the registrar", Seen: time.Now(), Steps: []cutover.Step{step}})
	}
	return plans, nil
}

func (m *testMove) CutoverStatus(context.Context, []string) (journey.Crossing, error) {
	held := ledger.CutoverHold{Gate: "proved", Sentence: "one account differs " + hostile, Who: "whoever runs rehome", NextStep: "verify", Final: true}
	return journey.Crossing{Domains: []journey.CrossingDomain{{Domain: "example.test", State: ledger.CutoverGates, Next: "run it",
		Waits:     []ledger.CutoverHold{held},
		Records:   []journey.CrossingRecord{{About: "MX", Name: "example.test", Before: []string{"10 old"}, After: []string{"10 new"}}},
		Overrides: []ledger.CutoverOverride{{Gate: "lag", Why: "small", Person: "anna"}}}}}, nil
}

func (m *testMove) RunCutover(ctx context.Context, options journey.CutoverOptions) (journey.Crossing, error) {
	m.did("cutover of %v by %v, without %v because %q", options.Domains, journey.Person(ctx), options.Overrides, options.Why)
	options.Told(journey.CutoverLine{At: time.Now(), Domain: options.Domains[0], Text: "the gates are asked"})
	return m.CutoverStatus(ctx, options.Domains)
}

func (m *testMove) RollBack(ctx context.Context, options journey.RollbackOptions) (journey.Rollback, error) {
	rollback := journey.Rollback{Domains: []journey.RollbackDomain{{Domain: options.Domains[0], Records: 1, Arrived: 3}}, Begun: options.Begin}
	if options.Begin {
		m.did("rollback of %v by %v", options.Domains, journey.Person(ctx))
	}
	return rollback, nil
}

func (m *testMove) Accept(ctx context.Context, options journey.AcceptOptions) ([]verify.Open, error) {
	m.did("accept %v of %s by %s as %s: %s", options.IDs, strings.Join(options.Accounts, "+"), options.By, journey.Person(ctx), options.Reason)
	return nil, nil
}

func (m *testMove) Withdraw(_ context.Context, ids []string) error {
	m.did("withdraw %v", ids)
	return nil
}

func (m *testMove) AuditPage(_ context.Context, object string, before int64, limit int) (page []ledger.AuditLine, more bool, err error) {
	for n := int64(250); n > 0; n-- {
		if before == 0 || n < before {
			page = append(page, ledger.AuditLine{Line: n, Who: "anna", Action: "row", Object: object, After: hostile})
		}
	}
	return page[:min(limit, len(page))], len(page) > limit, nil
}

func (m *testMove) Throughput(context.Context, time.Duration) (journey.Throughput, error) {
	at := time.Unix(1_700_000_000, 0).Add(-time.Hour)
	return journey.Throughput{Step: time.Minute, Speeds: []ledger.Speed{{At: at, Messages: 600, Octets: 1 << 20}},
		Events: []journey.SpeedEvent{{At: time.Now(), Text: hostile}}}, nil
}

func (m *testMove) BothEnds() journey.BothEnds {
	return journey.BothEnds{Services: []journey.ServicePair{{Name: "IMAP", Carries: "mail", Source: "mail.example.test:993 " + hostile}},
		Names: []journey.NameRule{{What: hostile, Where: "b"}}, Limits: []journey.Limit{{What: "connections", Is: "4", Setting: "limits.per_account"}}}
}

func (m *testMove) WorkersThere(context.Context) (journey.WorkersThere, error) {
	held := journey.HeldAccount{
		Account: "a001@example.test", Worker: "one", Epoch: 41, State: ledger.TurnWorking, Step: rehome.KindMail, Reason: hostile,
	}
	return journey.WorkersThere{Possible: true, Unlisted: 3, Left: []journey.HeldAccount{held}, Workers: []journey.WorkerThere{
		{Name: "one", Held: 1, Accounts: []journey.HeldAccount{held}}, {Name: "two " + hostile, Leaving: true, Accounts: []journey.HeldAccount{}},
		{Name: "three", Silent: true, Accounts: []journey.HeldAccount{}},
	}}, nil
}

func (m *testMove) DismissWorkers(ctx context.Context, names ...string) (journey.Dismissed, error) {
	if names[0] != "one" {
		return journey.Dismissed{}, nil
	}
	m.did("drain %v by %s", names, journey.Person(ctx))
	return journey.Dismissed{Workers: names}, nil
}

func (m *testMove) Waves(context.Context, ...string) (journey.Waves, error) {
	left := []wave.Closed{{Code: "differs", Reason: "3 accounts are not equal " + hostile, NextStep: "look"}}
	return journey.Waves{Rest: 41, Waves: []journey.Wave{
		{Name: "staff", State: ledger.WaveBraked, Reason: hostile, NextStep: "do " + hostile, Accounts: 7031, Through: left},
		{Name: "night", State: ledger.WaveRunning, Hours: []string{"22:00-06:00"}, After: "staff", Through: left},
		{Name: "pilot", State: ledger.WaveRunning, Open: true}, {Name: "quiet", State: ledger.WavePaused, Through: left},
		{Name: "next", State: ledger.WavePlanned, Through: left}, {Name: "now", State: ledger.WaveRunning, Open: true, Through: left},
	}}, nil
}

func (m *testMove) PauseWave(ctx context.Context, name, reason string) (journey.Waves, error) {
	m.did("pause %s for %s by %s", name, reason, journey.Person(ctx))
	return journey.Waves{}, nil
}

func (m *testMove) ResumeWave(ctx context.Context, name string) (journey.Waves, error) {
	if name != "staff" {
		return journey.Waves{}, &rehome.Fault{Class: rehome.ClassOperator, Op: "resume wave", Object: name, Cause: errors.New("it was not stopped")}
	}
	m.did("resume %s by %s", name, journey.Person(ctx))
	return journey.Waves{}, nil
}

// PlanWave has a closed gate for the wave "next".
func (m *testMove) PlanWave(_ context.Context, name string, workers bool) (journey.WavePlan, error) {
	plan := journey.WavePlan{Wave: name + hostile, Accounts: 7}
	if name == "next" {
		plan.Closed = []wave.Closed{{Code: "after", Reason: "staff has to be through " + hostile, NextStep: "wait"}}
	}
	if !workers {
		plan.Planned = &journey.Planned{}
	}
	return plan, nil
}

func (m *testMove) StartWave(ctx context.Context, name string, confirmed bool) (journey.WaveStarted, error) {
	m.did("start %s by %s, confirmed %v", name, journey.Person(ctx), confirmed)
	return journey.WaveStarted{Wave: name, Begun: true}, nil
}

func (m *testMove) SyncWave(_ context.Context, name string, _ journey.Watcher) (journey.Synced, error) {
	m.did("sync of wave %s", name)
	return journey.Synced{}, nil
}

func (m *testMove) SyncWaveOnWorkers(ctx context.Context, name string, told func(journey.WorkersSynced)) (journey.WorkersSynced, error) {
	m.did("workers for wave %s", name)
	told(journey.WorkersSynced{Accounts: 7})
	<-ctx.Done() // they go on by themselves
	return journey.WorkersSynced{Accounts: 7, Interrupted: true}, nil
}

func (m *testMove) Operators(context.Context) ([]ledger.Operator, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]ledger.Operator(nil), m.operators...), nil
}

func (m *testMove) Tokens(context.Context) ([]ledger.Token, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]ledger.Token(nil), m.tokens...), nil
}

func (m *testMove) TokenUsed(_ context.Context, t ledger.Token) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.used = append(m.used, t.Name)
	return nil
}

// testHash is a hash of testPassword that is made fast: a real one takes a second with the race detector.
var testHash = sync.OnceValues(func() (string, error) {
	hasher, err := argon2.New(argon2.WithM(64), argon2.WithT(1), argon2.WithP(1))
	if err != nil {
		return "", err
	}
	digest, err := hasher.Hash(testPassword)
	if err != nil {
		return "", err
	}
	return digest.Encode(), nil
})

// stand is a screen with a browser that keeps cookies and follows no redirect.
type stand struct {
	t      *testing.T
	move   *testMove
	screen *Screen
	server *httptest.Server
	client *http.Client
	mu     sync.Mutex
	later  time.Duration
}

func open(t *testing.T) *stand {
	t.Helper()
	hash, err := testHash()
	if err != nil {
		t.Fatal(err)
	}
	move := &testMove{operators: []ledger.Operator{{Name: "anna", Role: ledger.RoleLook, Password: hash}}}
	s := openOn(t, move, rehome.Logger(nil), nil)
	s.move = move
	return s
}

// openOn opens a screen of any move, which people can sign in to by an issuer too unless that is nil.
func openOn(t *testing.T, move Move, log *slog.Logger, signOn *journey.SignOn) *stand {
	t.Helper()
	s := &stand{t: t}
	s.screen = New(move, Options{File: "rehome.yaml", Hosts: []string{"127.0.0.1"}, SignOn: signOn, Log: log, Words: testWords, Now: func() time.Time {
		s.mu.Lock()
		defer s.mu.Unlock()
		return time.Unix(1_700_000_000, 0).Add(s.later)
	}})
	s.server = httptest.NewServer(s.screen)
	t.Cleanup(func() {
		s.server.CloseClientConnections()
		s.screen.Close()
		s.server.Close()
	})
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	s.client = &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return s
}

func (s *stand) pass(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.later += d
}

// ask sends a request and returns status and body.
func (s *stand) ask(method, path string, form url.Values, fields map[string]string) (int, string, http.Header) {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), method, s.server.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		s.t.Fatal(err)
	}
	if form != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for name, value := range fields {
		if request.Header.Set(name, value); name == "Host" {
			request.Host = value
		}
	}
	response, err := s.client.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	var body strings.Builder
	if _, err := bufio.NewReader(response.Body).WriteTo(&body); err != nil {
		s.t.Fatal(err)
	}
	return response.StatusCode, body.String(), response.Header
}

func (s *stand) get(path string) (int, string) {
	s.t.Helper()
	status, body, _ := s.ask(http.MethodGet, path, nil, nil)
	return status, body
}

func (s *stand) signIn(name, password string) int {
	s.t.Helper()
	status, _, _ := s.ask(http.MethodPost, "/sign-in", url.Values{"name": {name}, "password": {password}}, nil)
	return status
}

func (s *stand) mustSignIn() {
	s.t.Helper()
	if got := s.signIn("anna", testPassword); got != http.StatusSeeOther {
		s.t.Fatalf("signing in: %d", got)
	}
}

func TestScreen_signIn(t *testing.T) {
	t.Parallel()
	s := open(t)
	for _, wrong := range [][2]string{{"anna", "wrong"}, {"anna", ""}, {"nobody", testPassword}, {"", ""}} {
		if got := s.signIn(wrong[0], wrong[1]); got != http.StatusUnauthorized {
			t.Errorf("%q: %d", wrong, got)
		}
	}
	s.mustSignIn()
	if status, body := s.get("/"); status != http.StatusOK || !strings.Contains(body, "watch it") {
		t.Errorf("%d %.300s", status, body)
	}
	if status, _, _ := s.ask(http.MethodPost, "/sign-out", url.Values{}, nil); status != http.StatusSeeOther {
		t.Errorf("signing out: %d", status)
	}
	if status, _ := s.get("/"); status != http.StatusSeeOther {
		t.Errorf("after signing out: %d", status)
	}
}

// A name is tried five times in a quarter of an hour and not once more, with the right password neither; another name goes in.
func TestScreen_wrongPasswordsWait(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.move.operators = append(s.move.operators, ledger.Operator{Name: "bo", Role: ledger.RoleLook, Password: s.move.operators[0].Password})
	for range mostTries {
		s.signIn("anna", "wrong")
	}
	if got := s.signIn("anna", testPassword); got != http.StatusTooManyRequests {
		t.Errorf("the right one too soon: %d", got)
	}
	if got := s.signIn("bo", testPassword); got != http.StatusSeeOther {
		t.Errorf("another name: %d", got)
	}
	s.pass(triesPause + time.Second)
	s.mustSignIn()
}

// A session ends when it is idle, when it is old, when its operator is removed and when the password is another.
func TestScreen_sessionsEnd(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*stand){
		"idle": func(s *stand) { s.pass(sessionIdle + time.Second) },
		"old": func(s *stand) {
			for range 9 {
				s.pass(sessionIdle - 20*time.Minute)
				s.get("/accounts")
			}
		},
		"removed":  func(s *stand) { s.move.operators = nil },
		"password": func(s *stand) { s.move.operators[0].Password += "x" },
	} {
		s := open(t)
		s.mustSignIn()
		if status, _ := s.get("/accounts"); status != http.StatusOK {
			t.Fatalf("%s: %d before", name, status)
		}
		s.move.mu.Lock()
		if name == "removed" || name == "password" {
			end(s)
		}
		s.move.mu.Unlock()
		if name == "idle" || name == "old" {
			end(s)
		}
		if status, _ := s.get("/accounts"); status != http.StatusSeeOther {
			t.Errorf("%s: %d after", name, status)
		}
	}
}

// Another site changes nothing and sees nothing, and cannot give its own name to this server.
func TestScreen_otherSites(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.mustSignIn()
	for _, fields := range []map[string]string{{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "same-site"}} {
		for _, path := range []string{"/sign-out", "/sign-in"} {
			form := url.Values{"name": {"anna"}, "password": {testPassword}}
			if status, _, _ := s.ask(http.MethodPost, path, form, fields); status != http.StatusForbidden {
				t.Errorf("%s %v: %d", path, fields, status)
			}
		}
	}
	if status, _ := s.get("/"); status != http.StatusOK {
		t.Errorf("signed out by another site: %d", status)
	}
	if status, body, _ := s.ask(http.MethodGet, "/", nil, map[string]string{"Host": "evil.example"}); status != http.StatusMisdirectedRequest ||
		strings.Contains(body, "Example") {
		t.Errorf("by another name: %d", status)
	}
	base, err := url.Parse(s.server.URL)
	if err != nil {
		t.Fatal(err)
	}
	for _, cookie := range s.client.Jar.Cookies(base) {
		if len(cookie.Value) < 50 {
			t.Errorf("the token %q is too short", cookie.Value)
		}
	}
}

// What servers and people have written is text on every page.
func TestScreen_hostileWordsAreText(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.mustSignIn()
	for path, want := range map[string]string{
		"/": "Example", "/accounts": "a001@example.test", "/accounts/a001@example.test": "is full", "/findings": "message refused",
		"/differences": "d001@example.test",
		"/cutover":     "word lifts this", "/audit": "row", "/ends": "limits.per_account", "/workers": ">41<", "/waves": "7,031",
		"/speed": "at best 10.0 messages a second",
		"/accounts?part=" + url.QueryEscape(hostile): "No account fits", "/findings?code=" + url.QueryEscape(hostile): "message refused",
	} {
		status, body := s.get(path)
		if status != http.StatusOK || !strings.Contains(body, want) || strings.Contains(body, "<script>alert") {
			t.Errorf("%s: %d, %q is there: %v", path, status, want, strings.Contains(body, want))
		}
	}
	if status, body := s.get("/accounts/other@example.test"); status != http.StatusNotFound || !strings.Contains(body, "No pass has begun") {
		t.Errorf("an account that is not there: %d", status)
	}
}

// The page of an account says what is not known, and never zero for it.
func TestScreen_account(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.mustSignIn()
	_, body := s.get("/accounts/a001@example.test")
	for _, want := range []string{
		"7 and 5", "2 differences", "not known", "not copied:", "only there", "has 2 differences", "in a row", "It is not true any more",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("%q is missing", want)
		}
	}
}

// A worker that is named leaves, in the name of who has said so; none is told for all of them.
func TestScreen_drain(t *testing.T) {
	t.Parallel()
	s := operating(t, ledger.RoleOperate)
	if _, body := s.get("/workers"); strings.Count(body, "Let it leave") != 1 {
		t.Error("not one worker can be told to leave")
	}
	s.refused("/workers/drain", nil)
	s.refused("/workers/drain", url.Values{"worker": {""}})
	if said := s.refused("/workers/drain", url.Values{"worker": {"other"}}); !strings.Contains(said, "none of that name is there") {
		t.Error(said)
	}
	s.do("/workers/drain", url.Values{"worker": {"one"}})
	if got := s.deeds(); len(got) != 1 || got[0] != "drain [one] by anna" {
		t.Error(got)
	}
}

// A wave is stopped, and let go on, in the name of who has said so.
func TestScreen_waves(t *testing.T) {
	t.Parallel()
	s := operating(t, ledger.RoleOperate)
	_, body := s.get("/waves")
	if strings.Count(body, `action="/waves/pause"`) != 3 || strings.Count(body, `action="/waves/resume"`) != 2 {
		t.Error("not every wave can be stopped that runs, and let go on that stands")
	}
	if said := s.refused("/waves/resume", url.Values{"wave": {"pilot"}}); !strings.Contains(said, "it was not stopped") {
		t.Error(said)
	}
	s.do("/waves/pause", url.Values{"wave": {"night"}, "reason": {"lunch"}})
	s.do("/waves/resume", url.Values{"wave": {"staff"}})
	if got := s.deeds(); len(got) != 2 || got[0] != "pause night for lunch by anna" || got[1] != "resume staff by anna" {
		t.Error(got)
	}
}

// Following the link to the next page shows every row once.
func TestScreen_pages(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.mustSignIn()
	for first, want := range map[string]int{
		"/accounts": 250, "/accounts?verdict=differs": 25, "/differences": 45, "/findings": 150, "/findings?after=%00!&severity=x": 150,
	} {
		seen := map[string]bool{}
		for path := first; path != ""; {
			status, body := s.get(path)
			if status != http.StatusOK {
				t.Fatalf("%s: %d", path, status)
			}
			for _, part := range strings.Split(body, `href="/accounts/`)[1:] {
				address, _, _ := strings.Cut(part, `"`)
				if seen[address] {
					t.Errorf("%s: %s twice", path, address)
				}
				seen[address] = true
			}
			_, link, more := strings.Cut(body, `<a href="/`)
			path = ""
			for more {
				target, rest, _ := strings.Cut(link, `"`)
				if strings.HasPrefix(rest, ` rel="next"`) {
					path = "/" + strings.ReplaceAll(target, "&amp;", "&")
				}
				_, link, more = strings.Cut(link, `<a href="/`)
			}
		}
		if len(seen) != want {
			t.Errorf("%s: %d rows, want %d", first, len(seen), want)
		}
	}
}

// Whoever watches gets what is new without asking; two who watch cost one look; nobody who watches costs none.
func TestScreen_live(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.mustSignIn()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var streams []*bufio.Reader
	for range 2 {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.server.URL+"/live", nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := s.client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		if got := response.Header.Get("Content-Type"); got != "text/event-stream" {
			t.Fatalf("%d %s", response.StatusCode, got)
		}
		streams = append(streams, bufio.NewReader(response.Body))
	}
	await := func(stream *bufio.Reader, want string) {
		t.Helper()
		for {
			line, err := stream.ReadString('\n')
			if err != nil {
				t.Fatalf("%q never came: %v", want, err)
			}
			if strings.Contains(line, want) {
				return
			}
		}
	}
	for _, stream := range streams {
		await(stream, "Messages at the destination")
	}
	s.move.mu.Lock()
	s.move.copied = 12_345
	s.move.mu.Unlock()
	for _, stream := range streams {
		await(stream, "12,345")
	}
	cancel()
	s.server.CloseClientConnections()
	s.screen.Close()
	s.move.mu.Lock()
	defer s.move.mu.Unlock()
	if s.move.looks > 60 {
		t.Errorf("looked %d times", s.move.looks)
	}
}

func TestShare_neverRoundsToAnEnd(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		done, of int64
		want     string
	}{
		{0, 0, "0 %"}, {0, 5, "0 %"}, {1, 1_000_000, "0.1 %"}, {26_081, 26_089, "99.9 %"}, {999_999_999, 1_000_000_000, "99.9 %"}, {7, 7, "100 %"},
		{1, 2, "50.0 %"},
	} {
		if got := share(test.done, test.of); got != test.want {
			t.Errorf("%d of %d: %s, want %s", test.done, test.of, got, test.want)
		}
	}
}
