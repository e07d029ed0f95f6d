// SPDX-License-Identifier: Apache-2.0

// Package web shows a move in a browser: the same operations as at the terminal, in the same words.
//
// New returns the handler; Serve listens. Nothing is shown to anybody who has not signed in. What each request has to pass is in
// guard.go, who may do what in the list of routes. What changes anything is done by desk.go: one thing at a time, by the operation that
// the terminal calls, after what it would do was shown, and in the name of who has signed in. Programs do the same in JSON: api.go has
// their calls, openapi.go describes them.
//
// Pages are made on the server and are whole without a script. htmx takes what is new into them twice a second at most, so that focus and
// scroll stay where they are.
package web

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"rehome"
	"rehome/internal/checkup"
	"rehome/internal/conductor"
	"rehome/internal/cutover"
	"rehome/internal/journey"
	"rehome/internal/ledger"
	"rehome/internal/people"
	"rehome/internal/verify"
)

// Move is what the screen asks of a move; *journey.Move is one.
type Move interface {
	Sights
	Works
	Crossings
	Waves

	Operators(ctx context.Context) ([]ledger.Operator, error)
	Tokens(ctx context.Context) ([]ledger.Token, error)
	TokenUsed(ctx context.Context, t ledger.Token) error
	Accept(ctx context.Context, options journey.AcceptOptions) ([]verify.Open, error)
	Withdraw(ctx context.Context, ids []string) error
}

// Works are what is done with both ends and their accounts.
type Works interface {
	PlanSync(ctx context.Context, choice people.Choice, options journey.SyncOptions) (journey.Planned, error)
	Sync(ctx context.Context, choice people.Choice, options journey.SyncOptions, watcher journey.Watcher) (journey.Synced, error)
	Retry(ctx context.Context, choice people.Choice, options journey.RetryOptions, watcher journey.Watcher) (journey.Retried, error)
	Check(ctx context.Context) (checkup.Report, error)
	Verify(ctx context.Context, choice people.Choice, options journey.VerifyOptions, progress *conductor.Progress) (verify.Document, error)
	DismissWorkers(ctx context.Context, names ...string) (journey.Dismissed, error)
}

// Crossings are what is done with domains.
type Crossings interface {
	PlanCutover(ctx context.Context, domains []string) (cutover.Plans, error)
	CutoverStatus(ctx context.Context, domains []string) (journey.Crossing, error)
	RunCutover(ctx context.Context, options journey.CutoverOptions) (journey.Crossing, error)
	RollBack(ctx context.Context, options journey.RollbackOptions) (journey.Rollback, error)
}

// Sights are what pages show.
type Sights interface {
	Overview(ctx context.Context, file string) (journey.Overview, error)
	AccountPage(ctx context.Context, filter ledger.AccountFilter, after string, limit int) (journey.AccountPage, error)
	AccountDetail(ctx context.Context, address string) (detail journey.AccountDetail, known bool, err error)
	FindingPage(ctx context.Context, severity rehome.Severity, code string, after ledger.FindingPlace, limit int) ([]rehome.Finding, bool, error)
	DifferencePage(ctx context.Context, after string, limit, each int) (journey.DifferencePage, error)
	AuditPage(ctx context.Context, object string, before int64, limit int) (page []ledger.AuditLine, more bool, err error)
	Throughput(ctx context.Context, span time.Duration) (journey.Throughput, error)
	BothEnds() journey.BothEnds
	WorkersThere(ctx context.Context) (journey.WorkersThere, error)
}

// Words are the terminal's for what an operation has answered.
type Words struct {
	Planned  func(journey.Planned) string
	Synced   func(journey.Synced) string
	Verified func(verify.Document) string
	Started  func(journey.WaveStarted) string
	Checked  func(checkup.Report) string
	Progress func(conductor.Snapshot) string
}

// Options of a screen.
type Options struct {
	File   string // of the settings, whose name the steps show
	Hosts  []string
	Secure bool            // it is reached by HTTPS
	Many   bool            // machines may copy at the same time
	SignOn *journey.SignOn // people sign in by an issuer too; nil if not
	Words  Words
	Log    *slog.Logger
	Now    func() time.Time // nil means time.Now
}

// Screen is the handler of all pages.
type Screen struct {
	move    Move
	options Options
	door    *door
	live    *live
	desk    *desk
	began   time.Time
	handler http.Handler
}

// New returns a screen of a move. Close ends what it keeps running.
func New(move Move, options Options) *Screen {
	if options.Now == nil {
		options.Now = time.Now
	}
	s := &Screen{move: move, options: options, began: time.Now(), desk: &desk{log: options.Log, now: options.Now}}
	s.door = newDoor(move, options)
	s.live = newLive(func(ctx context.Context) (journey.Overview, error) { return move.Overview(ctx, options.File) }, options.Log)
	mux := http.NewServeMux()
	for _, r := range s.routes() {
		mux.Handle(r.pattern, s.door.inside(r))
	}
	s.handler = guard(mux, options)
	return s
}

// route is a page or an action, and the least role of those who may use it; anybody is for those who have not signed in.
type route struct {
	pattern string
	role    ledger.Role
	serve   func(w http.ResponseWriter, r *http.Request, who visitor)
	api     bool // it is for programs: they come with a token, and every answer is JSON
}

// anybody is the role of a route that is there before somebody has signed in.
const anybody ledger.Role = ""

// routes are all that the screen answers.
func (s *Screen) routes() (all []route) {
	for _, o := range s.operations() {
		all = append(all, s.route(o))
	}
	all = append(all, route{pattern: apiRoot + "/", role: ledger.RoleLook, api: true, serve: s.noCall})
	if s.options.SignOn != nil {
		all = append(all, route{pattern: "GET " + signOnPath, role: anybody, serve: s.door.goOutside},
			route{pattern: "GET " + signOnReturn, role: anybody, serve: s.door.comeBack},
			route{pattern: "POST " + signOutside, role: anybody, serve: s.door.hearOutside})
	}
	return append(all, s.pages()...)
}

// pages are those for people.
func (s *Screen) pages() []route {
	return []route{
		{pattern: "GET /static/", role: anybody, serve: serveStatic},
		{pattern: "GET /sign-in", role: anybody, serve: s.door.show},
		{pattern: "POST /sign-in", role: anybody, serve: s.door.signIn},
		{pattern: "POST /sign-out", role: ledger.RoleLook, serve: s.door.signOut},
		{pattern: "GET /{$}", role: ledger.RoleLook, serve: s.showMove},
		{pattern: "GET /live", role: ledger.RoleLook, serve: s.streamMove},
		{pattern: "GET /desk", role: ledger.RoleLook, serve: s.showWork},
		{pattern: "GET /desk/live", role: ledger.RoleLook, serve: s.streamWork},
		{pattern: "POST /desk/confirm", role: ledger.RoleOperate, serve: s.confirmWork},
		{pattern: "POST /desk/stop", role: ledger.RoleOperate, serve: s.stopWork},
		{pattern: "POST /plan/sync", role: ledger.RoleOperate, serve: s.planSync},
		{pattern: "POST /plan/retry", role: ledger.RoleOperate, serve: s.planRetry},
		{pattern: "POST /plan/wave", role: ledger.RoleOperate, serve: s.planWave},
		{pattern: "POST /plan/cutover", role: ledger.RoleSwitch, serve: s.planCutover},
		{pattern: "POST /plan/rollback", role: ledger.RoleSwitch, serve: s.planRollback},
		{pattern: "POST /check", role: ledger.RoleOperate, serve: s.startCheck},
		{pattern: "POST /verify", role: ledger.RoleOperate, serve: s.startVerify},
		{pattern: "GET /accounts", role: ledger.RoleLook, serve: s.showAccounts},
		{pattern: "GET /accounts/{address}", role: ledger.RoleLook, serve: s.showAccount},
		{pattern: "POST /accounts/{address}/accept", role: ledger.RoleOperate, serve: s.accept},
		{pattern: "POST /accounts/{address}/withdraw", role: ledger.RoleOperate, serve: s.withdraw},
		{pattern: "GET /workers", role: ledger.RoleLook, serve: s.showWorkers},
		{pattern: "POST /workers/drain", role: ledger.RoleOperate, serve: s.drainWorker},
		{pattern: "GET /waves", role: ledger.RoleLook, serve: s.showWaves},
		{pattern: "POST /waves/pause", role: ledger.RoleOperate, serve: s.pauseWave},
		{pattern: "POST /waves/resume", role: ledger.RoleOperate, serve: s.resumeWave},
		{pattern: "GET /findings", role: ledger.RoleLook, serve: s.showFindings},
		{pattern: "GET /differences", role: ledger.RoleLook, serve: s.showDifferences},
		{pattern: "POST /differences/accept", role: ledger.RoleOperate, serve: s.acceptSeveral},
		{pattern: "GET /cutover", role: ledger.RoleLook, serve: s.showCutover},
		{pattern: "GET /speed", role: ledger.RoleLook, serve: s.showSpeed},
		{pattern: "GET /ends", role: ledger.RoleLook, serve: s.showEnds},
		{pattern: "GET /audit", role: ledger.RoleLook, serve: s.showAudit},
		{pattern: "/", role: ledger.RoleLook, serve: s.showNothing},
	}
}

func (s *Screen) noCall(w http.ResponseWriter, r *http.Request, _ visitor) {
	s.refuseCall(w, r, &callError{http.StatusNotFound, "there is no such call", "the description is at " + apiRoot + "/openapi.json"})
}

func (s *Screen) showNothing(w http.ResponseWriter, r *http.Request, who visitor) {
	s.refuse(w, r, who, http.StatusNotFound, "There is no such page.")
}

// ServeHTTP implements http.Handler.
func (s *Screen) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Close stops work as the first Ctrl-C at a terminal does, waits for it, and ends what is kept running for browsers.
func (s *Screen) Close() {
	s.desk.close()
	s.live.close()
}
