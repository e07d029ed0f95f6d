// SPDX-License-Identifier: Apache-2.0

package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"rehome/internal/ledger"
)

// A wave is started behind its plan; where something is in the way, only by somebody who was shown that and says so once more.
func TestWaves_planThenStart(t *testing.T) {
	t.Parallel()
	s := operating(t, ledger.RoleOperate)
	if _, body := s.get("/waves"); strings.Count(body, `action="/plan/wave"`) != 4 {
		t.Errorf("not every wave that is planned or runs can be begun: %s", body)
	}
	s.do("/plan/wave", url.Values{"wave": {"now"}})
	page := s.await("7 accounts")
	if !strings.Contains(page, "planned words") || strings.Contains(page, hostile) || len(s.deeds()) > 0 {
		t.Errorf("%v %s", s.deeds(), page)
	}
	s.do("/desk/confirm", url.Values{"token": {tokenOn(page)}})
	s.await("started true")

	s.do("/plan/wave", url.Values{"wave": {"next"}})
	page = s.await("It would not begin")
	if !strings.Contains(page, "staff has to be through") || tokenOn(page) != "" || !strings.Contains(page, `name="confirm" value="on"`) {
		t.Errorf("a closed gate: %s", page)
	}
	s.do("/plan/wave", url.Values{"wave": {"next"}, "confirm": {"on"}})
	page = s.await("It would begin nevertheless")
	s.do("/desk/confirm", url.Values{"token": {tokenOn(page)}})
	for len(s.deeds()) < 4 {
		s.await("wave start")
	}
	want := []string{"start now by anna, confirmed false", "sync of wave now", "start next by anna, confirmed true", "sync of wave next"}
	if got := s.deeds(); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	s.become(ledger.RoleLook)
	if status, _, _ := s.ask(http.MethodPost, "/plan/wave", url.Values{"wave": {"now"}}, nil); status != http.StatusForbidden {
		t.Errorf("who only looks: %d", status)
	}
}

// Workers take a wave over, and the screen is free again at once.
func TestWaves_startOnWorkers(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.screen.options.Many = true
	token := s.token("mine", ledger.RoleOperate)
	s.call(http.MethodPost, "/api/v1/plan/wave", token, `{"wave": "now"}`)
	plan := s.awaitWork(token, func(w workAnswer) bool { return w.Plan != nil }).Plan
	if plan.Wave == nil || !plan.Wave.Workers || plan.Sync != nil {
		t.Errorf("%+v", plan)
	}
	s.call(http.MethodPost, "/api/v1/work/confirm", token, `{"token": "`+plan.Token+`"}`)
	s.awaitWork(token, func(w workAnswer) bool { return w.Here.Said == "started true" })
	if got := s.deeds(); !slices.Equal(got, []string{"start now by token mine, confirmed false", "workers for wave now"}) {
		t.Errorf("%q", got)
	}
}
