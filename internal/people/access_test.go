// SPDX-License-Identifier: Apache-2.0

package people

import (
	"context"
	"strings"
	"testing"

	"rehome"
	"rehome/internal/atmail8"
)

const (
	tables = "tables"
	server = "server"
)

// with returns an account that opens with its own password, less the services that its group switches off.
func with(password string, off ...string) rehome.Account {
	account := person("anna@a.test", password)
	account.SourcePassword = rehome.NewSecret(password)
	for _, service := range off {
		switch service {
		case "IMAP":
			account.Services.IMAP = false
		case "CalDAV":
			account.Services.CalDAV = false
		case "CardDAV":
			account.Services.CardDAV = false
		}
	}
	return account
}

func TestAccess_waysIn(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		account rehome.Account
		options string // what the settings offer, by name
		digest  bool
		mail    SourceAccess
		objects SourceAccess
		policy  string // part of it; "" is no policy at all
	}{
		{"own password", with("x"), "server tables", false, AccessOwn, AccessOwn, ""},
		{"master user opens mail only", with(""), "master server", false, AccessMaster, AccessNone, "its contacts and calendars cannot be read"},
		{"token, and tables", with(""), "token tables", false, AccessToken, AccessDatabase, ""},
		{"nothing known", with(""), "server", false, AccessNone, AccessNone, "its mail cannot be read"},
		{"stored digest", with(""), "master server", true, AccessMaster, AccessHA1, ""},
		{"the password is better than a digest", with("x"), "server", true, AccessOwn, AccessOwn, ""},
		{"IMAP switched off", with("x", "IMAP"), "server", false, AccessNone, AccessOwn, "its group switches IMAP off: allow it"},
		{"IMAP switched off, master user", with("x", "IMAP"), "master server", false, AccessMaster, AccessOwn, "may also shut out the master user"},
		{"CalDAV off, tables help", with("x", "CalDAV"), "server tables", false, AccessOwn, AccessDatabase,
			"contacts and calendars are read from the database"},
		{"CalDAV switched off, no tables", with("x", "CalDAV"), "server", false, AccessOwn, AccessOwn, "CalDAV off: allow it during the move"},
		{"both switched off, no tables", with("x", "CalDAV", "CardDAV"), "server", false, AccessOwn, AccessNone, "CalDAV and CardDAV off: allow"},
		{"disabled", disabled(with("x")), "server tables", false, AccessNone, AccessDatabase, "the source refuses its login"},
		{"disabled, server only", disabled(with("x")), "master server", true, AccessMaster, AccessNone, "the source's server refuses it"},
		{"objects do not move", with("x"), "", false, AccessOwn, AccessNone, ""},
	} {
		offered := func(what string) bool { return strings.Contains(c.options, what) }
		options := AccessOptions{MasterUser: offered("master"), Token: offered("token"), Server: offered(server), Tables: offered(tables)}
		options.Objects = options.Server || options.Tables
		c.account.DestinationPassword = rehome.NewSecret("given")
		row := options.accessOf(c.account, atmail8.Decision{}, c.digest)
		if row.Mail != c.mail || row.Objects != c.objects {
			t.Errorf("%s: mail by %s, objects by %s, want %s and %s", c.name, row.Mail, row.Objects, c.mail, c.objects)
		}
		if !strings.Contains(row.Policy, c.policy) || c.policy == "" && row.Policy != "" {
			t.Errorf("%s: policy %q, want %q", c.name, row.Policy, c.policy)
		}
		if row.Source != better(row.Mail, row.Objects) || c.account.Disabled != (row.Standing == StandingDisabled) {
			t.Errorf("%s: got %+v", c.name, row)
		}
	}
}

func TestAccess_routesToAPassword(t *testing.T) {
	t.Parallel()
	own := atmail8.Decision{Origin: atmail8.OriginOwn}
	temporary := atmail8.Decision{Origin: atmail8.OriginTemporary, Reason: atmail8.ReasonHashed}
	hashed := person("anna@a.test", "")
	hashed.Password = rehome.Password{Form: rehome.PasswordMD5, Stored: rehome.NewSecret(strings.Repeat("0", 32))}
	ldap := person("anna@a.test", "")
	ldap.Password.Form = rehome.PasswordLDAP
	given := person("anna@a.test", "")
	given.DestinationPassword = rehome.NewSecret("x")
	for _, c := range []struct {
		name          string
		makesAccounts bool
		account       rehome.Account
		decision      atmail8.Decision
		want          PasswordRoute
	}{
		{"good enough", true, person("anna@a.test", "x"), own, RouteOwn},
		{"a hash", true, hashed, temporary, RouteHash},
		{"a directory", true, ldap, temporary, RouteTemporary},
		{"none", true, person("anna@a.test", ""), temporary, RouteTemporary},
		{"not ours to make", false, hashed, temporary, RouteGiven},
		{"not ours to make, and given", false, given, temporary, RouteOwn},
	} {
		row := AccessOptions{MakesAccounts: c.makesAccounts, MasterUser: true}.accessOf(c.account, c.decision, false)
		if row.Destination != c.want || (row.Policy == "") != (c.want == RouteOwn) {
			t.Errorf("%s: got %s with %q, want %s", c.name, row.Destination, row.Policy, c.want)
		}
	}
}

// digestList also keeps digests.
type digestList struct {
	plainList
	digests map[string]string
}

func (d digestList) Digest(_ context.Context, account string) (rehome.Secret, error) {
	return rehome.NewSecret(d.digests[account]), nil
}

func TestPlanAccess_hasEverybodyOnce(t *testing.T) {
	t.Parallel()
	directory := digestList{digests: map[string]string{"zoe@a.test": "0123", "anna@a.test": "4567"}, plainList: plainList{
		organisation: rehome.Organisation{Accounts: []rehome.Account{
			person("zoe@a.test", ""), person("anna@a.test", "x"), person("bob@b.test", ""), disabled(person("carl@a.test", "")),
		}},
		findings: []rehome.Finding{
			{Code: "calendar_user_skipped", Account: "room@a.test", Sentence: "a room", NextStep: "make it"},
			{Code: "external_account_skipped", Account: "far@c.test", Sentence: "fetched from elsewhere"},
			{Code: "calendar_user_skipped", Account: "anna@a.test", Sentence: "also a room"},
		},
	}}
	everybody, err := Gather(t.Context(), directory, Options{Domains: []string{"a.test"}, Temporary: noSheet})
	if err != nil {
		t.Fatal(err)
	}
	digests, err := everybody.Digests(t.Context(), directory)
	if err != nil || !digests["zoe@a.test"] || digests["anna@a.test"] {
		t.Errorf("digests: got %v, %v, want that of zoe, whose password is not known", digests, err)
	}
	plan := everybody.PlanAccess(AccessOptions{Server: true, Objects: true}, digests)
	want := map[string]AccountStanding{"anna@a.test": StandingMoves, "bob@b.test": StandingOtherDomain, "carl@a.test": StandingDisabled,
		"far@c.test": StandingExternal, "room@a.test": StandingCalendar, "zoe@a.test": StandingMoves}
	last := ""
	for _, row := range plan.Accounts {
		if row.Standing != want[row.Account] || row.Account <= last {
			t.Errorf("%s after %s: got %s, want %s", row.Account, last, row.Standing, want[row.Account])
		}
		last = row.Account
	}
	c := plan.Coverage
	if len(plan.Accounts) != len(want) || c.Accounts != 6 || c.Moving != 2 || c.Staying != 4 || c.Source[AccessHA1] != 1 || c.Passwords[RouteNone] != 4 {
		t.Errorf("got %d rows, %+v", len(plan.Accounts), c)
	}
	sum := 0
	for _, row := range c.Table {
		for _, n := range row {
			sum += n
		}
	}
	if sum != c.Accounts {
		t.Errorf("the table adds up to %d of %d accounts", sum, c.Accounts)
	}
	plan.Note(rehome.Source, map[string]Login{"zoe@a.test": {Result: LoginWorks}})
	if zoe := plan.Accounts[5]; zoe.SourceLogin == nil || zoe.DestinationLogin != nil || plan.Accounts[0].SourceLogin != nil {
		t.Errorf("a login is noted at the wrong place: %+v", plan.Accounts)
	}
}
