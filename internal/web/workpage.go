// SPDX-License-Identifier: Apache-2.0

package web

import (
	"net/http"

	"rehome"
	"rehome/internal/endpoint"
	"rehome/internal/journey"
	"rehome/internal/ledger"
	"rehome/internal/verify"
)

// workPage is what is done now, or was done last, and what can be begun.
type workPage struct {
	frame
	workView

	Account string // that was chosen elsewhere
	Kinds   []rehome.Kind
	Levels  []verify.Level
	Many    bool // machines may copy at the same time
}

// workView is its part that is taken in anew.
type workView struct {
	Problem    string
	Any        bool
	State      WorkState
	Progress   string
	Bar        *bar
	HeldUp     heldUp
	Elsewhere  *journey.Running // what another process does
	Plan       *proposal
	MayOperate bool
	MayConfirm bool
	Final      bool
	Confirm    string // what the button says
}

// heldUp is what a pass waits for most, and what that can be helped with.
type heldUp struct {
	Lately, Whole []endpoint.Share
	Servers       []endpoint.ServerShares // since the pass began
	Next          string
}

// heldUpBy says what to do about what holds a pass up most.
func heldUpBy(running journey.Running) heldUp {
	h := heldUp{Lately: running.HeldUp, Whole: running.HeldUpWhole, Servers: running.Servers}
	if len(h.Lately) == 0 {
		h.Lately = h.Whole
	}
	if len(h.Lately) > 0 {
		h.Next = map[string]string{
			endpoint.BySource:      "more connections may help, as long as the source answers faster with them: limits.source_connections",
			endpoint.ByDestination: "more connections may help, as long as the destination takes more with them: limits.destination_connections",
			endpoint.ByLine:        "run rehome nearer to the servers, or with more connections: limits.per_account",
			endpoint.ByLimit:       "the settings keep the pass so slow: limits.bytes_per_second",
			endpoint.ByPlaces:      "the settings allow no more connections: limits.source_connections, limits.destination_connections",
			endpoint.ByLedger:      "a faster disk for the ledger, or a nearer PostgreSQL server, would help",
			endpoint.ByUs:          "a machine with faster processors would copy faster",
		}[h.Lately[0].By]
	}
	return h
}

// bar is how far a pass has come.
type bar struct {
	Label    string
	Done, Of int64
}

// workFor is what a visitor sees of it.
func (s *Screen) workFor(who visitor, now seen) workView {
	view := workView{MayOperate: who.may(ledger.RoleOperate), Problem: problemOf(now.failed)}
	view.State, view.Any, view.Plan = s.desk.seen()
	if running := now.overview.Work; running.State == journey.RunRunning {
		snapshot := running.Snapshot()
		view.Progress, view.HeldUp = s.options.Words.Progress(snapshot), heldUpBy(running)
		view.Bar = &bar{"Messages", min(snapshot.Done, snapshot.Messages), max(snapshot.Messages, 1)}
		if snapshot.Messages == 0 {
			view.Bar = &bar{"Accounts", int64(snapshot.Finished), max(int64(snapshot.Accounts), 1)}
		}
		if !view.Any || !view.State.Ended.IsZero() {
			view.Elsewhere = &running
		}
	}
	if p := view.Plan; p != nil {
		view.MayConfirm = p.Person == who.name && who.may(p.errand.role)
		view.Final = p.errand.role == ledger.RoleSwitch
		view.Confirm = "Begin: " + p.errand.command
	}
	return view
}

func (s *Screen) showWork(w http.ResponseWriter, r *http.Request, who visitor) {
	overview, err := s.live.overview(r.Context())
	if err != nil {
		s.failed(w, r, who, err)
		return
	}
	page := workPage{
		frameOf("Work", "work", who), s.workFor(who, seen{overview: overview}), r.URL.Query().Get("account"), journey.Kinds(), verify.Levels(),
		s.options.Many,
	}
	write(w, r, s.options.Log, http.StatusOK, "work", page)
}

func (s *Screen) streamWork(w http.ResponseWriter, r *http.Request, who visitor) {
	s.stream(w, r, func(now seen) []byte { return s.part("work", "work-part", s.workFor(who, now)) })
}
