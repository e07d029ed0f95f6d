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

// Differences of several accounts are accepted at once, in the name of who has ticked them and with a reason; or tried again, behind the plan.
func TestDifferences_acceptAndRetry(t *testing.T) {
	t.Parallel()
	s := operating(t, ledger.RoleOperate)
	two := []string{"000000000001 d001@example.test", "000000000007 d007@example.test"}
	if _, body := s.get("/differences"); !strings.Contains(body, `value="`+two[1]+`"`) || strings.Contains(body, hostile) {
		t.Errorf("they cannot be ticked: %s", body)
	}
	for want, form := range map[string]url.Values{
		"no difference is chosen": {"reason": {"it is spam"}}, "no reason is given": {"difference": two, "reason": {" "}},
	} {
		if said := s.refused("/differences/accept", form); !strings.Contains(said, want) {
			t.Errorf("%q is missing in %s", want, said)
		}
	}
	if said := s.refused("/differences/accept", url.Values{"difference": {"000000000001"}, "reason": {"x"}}); !strings.Contains(said, "no difference") {
		t.Errorf("of no account: %s", said)
	}
	s.do("/differences/accept", url.Values{"difference": two, "reason": {" it is spam "}})
	s.do("/plan/retry", url.Values{"difference": two})
	s.do("/desk/confirm", url.Values{"token": {tokenOn(s.await("would be tried again"))}})
	s.await("findings retry: done")
	of := "d001@example.test d007@example.test"
	want := []string{
		"accept [000000000001 000000000007] of " + strings.ReplaceAll(of, " ", "+") + " by anna as anna: it is spam",
		"retry of [" + of + "][000000000001 000000000007], [" + of + "]",
	}
	if got := s.deeds(); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	s.become(ledger.RoleLook)
	form := url.Values{"difference": two, "reason": {"x"}}
	if status, _, _ := s.ask(http.MethodPost, "/differences/accept", form, nil); status != http.StatusForbidden {
		t.Errorf("who only looks: %d", status)
	}
	if _, body := s.get("/differences"); strings.Contains(body, "<input") {
		t.Error("who only looks has something to tick")
	}
}

// What has failed of the accounts that are ticked among the findings is tried again, behind the plan.
func TestFindings_retry(t *testing.T) {
	t.Parallel()
	s := operating(t, ledger.RoleOperate)
	if _, body := s.get("/findings"); strings.Count(body, `type="checkbox" name="account"`) != rowsOnPage {
		t.Error("not every finding of an account can be ticked")
	}
	s.do("/plan/retry", url.Values{"account": {"a001@example.test", "a007@example.test"}})
	s.do("/desk/confirm", url.Values{"token": {tokenOn(s.await("would be tried again"))}})
	s.await("findings retry: done")
	if got := s.deeds(); !slices.Equal(got, []string{"retry of [a001@example.test a007@example.test][], []"}) {
		t.Errorf("%q", got)
	}
}
