// SPDX-License-Identifier: Apache-2.0

package scenario_test

import (
	"strings"
	"testing"
)

// retried is the promised part of what "findings retry --json" prints.
type retried struct {
	Accounts []struct {
		Account string
		Kinds   []string
		Failed  []struct {
			Kind, Code, Object string
			Tried              bool
		}
	}
	Synced *synced
}

// What could not be copied is tried again at once, in its account and for its kind only.
func TestFindings_retry(t *testing.T) {
	t.Parallel()
	s := set(t, 0.02)
	if got := answer[retried](s, 0, "findings", "retry"); len(got.Accounts) != 0 || got.Synced != nil {
		t.Errorf("before the first pass: %+v", got)
	}
	s.provision()
	s.want(6, "sync", "--quiet")
	planted := s.Organisation.Planted[0].Address
	plan := answer[retried](s, 0, "findings", "retry", "--plan", "--account", planted)
	if len(plan.Accounts) != 1 || plan.Synced != nil || len(plan.Accounts[0].Failed) != 1 {
		t.Fatalf("the plan: %+v", plan)
	}
	if item := plan.Accounts[0].Failed[0]; item.Code != "message_too_large" || !item.Tried || item.Kind != "mail" || item.Object == "" {
		t.Errorf("the plan: %+v", item)
	}
	if got := answer[retried](s, 0, "findings", "retry", "--only", "rules"); got.Synced != nil {
		t.Errorf("rules only: %+v", got.Synced)
	}
	again := answer[retried](s, 6, "findings", "retry", "--account", planted)
	if again.Synced == nil || len(again.Synced.Accounts) != 1 || again.Synced.Accounts[0].Account != planted ||
		again.Synced.Accounts[0].Mail.Failed != 1 {
		t.Errorf("tried again: %+v", again.Synced)
	}
	s.want(5, "verify", "--quiet")
	open := answer[struct {
		Open []struct{ ID, What, Account string }
	}](s, 5, "findings", "list").Open
	if len(open) != len(s.Organisation.Planted) || open[0].What != "missing_message" {
		t.Fatalf("open are %+v", open)
	}
	named := answer[retried](s, 6, "findings", "retry", open[0].ID)
	if len(named.Accounts) != 1 || named.Accounts[0].Account != open[0].Account || named.Synced == nil || len(named.Synced.Accounts) != 1 {
		t.Errorf("by its id: %+v", named)
	}
	if o := s.want(6, "findings", "retry", "000000000000"); !strings.Contains(o.err, "no open difference has this id") {
		t.Errorf("an id that nobody has: %s", o.err)
	}
	if o := s.want(0, "findings", "retry", "--plan"); !strings.Contains(o.out, "would be tried again") {
		t.Errorf("the plan says\n%s", o.out)
	}
	if log := s.want(0, "audit", "show"); strings.Count(log.out, "sync began") < 3 {
		t.Errorf("the log does not name what was tried:\n%s", log.out)
	}
}
