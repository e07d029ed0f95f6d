// SPDX-License-Identifier: Apache-2.0

package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"rehome"
	"rehome/internal/journey"
	"rehome/internal/ledger"
	"rehome/internal/verify"
)

// apiRoot is where the interface for programs begins: the same operations as the pages, in JSON, for the same roles.
const apiRoot = "/api/v1"

// operation is one of them, and what its description is made of.
type operation struct {
	method, path string // below apiRoot
	role         ledger.Role
	summary      string
	query        []parameter
	in, out      reflect.Type // in is struct{} where nothing is sent
	begins       bool         // something goes on when it has answered
	do           func(r *http.Request, who visitor) (any, error)
}

// parameter is one of a query.
type parameter struct{ name, what string }

// route is its place among all routes.
func (s *Screen) route(o operation) route {
	return route{pattern: o.method + " " + apiRoot + o.path, role: o.role, api: true, serve: func(w http.ResponseWriter, r *http.Request, who visitor) {
		answer, err := o.do(r, who)
		if err != nil {
			s.refuseCall(w, r, err)
			return
		}
		status := http.StatusOK
		if o.begins {
			status = http.StatusAccepted
		}
		writeAnswer(w, r, status, answer)
	}}
}

// asked returns an operation that is sent nothing.
func asked[Out any](method, path string, role ledger.Role, summary string, do func(r *http.Request, who visitor) (Out, error)) operation {
	return operation{
		method: method, path: path, role: role, summary: summary, in: reflect.TypeFor[struct{}](), out: reflect.TypeFor[Out](),
		do: func(r *http.Request, who visitor) (any, error) { return do(r, who) },
	}
}

// told returns an operation that is sent a JSON object.
func told[In, Out any](path string, role ledger.Role, summary string, do func(r *http.Request, who visitor, in In) (Out, error)) operation {
	o := operation{method: http.MethodPost, path: path, role: role, summary: summary, in: reflect.TypeFor[In](), out: reflect.TypeFor[Out]()}
	o.do = func(r *http.Request, who visitor) (any, error) {
		in, err := readOrder[In](r)
		if err != nil {
			return nil, err
		}
		return do(r, who, in)
	}
	return o
}

// errMedia is why a request is not read: what a form of another site could send is no JSON.
var errMedia = &callError{http.StatusUnsupportedMediaType, "the request is not JSON", "send a JSON object, with Content-Type: application/json"}

// readOrder reads the JSON object of a request. What it does not know is a mistake: a misspelt confirmation must not be left out.
func readOrder[In any](r *http.Request) (in In, err error) {
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != "application/json" {
		return in, errMedia
	}
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&in); err != nil {
		return in, &callError{http.StatusBadRequest, "the request cannot be read: " + err.Error(), "the description is at " + apiRoot + "/openapi.json"}
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return in, &callError{http.StatusBadRequest, "the request has more than one JSON object", "send one"}
	}
	if checked, is := any(in).(interface{ check() error }); is {
		if err := checked.check(); err != nil {
			return in, &callError{http.StatusBadRequest, err.Error(), rehome.HintOf(err)}
		}
	}
	return in, nil
}

// callError is a mistake of the program that calls.
type callError struct {
	status        int
	message, hint string
}

// Error implements error.
func (e *callError) Error() string { return e.message }

// failure is an error, with the keys of the terminal.
type failure struct {
	Error struct {
		Class   string `json:"class"`
		Message string `json:"message"`
		Hint    string `json:"hint,omitempty"`
	} `json:"error"`
}

// refuseCall says why there is no answer.
func (s *Screen) refuseCall(w http.ResponseWriter, r *http.Request, err error) {
	var answer failure
	answer.Error.Class, answer.Error.Message, answer.Error.Hint = string(rehome.ClassOf(err)), err.Error(), rehome.HintOf(err)
	status := http.StatusServiceUnavailable
	var called *callError
	switch {
	case errors.As(err, &called):
		status, answer.Error.Class, answer.Error.Hint = called.status, "usage", called.hint
	case rehome.ClassOf(err) == rehome.ClassOperator:
		status = http.StatusConflict
	default:
		s.options.Log.Error("a call of the API has no answer", rehome.LogObject, r.URL.Path, rehome.LogError, err.Error(),
			rehome.LogHint, answer.Error.Hint)
	}
	writeAnswer(w, r, status, answer)
}

// writeAnswer writes JSON, as the terminal does: what people have written stays as it is.
func writeAnswer(w http.ResponseWriter, r *http.Request, status int, answer any) {
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(answer); err != nil {
		http.Error(w, `{"error": {"class": "bug", "message": "the answer cannot be written"}}`, http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body.Bytes()) // whoever has gone does not need it
	}
}

// workAnswer is what is done now or was done last, and the plan that waits for somebody's word.
type workAnswer struct {
	Running journey.Running `json:"running"` // a pass or a comparison, here or at a terminal
	Here    *WorkState      `json:"here"`    // what was begun here last; null before the first
	Plan    *proposal       `json:"plan"`    // null where none waits
}

func (s *Screen) workNow(r *http.Request, _ visitor) (answer workAnswer, err error) {
	overview, err := s.live.overview(r.Context())
	answer.Running = overview.Work
	state, some, plan := s.desk.seen()
	if some {
		answer.Here = &state
	}
	answer.Plan = plan
	return answer, err
}

// begun begins an errand, and answers how things stand.
func (s *Screen) begun(r *http.Request, who visitor, e errand, err error) (workAnswer, error) {
	if err == nil {
		err = s.begin(who, e)
	}
	if err != nil {
		return workAnswer{}, err
	}
	return s.workNow(r, who)
}

type findingsAnswer struct {
	Findings []rehome.Finding `json:"findings"`
	Next     string           `json:"next"` // the "after" of the next page; "" on the last one
}

type auditAnswer struct {
	Lines []ledger.AuditLine `json:"lines"`
	Next  int64              `json:"next"` // the "before" of the next page; 0 on the last one
}

type throughputAnswer struct {
	StepSeconds int64 `json:"step_seconds"`
	journey.Throughput
}

// acceptOrder says which differences of an account may stay, and why.
type acceptOrder struct {
	IDs    []string `json:"ids"`
	Reason string   `json:"reason"`
}

type acceptAnswer struct {
	Accepted []verify.Open `json:"accepted"`
}

type withdrawOrder struct {
	IDs []string `json:"ids"`
}

type withdrawAnswer struct {
	Withdrawn []string `json:"withdrawn"`
}

// confirmOrder names the plan that is carried out.
type confirmOrder struct {
	Token string `json:"token"`
}

// operations are all of the interface.
func (s *Screen) operations() []operation {
	return append(s.views(), s.actions()...)
}

func (s *Screen) views() []operation {
	return []operation{
		asked(http.MethodGet, "/move", ledger.RoleLook, "The whole move: steps, figures and findings by kind",
			func(r *http.Request, _ visitor) (journey.Overview, error) { return s.live.overview(r.Context()) }),
		asked(http.MethodGet, "/work", ledger.RoleLook, "What is done now or was done last, and the plan that waits", s.workNow),
		asked(http.MethodGet, "/accounts", ledger.RoleLook, "Accounts, a hundred at a time", s.accountsCall).
			with(parameter{"part", "a part of the address"}, parameter{"state", "planned, pre_staging, pre_staged or blocked"},
				parameter{"verdict", "equal, differs, unknown or none"}, parameter{"trouble", "1 for those with trouble only"},
				parameter{"after", "next of the page before"}),
		asked(http.MethodGet, "/accounts/{address}", ledger.RoleLook, "One account at both ends, and what has happened", s.accountCall),
		asked(http.MethodGet, "/findings", ledger.RoleLook, "Findings of one severity, a hundred at a time", s.findingsCall).
			with(parameter{"severity", "error, warning or info; error if it is missing"}, parameter{"code", "of one kind only"},
				parameter{"after", "next of the page before"}),
		asked(http.MethodGet, "/differences", ledger.RoleLook, "Accounts that differ with what is open of each, twenty at a time", s.differencesCall).
			with(parameter{"after", "next of the page before"}),
		asked(http.MethodGet, "/cutover", ledger.RoleLook, "Where each domain stands, and what holds it",
			func(r *http.Request, _ visitor) (journey.Crossing, error) {
				return s.move.CutoverStatus(r.Context(), nil)
			}),
		asked(http.MethodGet, "/throughput", ledger.RoleLook, "How much passes have carried lately", s.throughputCall).
			with(parameter{"span", "6h, 24h, 7d or 35d; 24h if it is missing"}),
		asked(http.MethodGet, "/ends", ledger.RoleLook, "Where everything goes, and the limits",
			func(*http.Request, visitor) (journey.BothEnds, error) { return s.move.BothEnds(), nil }),
		asked(http.MethodGet, "/workers", ledger.RoleLook, "Which workers are there, and what each has", s.workersCall),
		asked(http.MethodGet, "/waves", ledger.RoleLook, "The waves, and what keeps each from being through", s.wavesCall),
		asked(http.MethodGet, "/audit", ledger.RoleLook, "Who has changed what, the newest first", s.auditCall).
			with(parameter{"object", "an account or a domain"}, parameter{"before", "next of the page before"}),
		asked(http.MethodGet, "/openapi.json", ledger.RoleLook, "This description",
			func(*http.Request, visitor) (map[string]any, error) { return describe(s.operations()), nil }),
	}
}

func (s *Screen) actions() []operation {
	return []operation{
		told("/plan/sync", ledger.RoleOperate, "Find out what a pass would do", func(r *http.Request, who visitor, o syncOrder) (workAnswer, error) {
			return s.begun(r, who, s.syncErrand(o), nil)
		}).beginning(),
		told("/plan/retry", ledger.RoleOperate, "Find out what would be tried again", func(r *http.Request, who visitor, o retryOrder) (workAnswer, error) {
			return s.begun(r, who, s.retryErrand(o), nil)
		}).beginning(),
		told("/plan/wave", ledger.RoleOperate, "Find out what starting a wave would do",
			func(r *http.Request, who visitor, o startOrder) (workAnswer, error) {
				return s.begun(r, who, s.waveErrand(o), nil)
			}).beginning(),
		told("/plan/cutover", ledger.RoleSwitch, "Find out what taking domains across means",
			func(r *http.Request, who visitor, o cutoverOrder) (workAnswer, error) {
				e, err := s.cutoverErrand(o)
				return s.begun(r, who, e, err)
			}).beginning(),
		told("/plan/rollback", ledger.RoleSwitch, "Find out what taking domains back means",
			func(r *http.Request, who visitor, o rollbackOrder) (workAnswer, error) {
				e, err := s.rollbackErrand(o)
				return s.begun(r, who, e, err)
			}).beginning(),
		told("/verify", ledger.RoleOperate, "Compare both ends", func(r *http.Request, who visitor, o verifyOrder) (workAnswer, error) {
			return s.begun(r, who, s.verifyErrand(o), nil)
		}).beginning(),
		asked(http.MethodPost, "/check", ledger.RoleOperate, "Look at both ends: what works, what does not",
			func(r *http.Request, who visitor) (workAnswer, error) {
				return s.begun(r, who, s.checkErrand(), nil)
			}).beginning(),
		told("/work/confirm", ledger.RoleOperate, "Carry out the plan that was shown to the same operator or token",
			func(r *http.Request, who visitor, o confirmOrder) (workAnswer, error) {
				if err := s.confirmed(who, o.Token); err != nil {
					return workAnswer{}, err
				}
				return s.workNow(r, who)
			}).beginning(),
		asked(http.MethodPost, "/work/stop", ledger.RoleOperate, "Stop what was begun here, as the first Ctrl-C at a terminal",
			func(r *http.Request, who visitor) (workAnswer, error) {
				if err := s.stopped(who); err != nil {
					return workAnswer{}, err
				}
				return s.workNow(r, who)
			}).beginning(),
		told("/workers/drain", ledger.RoleOperate, "Let workers leave, with what is under way",
			func(r *http.Request, who visitor, o drainOrder) (journey.Dismissed, error) {
				return s.drain(r, who, o.Workers)
			}),
		told("/waves/pause", ledger.RoleOperate, "Stop a wave at the end of what is under way", s.pauseAs),
		told("/waves/resume", ledger.RoleOperate, "Let a wave run again that was paused or stopped by its brake", s.resumeAs),
		told("/differences/accept", ledger.RoleOperate, "Accept differences of several accounts: all of them, or none",
			func(r *http.Request, who visitor, o severalOrder) (answer acceptAnswer, err error) {
				answer.Accepted, err = s.acceptOf(r, who, o)
				return answer, err
			}),
		told("/accounts/{address}/accept", ledger.RoleOperate, "Accept differences of an account",
			func(r *http.Request, who visitor, o acceptOrder) (answer acceptAnswer, err error) {
				answer.Accepted, err = s.acceptAs(r, who, o.IDs, o.Reason)
				return answer, err
			}),
		told("/accounts/{address}/withdraw", ledger.RoleOperate, "Take acceptances back",
			func(r *http.Request, who visitor, o withdrawOrder) (withdrawAnswer, error) {
				return withdrawAnswer{o.IDs}, s.move.Withdraw(journey.As(r.Context(), who.name), o.IDs)
			}),
	}
}

// with names the parameters of a query, and beginning says that something goes on when it has answered.
func (o operation) with(query ...parameter) operation { o.query = query; return o }
func (o operation) beginning() operation              { o.begins = true; return o }

func (s *Screen) accountsCall(r *http.Request, _ visitor) (journey.AccountPage, error) {
	query := r.URL.Query()
	return s.move.AccountPage(r.Context(), filterOf(query), query.Get("after"), rowsOnPage)
}

func (s *Screen) accountCall(r *http.Request, _ visitor) (journey.AccountDetail, error) {
	detail, known, err := s.move.AccountDetail(r.Context(), r.PathValue("address"))
	if err == nil && !known {
		err = &callError{http.StatusNotFound, "no pass has begun with an account of that address", ""}
	}
	return detail, err
}

func (s *Screen) findingsCall(r *http.Request, _ visitor) (answer findingsAnswer, err error) {
	query := r.URL.Query()
	found, more, err := s.move.FindingPage(r.Context(), severityOf(query), query.Get("code"), placeOf(query.Get("after")), rowsOnPage)
	answer.Findings = append([]rehome.Finding{}, found...)
	if more {
		answer.Next = placeText(found[len(found)-1])
	}
	return answer, err
}

func (s *Screen) throughputCall(r *http.Request, _ visitor) (answer throughputAnswer, err error) {
	answer.Throughput, err = s.move.Throughput(r.Context(), spanOf(r.URL.Query().Get("span")).span)
	answer.StepSeconds = int64(answer.Step.Seconds())
	return answer, err
}

func (s *Screen) auditCall(r *http.Request, _ visitor) (answer auditAnswer, err error) {
	query := r.URL.Query()
	before, err := strconv.ParseInt(query.Get("before"), 10, 64)
	if err != nil {
		before = 0
	}
	lines, more, err := s.move.AuditPage(r.Context(), strings.TrimSpace(query.Get("object")), before, rowsOnPage)
	answer.Lines = append([]ledger.AuditLine{}, lines...)
	if more {
		answer.Next = lines[len(lines)-1].Line
	}
	return answer, err
}
