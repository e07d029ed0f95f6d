// SPDX-License-Identifier: Apache-2.0

// Package web shows a move in a browser: the same operations as at the terminal, in the same words.
//
// New returns the handler; Serve listens. Nothing is shown to anybody who has not signed in, and nothing but signing in and out can be
// done yet: every page only reads the ledger. What each request has to pass is in guard.go, who may do what in door.go.
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
	"rehome/internal/journey"
	"rehome/internal/ledger"
)

// Move is what the screen asks of a move; *journey.Move is one.
type Move interface {
	Overview(ctx context.Context, file string) (journey.Overview, error)
	AccountPage(ctx context.Context, filter ledger.AccountFilter, after string, limit int) (journey.AccountPage, error)
	AccountDetail(ctx context.Context, address string) (detail journey.AccountDetail, known bool, err error)
	FindingPage(ctx context.Context, severity rehome.Severity, code string, after ledger.FindingPlace, limit int) ([]rehome.Finding, bool, error)
	Operators(ctx context.Context) ([]ledger.Operator, error)
}

// Options of a screen.
type Options struct {
	File   string // of the settings, whose name the steps show
	Hosts  []string
	Secure bool // it is reached by HTTPS
	Log    *slog.Logger
	Now    func() time.Time // nil means time.Now
}

// Screen is the handler of all pages.
type Screen struct {
	move    Move
	options Options
	door    *door
	live    *live
	handler http.Handler
}

// New returns a screen of a move. Close ends what it keeps running.
func New(move Move, options Options) *Screen {
	if options.Now == nil {
		options.Now = time.Now
	}
	s := &Screen{move: move, options: options}
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
		{"GET /accounts", ledger.RoleLook, s.showAccounts},
		{"GET /accounts/{address}", ledger.RoleLook, s.showAccount},
		{"GET /findings", ledger.RoleLook, s.showFindings},
		{"/", ledger.RoleLook, s.showNothing},
	}
}

func (s *Screen) showNothing(w http.ResponseWriter, r *http.Request, who visitor) {
	s.refuse(w, r, who, http.StatusNotFound, "There is no such page.")
}

// ServeHTTP implements http.Handler.
func (s *Screen) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Close ends what is kept running for browsers.
func (s *Screen) Close() { s.live.close() }
