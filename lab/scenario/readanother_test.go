// SPDX-License-Identifier: Apache-2.0

package scenario_test

import (
	"fmt"
	"strings"
	"testing"

	"rehome/lab/corpus"
)

// moved is what "sync --json" says of contacts and calendars.
type moved struct {
	Accounts []struct {
		Account             string
		Contacts, Calendars struct{ Copied, Adopted, Unchanged, Removed int }
	}
}

// standing is what "status --json" says of them.
type standing struct {
	Accounts []struct {
		Account, State      string
		Contacts, Calendars struct{ Collections int }
	}
}

// An account that was read from the tables, and whose password somebody has told meanwhile, is read from the
// server by the next pass: the same collections below another root. Nothing is copied, found or kept twice.
func TestJourney_readAnotherWay(t *testing.T) {
	t.Parallel()
	s := setPeople(t, true, corpus.PIMPerson("anna@example.com", "Kept.As_It,Is-1anna", 40, 60), pimPerson("berta", "default"),
		corpus.DirtyPerson("dora@example.com", "Kept.As_It,Is-1dora"))
	s.provision()
	undo := s.with("dav:\n    url: "+s.Source.DAV, "dav:\n    via: database\n    url: "+s.Source.DAV)
	if plan := s.want(0, "sync", "--plan", "--only", "contacts,calendars"); strings.Contains(plan.out, "MAILBOX") ||
		!strings.Contains(plan.out, "calendars  ") {
		t.Errorf("the plan shows other things than contacts and calendars:\n%s", plan.out)
	}
	first := answer[moved](s, 6, "sync", "--json", "--only", "contacts,calendars")
	undo()
	s.with("dav:\n    url: "+s.Source.DAV, "dav:\n    via: dav\n    url: "+s.Source.DAV)
	second := answer[moved](s, 6, "sync", "--json", "--only", "contacts,calendars", "--deletions", "mirror")
	objects := 0
	for i, a := range second.Accounts {
		for kind, now := range map[string][2]int{
			"contacts":  {a.Contacts.Unchanged, first.Accounts[i].Contacts.Copied + first.Accounts[i].Contacts.Adopted},
			"calendars": {a.Calendars.Unchanged, first.Accounts[i].Calendars.Copied + first.Accounts[i].Calendars.Adopted},
		} {
			if now[0] != now[1] {
				t.Errorf("%s: %d %s are unchanged, want the %d that were brought there", a.Account, now[0], kind, now[1])
			}
			objects += now[1]
		}
		if a.Contacts.Copied+a.Contacts.Adopted+a.Contacts.Removed+a.Calendars.Copied+a.Calendars.Adopted+a.Calendars.Removed > 0 {
			t.Errorf("%s: %+v %+v, want nothing to do", a.Account, a.Contacts, a.Calendars)
		}
	}
	s.both()
	if objects < 100 {
		t.Errorf("%d objects moved, want those of an organisation", objects)
	}
	for _, a := range answer[standing](s, 0, "status", "--json").Accounts {
		if a.Contacts.Collections != 1 || a.Calendars.Collections != 1 {
			t.Errorf("%s stands at %+v %+v, want each collection once", a.Account, a.Contacts, a.Calendars)
		}
	}
}

// atmail's own address book has other names and UIDs when a server shows it. An account whose contacts came from
// there is read from there again, also when its password has become known: nobody gets every contact twice.
func TestJourney_ownAddressBookStays(t *testing.T) {
	t.Parallel()
	hashed := pimPerson("hashed", "default")
	hashed.Stored, hashed.Form = md5Of(hashed.Plain), "md5"
	s := setPeople(t, true, hashed)
	for _, query := range []string{
		"DELETE FROM cards", "DELETE FROM addressbooks",
		"INSERT INTO Abook (Account, UserEmail, UserFirstName, UserLastName) VALUES ('hashed@example.com', 'ada@partner.example', 'Ada', 'Lovelace')",
		"INSERT INTO Abook (Account, UserEmail, UserFirstName, UserLastName) VALUES ('hashed@example.com', 'alan@partner.example', 'Alan', 'Turing')",
	} {
		if _, err := s.Source.DB().ExecContext(t.Context(), query); err != nil {
			t.Fatal(err)
		}
	}
	s.provision()
	first := answer[moved](s, 0, "sync", "--json", "--only", "contacts,calendars")
	if len(first.Accounts) != 1 || first.Accounts[0].Contacts.Copied != 2 {
		t.Fatalf("%+v, want two contacts copied", first)
	}
	s.put("people.csv", fmt.Sprintf("EmailAddress,SourcePassword,DestinationPassword\nhashed@example.com,%q,%q\n", hashed.Plain,
		s.imported("hashed@example.com")))
	s.with("\nsource:\n", "\nroster: people.csv\nsource:\n")
	second := answer[moved](s, 0, "sync", "--json", "--only", "contacts,calendars")
	if a := second.Accounts[0]; a.Contacts.Unchanged != 2 || a.Calendars.Unchanged != 3 || a.Contacts.Copied+a.Contacts.Adopted > 0 {
		t.Errorf("%+v, want nothing to do", second)
	}
	if o := s.want(0, "verify"); !strings.Contains(o.out, "equal") {
		t.Errorf("the ends are not equal:\n%s", o.out)
	} // the judge does not read that address book
}

// A calendar that is gone as a whole waits for somebody to confirm it, with the exit code and the words of that,
// and the plan shows beforehand what the confirmation would do.
func TestJourney_deletedCalendarWaits(t *testing.T) {
	t.Parallel()
	s := setPeople(t, true, pimPerson("plain", "default"))
	s.provision()
	s.want(0, "sync", "--only", "contacts,calendars")
	for _, query := range []string{"DELETE FROM calendarObjects", "UPDATE calendars SET ctag = ctag + 1"} {
		if _, err := s.Source.DB().ExecContext(t.Context(), query); err != nil {
			t.Fatal(err)
		}
	}
	waits := s.want(6, "sync", "--only", "contacts,calendars", "--deletions", "mirror")
	s.wantError(6, waits, "3 objects disappeared from the source at once", "--confirm-deletions", "3 calendar objects waiting for your decision")
	if accounts := answer[standing](s, 0, "status", "--json").Accounts; len(accounts) != 1 || accounts[0].State != "blocked" {
		t.Errorf("status says %+v, want the account blocked until somebody has decided", accounts)
	}
	plan := s.want(0, "sync", "--plan", "--only", "contacts,calendars", "--deletions", "mirror", "--confirm-deletions")
	if !strings.Contains(plan.out, "TO REMOVE") || !strings.Contains(plan.out, "GONE AT SOURCE") {
		t.Errorf("the plan does not show what would be removed:\n%s", plan.out)
	}
	done := s.want(0, "sync", "--only", "contacts,calendars", "--deletions", "mirror", "--confirm-deletions")
	if !strings.Contains(done.out, "removed 3 calendar objects at the destination") {
		t.Errorf("the pass does not say what it has removed:\n%s", done.out)
	}
}
