// SPDX-License-Identifier: Apache-2.0

package scenario_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rehome/lab"
	"rehome/lab/corpus"
	"rehome/lab/dovecot"
	"rehome/lab/scenario"
)

// setPeople is set with these people of the sample's first domain and hardly any mail, and settings edited.
func setPeople(t *testing.T, digest bool, people ...corpus.Person) *testSetup {
	t.Helper()
	return setPeopleWith(t, digest, false, people...)
}

// setPeopleWith is setPeople, with a master user at the destination if that is wanted.
func setPeopleWith(t *testing.T, digest, master bool, people ...corpus.Person) *testSetup {
	t.Helper()
	org := corpus.Sample(corpus.Options{Scale: 0.01})
	org.Groups = append(org.Groups,
		corpus.Group{Name: "nodav", Description: "No contacts and calendars", IMAP: true, POP3: true},
		corpus.Group{Name: "nocal", Description: "No calendars", IMAP: true, POP3: true, CardDAV: true},
		corpus.Group{Name: "nothing", Description: "Nothing at all"})
	org.People, org.Aliases, org.Delegates, org.Planted = people, nil, nil, nil
	options := corpus.ServerOptions(org)
	options.Digest = digest
	setup, err := scenario.PrepareWith(t.Context(), lab.Open(t), filepath.Join(t.TempDir(), "move"), binary, org, options)
	if err != nil {
		t.Fatal(err)
	}
	setup.DAV, setup.Master = true, master
	s := &testSetup{Setup: setup, t: t, watch: newWatch()}
	s.want(0, setup.InitArgs()...)
	if err := setup.Configure(); err != nil {
		t.Fatal(err)
	}
	return s
}

// pimPerson has two contacts, three events and no mail.
func pimPerson(local, group string) corpus.Person {
	p := corpus.PIMPerson(local+"@example.com", "Kept.As_It,Is-1"+local, 2, 3)
	p.Group = group
	return p
}

// policies are what the plan says of each account that is not like everybody.
func (p accessPlan) policies() map[string]string {
	all := map[string]string{}
	for _, a := range p.Accounts {
		local, _, _ := strings.Cut(a.Account, "@")
		all[local] = a.Policy
	}
	return all
}

func wantPolicies(t *testing.T, p accessPlan, want map[string]string) {
	t.Helper()
	p.wantSums(t)
	got := p.policies()
	for local, policy := range want {
		if got[local] != policy {
			t.Errorf("%s: got the policy %q, want %q", local, got[local], policy)
		}
	}
}

// Whoever is not like everybody has a line that says what happens and what a person can do, and what the
// plan says of contacts and calendars is what the copy does.
func TestAccounts_switchesAndPolicies(t *testing.T) {
	t.Parallel()
	hashed := pimPerson("hashed", "")
	hashed.Stored, hashed.Form = md5Of(hashed.Plain), "md5"
	leaver, room, friend := pimPerson("leaver", "default"), pimPerson("room", "default"), pimPerson("friend", "default")
	leaver.Status, room.CalUser, friend.Address = 1, 1, "friend@isp.example"
	other := pimPerson("other", "default")
	other.Address = "other@example.org"
	nodav := pimPerson("nodav", "nodav")
	nodav.QuotaKB = 2 << 10
	s := setPeople(t, true, pimPerson("plain", "default"), hashed, pimPerson("webmail", "webonly"), nodav, pimPerson("nocal", "nocal"),
		pimPerson("nothing", "nothing"), leaver, room, friend, other)
	s.edit(func(text string) string {
		before, rest, _ := strings.Cut(text, "domains:")
		_, rest, _ = strings.Cut(rest, "\n"+"store:")
		return before + "domains: [example.com]\nstore:" + rest
	})
	undo := s.with("login: master", "login: user")

	plan := answer[accessPlan](s, 5, "accounts", "plan")
	hash := "the vendor gets the hash with the handover; until it is set, the account has a temporary password"
	noMail := "its mail cannot be read: set a master user for the source, or add SourcePassword in the roster"
	noIMAP := "its group switches IMAP off: allow it during the move, or set a master user for the source"
	fromTables := ", so contacts and calendars are read from the database"
	wantPolicies(t, plan, map[string]string{
		"plain": "", "hashed": noMail + "; " + hash, "webmail": noIMAP,
		"nodav": "its group switches CalDAV and CardDAV off" + fromTables, "nocal": "its group switches CalDAV off" + fromTables,
		"nothing": "its group switches CalDAV and CardDAV off" + fromTables + "; " + noIMAP,
		"leaver":  "it is disabled at the source; to move it, set accounts.include_disabled: import",
		"room": "the account is left out, because the source marks it as an internal calendar user; if it is a person or a room " +
			"that should move, name it in the roster",
		"friend": "the account is left out, because its domain is not one of the source's domains; if the domain belongs to the " +
			"organisation, add it at the source, or name the account in the roster",
		"other": "its domain does not move; to move it, add the domain to domains",
	})
	if c := plan.Coverage; c.Accounts != 10 || c.Moving != 6 || c.Source["own password"] != 4 || c.Source["database only"] != 2 {
		t.Errorf("got %+v", c)
	}
	if rows := plan.rows(); rows["hashed"][2] != "database only" || rows["plain"][2] != "own password" || rows["nocal"][2] != "database only" {
		t.Errorf("contacts and calendars: %v", rows)
	}
	undo()

	s.provision()
	s.wantObjects("plain", "hashed", "nodav", "nocal", "nothing", "webmail")

	// Only the server: the stored digest opens what no password does, and what a switch hides stays behind.
	undo = s.with("dav:\n    url: "+s.Source.DAV, "dav:\n    via: dav\n    url: "+s.Source.DAV)
	defer undo()
	strict := answer[accessPlan](s, 0, "accounts", "plan")
	allow := ": allow it during the move, or set source.dav.via to auto"
	wantPolicies(t, strict, map[string]string{
		"plain": "", "hashed": hash, "nodav": "its group switches CalDAV and CardDAV off" + allow, "nocal": "its group switches CalDAV off" + allow,
	})
	rows := strict.rows()
	for local, want := range map[string]string{"plain": "own password", "hashed": "HA1", "nodav": "none", "nocal": "own password"} {
		if rows[local][2] != want {
			t.Errorf("contacts and calendars of %s: got %q, want %q", local, rows[local][2], want)
		}
	}
	if err := os.Remove(filepath.Join(s.Dir, "rehome.db")); err != nil { // so that everything is read once more
		t.Fatal(err)
	}
	s.wantObjects("plain", "hashed")
	s.wantStandings()
	s.wantHidden(s.secrets())
}

// wantObjects copies contacts and calendars of these people and proves that all of them are there.
func (s *testSetup) wantObjects(locals ...string) {
	s.t.Helper()
	type counts struct{ Copied, Adopted int }
	for _, local := range locals {
		row := answer[struct {
			Accounts []struct{ Contacts, Calendars counts }
		}](s, 0, "sync", "--only", "contacts,calendars", "--account", local+"@example.com").Accounts[0]
		if row.Contacts.Copied+row.Contacts.Adopted != 2 || row.Calendars.Copied+row.Calendars.Adopted != 3 {
			s.t.Errorf("%s: got %+v, want 2 contacts and 3 events", local, row)
		}
	}
}

// An atmail 7 whose passwords are in a directory: what its tables hold means nothing, so everybody who moves
// gets a temporary password and a sealed letter, nobody's hash goes to the vendor, and a master user opens
// the mail.
func TestAccounts_directory(t *testing.T) {
	t.Parallel()
	stale, hashed, leaver := pimPerson("stale", "default"), pimPerson("hashed", "default"), pimPerson("leaver", "default")
	hashed.Stored, hashed.Form = md5Of(hashed.Plain), "md5"
	leaver.Status = 1
	s := setPeople(t, false, stale, hashed, leaver)
	if _, err := s.Source.DB().ExecContext(t.Context(), "REPLACE INTO Config (section, `key`, value) VALUES ('dovecot', "+
		"'authType', 'ldap')"); err != nil {
		t.Fatal(err)
	}
	plan := answer[accessPlan](s, 0, "accounts", "plan")
	text := "its password is in a directory service, which does not move: it gets a temporary password and a personal sheet"
	wantPolicies(t, plan, map[string]string{"stale": text, "hashed": text,
		"leaver": "it is disabled at the source; to move it, set accounts.include_disabled: import"})
	want := [4]string{"ldap", "master user", "database only", "temporary"}
	if rows := plan.rows(); rows["stale"] != want || rows["hashed"] != want {
		t.Errorf("got %v, want %v", rows, want)
	}
	undo := s.with("login: master", "login: user")
	alone := answer[accessPlan](s, 5, "accounts", "plan")
	wantPolicies(t, alone, map[string]string{"stale": "its mail cannot be read: set a master user for the source, or add " +
		"SourcePassword in the roster; " + text})
	undo()

	s.provision()
	exported := answer[struct {
		Temporary int `json:"temporary_passwords"`
		Own       int `json:"own_passwords"`
		New       int `json:"new_temporary_passwords"`
	}](s, 0, "accounts", "export")
	if exported.Temporary != 2 || exported.Own != 0 || exported.New != 0 {
		t.Errorf("got %+v, want two temporary passwords, which were made before", exported)
	}
	sheets := answer[struct{ Sheets, Letters int }](s, 0, "accounts", "settings", "--sheets")
	if sheets.Sheets != 2 || sheets.Letters != 2 {
		t.Errorf("got %+v, want two sheets with letters", sheets)
	}
	if bundle := answer[struct{ Hashes int }](s, 0, "handover"); bundle.Hashes != 0 {
		t.Errorf("got %d hashes for the vendor, want none: they are stale", bundle.Hashes)
	}
	for _, a := range answer[accessPlan](s, 0, "accounts", "plan", "--login", "--pause", "1ms").Accounts {
		if a.Destination != "stays" && (a.SourceLogin.Verdict != "works" || a.DestinationLogin.Verdict != "works") {
			t.Errorf("%s: got %+v at the source, %+v at the destination", a.Account, a.SourceLogin, a.DestinationLogin)
		}
	}
	s.wantObjects("stale", "hashed")
	s.wantHidden(s.secrets())
}

// wantStandings changes how these people stand at the destination and proves that check says so, by the words
// and quotas of a real server.
func (s *testSetup) wantStandings() {
	s.t.Helper()
	ctx, own := s.t.Context(), func(local string) dovecot.Account {
		return dovecot.Account{Address: local + "@example.com", Password: pimPerson(local, "").Plain}
	}
	letter := filepath.Join(s.Destination.Dir(), "letter") // where the server may read it
	if err := os.WriteFile(letter, []byte("Subject: large\r\n\r\n"+strings.Repeat("0123456789abcdef\r\n", 100_000)), 0o644); err != nil {
		s.t.Fatal(err)
	}
	if out, err := s.Destination.Exec(ctx, "save", "-u", "nocal@example.com", letter); err != nil {
		s.t.Fatalf("%v: %s", err, out)
	}
	full, less, factor, wrong := own("nocal"), own("nodav"), own("webmail"), own("nothing")
	full.QuotaMB, less.QuotaMB, wrong.Password = 1, 1, "Another-Password-1"
	factor.Refusal = "Application-specific password required"
	if err := s.Destination.AddAccounts(ctx, full, less, factor, wrong); err != nil {
		s.t.Fatal(err)
	}
	if err := s.Destination.RemoveAccount(ctx, "hashed@example.com"); err != nil {
		s.t.Fatal(err)
	}
	type checked struct {
		Accounts []struct {
			Account, Presence, Sentence string
			NextStep                    string `json:"next_step"`
			Used                        int64  `json:"used_bytes"`
			Limit                       int64  `json:"limit_bytes"`
		}
		Counts map[string]int
	}
	list := filepath.Join(s.Dir, "listed.csv")
	s.put("listed.csv", "plain@example.com\nnocal@example.com\nnodav@example.com\nwebmail@example.com\nnothing@example.com\nstranger@example.com\n")
	got := answer[checked](s, 5, "accounts", "check", "--pause", "1ms", "--listed", list)
	want := map[string][2]string{
		"plain": {"ready", ""},
		"nocal": {"over_quota", "raise its quota at the destination before mail arrives there"},
		"nodav": {"over_quota", "raise its quota at the destination, unless the account uses much less"},
		"webmail": {"second_factor", "create an app password for this account at the destination and add it in the roster, or " +
			"switch on the second factor after the move"},
		"nothing": {"cannot_log_in", "check that the account was imported with the password of accounts.csv, and that it needs no " +
			"second factor or app password"},
		"hashed": {"missing", "import the accounts file, or find out why its row was rejected"}, "stranger": {"extra",
			"delete it there, or name it in the roster"},
	}
	sum := 0
	for _, n := range got.Counts {
		sum += n
	}
	if len(got.Accounts) != len(want) || sum != len(want) {
		s.t.Errorf("got %d accounts and counts of %d, want %d", len(got.Accounts), sum, len(want))
	}
	for _, a := range got.Accounts {
		local, _, _ := strings.Cut(a.Account, "@")
		if [2]string{a.Presence, a.NextStep} != want[local] || a.Presence != "ready" && a.Sentence == "" {
			s.t.Errorf("got %+v, want %v", a, want[local])
		}
	}
}
