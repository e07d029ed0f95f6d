// SPDX-License-Identifier: Apache-2.0

package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"rehome"
	"rehome/internal/journey"
	"rehome/internal/verify"
)

// The bounds of a page of differences: how many accounts, and how many of each.
const (
	differingOnPage = 20
	differencesEach = 10
)

type differencesPage struct {
	frame
	journey.DifferencePage

	First   bool
	NextURL string

	Severity   rehome.Severity // none of these
	Code       string
	Severities []rehome.Severity
}

func (s *Screen) showDifferences(w http.ResponseWriter, r *http.Request, who visitor) {
	after := r.URL.Query().Get("after")
	page, err := s.move.DifferencePage(r.Context(), after, differingOnPage, differencesEach)
	if err != nil {
		s.failed(w, r, who, err)
		return
	}
	shown := differencesPage{frame: frameOf("Open differences", "findings", who), DifferencePage: page, First: after == "", Severities: severities}
	if page.Next != "" {
		shown.NextURL = "/differences?" + url.Values{"after": {page.Next}}.Encode()
	}
	write(w, r, s.options.Log, http.StatusOK, "differences", shown)
}

func (s *Screen) differencesCall(r *http.Request, _ visitor) (journey.DifferencePage, error) {
	return s.move.DifferencePage(r.Context(), r.URL.Query().Get("after"), differingOnPage, differencesEach)
}

// severalOrder names differences of several accounts, and says why they may stay.
type severalOrder struct {
	Accounts []string `json:"accounts"` // whose they are
	IDs      []string `json:"ids"`
	Reason   string   `json:"reason"`
}

// differencesIn are those that are ticked on a page: each with its id and, behind a blank, its account.
func differencesIn(form url.Values) (chosen severalOrder) {
	for _, text := range form["difference"] {
		id, account, _ := strings.Cut(text, " ")
		chosen.IDs = append(chosen.IDs, id)
		if !slices.Contains(chosen.Accounts, account) {
			chosen.Accounts = append(chosen.Accounts, account)
		}
	}
	chosen.Reason = strings.TrimSpace(form.Get("reason"))
	return chosen
}

// acceptSeveral keeps somebody's word that differences of several accounts may stay.
func (s *Screen) acceptSeveral(w http.ResponseWriter, r *http.Request, who visitor) {
	err := r.ParseForm()
	if err == nil {
		_, err = s.acceptOf(r, who, differencesIn(r.PostForm))
	}
	s.answer(w, r, who, "/differences", err)
}

func (s *Screen) acceptOf(r *http.Request, who visitor, o severalOrder) ([]verify.Open, error) {
	if len(o.IDs) == 0 || len(o.Accounts) == 0 || slices.Contains(o.Accounts, "") {
		return nil, &rehome.Fault{Class: rehome.ClassOperator, Op: "accept", Object: "differences", Cause: errors.New("no difference is chosen"),
			Hint: "tick those that may stay"}
	}
	if strings.TrimSpace(o.Reason) == "" {
		return nil, &rehome.Fault{Class: rehome.ClassOperator, Op: "accept", Object: "differences", Cause: errors.New("no reason is given"),
			Hint: "say why they may stay: the report and certificates name it"}
	}
	return s.move.Accept(journey.As(r.Context(), who.name), journey.AcceptOptions{IDs: o.IDs, By: who.name, Reason: o.Reason, Accounts: o.Accounts})
}
