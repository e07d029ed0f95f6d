// SPDX-License-Identifier: Apache-2.0

package web

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"rehome"
	"rehome/internal/journey"
	"rehome/internal/ledger"
	"rehome/internal/verify"
)

// frame is what every page has around it.
type frame struct {
	Title   string
	Section string // whose link in the head is marked
	Name    string // of who has signed in; "" where nobody has
	Role    ledger.Role
}

// MayOperate and MaySwitch say what the page offers. What is refused does not depend on them.
func (f frame) MayOperate() bool { return visitor{name: f.Name, role: f.Role}.may(ledger.RoleOperate) }
func (f frame) MaySwitch() bool  { return visitor{name: f.Name, role: f.Role}.may(ledger.RoleSwitch) }

func frameOf(title, section string, who visitor) frame {
	return frame{title, section, who.name, who.role}
}

// movePage is the whole move.
type movePage struct {
	frame
	moveView
}

// moveView is the part of the page that is taken in anew while somebody watches.
type moveView struct {
	journey.Overview

	Problem string // why the figures are not those of now
	Sums    sums
}

// sums are the figures of all accounts.
type sums struct {
	Accounts, Equal, Differs, Unknown, NotVerified, Blocked int64
	Messages, Copied, Octets, Failed                        int64
}

func sumsOf(overview journey.Overview) (s sums) {
	for _, t := range overview.Totals {
		s.Accounts += t.Accounts
		*map[string]*int64{"equal": &s.Equal, "differs": &s.Differs, "unknown": &s.Unknown, "": &s.NotVerified}[t.Verdict] += t.Accounts
		if t.State == ledger.AccountBlocked {
			s.Blocked += t.Accounts
		}
		s.Messages, s.Copied, s.Octets, s.Failed = s.Messages+t.Messages, s.Copied+t.Copied, s.Octets+t.Octets, s.Failed+t.Failed
	}
	s.Equal, s.Differs = s.Equal+overview.Settled, s.Differs-overview.Settled
	return s
}

func viewOf(overview journey.Overview, failed error) moveView {
	return moveView{Overview: overview, Sums: sumsOf(overview), Problem: problemOf(failed)}
}

// problemOf says why figures are not those of now; "" where they are.
func problemOf(failed error) string {
	if failed == nil {
		return ""
	}
	problem := "The ledger cannot be read: " + failed.Error()
	if hint := rehome.HintOf(failed); hint != "" {
		problem += ". Next: " + hint
	}
	return problem
}

func (s *Screen) showMove(w http.ResponseWriter, r *http.Request, who visitor) {
	overview, err := s.live.overview(r.Context())
	if err != nil {
		s.failed(w, r, who, err)
		return
	}
	write(w, r, s.options.Log, http.StatusOK, "move", movePage{frameOf("Move", "move", who), viewOf(overview, nil)})
}

// part is the inner part of a page.
func (s *Screen) part(page, name string, view any) []byte {
	var made bytes.Buffer
	if err := parsed()[page].ExecuteTemplate(&made, name, view); err != nil {
		s.options.Log.Error("a part of a page cannot be made", rehome.LogObject, name, rehome.LogError, err.Error())
	}
	return made.Bytes()
}

// rowsOnPage is how many rows a page has.
const rowsOnPage = 100

type accountsPage struct {
	frame
	journey.AccountPage

	Filter            ledger.AccountFilter
	More              bool // there are as many as were counted, or more
	Most              int64
	Count             int64
	First             bool
	NextURL, FirstURL string
	States            []ledger.AccountState
	Verdicts          []string
}

// choices are what a filter may be; anything else in a request is left out.
var choices = struct {
	states   []ledger.AccountState
	verdicts []string
}{
	[]ledger.AccountState{ledger.AccountPlanned, ledger.AccountPreStaging, ledger.AccountPreStaged, ledger.AccountBlocked},
	[]string{"equal", "differs", "unknown", ledger.NotVerified},
}

func filterOf(query url.Values) (filter ledger.AccountFilter) {
	if state := ledger.AccountState(query.Get("state")); slices.Contains(choices.states, state) {
		filter.State = state
	}
	if verdict := query.Get("verdict"); slices.Contains(choices.verdicts, verdict) {
		filter.Verdict = verdict
	}
	filter.Trouble = query.Get("trouble") != ""
	filter.Part = strings.ToLower(strings.TrimSpace(query.Get("part")))
	return filter
}

func (s *Screen) showAccounts(w http.ResponseWriter, r *http.Request, who visitor) {
	query := r.URL.Query()
	after := query.Get("after")
	filter := filterOf(query)
	page, err := s.move.AccountPage(r.Context(), filter, after, rowsOnPage)
	if err != nil {
		s.failed(w, r, who, err)
		return
	}
	shown := accountsPage{frame: frameOf("Accounts", "accounts", who), AccountPage: page, Filter: filter,
		More: page.Counted >= journey.CountedAtMost, Most: journey.CountedAtMost, Count: int64(page.Counted), First: after == "",
		States: choices.states, Verdicts: choices.verdicts}
	query.Del("after")
	shown.FirstURL = "/accounts?" + query.Encode()
	if page.Next != "" {
		query.Set("after", page.Next)
		shown.NextURL = "/accounts?" + query.Encode()
	}
	write(w, r, s.options.Log, http.StatusOK, "accounts", shown)
}

type accountPage struct {
	frame
	journey.AccountDetail

	MoreBoxes int // mailboxes that are not shown
}

// mostBoxes is how many mailboxes of an account a page shows.
const mostBoxes = 500

func (s *Screen) showAccount(w http.ResponseWriter, r *http.Request, who visitor) {
	detail, known, err := s.move.AccountDetail(r.Context(), r.PathValue("address"))
	switch {
	case err != nil:
		s.failed(w, r, who, err)
	case !known:
		s.refuse(w, r, who, http.StatusNotFound, "No pass has begun with an account of that address.")
	default:
		page := accountPage{frameOf(detail.Account, "accounts", who), detail, max(len(detail.Boxes)-mostBoxes, 0)}
		page.Boxes = page.Boxes[:len(page.Boxes)-page.MoreBoxes]
		write(w, r, s.options.Log, http.StatusOK, "account", page)
	}
}

// accept keeps somebody's word that differences of an account may stay; their ids name these very differences.
func (s *Screen) accept(w http.ResponseWriter, r *http.Request, who visitor) {
	err := r.ParseForm()
	if err == nil {
		_, err = s.acceptAs(r, who, r.PostForm["id"], r.PostFormValue("reason"))
	}
	s.answer(w, r, who, "/accounts/"+url.PathEscape(r.PathValue("address")), err)
}

func (s *Screen) acceptAs(r *http.Request, who visitor, ids []string, reason string) ([]verify.Open, error) {
	address := r.PathValue("address")
	if len(ids) == 0 {
		return nil, &rehome.Fault{Class: rehome.ClassOperator, Op: "accept", Object: address, Cause: errors.New("no difference is chosen"),
			Hint: "tick those that may stay"}
	}
	return s.move.Accept(journey.As(r.Context(), who.name), journey.AcceptOptions{
		IDs: ids, By: who.name, Reason: strings.TrimSpace(reason), Accounts: []string{address}})
}

// withdraw takes an acceptance back.
func (s *Screen) withdraw(w http.ResponseWriter, r *http.Request, who visitor) {
	err := s.move.Withdraw(journey.As(r.Context(), who.name), []string{r.PostFormValue("id")})
	s.answer(w, r, who, "/accounts/"+url.PathEscape(r.PathValue("address")), err)
}

type findingsPage struct {
	frame

	Severity rehome.Severity
	Code     string
	Findings []rehome.Finding
	NextURL  string
	First    bool

	Severities []rehome.Severity
}

var severities = []rehome.Severity{rehome.SeverityError, rehome.SeverityWarning, rehome.SeverityInfo}

func severityOf(query url.Values) rehome.Severity {
	if severity := rehome.Severity(query.Get("severity")); slices.Contains(severities, severity) {
		return severity
	}
	return rehome.SeverityError
}

func (s *Screen) showFindings(w http.ResponseWriter, r *http.Request, who visitor) {
	query := r.URL.Query()
	shown := findingsPage{frame: frameOf("Findings", "findings", who), Severity: severityOf(query), Code: query.Get("code"), Severities: severities}
	after := placeOf(query.Get("after"))
	shown.First = after == ledger.FindingPlace{}
	found, more, err := s.move.FindingPage(r.Context(), shown.Severity, shown.Code, after, rowsOnPage)
	if err != nil {
		s.failed(w, r, who, err)
		return
	}
	if shown.Findings = found; more {
		query.Set("after", placeText(found[len(found)-1]))
		shown.NextURL = "/findings?" + query.Encode()
	}
	write(w, r, s.options.Log, http.StatusOK, "findings", shown)
}

// placeText says behind which finding a page goes on, and placeOf reads it. What it cannot read is the beginning.
func placeText(f rehome.Finding) string {
	text, err := json.Marshal(ledger.FindingPlace{Account: f.Account, Code: f.Code, Object: f.Object})
	if err != nil {
		return "" // texts can always be written
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

func placeOf(text string) (place ledger.FindingPlace) {
	decoded, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || json.Unmarshal(decoded, &place) != nil {
		return ledger.FindingPlace{}
	}
	return place
}

type refusedPage struct {
	frame
	Sentence, Hint string
}

// failed shows what went wrong, with the next step.
func (s *Screen) failed(w http.ResponseWriter, r *http.Request, who visitor, err error) {
	s.options.Log.Error("a page of the screen cannot be shown", rehome.LogObject, r.URL.Path,
		rehome.LogError, err.Error(), rehome.LogHint, rehome.HintOf(err))
	write(w, r, s.options.Log, http.StatusServiceUnavailable, "refused",
		refusedPage{frameOf("Not available", "", who), err.Error(), rehome.HintOf(err)})
}

func (s *Screen) refuse(w http.ResponseWriter, r *http.Request, who visitor, status int, sentence string) {
	write(w, r, s.options.Log, status, "refused", refusedPage{frameOf("Not found", "", who), sentence, ""})
}
