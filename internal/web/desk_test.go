// SPDX-License-Identifier: Apache-2.0

package web

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"rehome/internal/ledger"
)

// do sends a form, and wants to be led on.
func (s *stand) do(path string, form url.Values) {
	s.t.Helper()
	if status, body, _ := s.ask(http.MethodPost, path, form, nil); status != http.StatusSeeOther {
		s.t.Fatalf("%s: %d %.800s", path, status, body)
	}
}

// refused sends a form of which nothing must come, and returns what is said.
func (s *stand) refused(path string, form url.Values) string {
	s.t.Helper()
	status, body, _ := s.ask(http.MethodPost, path, form, nil)
	if status != http.StatusConflict {
		s.t.Errorf("%s: %d", path, status)
	}
	return body
}

// await returns the page of the work as soon as it has words.
func (s *stand) await(words string) string {
	s.t.Helper()
	for range 2000 {
		if _, body := s.get("/desk"); strings.Contains(body, words) {
			return body
		}
		time.Sleep(5 * time.Millisecond)
	}
	_, body := s.get("/desk")
	s.t.Fatalf("%q never came: %s", words, body)
	return ""
}

// tokenOn is what the button of a page sends.
func tokenOn(page string) string {
	if match := regexp.MustCompile(`name="token" value="([0-9a-f]{32})"`).FindStringSubmatch(page); match != nil {
		return match[1]
	}
	return ""
}

func (s *stand) deeds() []string {
	s.move.mu.Lock()
	defer s.move.mu.Unlock()
	return slices.Clone(s.move.deeds)
}

func operating(t *testing.T, role ledger.Role) *stand {
	t.Helper()
	s := open(t)
	s.become(role)
	s.mustSignIn()
	return s
}

// A pass begins when what it would do was shown, only one does, and the stop lets it finish what is under way.
func TestWork_planThenPassThenStop(t *testing.T) {
	t.Parallel()
	s := operating(t, ledger.RoleOperate)
	s.do("/plan/sync", url.Values{"account": {"a001@example.test"}})
	page := s.await("planned words")
	if strings.Contains(page, hostile) || !strings.Contains(page, "&lt;script&gt;") {
		t.Error("the plan shows words as they are")
	}
	if got := s.deeds(); len(got) != 0 {
		t.Fatalf("the plan has done %v", got)
	}
	s.refused("/desk/confirm", url.Values{"token": {strings.Repeat("0", 32)}})
	s.do("/desk/confirm", url.Values{"token": {tokenOn(page)}})
	s.await(`action="/desk/stop"`)
	for len(s.deeds()) == 0 {
		time.Sleep(time.Millisecond)
	}
	if body := s.refused("/plan/sync", url.Values{}); !strings.Contains(body, "sync is under way, begun by anna") {
		t.Errorf("a second pass: %s", body)
	}
	s.refused("/desk/confirm", url.Values{"token": {tokenOn(page)}})
	s.do("/desk/stop", nil)
	s.await("synced words")
	want := []string{"sync of [a001@example.test] by anna, again false", "finished"}
	if got := s.deeds(); !slices.Equal(got, want) {
		t.Errorf("done is %q, want %q", got, want)
	}
	if body := s.refused("/desk/stop", nil); !strings.Contains(body, "nothing is under way here") {
		t.Errorf("stopping nothing: %s", body)
	}
}

// What is more than a pass that can be run again is made sure of anew: if it is no longer what was shown, it is shown anew.
func TestWork_changedPlanIsShownAnew(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		path   string
		form   url.Values
		change func(*testMove)
		deed   string
	}{
		{"/plan/sync", url.Values{"copy_again": {"on"}}, func(m *testMove) { m.gone++ }, "sync of [] by anna, again true"},
		{"/plan/cutover", url.Values{"domain": {"example.test"}, "override": {"lag", "nonsense"}, "why": {"it is small"}},
			func(m *testMove) { m.mx = "10 other" }, `cutover of [example.test] by anna, without [lag] because "it is small"`},
	} {
		s := operating(t, ledger.RoleSwitch)
		s.do(test.path, test.form)
		page := s.await("As of")
		s.move.mu.Lock()
		test.change(s.move)
		s.move.mu.Unlock()
		s.do("/desk/confirm", url.Values{"token": {tokenOn(page)}})
		page = s.await("Nothing was begun")
		if got := s.deeds(); len(got) != 0 {
			t.Fatalf("%s: done is %q although it had changed", test.path, got)
		}
		s.do("/desk/confirm", url.Values{"token": {tokenOn(page)}})
		for len(s.deeds()) == 0 {
			time.Sleep(time.Millisecond)
		}
		if got := s.deeds(); got[0] != test.deed {
			t.Errorf("done is %q, want %q", got, test.deed)
		}
	}
}

// A plan is for who was shown it, with the role that it takes, and not for long.
func TestWork_whosePlan(t *testing.T) {
	t.Parallel()
	s := operating(t, ledger.RoleSwitch)
	s.do("/plan/rollback", url.Values{"domain": {"example.test"}})
	token := tokenOn(s.await("As of"))
	s.become(ledger.RoleOperate)
	if _, page := s.get("/desk"); tokenOn(page) != "" {
		t.Error("who may not begin it gets the button")
	}
	s.refused("/desk/confirm", url.Values{"token": {token}})
	s.become(ledger.RoleSwitch)
	s.do("/desk/confirm", url.Values{"token": {token}})
	s.await("cutover rollback: done")
	s.do("/plan/sync", url.Values{})
	page := s.await("planned words")
	s.pass(shownFor + time.Second)
	s.do("/desk/confirm", url.Values{"token": {tokenOn(page)}})
	s.await("minutes old")
	if got := s.deeds(); !slices.Equal(got, []string{"rollback of [example.test] by anna"}) {
		t.Errorf("done is %q", got)
	}
}

// What is missing in a form is said, and nothing is done.
func TestWork_refusals(t *testing.T) {
	t.Parallel()
	s := operating(t, ledger.RoleSwitch)
	for path, want := range map[string]string{
		"/plan/cutover": "no domain is chosen", "/plan/rollback": "no domain is chosen", "/accounts/a001@example.test/accept": "no difference is chosen",
	} {
		if body := s.refused(path, url.Values{"reason": {"x"}}); !strings.Contains(body, want) {
			t.Errorf("%s: %s", path, body)
		}
	}
	if body := s.refused("/plan/cutover", url.Values{"domain": {"example.test"}, "override": {"lag"}}); !strings.Contains(body, "without a reason") {
		t.Errorf("an override without a reason: %s", body)
	}
	if got := s.deeds(); len(got) != 0 {
		t.Errorf("done is %q", got)
	}
}

func TestAccount_acceptAndWithdraw(t *testing.T) {
	t.Parallel()
	s := operating(t, ledger.RoleOperate)
	s.do("/accounts/a001@example.test/accept", url.Values{"id": {"3f9a01c27b44"}, "reason": {" its owner has a copy "}, "by": {"somebody else"}})
	s.do("/accounts/a001@example.test/withdraw", url.Values{"id": {"0123456789ab"}})
	want := []string{"accept [3f9a01c27b44] of a001@example.test by anna as anna: its owner has a copy", "withdraw [0123456789ab]"}
	if got := s.deeds(); !slices.Equal(got, want) {
		t.Errorf("done is %q, want %q", got, want)
	}
	s.become(ledger.RoleLook)
	if _, page := s.get("/accounts/a001@example.test"); strings.Contains(page, `method="post" action="/accounts`) {
		t.Error("who only looks gets a form")
	}
}

// The end of the screen stops a pass as a first Ctrl-C does, and waits for it; nothing begins any more.
func TestDesk_endOfTheScreen(t *testing.T) {
	t.Parallel()
	s := operating(t, ledger.RoleOperate)
	s.do("/plan/sync", url.Values{})
	s.do("/desk/confirm", url.Values{"token": {tokenOn(s.await("planned words"))}})
	for len(s.deeds()) == 0 {
		time.Sleep(time.Millisecond)
	}
	s.screen.Close()
	if got := s.deeds(); got[len(got)-1] != "finished" {
		t.Errorf("done is %q", got)
	}
	s.refused("/verify", url.Values{})
}
