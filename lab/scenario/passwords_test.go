// SPDX-License-Identifier: Apache-2.0

package scenario_test

import (
	"strings"
	"testing"

	"rehome/lab/dovecot"
)

// With a master user at the destination for mail, contacts and calendars, users may change their passwords between two passes, and
// nothing has to be kept for later ones.
func TestPasswords_masterUserAtTheDestination(t *testing.T) {
	t.Parallel()
	hashed := pimPerson("hashed", "default")
	hashed.Stored, hashed.Form = md5Of(hashed.Plain), "md5" // gets a temporary password
	s := setPeopleWith(t, true, true, pimPerson("anna", "default"), hashed)
	s.provision()
	s.with("url: "+s.Destination.DAV, "url: "+s.Destination.DAV+"\n    login: master")
	checked := s.want(0, "check")
	for _, part := range []string{
		"master user importer opens anna@example.com", "anna@example.com has 1 address book and 1 calendar",
		"the master user importer opens every account, so users may change their passwords",
	} {
		if !strings.Contains(checked.out, part) {
			t.Errorf("check says\n%s\nwant %q", checked.out, part)
		}
	}
	s.want(0, "sync")
	for _, p := range s.Organisation.People {
		if err := s.Destination.AddAccounts(t.Context(), dovecot.Account{Address: p.Address, Password: "Chosen.By-Themselves,1"}); err != nil {
			t.Fatal(err)
		}
	}
	s.want(0, "sync")
	s.want(0, "verify")
	s.want(0, "accounts", "check", "--pause", "1ms")
	type next struct {
		Passwords []struct {
			What, Sentence string
			Now            bool
		}
	}
	free := map[string]bool{}
	for _, p := range answer[next](s, 0, "next").Passwords {
		free[p.What] = p.Now || strings.Contains(p.Sentence, "the master user importer opens the accounts")
	}
	for _, what := range []string{"let users change theirs", "destroy readable ones", "destroy sealed ones"} {
		if !free[what] {
			t.Errorf("next does not say that it is free to %s: %v", what, free)
		}
	}
	if purge := answer[struct{ Files, Needed []struct{ File string } }](s, 6, "secrets", "purge"); len(purge.Needed) > 0 || len(purge.Files) == 0 {
		t.Errorf("purge: %+v, want nothing to be kept", purge)
	}
}
