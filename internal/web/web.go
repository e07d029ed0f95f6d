// SPDX-License-Identifier: Apache-2.0

// Package web shows a move in a browser: the same operations as at the terminal, in the same words.
//
// New returns the handler; Serve listens. Nothing is shown to anybody who has not signed in. What each request has to pass is in
// guard.go, who may do what in the list of routes. What changes anything is done by desk.go: one thing at a time, by the operation that
// the terminal calls, after what it would do was shown, and in the name of who has signed in.
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

	Operators(ctx context.Context) ([]ledger.Operator, error)
	Accept(ctx context.Context, options journey.AcceptOptions) ([]verify.Open, error)
	Withdraw(ctx context.Context, ids []string) error
}

// Works are what is done with accounts.
type Works interface {
	PlanSync(ctx context.Context, choice people.Choice, options journey.SyncOptions) (journey.Planned, error)
	Sync(ctx context.Context, choice people.Choice, options journey.SyncOptions, watcher journey.Watcher) (journey.Synced, error)
	Retry(ctx context.Context, choice people.Choice, options journey.RetryOptions, watcher journey.Watcher) (journey.Retried, error)
	Verify(ctx context.Context, choice people.Choice, options journey.VerifyOptions, progress *conductor.Progress) (verify.Document, error)
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
	AuditPage(ctx context.Context, object string, before int64, limit int) (page []ledger.AuditLine, more bool, err error)
	Throughput(ctx context.Context, span time.Duration) (journey.Throughput, error)
	BothEnds() journey.BothEnds
}

// Words are the terminal's for what an operation has answered.
type Words struct {
	Planned  func(journey.Planned) string
	Synced   func(journey.Synced) string
	Verified func(verify.Document) string
	Progress func(conductor.Snapshot) string
}

// Options of a screen.
type Options struct {
	File   string // of the settings, whose name the steps show
	Hosts  []string
	Secure bool // it is reached by HTTPS
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
		mux.Handle(r.pattern, s.door.inside(r.role, r.serve))
	}
	s.handler = guard(mux, options)
	return s
}

// route is a page or an action, and the least role of those who may use it; anybody is for those who have not signed in.
type route struct {
	pattern string
	role    ledger.Role
	serve   func(w http.ResponseWriter, r *http.Request, who visitor)
}

// anybody is the role of a route that is there before somebody has signed in.
const anybody ledger.Role = ""

// routes are all that the screen answers.
func (s *Screen) routes() []route {
	return []route{
		{"GET /static/", anybody, serveStatic},
		{"GET /sign-in", anybody, s.door.show},
		{"POST /sign-in", anybody, s.door.signIn},
		{"POST /sign-out", ledger.RoleLook, s.door.signOut},
		{"GET /{$}", ledger.RoleLook, s.showMove},
		{"GET /live", ledger.RoleLook, s.streamMove},
		{"GET /desk", ledger.RoleLook, s.showWork},
		{"GET /desk/live", ledger.RoleLook, s.streamWork},
		{"POST /desk/confirm", ledger.RoleOperate, s.confirmWork},
		{"POST /desk/stop", ledger.RoleOperate, s.stopWork},
		{"POST /plan/sync", ledger.RoleOperate, s.planSync},
		{"POST /plan/retry", ledger.RoleOperate, s.planRetry},
		{"POST /plan/cutover", ledger.RoleSwitch, s.planCutover},
		{"POST /plan/rollback", ledger.RoleSwitch, s.planRollback},
		{"POST /verify", ledger.RoleOperate, s.startVerify},
		{"GET /accounts", ledger.RoleLook, s.showAccounts},
		{"GET /accounts/{address}", ledger.RoleLook, s.showAccount},
		{"POST /accounts/{address}/accept", ledger.RoleOperate, s.accept},
		{"POST /accounts/{address}/withdraw", ledger.RoleOperate, s.withdraw},
		{"GET /findings", ledger.RoleLook, s.showFindings},
		{"GET /cutover", ledger.RoleLook, s.showCutover},
		{"GET /speed", ledger.RoleLook, s.showSpeed},
		{"GET /ends", ledger.RoleLook, s.showEnds},
		{"GET /audit", ledger.RoleLook, s.showAudit},
		{"/", ledger.RoleLook, s.showNothing},
	}
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
